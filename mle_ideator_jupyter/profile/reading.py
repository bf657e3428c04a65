"""Reads a frame, pandas or polars, into plain arrays; the frame itself is only ever read.

Runs only where the data are, so numpy and narwhals are imported openly.
"""

from __future__ import annotations

import datetime as dt
import decimal
import numbers
from collections.abc import Callable
from typing import Any, Literal

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.model import Struct

MOST_CELLS = 8_000_000
"""Of larger frames only a random sample of the rows is read at all."""
SAMPLE_ROWS = 20_000
"""Expensive statistics look at no more rows than this."""
SAMPLE_CELLS = 4_000_000
FEWEST_ROWS = 1_000
_CHARACTERS = 10_000
"""Longer texts are cut before they are looked at."""

_LARGEST = 1e90
"""Larger numbers are cut, so that third moments stay finite."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Column(Struct, frozen=True, kw_only=True):
    """One column as arrays.

    `numbers` holds every row that was read (numbers, truth values, dates as days), NaN where missing;
    `strings` holds the sampled rows as text, None where missing. `missing` covers every row that was read.
    """

    name: str
    dtype: str
    kind: Literal["number", "boolean", "date", "string"]
    missing: Bools
    numbers: Floats | None = None
    ordered: Floats | None = None
    """The numbers that are not missing, sorted."""
    strings: list[str | None] | None = None
    distinct: int = 0
    integer: bool = False
    order: tuple[str, ...] = ()
    """The levels of an ordered categorical, in order."""


class Table(Struct, frozen=True, kw_only=True):
    """A frame of which columns are read one by one; `sample` indexes the rows for expensive statistics."""

    frame: Any
    names: dict[str, Any]
    """Name as text → name in the frame."""
    rows: int
    drawn: Ints | None = None
    """The rows that are read at all, where the frame is too large to read every one."""
    sample: Ints
    whole: bool
    """Whether the sample is all rows that are read."""


def dtype_name(dtype: Any) -> str:
    """Return one name for the same type in pandas and polars: int64, float64, bool, str, category, datetime, object."""
    base = dtype if isinstance(dtype, type) else type(dtype)
    known = {"String": "str", "Boolean": "bool", "Categorical": "category", "Enum": "category"}
    name = str(base.__name__)
    return known.get(name, name.lower())


def checked(frame: Any, role: str) -> tuple[Any, dict[str, Any]]:
    """Return the frame for narwhals, and its column names as text with what the frame itself calls them.

    Raises `BindingError` for what is no frame, has no rows, or names two columns alike.
    """
    if type(frame).__name__ == "LazyFrame":
        msg = f"the {role} data are a lazy frame: collect them first (.collect())"
        raise BindingError(msg)
    original = list(getattr(frame, "columns", ()))
    names = {str(c): c for c in original}
    if len(names) < len(original):
        texts = [str(c) for c in original]
        twice = next(c for c in texts if texts.count(c) > 1)
        msg = f"the {role} data have more than one column named {twice!r}: rename or drop one"
        raise BindingError(msg)
    try:
        wrapped = nw.from_native(frame, eager_only=True)
    except TypeError:
        msg = f"the {role} data are a {type(frame).__name__}: a pandas or polars data frame is needed"
        raise BindingError(msg) from None
    if not len(wrapped) or not names:
        msg = f"the {role} data are empty: {len(wrapped)} rows, {len(names)} columns"
        raise BindingError(msg)
    return wrapped, names


def open_table(wrapped: Any, names: dict[str, Any], keep: Bools | None = None) -> Table:
    """Return a checked frame as a Table; `keep` picks rows. Of very large frames some rows are drawn."""
    if keep is not None and not keep.all():
        wrapped = wrapped.filter(keep.tolist())
    rows, drawn = len(wrapped), None
    if rows * len(names) > MOST_CELLS:
        drawn = some_rows(rows, max(FEWEST_ROWS, MOST_CELLS // len(names)))
        wrapped = wrapped[drawn.tolist(), :]
    sample = some_rows(len(wrapped), max(FEWEST_ROWS, min(SAMPLE_ROWS, SAMPLE_CELLS // len(names))))
    whole = len(sample) == len(wrapped)
    return Table(frame=wrapped, names=names, rows=rows, drawn=drawn, sample=sample, whole=whole)


def some_rows(rows: int, most: int) -> Ints:
    """Return at most `most` row numbers, in order; the same ones every time."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def read(table: Table, name: str, note: Callable[[str], None], *, count: bool = True) -> Column | None:
    """Return one column as arrays, or None (and a note) for what no table method can use, such as lists.

    Without `count`, distinct values of text are not counted beyond the sample.
    """
    series = table.frame.get_column(table.names[name])
    dtype = series.dtype
    if dtype.is_numeric() and not isinstance(dtype, nw.Decimal):
        return _numbers(name, series, note)
    if isinstance(dtype, (nw.Decimal, nw.Boolean)):
        values = _floats(series)
        kind: Literal["number", "boolean"] = "boolean" if isinstance(dtype, nw.Boolean) else "number"
        return _from_floats(name, dtype_name(dtype), kind, values)
    if isinstance(dtype, (nw.Datetime, nw.Date)):
        moments = series.cast(nw.Datetime("us")) if isinstance(dtype, nw.Date) else series
        days = _floats(moments.dt.timestamp("ms")) / 86_400_000
        days = np.where(series.is_null().to_numpy(), np.nan, days)
        return _from_floats(name, dtype_name(dtype), "date", days)
    if isinstance(dtype, nw.Duration):
        return _from_floats(name, dtype_name(dtype), "number", _floats(series.dt.total_seconds()))
    if isinstance(dtype, (nw.String, nw.Categorical, nw.Enum, nw.Object)) or type(dtype).__name__ == "Unknown":
        return _objects(name, series, table, note, count=count)
    note(f"column {name!r} holds {dtype_name(dtype)} values and was left out")
    return None


def _floats(series: Any) -> Floats:
    values = series.cast(nw.Float64).to_numpy()
    return np.asarray(values, dtype=np.float64)


def _numbers(name: str, series: Any, note: Callable[[str], None]) -> Column:
    dtype = dtype_name(series.dtype)
    values = _floats(series)
    if series.dtype.is_integer() and not isinstance(series.dtype, (nw.Int128, nw.UInt128)):
        raw = series.to_numpy()
        exact = raw.dtype.kind in "iu" and raw.dtype.itemsize == 8 and len(raw) and np.abs(values).max() >= 2**53
        distinct = _count_distinct(np.sort(raw)) if exact else None
        return _from_floats(name, dtype, "number", values, distinct)
    infinite = np.isinf(values)
    if infinite.any():
        note(f"column {name!r} holds {int(infinite.sum())} infinite values, taken as missing here")
        values = np.where(infinite, np.nan, values)
    return _from_floats(name, dtype, "number", values)


def _count_distinct(ordered: NDArray[Any]) -> int:
    return int(len(ordered) > 0) + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def _from_floats(
    name: str, dtype: str, kind: Literal["number", "boolean", "date"], values: Floats, distinct: int | None = None
) -> Column:
    missing = np.isnan(values)
    if len(values) and max(np.fmax.reduce(values), -np.fmin.reduce(values)) > _LARGEST:
        values = np.clip(values, -_LARGEST, _LARGEST)
    present = np.sort(values[~missing] if missing.any() else values)
    return Column(
        name=name,
        dtype=dtype,
        kind=kind,
        missing=missing,
        numbers=values,
        ordered=present,
        distinct=_count_distinct(present) if distinct is None else distinct,
        integer=bool(len(present)) and bool(np.all(present == np.rint(present))),
    )


def _objects(name: str, series: Any, table: Table, note: Callable[[str], None], *, count: bool) -> Column | None:
    """Return a column of text, categories or arbitrary objects."""
    dtype = dtype_name(series.dtype)
    missing = np.asarray(series.is_null().to_numpy(), dtype=bool)
    order: tuple[str, ...] = ()
    part = series if table.whole else series[table.sample.tolist()]
    if dtype == "category":
        order = _ordered_levels(series)
        part = part.cast(nw.String)
    values = part.to_list()
    gone = missing if table.whole else missing[table.sample]
    kinds = {type(v) for v, m in zip(values, gone, strict=True) if not m}
    if kinds - {str} and dtype != "category":
        other = _other_objects(name, series, kinds, missing, note)
        if not isinstance(other, str):
            return other
        dtype = other
    strings = _texts(values, gone, plain=kinds == {str})
    distinct = len({s for s in strings if s is not None})
    if count and not table.whole:
        distinct = max(distinct, _native_distinct(series, bool(missing.any())))
    return Column(
        name=name, dtype=dtype, kind="string", missing=missing, strings=strings, distinct=distinct, order=order
    )


def _texts(values: list[Any], gone: Bools, *, plain: bool) -> list[str | None]:
    """Return the values as text, cut where they are very long, None where missing."""
    if plain:
        texts = [None if m else v for v, m in zip(values, gone, strict=True)] if gone.any() else values
        if max(len(v) for v in texts if v is not None) <= _CHARACTERS:
            return texts
    return [None if m else str(v)[:_CHARACTERS] for v, m in zip(values, gone, strict=True)]


def _native_distinct(series: Any, missing: bool) -> int:
    try:
        return int(series.n_unique()) - int(missing)
    except TypeError:  # a value that cannot be hashed, outside the sample
        return 0


def _ordered_levels(series: Any) -> tuple[str, ...]:
    """Return the levels of an ordered categorical (pandas) or an enum (polars)."""
    if isinstance(series.dtype, nw.Enum):
        return tuple(series.dtype.categories)
    native = series.to_native()
    if getattr(getattr(native, "dtype", None), "ordered", False):
        return tuple(str(v) for v in native.dtype.categories)
    return ()


def _other_objects(
    name: str, series: Any, kinds: set[type], missing: Bools, note: Callable[[str], None]
) -> Column | str | None:
    """Return the column of an object series that is not all text; as a string, the type under which it is text."""
    if any(issubclass(k, (list, dict, set, tuple, np.ndarray, bytes)) for k in kinds):
        note(f"column {name!r} holds {', '.join(sorted(k.__name__ for k in kinds))} values and was left out")
        return None
    if all(issubclass(k, (numbers.Number, decimal.Decimal)) and not issubclass(k, (bool, complex)) for k in kinds):
        found = _converted(series.to_list(), missing, float)
        if found is not None:
            return _from_floats(name, "object", "number", np.where(np.isinf(found), np.nan, found))
    if all(issubclass(k, (dt.date, dt.datetime)) for k in kinds):
        found = _converted(series.to_list(), missing, _days)
        if found is not None:
            return _from_floats(name, "object", "date", found)
    if len(kinds) > 1:
        note(f"column {name!r} mixes {', '.join(sorted(k.__name__ for k in kinds))} values: taken as categories")
    return "object"


def _converted(values: list[Any], missing: Bools, number: Callable[[Any], float]) -> Floats | None:
    """Return the values as numbers, or None when a value outside the sample is of another type."""
    try:
        found = [np.nan if m else number(v) for v, m in zip(values, missing, strict=True)]
    except (TypeError, ValueError, AttributeError):
        return None
    return np.array(found, dtype=np.float64)


def _days(value: dt.date) -> float:
    """Return days since 1970, the time of day included."""
    clock = (value.hour * 3600 + value.minute * 60 + value.second) / 86400 if isinstance(value, dt.datetime) else 0.0
    return value.toordinal() - 719_163 + clock
