"""Guesses about one column of numbers: a sentinel, a period, a leak of the target."""

from __future__ import annotations

import re

import numpy as np

from mle_ideator_jupyter.profile.reading import Column, Floats
from mle_ideator_jupyter.profile.relating import Aim, separates, share_of

LEAK = 0.99
_PERIODS = (
    (r"hour|hr|time", 24, 0),
    (r"month|mnth|mon\b|mo\b|mth", 12, 1),
    (r"week_?day|day_?of_?week|dow|wday|day", 7, 0),
    (r"week_?day|day_?of_?week|dow|wday|day", 7, 1),
    (r"minute|min", 60, 0),
)


def sentinel(present: Floats, distinct: int) -> float | None:
    """Return a number that stands apart from all others at either end and piles up there: -1, 999, an impossible 0."""
    if distinct < 8:
        return None
    for value in (present[0], present[-1]):
        if value not in {-1, -9, -99, -999, -9999, -99999, 9, 99, 999, 9999, 99999, 999999, 0}:
            continue
        rest = present[present != value]
        share = 1 - len(rest) / len(present)
        width = float(rest.max() - rest.min())
        nearest = float(rest.min() if value < rest.min() else rest.max())
        gap = abs(nearest - float(value))
        if len(present) - len(rest) < 2 or width <= 0:
            continue
        piled = share > share_of(present == nearest)
        if value == -1:
            found = nearest >= 0 and share >= 0.005 and piled
        elif value == 0:
            found = nearest > 0 and gap >= 0.15 * width and share >= 0.002 and piled
        else:
            found = gap >= 0.25 * width and share >= 0.001
        if found:
            return float(value)
    return None


def period_of(column: Column, present: Floats) -> float | None:
    """Return the period of hours, months, weekdays, minutes: by range, and by name or an even spread."""
    if not column.integer or not len(present):
        return None
    low, high = float(present[0]), float(present[-1])
    for name, period, start in _PERIODS:
        if low < start or high > start + period - 1:
            continue
        named = re.search(name, column.name.lower()) is not None
        whole = low == start and high == start + period - 1 and column.distinct == period
        if named and (whole or (column.distinct >= 0.5 * period and high - low >= 0.75 * (period - 1) and period > 7)):
            return float(period)
        if whole and period != 7 and len(present) >= 20 * period:
            shares = np.bincount((present - start).astype(np.int64), minlength=period) / len(present)
            if shares.min() >= 0.5 / period:
                return float(period)
    return None


def leak_of(name: str, x: Floats, relations: tuple[float, float], aim: Aim, target: str) -> str | None:
    """Return why numbers that relate this strongly (by rank, linearly) may give the target away, or None."""
    strong, straight = relations
    if len(x) < 20:
        return None
    if aim.codes is None and np.array_equal(x, aim.values):
        return "equals the target in every row"
    if aim.codes is None and straight >= 0.9995:
        return f"the target is a multiple of it (correlation {straight:.4f})"
    if aim.codes is None and strong >= LEAK:
        return f"the target rises or falls with it almost perfectly (rank correlation {strong:.3f})"
    if aim.codes is not None and separates(x, aim):
        return "its values alone tell the classes apart"
    return leak_by_name(name, target, strong)


def leak_by_name(name: str, target: str, strong: float) -> str | None:
    """Return that the name holds the target's, where the relation is strong too, or None."""
    plain, wanted = (re.sub(r"[^a-z0-9]", "", s.lower()) for s in (name, target))
    if len(wanted) >= 3 and wanted in plain and strong >= 0.9:
        return f"its name holds the target's, and they relate with {strong:.2f}"
    return None
