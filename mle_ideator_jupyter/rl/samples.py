"""What was collected: states with their actions, executed samples with raw grades, and the rewards these come to."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.model import Goal, Struct
from mle_ideator_jupyter.rl.executing import Execution
from mle_ideator_jupyter.rl.reward import TERMS, Change, Terms, of_outcome, over_splits, scaled, within_split
from mle_ideator_jupyter.rl.states import STEPS, Moment, Option
from mle_ideator_jupyter.rl.store import Store

SAMPLES, STATES, SCALES = "samples.jsonl", "states.jsonl", "scales.jsonl"
GROUP = 4
"""Samples of one state: a group, whose rewards are compared with each other."""
EFFECTIVE = 8.0
"""Half of the chances go to about so many actions; the other half to all alike: none has less than 1/(2M)."""

ROOM_DECILE = 8
"""The room of a variant is its 90th percentile among the solutions of its own runs (the ninth of nine deciles)."""


class Settings(Struct, frozen=True, kw_only=True):
    """What a collection is: the same settings go on where it was, others need another folder."""

    tasks: tuple[str, ...]
    seed: int = 0
    rows: int | None = 2000
    variants: int = 1
    runs: int = 1
    cpu_seconds: float = 30.0
    steps: int = STEPS
    runs_by: str = ""
    """Fingerprint of the weights whose runs states are read off; empty: the prior's."""


class Scale(Struct, frozen=True, kw_only=True):
    """What a variant's gains are counted by: the baseline's grade on each split, and the room above it."""

    variant: str
    goal: Goal
    baselines: tuple[float, ...]
    room: float


def scale_of(variant: str, goal: Goal, baseline: Sequence[Execution], grades: Sequence[float]) -> Scale:
    """Return what a variant's gains are counted by: the baseline on each split, and what its runs came to on the first.

    There is no room where the baseline fails on a split.
    """
    bases = tuple(e.grade for e in baseline if e.grade is not None)
    if len(bases) < len(baseline):
        return Scale(variant=variant, goal=goal, baselines=bases, room=0.0)
    sign = 1.0 if goal is Goal.MAXIMIZE else -1.0
    better = [sign * (grade - bases[0]) for grade in grades]
    room = statistics.quantiles(better, n=10, method="inclusive")[ROOM_DECILE] if len(better) > 1 else 0.0
    return Scale(variant=variant, goal=goal, baselines=bases, room=max(0.0, room))


class Snapshot(Struct, frozen=True, kw_only=True):
    """A state with its actions, and the chance that each had to be sampled."""

    moment: Moment
    task: str
    round: int
    left: int
    parent: dict[str, Any]
    options: tuple[Option, ...]
    chances: tuple[float, ...]


class Sample(Struct, frozen=True, kw_only=True):
    """An action that was executed: what parent and child came to on each split.

    There are no `children` where the action changes nothing of the cell that is run.
    """

    name: str
    moment: Moment
    task: str
    action: str
    play: str
    key: str
    place: int
    propensity: float
    round: int
    remaining: float
    parents: tuple[Execution, ...]
    children: tuple[Execution, ...]


class Collected(Struct, frozen=True, kw_only=True):
    """All that lies in a training folder."""

    snapshots: dict[str, Snapshot]
    samples: tuple[Sample, ...]
    scales: dict[str, Scale]


def change_of(sample: Sample, scale: Scale) -> Change | None:
    """Return how the child's gain differs from the parent's, or None where one of them has no grade."""
    pairs = list(zip(sample.children, sample.parents, scale.baselines, strict=True))
    if any(c.grade is None or p.grade is None for c, p, _ in pairs):
        return None

    def gain(score: float | None, base: float) -> float:
        return scaled(score, base, scale.room, scale.goal)

    if len(pairs) > 1:
        return over_splits([gain(c.grade, b) for c, _, b in pairs], [gain(p.grade, b) for _, p, b in pairs])
    child, parent, base = pairs[0]
    if len(child.blocks) < 2 or len(child.blocks) != len(parent.blocks):
        return None
    return within_split(
        gain(child.grade, base),
        gain(parent.grade, base),
        [gain(v, base) for v in child.blocks],
        [gain(v, base) for v in parent.blocks],
    )


def reward_of(sample: Sample, scale: Scale, terms: Terms = TERMS) -> float:
    """Return the reward of a sample by itself; what a group shares comes after."""
    if not sample.children:
        return of_outcome("unchanged", None, 0.0, sample.remaining, terms)
    change = change_of(sample, scale)
    seconds = statistics.mean(c.cpu_seconds for c in sample.children)
    return of_outcome("graded" if change else "failed", change, seconds, sample.remaining, terms)


def read_collected(out: Path) -> Collected:
    """Return what was collected so far. Raises `UsageError` where nothing was."""
    samples = Store(out / SAMPLES, Sample).read()
    if not samples:
        msg = f"no samples in {out}: `jupyter ideate train collect --out {out}` makes some"
        raise UsageError(msg)
    scales = {s.variant: s for s in Store(out / SCALES, Scale).read()}
    snapshots = {s.moment.name: s for s in Store(out / STATES, Snapshot).read()}
    unique = {s.name: s for s in samples if s.moment.variant in scales and s.moment.name in snapshots}
    return Collected(snapshots=snapshots, samples=tuple(unique.values()), scales=scales)
