"""What the notebook's cells say: which files they read, what they predict, how they score. Nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from mle_ideator_jupyter.binding.wording import fits_regression, metrics_named
from mle_ideator_jupyter.model import Struct

READERS = frozenset(
    {"read_csv", "read_table", "read_parquet", "read_feather", "read_json", "read_excel", "read_pickle"}
)
_OPTIONS = frozenset(
    {
        "sep",
        "delimiter",
        "encoding",
        "parse_dates",
        "na_values",
        "low_memory",
        "engine",
        "dtype",
        "decimal",
        "thousands",
    }
    | {"compression", "skipinitialspace", "header", "names", "separator", "try_parse_dates", "null_values"}
)
"""Options of a reader that leave the columns as the file has them, or name them."""
_DATA_FILE = re.compile(r"(?i)^(?!\w+://)[^\n]*\.(csv|tsv|parquet)(\.gz)?$")
_TARGET_VARIABLE = re.compile(r"(?i)^(y|ys|y_?(all|full|train|data)|targets?|labels?|y_true|outcome)$")
_FEATURE_VARIABLE = re.compile(r"^[Xx]($|_|[a-z]*$)|^(?i:(all_?)?features?)$")
_ANSWERS = {"fit": 1, "train_test_split": 1, "cross_val_score": 2, "cross_validate": 2, "cross_val_predict": 2}
"""Functions that take the target, and its place among their arguments."""
_TARGET_CONSTANT = re.compile(r"(?i)^(target|label|y|outcome|dependent)(_?(col|column|name|var|variable|feature))?$")


class Read(Struct, frozen=True, kw_only=True):
    """One file that a cell reads: into which variable, with which statement, through which library."""

    variable: str
    path: str
    library: str
    statement: str
    """Self-contained but for the library's import; empty where it needs other names, or picks columns."""
    names: tuple[str, ...] | None = None
    """The column names given to a file without a header; () where none are given, None where there is a header."""


class Said(Struct, frozen=True, kw_only=True):
    """What the sources say, strongest evidence first."""

    targets: tuple[str, ...] = ()
    last_column: bool = False
    """A cell takes the last column by position as what is predicted."""
    metrics: tuple[str, ...] = ()
    regression: bool | None = None
    """Whether the cells fit regressors (True), classifiers (False), or neither or both (None)."""
    reads: tuple[Read, ...] = ()
    mentioned: tuple[str, ...] = ()
    """Texts that end as data files do."""
    groups: str | None = None
    imports: dict[str, str] = {}
    """Module → the name it was imported as."""


def said(sources: Sequence[str]) -> Said:
    """Return what the cells say; cells that are no Python (text, magics) only count as text."""
    reader = _Reader()
    for source in sources:
        tree = _parsed(source)
        if tree is not None:
            reader.cell(tree)
    text = "\n".join(sources)
    return Said(
        targets=tuple(dict.fromkeys(name for _, name in sorted(reader.targets, key=lambda t: t[0]))),
        last_column=reader.last_column,
        metrics=metrics_named(text),
        regression=fits_regression(text),
        reads=tuple(reader.reads),
        mentioned=tuple(dict.fromkeys(reader.mentioned)),
        groups=reader.groups,
        imports=reader.imports,
    )


def _parsed(source: str) -> ast.Module | None:
    lines = source.splitlines()
    if lines and lines[0].startswith("%%") and not lines[0].startswith(("%%time", "%%capture")):
        return None
    plain = [re.sub(r"^(\s*)(?:[%!?].*|[\w.]+\?+\s*)$", r"\1pass", line) for line in lines]
    try:
        return ast.parse("\n".join(plain))
    except (SyntaxError, ValueError):
        return None


# ---------------------------------------------------------------- code


class _Reader:
    """Walks the cells in order and remembers constants, so that `pd.read_csv(DATA / "train.csv")` has a path."""

    def __init__(self) -> None:
        self.constants: dict[str, str] = {}
        self.targets: list[tuple[int, str]] = []
        self.reads: list[Read] = []
        self.mentioned: list[str] = []
        self.imports: dict[str, str] = {}
        self.last_column = False
        self.groups: str | None = None

    def cell(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self.imports.update({a.name: a.asname or a.name for a in node.names})
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _DATA_FILE.match(node.value):
                self.mentioned.append(node.value)
        for statement in _statements(tree):
            self._statement(statement)
            for node in ast.walk(statement):
                if isinstance(node, ast.Call):
                    self._call(node)

    def _statement(self, node: ast.stmt) -> None:
        variable = ""
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            variable = node.targets[0].id
            value = self.text(node.value)
            if value is not None:
                self.constants[variable] = value
                if _TARGET_CONSTANT.match(variable):
                    self.targets.append((0, value))
            else:
                self._assigned(variable, node.value)
        elif (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Tuple)
        ):
            for left, right in zip(node.targets[0].elts, node.value.elts, strict=False):
                if isinstance(left, ast.Name):
                    self._assigned(left.id, right)
        for found in ast.walk(node):
            if isinstance(found, ast.Call) and _called(found) in READERS:
                self._read(found, node, variable)

    def _assigned(self, variable: str, value: ast.expr) -> None:
        if _TARGET_VARIABLE.match(variable):
            self._selected(value)
        elif _FEATURE_VARIABLE.match(variable):
            for node in ast.walk(value):
                if isinstance(node, ast.Call) and _called(node) == "drop":
                    self._dropped(node)

    def _selected(self, value: ast.expr) -> None:
        """Remember the column that an expression such as `df["price"].values` takes."""
        for node in ast.walk(value):
            if isinstance(node, ast.Subscript):
                name = self.text(node.slice)
                if name is None and isinstance(node.slice, ast.List) and len(node.slice.elts) == 1:
                    name = self.text(node.slice.elts[0])
                if name is None and isinstance(node.slice, ast.Tuple) and node.slice.elts:
                    name = self.text(node.slice.elts[-1])
                    self.last_column |= _is_last(node)
                if name is not None:
                    self.targets.append((1, name))
            elif isinstance(node, ast.Call) and _called(node) == "pop" and node.args:
                self._named(1, node.args[0])
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                self.targets.append((2, node.attr))

    def _call(self, node: ast.Call) -> None:
        place = _ANSWERS.get(_called(node))
        if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Subscript):
            self._selected(node.args[place])
        for keyword in node.keywords:
            if keyword.arg == "groups" and isinstance(keyword.value, ast.Subscript):
                self.groups = self.text(keyword.value.slice) or self.groups

    def _dropped(self, node: ast.Call) -> None:
        first = node.args[0] if node.args else None
        columns = next((k.value for k in node.keywords if k.arg in {"columns", "labels"}), first)
        if columns is not None:
            self._named(3, columns)

    def _named(self, rank: int, node: ast.expr) -> None:
        """Remember a column that is dropped or popped; one of several that are dropped at once is weaker evidence."""
        several = isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) > 1
        parts = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
        for part in reversed(parts):
            name = self.text(part)
            if name is not None:
                self.targets.append((rank + several, name))

    def _read(self, call: ast.Call, statement: ast.stmt, variable: str) -> None:
        argument = (
            call.args[0] if call.args else next((k.value for k in call.keywords if "path" in (k.arg or "")), None)
        )
        path = self.text(argument) if argument is not None else None
        if path is None or argument is None or re.match(r"^[a-z]+://", path):
            return
        alias = (
            call.func.value.id if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) else ""
        )
        library = next((m for m, a in self.imports.items() if a == alias), {"pl": "polars"}.get(alias, "pandas"))
        free = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)} - {variable, alias}
        free -= {n.id for n in ast.walk(argument) if isinstance(n, ast.Name)}
        plain = isinstance(statement, ast.Assign) and statement.value is call
        whole = (
            plain and variable and not free and {k.arg for k in call.keywords if k.value is not argument} <= _OPTIONS
        )
        said_again = ast.unparse(statement).replace(ast.unparse(argument), repr(path), 1) if whole else ""
        names = _names(call)
        self.reads.append(Read(variable=variable, path=path, library=library, statement=said_again, names=names))

    def text(self, node: ast.expr | None) -> str | None:
        """Return the text that an expression of constants gives, or None."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self.constants.get(node.id)
        if isinstance(node, ast.JoinedStr):
            parts = [self.text(v.value if isinstance(v, ast.FormattedValue) else v) for v in node.values]
            return None if None in parts else "".join(p for p in parts if p is not None)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Div)):
            left, right = self.text(node.left), self.text(node.right)
            glue = "/" if isinstance(node.op, ast.Div) else ""
            return None if left is None or right is None else left.rstrip(glue or "\0") + glue + right
        if isinstance(node, ast.Call) and _called(node) in {"Path", "PurePath", "str", "join"} and node.args:
            parts = [self.text(a) for a in node.args]
            return None if None in parts else "/".join(p.rstrip("/") for p in parts if p is not None)
        return None


def _names(call: ast.Call) -> tuple[str, ...] | None:
    """Return the column names that a reader gives to a file without a header, or None where it has one."""
    given = {k.arg: k.value for k in call.keywords}
    names = given.get("names")
    if isinstance(names, (ast.List, ast.Tuple)) and "header" not in {
        k for k, v in given.items() if ast.unparse(v) == "0"
    }:
        return tuple(str(n.value) for n in names.elts if isinstance(n, ast.Constant))
    header = given.get("header")
    return () if isinstance(header, ast.Constant) and header.value is None else None


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield simple statements in order, those inside functions, classes and blocks included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node
        else:
            yield from _statements(node)


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_last(node: ast.Subscript) -> bool:
    """Return whether this is `….iloc[:, -1]` or the like."""
    last = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
    return ast.unparse(last) in {"-1", "-1:"}
