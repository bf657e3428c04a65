"""Data files beside the notebook: the ones its cells read, or a lone train.csv. Only their columns are looked at."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from mle_ideator_jupyter.binding.candidates import SUBMISSION_NAME, TEST_NAME, Data, of_frame
from mle_ideator_jupyter.binding.sources import Read, Said
from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import Variable

_ROWS = 50_000
_MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "#N/A", "<NA>"})
_PLACES = (".", "data", "input", "inputs", "dataset", "datasets", "data/raw", "raw")
_SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".parquet", ".data")
_LONE = (("train", "test"), ("training", "testing"), ("data", ""), ("dataset", ""))


def is_data_file(text: str) -> bool:
    """Return whether the text names a data file by its ending."""
    return text.lower().endswith(_SUFFIXES)


def submission(folder: Path, said: Said) -> tuple[str, ...]:
    """Return the columns of a sample submission beside the notebook, or ()."""
    paths = [
        found for r in said.reads if SUBMISSION_NAME.search(Path(r.path).stem) and (found := locate(r.path, folder))
    ]
    for place in _PLACES[:3]:
        paths += [
            folder / place / f"{stem}.csv" for stem in ("sample_submission", "sampleSubmission", "gender_submission")
        ]
    for path in paths:
        if path.is_file() and path.suffix == ".csv":
            return summary(path, "sample", rows=1).columns
    return ()


def from_file(text: str, folder: Path, variable: str) -> Data:
    """Return the file of this name as data. Raises `BindingError` when it is not there."""
    path = locate(text, folder)
    if path is None:
        msg = f"there is no file {text!r} in {folder}: say --data with a data file or a data frame of the notebook"
        raise BindingError(msg)
    held = [summary(path, variable)]
    lines = {variable: _statements(path, folder, variable)}
    sibling = path.with_name(re.sub("(?i)train(ing)?", "test", path.name))
    if sibling != path and sibling.is_file():
        held.append(summary(sibling, "test"))
        lines["test"] = _statements(sibling, folder, "test")
    return next(_with_tests(held, lines))


def file_candidates(said: Said, folder: Path) -> Iterator[Data]:
    """Yield the frames that the cells read from files, then lone files with the usual names.

    Raises `BindingError` when every file that the cells read is gone.
    """
    wanted = [r for r in said.reads if not SUBMISSION_NAME.search(Path(r.path).stem)]
    if not wanted:  # read in a function of the notebook's own, perhaps
        mentioned = [m for m in said.mentioned if not SUBMISSION_NAME.search(Path(m).stem) and locate(m, folder)]
        wanted = [Read(variable="", path=m, library="pandas", statement="") for m in mentioned]
    found: list[tuple[Read, Path]] = [(r, p) for r in wanted if (p := locate(r.path, folder)) is not None]
    if wanted and not found:
        names = ", ".join(sorted({r.path for r in wanted})[:4])
        msg = f"the notebook reads {names}, which is not in {folder}: put it there, or say --data FILE --target COLUMN"
        raise BindingError(msg)
    held: dict[str, Variable] = {}
    statements = {}
    for read, path in found:
        name = read.variable or _identifier(path)
        if path.name.lower().endswith(_SUFFIXES) and name not in held:
            held[name] = _typed(summary(path, name, names=read.names), read)
            statements[name] = _said_again(read, path, folder, name)
    yield from _with_tests(list(held.values()), statements)
    if not held:
        yield from _lone(folder)


def _lone(folder: Path) -> Iterator[Data]:
    """Yield the data of a folder with train.csv (and test.csv), or with one data file only."""
    for place in _PLACES:
        for first, second in _LONE:
            for suffix in _SUFFIXES:
                path = folder / place / f"{first}{suffix}"
                if not path.is_file():
                    continue
                other = folder / place / f"{second}{suffix}"
                files = {"train": path, "test": other} if second and other.is_file() else {"train": path}
                held = [summary(p, name) for name, p in files.items()]
                yield from _with_tests(held, {n: _statements(p, folder, n) for n, p in files.items()})
                return
    alone = [p for p in sorted(folder.glob("*.csv")) if not SUBMISSION_NAME.search(p.stem)]
    if len(alone) == 1:
        yield Data(train="data", columns=summary(alone[0], "data"), prepare=_statements(alone[0], folder, "data"))


def _with_tests(held: Sequence[Variable], statements: dict[str, tuple[str, ...]]) -> Iterator[Data]:
    """Yield each frame with the test frame that fits it, those that have one first."""
    made = [(frame, of_frame(frame, held)) for frame in held if len(held) == 1 or not TEST_NAME.search(frame.name)]
    for frame, data in sorted(made, key=lambda m: m[1].test is None):
        lines = [*statements[frame.name]]
        if data.test_columns is not None:
            lines += [s for s in statements[data.test_columns.name] if s not in lines]
        yield msgspec.structs.replace(data, prepare=tuple(lines))


def _typed(frame: Variable, read: Read) -> Variable:
    """Return the frame as the cell's own library makes it."""
    own = read.library == "polars" and read.statement
    return msgspec.structs.replace(frame, type="polars.DataFrame") if own else frame


# ---------------------------------------------------------------- paths and statements


def locate(text: str, folder: Path) -> Path | None:
    """Return where the file is: as written from the folder, or by its bare name in the usual places."""
    path = Path(text)
    tries = [folder / path, *(folder / place / path.name for place in _PLACES)]
    return next((p for p in tries if p.is_file()), None)


def _shown(path: Path, folder: Path) -> str:
    """Return the path as the kernel should read it, relative to the folder where that is possible."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def _said_again(read: Read, path: Path, folder: Path, name: str) -> tuple[str, ...]:
    """Return the cell's own statement, with the path where the file is now."""
    called = re.search(r"(?:(\w+)\.)?(read_\w+)", read.statement)
    if called is None:
        return _statements(path, folder, name, read.names)
    library = read.library if read.library in {"pandas", "polars"} else "pandas"
    alias, function = called.groups()
    imported = f"import {library} as {alias}" if alias else f"from {library} import {function}"
    imported = imported.removesuffix(f" as {library}")
    return imported, read.statement.replace(repr(read.path), repr(_shown(path, folder)), 1)


def _statements(path: Path, folder: Path, name: str, names: tuple[str, ...] | None = None) -> tuple[str, ...]:
    if path.suffix == ".parquet":
        return "import pandas as pd", f"{name} = pd.read_parquet({_shown(path, folder)!r})"
    separator = _separator(path)
    option = "" if separator == "," else f", sep={separator!r}"
    option += "" if names is None else f", header=None, names={list(names)!r}" if names else ", header=None"
    return "import pandas as pd", f"{name} = pd.read_csv({_shown(path, folder)!r}{option})"


def _identifier(path: Path) -> str:
    name = re.sub(r"\W+", "_", path.name.split(".")[0]).strip("_").lower()
    return name if name.isidentifier() else "data"


# ---------------------------------------------------------------- what is in a file


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _separator(path: Path) -> str:
    with _opened(path) as file:
        line = file.readline()
    return max(",;\t|", key=line.count) if line.strip() else ","


def summary(path: Path, name: str, rows: int = _ROWS, names: tuple[str, ...] | None = None) -> Variable:
    """Return a file as the frame it would be, from its first 50,000 rows. Raises `BindingError` if unreadable."""
    if path.suffix == ".parquet":
        return _parquet(path, name)
    try:
        with _opened(path) as file:
            reader = csv.reader(file, delimiter=_separator(path))
            header = next(reader, [])
            first = [] if names is None else [header]
            header = list(names or (str(i) for i in range(len(header)))) if names is not None else header
            table = first + [row for row, _ in zip(reader, range(rows), strict=False) if row]
            total = len(table) + sum(1 for _ in reader)
    except (OSError, csv.Error) as error:
        msg = f"{path.name} cannot be read: {error}"
        raise BindingError(msg) from None
    if not header or not table:
        msg = f"{path.name} is empty: {len(header)} columns, {len(table)} rows"
        raise BindingError(msg)
    columns = [_column([row[i] if i < len(row) else "" for row in table]) for i in range(len(header))]
    dtypes, distinct, missing = zip(*columns, strict=True)
    return Variable(
        name=name,
        type="pandas.DataFrame",
        shape=(total, len(header)),
        columns=tuple(c or f"Unnamed: {i}" for i, c in enumerate(header)),
        dtypes=dtypes,
        distinct=distinct,
        missing=missing,
        note="column names are not text" if names == () else "",
    )


def _column(values: list[str]) -> tuple[str, int, float]:
    """Return type, distinct values and share of missing ones."""
    present = [v for v in values if v not in _MISSING]
    levels = set(present)
    gone = 1 - len(present) / len(values)
    if levels and levels <= {"True", "False", "TRUE", "FALSE", "true", "false"}:
        return "bool", len(levels), gone
    try:
        numbers = {float(v) for v in levels}
    except ValueError:
        return "str", len(levels), gone
    whole = all(re.fullmatch(r"\s*[+-]?\d+\s*", v) for v in levels) and not gone
    return "int64" if whole and levels else "float64", len(numbers), gone


def _parquet(path: Path, name: str) -> Variable:
    """Return the columns of a Parquet file, through polars or pandas where there is one."""
    import narwhals as nw

    try:
        import pandas as pd

        frame = pd.read_parquet(path)
    except ImportError:
        msg = f"{path.name} needs pyarrow to be read: install it, or run the cell that loads the data and try again"
        raise BindingError(msg) from None
    wrapped = nw.from_native(frame, eager_only=True)
    columns = tuple(wrapped.columns)
    names = {"String": "str", "Boolean": "bool", "Categorical": "category", "Enum": "category"}
    kinds = [type(wrapped.schema[c]).__name__ for c in columns]
    return Variable(
        name=name,
        type="pandas.DataFrame",
        shape=(len(wrapped), len(columns)),
        columns=columns,
        dtypes=tuple(names.get(k, k.lower()) for k in kinds),
        distinct=tuple(int(wrapped.get_column(c).drop_nulls().n_unique()) for c in columns),
        missing=tuple(int(wrapped.get_column(c).null_count()) / max(1, len(wrapped)) for c in columns),
    )
