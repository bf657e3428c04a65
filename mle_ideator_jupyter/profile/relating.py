"""How strongly something relates to the target: ranks, correlations, correlation ratios."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mle_ideator_jupyter.model import Problem, Struct
from mle_ideator_jupyter.profile.reading import Bools, Floats, Ints

_BINS = 16
_MOST_CLASSES = 50


class Aim(Struct, frozen=True, kw_only=True):
    """The target at some rows, as numbers.

    `values` are the target's own numbers (regression, ordinal), 1 for the rarer of two classes, or
    1 for the most common of more. `codes` number the classes, most common first; None for regression.
    """

    problem: Problem
    values: Floats
    ranks: Floats
    codes: Ints | None = None
    classes: int = 0

    @property
    def many(self) -> bool:
        """Return whether the target is three or more classes without an order."""
        return self.problem == "multiclass" and self.classes > 2

    def at(self, rows: Any) -> Aim:
        """Return the target at these of its rows."""
        return Aim(
            problem=self.problem,
            values=self.values[rows],
            ranks=self.ranks[rows],
            codes=None if self.codes is None else self.codes[rows],
            classes=self.classes,
        )


def aim_from(problem: Problem, values: Floats, codes: Ints | None, classes: int) -> Aim:
    """Return the target as an Aim; classes beyond the 50 most common count as one."""
    if codes is not None and classes > _MOST_CLASSES:
        codes, classes = np.minimum(codes, _MOST_CLASSES - 1), _MOST_CLASSES
    return Aim(problem=problem, values=values, ranks=ranks(values), codes=codes, classes=classes)


def tidy(value: float | None) -> float | None:
    """Return the number with six significant digits, or None when it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.6g}")


def ranks(values: Floats) -> Floats:
    """Return ranks from 0 to 1; equal values share their mean rank."""
    n = len(values)
    if not n:
        return values
    order = np.argsort(values)
    ordered = values[order]
    first = np.empty(n, dtype=bool)
    first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    middle = (starts + np.append(starts[1:], n) - 1) / 2
    out = np.empty(n)
    out[order] = middle[np.cumsum(first) - 1]
    return (out + 0.5) / n


def dot(a: Floats, b: Floats) -> float:
    """Return the sum of products, without BLAS: its threads cost more than they save here, and vary the last digit."""
    return float(np.einsum("i,i->", a, b))


def pearson(a: Floats, b: Floats) -> float:
    """Return the correlation of two arrays, 0 where it is not defined."""
    a = a - a.mean()
    b = b - b.mean()
    scale = math.sqrt(dot(a, a) * dot(b, b))
    return dot(a, b) / scale if scale > 0 else 0.0


def explained(codes: Ints, levels: int, aim: Aim, *, raw: bool = False) -> float:
    """Return the share of the target's variance that the levels explain, corrected for their number (0 to 1)."""
    n = len(codes)
    counts = np.bincount(codes, minlength=levels).astype(float)
    used = int(np.count_nonzero(counts))
    if n <= used + 1 or used < 2:
        return 0.0
    if aim.codes is not None and not (raw and aim.problem == "ordinal"):
        share = _explained_classes(codes, levels, counts, aim)
    else:
        y = aim.values if raw else aim.ranks
        y = y - y.mean()
        sums = np.bincount(codes, weights=y, minlength=levels)
        total = dot(y, y)
        share = float((sums[counts > 0] ** 2 / counts[counts > 0]).sum()) / total if total > 0 else 0.0
    return max(0.0, 1 - (1 - share) * (n - 1) / (n - used))


def _explained_classes(codes: Ints, levels: int, counts: Floats, aim: Aim) -> float:
    assert aim.codes is not None
    table = np.bincount(codes * aim.classes + aim.codes, minlength=levels * aim.classes)
    table = table.reshape(levels, aim.classes)[counts > 0].astype(float)
    n = counts.sum()
    base = float((table.sum(axis=0) ** 2).sum()) / n
    within = float(((table**2).sum(axis=1) / counts[counts > 0]).sum())
    return (within - base) / (n - base) if n > base else 0.0


def strength(values: Floats, aim: Aim) -> float:
    """Return how far the target moves with the values, by rank (the correlation ratio for many classes)."""
    if len(values) < 3:
        return 0.0
    return _rank_strength(ranks(values), aim)


def _rank_strength(ranked: Floats, aim: Aim) -> float:
    if not aim.many:
        return abs(pearson(ranked, aim.ranks))
    assert aim.codes is not None
    x = ranked - ranked.mean()
    counts = np.bincount(aim.codes, minlength=aim.classes).astype(float)
    sums = np.bincount(aim.codes, weights=x, minlength=aim.classes)
    total = dot(x, x)
    used = counts > 0
    return math.sqrt(float((sums[used] ** 2 / counts[used]).sum()) / total) if total > 0 else 0.0


def association(values: Floats, aim: Aim) -> float:
    """Return the strength of a relation of any shape: by rank, or by 16 bins of the values."""
    if len(values) < 3:
        return 0.0
    ranked = ranks(values)
    monotone = _rank_strength(ranked, aim)
    if len(values) < 4 * _BINS:
        return monotone
    bins = np.minimum((ranked * _BINS).astype(np.int64), _BINS - 1)
    return max(monotone, math.sqrt(explained(bins, _BINS, aim)))


def linear(values: Floats, aim: Aim) -> float:
    """Return |Pearson|; for many classes, the largest over the classes."""
    if len(values) < 3:
        return 0.0
    if not aim.many:
        return abs(pearson(values, aim.values))
    assert aim.codes is not None
    deviation = float(values.std())
    if deviation == 0:
        return 0.0
    counts = np.bincount(aim.codes, minlength=aim.classes).astype(float)
    used = (counts > 0) & (counts < len(values))
    share = counts[used] / len(values)
    means = np.bincount(aim.codes, weights=values, minlength=aim.classes)[used] / counts[used]
    found = np.abs(means - values.mean()) / deviation * np.sqrt(share / (1 - share))
    return min(1.0, float(found.max())) if len(found) else 0.0


def separates(values: Floats, aim: Aim) -> bool:
    """Return whether sorting by the values sorts the classes, all but 1 % of what chance would leave mixed."""
    if aim.codes is None or len(values) < 50:
        return False
    y = aim.codes[np.argsort(values, kind="stable")]
    share = np.bincount(y, minlength=aim.classes) / len(y)
    changes = int(np.count_nonzero(y[1:] != y[:-1]))
    chance = (1 - float((share**2).sum())) * len(y)
    return changes <= int(np.count_nonzero(share)) - 1 + 0.01 * chance and chance > 10


def level_codes(values: Floats) -> tuple[Ints, int]:
    """Return the numbers as level codes, and how many levels there are."""
    levels, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int64).reshape(-1), len(levels)


def distance(train: Floats, test: Floats) -> float:
    """Return the Kolmogorov–Smirnov distance of two samples."""
    if not len(train) or not len(test):
        return 0.0
    a, b = np.sort(train), np.sort(test)
    grid = np.concatenate([a, b])
    left = np.searchsorted(a, grid, side="right") / len(a)
    right = np.searchsorted(b, grid, side="right") / len(b)
    return float(np.abs(left - right).max())


def share_of(mask: Bools | NDArray[Any]) -> float:
    """Return the share of true values."""
    return float(np.count_nonzero(mask)) / len(mask) if len(mask) else 0.0
