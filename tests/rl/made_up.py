"""Collected samples that nobody executed: states of made-up profiles, where one play is good and all else is not."""

from __future__ import annotations

import functools
import random

from mle_ideator_jupyter.model import Goal
from mle_ideator_jupyter.rl.executing import Execution
from mle_ideator_jupyter.rl.samples import EFFECTIVE, GROUP, Collected, Sample, Scale, Snapshot
from mle_ideator_jupyter.rl.states import Moment, options, spread
from tests.unit.playbook_cases import CASES

TASKS = ("mixed binary", "skewed rmsle", "counts mae", "ratings")
GOOD = "ratios"
"""Applies to all of these, and the prior ranks it low."""


def execution(grade: float | None) -> Execution:
    return Execution(key="", grade=grade, cpu_seconds=1.0, message="" if grade is not None else "ValueError")


def worth(play: str) -> float:
    return 0.5 if play == GOOD else 0.02


@functools.cache
def actions(task: str):
    every = [o for o, _ in options(CASES[task]())]
    return every[:60] + [o for o in every[60:] if o.play == GOOD]


def snapshot(task: str, number: int) -> Snapshot:
    found = actions(task)
    chances = [0.5 * p + 0.5 / len(found) for p in spread([o.signals[0] for o in found], EFFECTIVE)]
    return Snapshot(
        moment=Moment(variant=task, run=0, depth=number), task=task, round=0, left=10 - number, parent={},
        options=tuple(found), chances=tuple(chances),
    )  # fmt: skip


def sample(snap: Snapshot, place: int, name: str, round_: int = 0, worth_of=worth) -> Sample:
    chosen = snap.options[place]
    gain = worth_of(chosen.play)
    grades = [None] * 3 if gain is None else [0.7 + 0.2 * gain + d for d in (-0.001, 0.0, 0.001)]
    return Sample(
        name=name, moment=snap.moment, task=snap.task, action=chosen.action, play=chosen.play, key=chosen.key,
        place=place, propensity=snap.chances[place], round=round_, remaining=300.0,
        parents=tuple(execution(0.7) for _ in range(3)), children=tuple(execution(g) for g in grades),
    )  # fmt: skip


def collected(states: int = 12, worth_of=worth, *, every: bool = False) -> Collected:
    """With `every`, all actions of each state, as an exact evaluation leaves them."""
    draw = random.Random(0)
    snaps, samples = {}, []
    for task in TASKS:
        for number in range(states):
            snap = snapshot(task, number)
            snaps[snap.moment.name] = snap
            places = (
                range(len(snap.options)) if every else draw.choices(range(len(snap.options)), snap.chances, k=GROUP)
            )
            for k, place in enumerate(places):
                samples.append(sample(snap, place, f"{task}/{number}/{k}", -1 if every else 0, worth_of))
    scales = {t: Scale(variant=t, goal=Goal.MAXIMIZE, baselines=(0.6, 0.6, 0.6), room=0.2) for t in TASKS}
    return Collected(snapshots=snaps, samples=tuple(samples), scales=scales)
