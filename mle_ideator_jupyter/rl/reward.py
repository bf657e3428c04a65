"""The reward of an idea that was executed; pure functions of grader scores and seconds, never of text.

A gain of 1 is the way from the task's baseline to its strong reference (see `bench.gain`), so that rewards of
different tasks and metrics are of one size.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Literal

from mle_ideator_jupyter.bench.gain import gain
from mle_ideator_jupyter.model import Goal, Struct

Outcome = Literal["graded", "failed", "unchanged", "malformed"]


class Terms(Struct, frozen=True, kw_only=True):
    """The constants of the reward. A gain of the whole way to the reference is worth about 1."""

    least: float = -0.1
    """No idea loses more than this by its score: trying something that turns out worse is part of the work."""
    most: float = 1.0
    """No idea wins more than this: one lucky task must not outweigh all others."""
    cost: float = 0.05
    """λ: what it costs to spend all that remains of the budget on one trial."""
    failed: float = -0.2
    """A trial that crashed, ran into a limit, or left nothing that can be graded."""
    unchanged: float = -0.2
    """An idea that leaves the Recipe as it was; it is not executed."""
    malformed: float = -1.0
    """An answer that is no idea; it is not executed."""
    rank: float = 0.0
    """Weight of the place in the group, from -1/2 (last) to 1/2 (first); for ablations."""
    share: bool = True
    """Whether near-duplicates of a group share what is positive."""


TERMS = Terms()
OUTER_SPLITS = 3
"""Outer splits on which parent and child are compared where data are small."""
SMALL_ROWS = 10_000
"""Below so many training rows data are small."""


class Change(Struct, frozen=True, kw_only=True):
    """How far a child's gain lies above its parent's, and the noise (standard error) of that difference."""

    gain: float
    noise: float


def scaled(score: float | None, baseline: float, room: float, goal: Goal) -> float:
    """Return the gain of a score on a scale where the baseline is 0 and `room` (in the metric's unit) above it is 1."""
    return gain(score, baseline, baseline + room if goal is Goal.MAXIMIZE else baseline - room, goal)


def over_splits(children: Sequence[float], parents: Sequence[float]) -> Change:
    """Return the change between gains on the same outer splits, at least two of them."""
    differences = [c - p for c, p in zip(children, parents, strict=True)]
    noise = statistics.stdev(differences) / math.sqrt(len(differences))
    return Change(gain=math.fsum(differences) / len(differences), noise=noise)


def within_split(child: float, parent: float, children: Sequence[float], parents: Sequence[float]) -> Change:
    """Return the change on one split, with its noise from blocks of test rows (a delete-one-block jackknife).

    `children` and `parents` are the gains with one block left out, the same blocks for both.
    """
    differences = [c - p for c, p in zip(children, parents, strict=True)]
    count = len(differences)
    mean = math.fsum(differences) / count
    spread = math.fsum((d - mean) ** 2 for d in differences)
    return Change(gain=child - parent, noise=math.sqrt(spread * (count - 1) / count))


def of_change(change: Change, cpu_seconds: float, remaining_seconds: float, terms: Terms = TERMS) -> float:
    """Return the reward of an executed idea: its clipped change, shrunk towards 0 by its noise, less its cost."""
    worth = 0.0
    if abs(change.gain) > change.noise:  # never for NaN
        sure = 1.0 - (change.noise / change.gain) ** 2
        worth = min(terms.most, max(terms.least, change.gain)) * sure
    spent = min(1.0, cpu_seconds / remaining_seconds) if remaining_seconds > 0 else 1.0
    return worth - terms.cost * spent


def of_outcome(
    outcome: Outcome, change: Change | None, cpu_seconds: float, remaining_seconds: float, terms: Terms = TERMS
) -> float:
    """Return the reward of an idea, whatever came of it; a change belongs to `graded` alone."""
    if outcome == "graded" and change is not None:
        return of_change(change, cpu_seconds, remaining_seconds, terms)
    lost: dict[Outcome, float] = {
        "graded": terms.failed,
        "failed": terms.failed,
        "unchanged": terms.unchanged,
        "malformed": terms.malformed,
    }
    return lost[outcome]


def of_group(rewards: Sequence[float], alike: Sequence[Hashable], terms: Terms = TERMS) -> list[float]:
    """Return the rewards of a group as they are learned from.

    Ideas with the same `alike` are near-duplicates: a positive reward is divided by how many of them there are, so
    that saying the same thing often is worth no more than saying it once. The rank term comes after that.
    """
    counts = Counter(alike)
    shared = [r / counts[label] if terms.share and r > 0 else r for r, label in zip(rewards, alike, strict=True)]
    if not terms.rank or len(shared) < 2:
        return shared
    places = [(sum(o < r for o in shared) + (sum(o == r for o in shared) - 1) / 2) for r in shared]
    return [r + terms.rank * (p / (len(shared) - 1) - 0.5) for r, p in zip(shared, places, strict=True)]
