"""How the rows hang together: repeated rows, groups, time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np

from mle_ideator_jupyter.profile.columns import ID_NAME, Known
from mle_ideator_jupyter.profile.reading import Bools, Floats, Ints, Table
from mle_ideator_jupyter.profile.relating import Aim, explained, level_codes, pearson

_GROUP_NAME = re.compile(
    r"(?i)(^|[_\s.-])(group|subject|patient|user|customer|client|session|household|family|person|player|student|school|site"
    r"|store|shop|device|machine|engine|vehicle|author|speaker|fold|batch|plot|block)([_\s.-]?(id|no|nr|num|number|code|key))?$"
)
_TIME_NAME = re.compile(r"(?i)(^|[_\s])(date|datetime|time|timestamp|year|yr|period|t)($|[_\s])")


# ---------------------------------------------------------------- repeated rows


def repeated(table: Table, names: Sequence[str], target: str) -> tuple[float, float]:
    """Return the shares of rows that repeat an earlier row, with the target equal and with the target different.

    Rows are told apart by 64-bit hashes; columns are added one by one, and only rows that are still alike
    are looked at, so that the cost is that of the first few columns.
    """
    rows = np.arange(len(table.frame))
    hashes = np.zeros(len(rows), dtype=np.uint64)
    frame = table.frame
    by_cost = sorted(names, key=lambda n: not frame.get_column(table.names[n]).dtype.is_numeric())
    for i, name in enumerate(by_cost):
        hashes = _mixed(hashes, _hashed(table, name, rows))
        if i < 3 or i % 8 == 0 or i == len(by_cost) - 1:
            alike = _alike(hashes)
            if not alike.all():
                rows, hashes = rows[alike], hashes[alike]
        if not len(rows):
            return 0.0, 0.0
    y = _hashed(table, target, rows)
    earlier = _earlier(hashes)
    same = _earlier(_mixed(hashes, y))
    total = len(frame)
    return float(np.count_nonzero(same)) / total, float(np.count_nonzero(earlier > same)) / total


def _hashed(table: Table, name: str, rows: Ints) -> Any:
    series = table.frame.get_column(table.names[name])
    if len(rows) < len(series):
        series = series[rows.tolist()]
    if series.dtype.is_numeric() and not isinstance(series.dtype, (nw.Int128, nw.UInt128, nw.Decimal)):
        values = series.to_numpy()
        if values.dtype.kind == "f":
            return (values.astype(np.float64) + 0.0).view(np.uint64)
        if values.dtype.kind in "iu":
            return values.astype(np.int64).view(np.uint64)
    return np.array([_hash(v) for v in series.to_list()], dtype=np.int64).view(np.uint64)


def _hash(value: Any) -> int:
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - the hash of NaN is its address
        return 0
    try:
        return hash(value)
    except TypeError:
        return hash(str(value))


def _mixed(hashes: Any, more: Any) -> Any:
    """Return new hashes that depend on both, in the manner of splitmix64."""
    x = hashes * np.uint64(0x9E3779B97F4A7C15) + more
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _alike(hashes: Any) -> Bools:
    """Return which rows share their hash with another row."""
    order = np.argsort(hashes)
    ordered = hashes[order]
    twin = np.zeros(len(hashes), dtype=bool)
    if len(hashes) > 1:
        equal = ordered[1:] == ordered[:-1]
        twin[1:] |= equal
        twin[:-1] |= equal
    out = np.empty(len(hashes), dtype=bool)
    out[order] = twin
    return out


def _earlier(hashes: Any) -> Ints:
    """Return for each row how many earlier rows have its hash."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    place = np.arange(len(hashes))
    first = np.ones(len(hashes), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    begin = np.maximum.accumulate(np.where(first, place, 0))
    out = np.empty(len(hashes), dtype=np.int64)
    out[order] = place - begin
    return out


# ---------------------------------------------------------------- groups


def group_column(known: Sequence[Known], test: dict[str, set[str] | Floats], aim: Aim) -> str | None:
    """Return the column whose values repeat, hold the target together and do not occur in the test data.

    Without test data only a column named like an identifier counts, and it must hold the target together firmly.
    """
    best: tuple[float, str] | None = None
    for k in known:
        facts = k.facts
        named = bool(ID_NAME.search(facts.name) or _GROUP_NAME.search(facts.name))
        repeats = 5 <= facts.distinct <= 0.5 * len(aim.values)
        if facts.role not in {"categorical", "numeric"} or facts.leak or not repeats:
            continue
        if k.codes is None and not (facts.integer and facts.distinct > 5):
            continue
        other = test.get(facts.name)
        if other is not None and not _disjoint(k, other):
            continue
        if other is None and not named:
            continue
        held = _held(k, aim)
        if held >= (0.3 if other is None else 0.02) and (best is None or held + named > best[0]):
            best = (held + named, facts.name)
    return best[1] if best else None


def _held(k: Known, aim: Aim) -> float:
    """Return the share of the target's variance that lies between the groups."""
    if k.codes is not None:
        here = k.codes >= 0
        return explained(k.codes[here], len(k.levels), aim.at(here))
    assert k.numbers is not None
    here = ~np.isnan(k.numbers)
    codes, levels = level_codes(k.numbers[here])
    return explained(codes, levels, aim.at(here))


def _disjoint(k: Known, other: Any) -> bool:
    """Return whether no test value occurs in train, unless the test values merely come later."""
    if isinstance(other, set):
        return bool(other) and not other & set(k.levels)
    assert k.column.numbers is not None
    there = other[~np.isnan(other)]
    here = k.column.numbers[~k.column.missing]
    if not len(there) or not len(here) or there.min() > here.max():
        return False
    return not np.isin(there, here).any()


# ---------------------------------------------------------------- time


def time_column(known: Sequence[Known], named: str | None, later: dict[str, bool]) -> tuple[str | None, bool]:
    """Return the column of time and whether the test rows all come after the training rows by it.

    `later` says that of each column that could be time. A number counts as time only when its name says so
    and the test rows come later by it.
    """
    if named:
        return named, later.get(named, False)
    dates = [k for k in known if k.facts.role == "date" and k.facts.missing <= 0.2]
    dates.sort(
        key=lambda k: (not later.get(k.facts.name, False), _TIME_NAME.search(k.facts.name) is None, -k.facts.distinct)
    )
    numbers = [k for k in known if k.facts.role == "numeric" and timely(k) and later.get(k.facts.name)]
    if dates and (later.get(dates[0].facts.name) or not numbers):
        return dates[0].facts.name, later.get(dates[0].facts.name, False)
    return (numbers[0].facts.name, True) if numbers else (None, False)


def timely(k: Known) -> bool:
    """Return whether a number's name says that it is a time."""
    return _TIME_NAME.search(k.facts.name) is not None and k.facts.missing == 0


def autocorrelation(values: Floats, codes: Ints | None, order: Ints | None) -> float:
    """Return how alike successive targets are: their correlation, or for classes the agreement beyond chance."""
    if len(values) < 10:
        return 0.0
    if codes is None:
        y = values if order is None else values[order]
        return pearson(y[1:], y[:-1])
    c = codes if order is None else codes[order]
    share = np.bincount(c) / len(c)
    chance = float((share**2).sum())
    agree = float(np.count_nonzero(c[1:] == c[:-1])) / (len(c) - 1)
    return (agree - chance) / (1 - chance) if chance < 1 else 0.0
