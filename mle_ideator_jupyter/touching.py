"""Says from source alone what code would do to a kernel's variables: which it binds, which it would change in place.

Nothing is run. What it does not see: changes through a second name that is more than a plain alias, inside
functions of the notebook's own or of libraries, and through `globals()`.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator

from mle_ideator_jupyter.model import Struct

_STATEMENTS = frozenset(
    {
        "add",
        "append",
        "clear",
        "discard",
        "extend",
        "fill",
        "insert",
        "partition",
        "put",
        "remove",
        "resize",
        "reverse",
        "sort",
        "symmetric_difference_update",
        "update",
        "difference_update",
        "intersection_update",
    }
)
"""Methods that change their object and return nothing: as part of an expression they are others of the same name."""
_ANYWHERE = frozenset(["fit", "fit_transform", "partial_fit", "pop", "popitem", "set_params", "setdefault"])
_OF_ARGUMENT = frozenset({"shuffle", "setattr", "delattr", "fill_diagonal", "put_along_axis", "copyto"})
_CODE = 80


class Touch(Struct, frozen=True, kw_only=True):
    """A variable that a line of code would change in place."""

    name: str
    line: int
    code: str

    def describe(self) -> str:
        """Return it in one line."""
        return f"{self.name} (line {self.line}: {self.code})"


def touched(source: str, names: Container[str]) -> tuple[Touch, ...]:
    """Return which of these variables the source would change in place, each where it would first do so."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    lines = source.splitlines()
    found: dict[str, Touch] = {}
    for name, line in _Reading().of(tree.body):
        if name in names and name not in found:
            code = lines[line - 1].strip() if line <= len(lines) else ""
            found[name] = Touch(name=name, line=line, code=code[:_CODE])
    return tuple(found.values())


def bound(source: str) -> tuple[str, ...]:
    """Return the names that the source binds at its top level, in their order; none for what is no Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    return tuple(dict.fromkeys(_bindings(tree.body)))


def _bindings(body: list[ast.stmt]) -> Iterator[str]:
    for node in _outside_functions(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (a.asname or a.name.partition(".")[0] for a in node.names)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar, ast.ExceptHandler)) and node.name:
            yield node.name


def _outside_functions(body: list[ast.stmt], *, comprehensions: bool = False) -> Iterator[ast.AST]:
    """Yield the nodes that run in the scope of these statements, in their order."""
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if not comprehensions and isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            continue
        waiting += reversed(list(ast.iter_child_nodes(node)))


class _Reading:
    """Follows the statements of one scope; `own` are names that stand for new objects by then."""

    def __init__(self, own: frozenset[str] = frozenset()) -> None:
        self.own = set(own)
        self.alias: dict[str, str] = {}
        self.functions: dict[str, list[str]] = {}
        """Parameters of functions that are changed in place by calling them, "" for those that are not."""

    def of(self, body: list[ast.stmt]) -> Iterator[tuple[str, int]]:
        """Yield each variable from outside that is changed in place, with the line."""
        for node in _outside_functions(body, comprehensions=True):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from self._function(node)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                yield from self._call(node.value, statement=True)
            elif isinstance(node, ast.Call):
                yield from self._call(node, statement=False)
            elif isinstance(node, ast.AugAssign):
                yield from self._root(node.target)
            elif isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
                yield from self._root(node.value)
            else:
                yield from self._binding(node)

    def _binding(self, node: ast.AST) -> Iterator[tuple[str, int]]:
        """Take down what a statement binds, and yield what the values that it binds change."""
        if isinstance(node, ast.Assign):
            yield from self._assign(node.targets, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield from self._assign([node.target], node.value)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.own.update(_bindings([node]))
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self._rebind(node.target)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._rebind(node.optional_vars)

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> Iterator[tuple[str, int]]:
        for call in (
            n for n in ast.walk(value) if isinstance(n, ast.Call)
        ):  # before the name stands for another object
            yield from self._call(call, statement=False)
        root = next(self._root(value), None) if isinstance(value, (ast.Name, ast.Attribute)) else None
        for target in targets:
            if isinstance(target, ast.Name) and root is not None:
                self.alias[target.id] = root[0]
                self.own.discard(target.id)
            elif isinstance(target, (ast.Name, ast.Tuple, ast.List)):
                self._rebind(target)

    def _rebind(self, target: ast.expr) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.own.add(node.id)
                self.alias.pop(node.id, None)

    def _root(self, value: ast.expr) -> Iterator[tuple[str, int]]:
        """Yield the variable that this is, or is a part of, unless it is the scope's own."""
        line = value.lineno
        while isinstance(value, (ast.Attribute, ast.Subscript)):
            value = value.value
        if isinstance(value, ast.Name):
            name = self.alias.get(value.id, value.id)
            if name not in self.own:
                yield name, line

    def _call(self, call: ast.Call, *, statement: bool) -> Iterator[tuple[str, int]]:
        function = call.func
        in_place = any(
            k.arg == "inplace" and isinstance(k.value, ast.Constant) and k.value.value is True for k in call.keywords
        )
        if isinstance(function, ast.Attribute):
            changes = function.attr in _ANYWHERE or (statement and function.attr in _STATEMENTS)
            if changes or in_place:
                yield from self._root(function.value)
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in _OF_ARGUMENT and call.args:
            yield from self._root(call.args[0])
        for changed, argument in zip(self.functions.get(name, ()), call.args, strict=False):
            if changed and isinstance(argument, (ast.Name, ast.Attribute)):
                yield from self._root(argument)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, int]]:
        """Take down which of its parameters a function changes, and yield what it changes besides."""
        parameters = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        others = {a.arg for a in node.args.kwonlyargs} | {
            a.arg for a in (node.args.vararg, node.args.kwarg) if a is not None
        }
        declared = {n for s in ast.walk(node) if isinstance(s, ast.Global) for n in s.names}
        local = frozenset(_bindings(node.body)) - declared - set(parameters)
        found = list(_Reading(local | others | (self.own - declared)).of(node.body))
        changed = {name for name, _ in found}
        self.own.add(node.name)
        self.functions[node.name] = [p if p in changed else "" for p in parameters]
        yield from ((name, line) for name, line in found if name not in parameters)
