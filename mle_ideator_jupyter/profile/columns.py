"""What is known of one feature column."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from mle_ideator_jupyter.facts import ColumnProfile, Role
from mle_ideator_jupyter.model import Struct
from mle_ideator_jupyter.profile.guesses import LEAK, leak_by_name, leak_of, period_of, sentinel
from mle_ideator_jupyter.profile.reading import Column, Floats, Ints, Table
from mle_ideator_jupyter.profile.relating import (
    Aim,
    association,
    distance,
    dot,
    explained,
    level_codes,
    linear,
    share_of,
    tidy,
)
from mle_ideator_jupyter.profile.strings import dates, mean_words, natural_order, separated

ID_NAME = re.compile(
    r"(?i)(^|[_\s.-])(id|uuid|guid|key|rownames|row_?num(ber)?)$|^(id|uuid|guid|index|unnamed: ?0)$|[a-z](Id|ID)$"
)


class Known(Struct, frozen=True, kw_only=True):
    """One column after it was looked at: its facts, and the arrays that later statistics need (at the sampled rows)."""

    facts: ColumnProfile
    column: Column
    numbers: Floats | None = None
    codes: Ints | None = None
    levels: tuple[str, ...] = ()
    """Of `codes`, which hold -1 where missing."""


class Target(Struct, frozen=True, kw_only=True):
    """The target: its name, at all rows as numbers, and at the sampled rows as an Aim."""

    name: str
    values: Floats
    aim: Aim


def describe(
    column: Column, other: Column | None, table: Table, test: Table | None, target: Target, *, is_id: bool
) -> Known:
    """Return the facts of one column, `other` being the same column of the test data."""
    if column.kind == "string":
        days = dates(column.strings or []) if not is_id and not column.order else None
        if days is None:
            return _describe_strings(column, other, table, target, is_id=is_id)
        return _describe_numbers(column, days, _test_days(other), target, role="date")
    assert column.numbers is not None
    role = _number_role(column, is_id=is_id)
    there = other.numbers if other is not None else None
    if there is not None and test is not None and not test.whole:
        there = there[test.sample]
    sample = column.numbers if table.whole else column.numbers[table.sample]
    return _describe_numbers(column, sample, there, target, role=role)


def _test_days(other: Column | None) -> Floats | None:
    if other is None:
        return None
    return other.numbers if other.strings is None else dates(other.strings)


def _common(column: Column, other: Column | None, target: Target) -> dict[str, Any]:
    missing = share_of(column.missing)
    facts: dict[str, Any] = {
        "name": column.name,
        "dtype": column.dtype,
        "missing": tidy(missing),
        "distinct": column.distinct,
    }
    if other is not None:
        facts["missing_test"] = tidy(share_of(other.missing))
    if 0 < missing < 1:
        gone, here = target.values[column.missing].mean(), target.values[~column.missing].mean()
        facts["missing_effect"] = (tidy(float(gone)), tidy(float(here)))
    return facts


# ---------------------------------------------------------------- numbers, truth values, dates


def _number_role(column: Column, *, is_id: bool) -> Role:
    assert column.numbers is not None
    assert column.ordered is not None
    gone = bool(column.missing.any())
    if column.distinct == 0 or (column.distinct == 1 and not gone):
        return "constant"
    if is_id:
        return "id"
    if column.kind == "date":
        return "date"
    if column.kind == "boolean" or (column.distinct <= 2 and {*column.ordered[[0, -1]].tolist()} <= {0.0, 1.0}):
        return "boolean"
    if not gone and column.integer and column.distinct == len(column.ordered) >= 20:
        width = float(column.ordered[-1] - column.ordered[0]) + 1
        named = ID_NAME.search(column.name) is not None
        if named or (width == len(column.ordered) and bool(np.all(np.diff(column.numbers) > 0))):
            return "id"
    return "numeric"


def _describe_numbers(column: Column, sample: Floats, other: Floats | None, target: Target, *, role: Role) -> Known:
    facts = _common(column, None, target) | {"role": role}
    if other is not None:
        facts["missing_test"] = tidy(share_of(np.isnan(other)))
    if role == "constant":
        return Known(facts=ColumnProfile(**facts), column=column)
    present = np.sort(sample[~np.isnan(sample)]) if column.ordered is None else column.ordered
    if role != "id":
        facts |= _moments(present, dates_only=role == "date")
    facts["integer"] = column.integer and role != "date"
    if role in {"numeric", "boolean"}:
        facts["top"] = _top_numbers(present, column.distinct)
    if role == "numeric":
        facts["sentinel"] = sentinel(present, column.distinct)
        facts["period"] = period_of(column, present)
    if role != "id":
        here = ~np.isnan(sample)
        x, aim = (sample, target.aim) if here.all() else (sample[here], target.aim.at(here))
        facts["association"] = tidy(association(x, aim))
        facts["linear"] = tidy(linear(x, aim))
        facts["leak"] = leak_of(column.name, x, (facts["association"] or 0.0, facts["linear"] or 0.0), aim, target.name)
        if other is not None and here.any():
            facts["drift"] = tidy(distance(x, other[~np.isnan(other)]))
        if role in {"numeric", "boolean"} and column.distinct <= 50 and column.integer and len(x):
            codes, levels = level_codes(x)
            facts["spread"] = tidy(math.sqrt(explained(codes, levels, aim, raw=True)))
    return Known(facts=ColumnProfile(**facts), column=column, numbers=sample)


def _moments(ordered: Floats, *, dates_only: bool) -> dict[str, Any]:
    """Return quantiles, mean, deviation, skew, outliers and zeros of sorted values."""
    n = len(ordered)
    if not n:
        return {}
    places = np.array([0, 0.01, 0.25, 0.5, 0.75, 0.99, 1]) * (n - 1)
    low = places.astype(int)
    high = np.minimum(low + 1, n - 1)
    quantiles = ordered[low] + (places - low) * (ordered[high] - ordered[low])
    facts: dict[str, Any] = {"quantiles": tuple(tidy(float(q)) for q in quantiles)}
    if dates_only:
        return facts
    mean = float(ordered.mean())
    centred = ordered - mean
    deviation = math.sqrt(dot(centred, centred) / n)
    facts |= {"mean": tidy(mean), "std": tidy(deviation), "skew": tidy(skew(ordered))}
    spread = float(quantiles[4] - quantiles[2])
    if spread > 0:
        below = np.searchsorted(ordered, quantiles[2] - 3 * spread, side="left")
        above = n - np.searchsorted(ordered, quantiles[4] + 3 * spread, side="right")
        facts["outliers"] = tidy(float(below + above) / n)
    zeros = np.searchsorted(ordered, 0.0, side="right") - np.searchsorted(ordered, 0.0, side="left")
    facts["zeros"] = tidy(float(zeros) / n)
    return facts


def skew(values: Floats) -> float:
    """Return the third standardised moment, 0 for constants."""
    centred = values - values.mean()
    squares = centred * centred
    variance = float(squares.mean())
    scale = float(np.abs(values).max()) if len(values) else 0.0
    if variance <= (1e-12 * scale) ** 2:
        return 0.0
    return float((squares * centred).mean()) / math.sqrt(variance) ** 3


def _top_numbers(present: Floats, distinct: int) -> tuple[tuple[str, float], ...]:
    """Return the most frequent numbers where there are few of them."""
    if distinct > 50 or not len(present):
        return ()
    values, counts = np.unique(present, return_counts=True)
    best = np.argsort(-counts, kind="stable")[:8]
    return tuple((f"{values[i]:.15g}", float(f"{counts[i] / len(present):.6g}")) for i in best)


# ---------------------------------------------------------------- text and categories


def factorize(values: list[str | None]) -> tuple[Ints, tuple[str, ...]]:
    """Return level codes (-1 where missing) and the levels in order of first sight."""
    seen: dict[str, int] = {}
    codes = [-1 if v is None else seen.setdefault(v, len(seen)) for v in values]
    return np.array(codes, dtype=np.int64), tuple(seen)


def _describe_strings(column: Column, other: Column | None, table: Table, target: Target, *, is_id: bool) -> Known:
    codes, levels = factorize(column.strings or [])
    facts = _common(column, other, target)
    probe = levels[:: max(1, len(levels) // 500)]
    words = mean_words(probe)
    present = int(np.count_nonzero(~column.missing))
    role: Role = "categorical"
    if column.distinct == 0 or (column.distinct == 1 and not column.missing.any()):
        role = "constant"
    elif is_id or (present >= 20 and column.distinct >= 0.98 * present and words < 2 and not column.order):
        role = "id"
    elif _is_text(column.distinct, present, words):
        role = "text"
        facts["words"] = tidy(words)
    facts["role"] = role
    if role in {"constant", "text", "id"}:
        facts["parts"] = separated(probe) if role == "id" else None
        return Known(facts=ColumnProfile(**facts), column=column)
    facts |= _level_facts(codes, levels, column, target)
    if other is not None and other.strings is not None:
        facts |= _test_levels(codes, levels, other, table, column)
    return Known(facts=ColumnProfile(**facts), column=column, codes=codes, levels=levels)


def _is_text(distinct: int, present: int, words: float) -> bool:
    if words >= 8 and distinct >= 20:
        return True
    return words >= 3 and distinct >= max(20, 0.2 * present)


def _level_facts(codes: Ints, levels: tuple[str, ...], column: Column, target: Target) -> dict[str, Any]:
    here = codes >= 0
    inside, aim = (codes, target.aim) if here.all() else (codes[here], target.aim.at(here))
    counts = np.bincount(inside, minlength=len(levels))
    best = np.argsort(-counts, kind="stable")[:8]
    total = max(1, len(inside))
    share = explained(inside, len(levels), aim)
    strong = math.sqrt(share)
    leak = leak_by_name(column.name, target.name, strong)
    if len(inside) >= 50 and len(levels) <= 0.2 * len(inside) and share >= LEAK:
        leak = "each of its levels has one value of the target"
    order = tuple(v for v in column.order if v in set(levels)) if column.order else natural_order(levels)
    return {
        "top": tuple((levels[i], float(f"{counts[i] / total:.6g}")) for i in best),
        "rare": tidy(float(counts[counts < 0.01 * total].sum()) / total),
        "association": tidy(strong),
        "spread": tidy(math.sqrt(explained(inside, len(levels), aim, raw=True))),
        "leak": leak,
        "order": order,
        "parts": None if order else separated(levels[:500]),
    }


def _test_levels(codes: Ints, levels: tuple[str, ...], other: Column, table: Table, column: Column) -> dict[str, Any]:
    """Return drift (total variation; levels under 1 % count as one) and the share of unseen levels."""
    there = [v for v in other.strings or [] if v is not None]
    if not there:
        return {}
    place = {v: i for i, v in enumerate(levels)}
    test_codes = np.array([place.get(v, -1) for v in there], dtype=np.int64)
    new = {v for v, c in zip(there, test_codes, strict=True) if c < 0}
    if new and column.distinct > len(levels):  # some levels of train are outside its sample
        new -= {str(v) for v in table.frame.get_column(table.names[column.name]).unique().to_list() if v is not None}
    left = np.bincount(codes[codes >= 0], minlength=len(levels)) / max(1, int(np.count_nonzero(codes >= 0)))
    right = np.bincount(test_codes[test_codes >= 0], minlength=len(levels)) / len(there)
    common = (left >= 0.01) | (right >= 0.01)
    rest = abs((1 - left[common].sum()) - (1 - right[common].sum()))
    drift = 0.5 * (float(np.abs(left - right)[common].sum()) + float(rest))
    return {"drift": tidy(drift), "unseen": tidy(sum(1 for v in there if v in new) / len(there))}
