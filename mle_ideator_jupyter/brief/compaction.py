"""How much of what is known a Brief tells: three levels, and a ladder of reductions where even that is too long.

What goes first, least useful first: the steps of past ideas, columns whose relation with the target is weakest, the
latest trials told one by one, the source of the current solution (its Recipe stays), the rationale of past ideas, the
titles of folded trials. The task, the target, the best score, the budget and the hint are never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Literal, get_args

from msgspec.structs import replace

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.model import Struct

Part = Literal["profile", "libraries", "gpus", "resident", "out_of_memory", "source"]
"""What a user may leave out of every Brief."""
PARTS: tuple[Part, ...] = get_args(Part)
FOLD = 20
"""Trials are folded into a summary by so many at a time, so that what stands before the latest ones stays the same."""


class Level(str, Enum):
    """How much a Brief tells."""

    FULL = "full"
    STANDARD = "standard"
    BRIEF = "brief"


def parts_of(names: Iterable[str]) -> tuple[Part, ...]:
    """Return the parts of these names, each once, in their own order. Raises `UsageError` for a name that is none."""
    named = {name.strip().replace("-", "_") for name in names}
    if wrong := sorted(named.difference(PARTS)):
        msg = f"a Brief has no part {wrong[0]!r}: what can be left out is {', '.join(PARTS)}"
        raise UsageError(msg)
    return tuple(part for part in PARTS if part in named)


def level_of(name: str) -> Level:
    """Return the level of this name. Raises `UsageError` for a name that is none."""
    try:
        return Level(name.strip())
    except ValueError:
        msg = f"there is no level {name!r} of a Brief: full, standard or brief"
        raise UsageError(msg) from None


def chosen(level: str, without: Iterable[str]) -> tuple[Level, tuple[Part, ...]]:
    """Return what was chosen, as far as this version knows it: it may have been written down by another."""
    names = frozenset(without)
    known = next((one for one in Level if one.value == level), Level.STANDARD)
    return known, tuple(part for part in PARTS if part in names)


class Extent(Struct, frozen=True, kw_only=True):
    """What is told at most; `tokens` is the limit of the whole text, `titles` characters of folded trials' titles."""

    tokens: int
    columns: int
    latest: int
    titles: int
    steps: bool = True
    rationale: bool = True
    source: bool = True


EXTENTS = {
    Level.FULL: Extent(tokens=12_000, columns=200, latest=60, titles=6_000),
    Level.STANDARD: Extent(tokens=6_000, columns=60, latest=20, titles=3_000, steps=False),
    Level.BRIEF: Extent(tokens=2_000, columns=15, latest=6, titles=1_000, steps=False, rationale=False, source=False),
}


def folded(trials: int, latest: int) -> int:
    """Return how many of the oldest trials are told as a summary; a multiple of `FOLD`."""
    return max(0, trials - latest) // FOLD * FOLD if latest else trials


def ladder(extent: Extent) -> Iterator[Extent]:
    """Return ever smaller extents, beginning with the given one."""
    yield extent
    smaller: list[tuple[str, int]] = [
        ("steps", False),
        *(("columns", n) for n in (40, 25, 15, 8)),
        *(("latest", n) for n in (40, 20, 10, 5)),
        ("source", False),
        ("rationale", False),
        *(("titles", n) for n in (1500, 700, 200)),
        ("latest", 0),
    ]
    for name, value in smaller:
        if value < getattr(extent, name):
            extent = replace(extent, **{name: value})
            yield extent
