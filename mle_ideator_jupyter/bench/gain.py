"""Gain: how far a solution went from the default-boosting baseline to a strong reference; pure functions.

A gain of 0 is the baseline, 1 the 90th percentile of the task's reference board.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mle_ideator_jupyter.model import Goal

LOWEST, HIGHEST = -0.5, 1.5


def gain(score: float | None, baseline: float, reference: float, goal: Goal) -> float:
    """Return the gain of a grader score, between -0.5 and 1.5; one that is none (nothing valid) gains the lowest.

    NaN where the reference is no better than the baseline: such a task has no room to gain in.
    """
    sign = 1.0 if goal is Goal.MAXIMIZE else -1.0
    room = sign * (reference - baseline)
    if not room > 0:
        return math.nan
    if score is None or math.isnan(score):
        return LOWEST
    return min(HIGHEST, max(LOWEST, sign * (score - baseline) / room))


def best_so_far(validations: Sequence[float | None], grades: Sequence[float | None], goal: Goal) -> list[float | None]:
    """Return, after each trial, the grade of the one trial with the best validation score so far.

    A trial without a validation score changes nothing; of equal ones the first stays.
    """
    found: list[float | None] = []
    best: float | None = None
    grade: float | None = None
    for value, graded in zip(validations, grades, strict=True):
        if value is not None and (best is None or (value > best if goal is Goal.MAXIMIZE else value < best)):
            best, grade = value, graded
        found.append(grade)
    return found


def anytime(gains: Sequence[float], steps: int | None = None) -> float:
    """Return the mean gain after trials 1 to `steps`; `gains[0]` is the gain before the first trial.

    A run that ended early keeps its last gain. None as `steps` is as many trials as there were.
    """
    if not gains:
        return math.nan
    count = len(gains) - 1 if steps is None else steps
    after = [gains[min(k, len(gains) - 1)] for k in range(1, count + 1)]
    return math.fsum(after) / len(after) if after else gains[0]


def avg_at_k(finals: Mapping[str, Sequence[float]]) -> float:
    """Return the mean over each task's runs, then over tasks."""
    return _mean([_mean(runs) for runs in finals.values()])


def best_at_k(finals: Mapping[str, Sequence[float]]) -> float:
    """Return the best of each task's runs, then the mean over tasks."""
    return _mean([max(runs) for runs in finals.values() if runs])


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
