"""What two columns tell together: correlation; ratios, differences, products and crosses that say more than either."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mle_ideator_jupyter.facts import Pair
from mle_ideator_jupyter.profile.columns import Known
from mle_ideator_jupyter.profile.reading import Floats, Ints, some_rows
from mle_ideator_jupyter.profile.relating import Aim, dot, level_codes, strength, tidy

PAIR_ROWS = 5_000
_STRONGEST = 12
_MOST_CORRELATED = 400
_KEEP = 8
_GAIN = 0.02
_ALIKE = 0.9


def pairs(known: Sequence[Known], aim: Aim) -> dict[str, Any]:
    """Return the pair fields of a Profile, from at most 5,000 rows and the 12 strongest columns of either sort."""
    rows = some_rows(len(aim.values), PAIR_ROWS)
    part = aim.at(rows)
    useful = [k for k in known if k.facts.leak is None]
    numeric = strongest([k for k in useful if _measured(k)], _STRONGEST)
    numbers = {k.facts.name: k.numbers[rows] for k in numeric if k.numbers is not None}
    return {
        "correlated": correlated(known, rows),
        **_arithmetic(numbers, part),
        "interactions": _interactions(useful, rows, part),
    }


def _measured(k: Known) -> bool:
    """Return whether this is a quantity, of which a ratio means something; few whole numbers are rather codes."""
    facts = k.facts
    return k.numbers is not None and facts.role == "numeric" and (facts.distinct > 10 or not facts.integer)


def strongest(known: Sequence[Known], most: int) -> list[Known]:
    """Return the columns that relate most strongly with the target, ties in the frame's order."""
    return sorted(known, key=lambda k: -(k.facts.association or 0.0))[:most]


def correlated(known: Sequence[Known], rows: Ints) -> tuple[Pair, ...]:
    """Return the pairs of numeric columns that say nearly the same, among the 400 strongest."""
    chosen = [k for k in known if k.numbers is not None and k.facts.role in {"numeric", "date"}]
    chosen = strongest(chosen, _MOST_CORRELATED)
    if len(chosen) < 2:
        return ()
    table = np.column_stack([k.numbers[rows] for k in chosen if k.numbers is not None])
    gone = np.isnan(table)
    present = np.maximum((~gone).sum(axis=0), 1)
    table = np.where(gone, 0.0, table)
    table = np.where(gone, 0.0, table - table.sum(axis=0) / present)
    scale = np.sqrt((table**2).sum(axis=0))
    usable = (scale > 0) & (present >= 10)
    table = table[:, usable] / scale[usable]
    names = [k.facts.name for k, u in zip(chosen, usable, strict=True) if u]
    found = np.abs(np.triu(table.T @ table, 1))
    where = np.argwhere(found >= _ALIKE)
    all_pairs = [_pair(names[i], names[j], min(1.0, float(found[i, j]))) for i, j in where.tolist()]
    return tuple(sorted(all_pairs, key=lambda p: -p.value)[:20])


def _pair(a: str, b: str, value: float) -> Pair:
    return Pair(a=a, b=b, value=tidy(value) or 0.0)


def _ratio(a: Floats, b: Floats) -> Floats | None:
    if np.count_nonzero(b) < 0.9 * len(b):
        return None
    out: Floats = np.full(len(a), np.nan)
    np.divide(a, b, out=out, where=b != 0)
    return out


_OPERATIONS: dict[str, Callable[[Floats, Floats], Floats | None]] = {
    "ratios": _ratio,
    "differences": lambda a, b: a - b,
    "products": lambda a, b: a * b,
}


def _arithmetic(numbers: dict[str, Floats], aim: Aim) -> dict[str, tuple[Pair, ...]]:
    """Return the pairs whose ratio, difference or product moves with the target more than the stronger of the two."""
    found: dict[str, list[Pair]] = {name: [] for name in _OPERATIONS}
    alone = {name: _strength(x, aim) for name, x in numbers.items()}
    least = max(_GAIN, 3.3 / math.sqrt(max(1, len(aim.values))))  # 200 pairs are tried: two deviations would be noise
    for a, b in itertools.combinations(numbers, 2):
        bar = max(alone[a], alone[b])
        for name, operation in _OPERATIONS.items():
            first, second = (a, b)
            made = operation(numbers[a], numbers[b])
            if made is None and name == "ratios":
                first, second = (b, a)
                made = operation(numbers[b], numbers[a])
            if made is None:
                continue
            gain = _strength(made, aim) - bar
            if gain >= least:
                found[name].append(_pair(first, second, gain))
    return {name: tuple(sorted(p, key=lambda q: -q.value)[:_KEEP]) for name, p in found.items()}


def _strength(x: Floats, aim: Aim) -> float:
    here = np.isfinite(x)
    if here.all():
        return strength(x, aim)
    if np.count_nonzero(here) < max(10, 0.2 * len(x)):
        return 0.0
    return strength(x[here], aim.at(here))


def _interactions(known: Sequence[Known], rows: Ints, aim: Aim) -> tuple[Pair, ...]:
    """Return the pairs whose cross explains more of the target than the sum of the two does (share of variance)."""
    coded: dict[str, tuple[Ints, int]] = {}
    for k in strongest([k for k in known if _few(k)], _STRONGEST):
        codes = _codes(k, rows)
        coded[k.facts.name] = (codes, int(codes.max()) + 1)
    found = []
    y = _indicators(aim)
    for a, b in itertools.combinations(coded, 2):
        (left, p), (right, q) = coded[a], coded[b]
        if p * q > len(rows) / 10:
            continue
        gain = _crossed(left, p, right, q, y)
        if gain >= max(0.005, 3.5 * math.sqrt(2 * p * q) / len(rows)):
            found.append(_pair(a, b, gain))
    return tuple(sorted(found, key=lambda q: -q.value)[:_KEEP])


def _few(k: Known) -> bool:
    facts = k.facts
    if facts.role in {"categorical", "boolean"}:
        return facts.distinct <= 100
    return facts.role == "numeric" and facts.integer and facts.distinct <= 50


def _codes(k: Known, rows: Ints) -> Ints:
    """Return level codes at the rows; missing is a level of its own."""
    if k.codes is not None:
        return k.codes[rows] + 1
    assert k.numbers is not None
    values = k.numbers[rows]
    codes, _ = level_codes(np.where(np.isnan(values), np.inf, values))
    return codes


def _indicators(aim: Aim) -> list[Floats]:
    """Return the target as centred columns: itself, or an indicator of each of the three most common classes."""
    if aim.many and aim.codes is not None:
        columns = [(aim.codes == c).astype(float) for c in range(min(3, aim.classes))]
    else:
        columns = [aim.values if aim.codes is not None else aim.ranks]
    return [c - c.mean() for c in columns]


def _crossed(left: Ints, p: int, right: Ints, q: int, columns: list[Floats]) -> float:
    """Return what the cross explains beyond an additive fit, both corrected for their number of levels."""
    cross, cells = level_codes((left * q + right).astype(float))
    n, total, additive, whole = len(left), 0.0, 0.0, 0.0
    for y in columns:
        total += dot(y, y)
        rest = y
        for _ in range(3):
            rest = _without(_without(rest, left, p), right, q)
        additive += dot(rest, rest)
        within = _without(y, cross, cells)
        whole += dot(within, within)
    used = int(np.count_nonzero(np.bincount(left))) + int(np.count_nonzero(np.bincount(right))) - 1
    if total <= 0 or n <= cells + 1 or cells <= used:
        return 0.0
    return (additive / (n - used) - whole / (n - cells)) * (n - 1) / total


def _without(y: Floats, codes: Ints, levels: int) -> Floats:
    """Return the values less the mean of their level."""
    counts = np.maximum(np.bincount(codes, minlength=levels), 1)
    return np.asarray(y - (np.bincount(codes, weights=y, minlength=levels) / counts)[codes], dtype=np.float64)
