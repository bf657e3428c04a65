"""Pure rules of a run: what is noise, what is a plateau, and which trial the next idea builds on."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections.abc import Sequence

from mle_ideator_jupyter.model import Metric, Score, Trial

PLATEAU_WINDOW = 4
"""Trials without an improvement beyond noise, after which a run is on a plateau."""
EXPLORATION = 0.2
"""Chance, before decay, that a trial other than the best is built on."""
EXPLORATION_DECAY = 0.85
EXPLORATION_FROM = 3
"""The first trials always build on the best: there is little else to choose from."""
BRANCH_CAP = 6
"""Trials in a row that one parent may have without an improvement, before another is tried."""


def noise(trials: Sequence[Trial]) -> float | None:
    """Return the standard deviation of a difference between two trials' scores, in the metric's unit.

    Estimated from the folds that trials share: the median, over pairs of successive trials, of the
    standard error of their paired fold differences. None where scores have no folds.
    """
    folds = [t.score.folds for t in trials if t.score and len(t.score.folds) > 1]
    errors = []
    for a, b in itertools.pairwise(folds):
        if len(a) == len(b):
            differences = [x - y for x, y in zip(a, b, strict=True)]
            errors.append(statistics.stdev(differences) / math.sqrt(len(differences)))
    if errors:
        return statistics.median(errors)
    if folds:
        return statistics.stdev(folds[0]) / math.sqrt(len(folds[0]))
    return None


def plateau(trials: Sequence[Trial], metric: Metric, window: int = PLATEAU_WINDOW) -> bool:
    """Return whether the last `window` trials did not improve on the best before them by more than noise."""
    if len(trials) <= window:
        return False
    before = _best(trials[:-window], metric)
    recent = _best(trials[-window:], metric)
    if before is None:
        return False
    if recent is None:
        return True
    return metric.gain(recent, before) <= (noise(trials) or 0.0)


def clearly_worse(score: Score, than: Score, metric: Metric) -> bool:
    """Return whether a score is worse than another of its kind by more than two standard errors (or 2 %)."""
    if not score.comparable(than):
        return False
    if len(score.folds) > 1 and len(score.folds) == len(than.folds):
        differences = [metric.gain(a, b) for a, b in zip(score.folds, than.folds, strict=True)]
        margin = 2 * statistics.stdev(differences) / math.sqrt(len(differences))
    else:
        margin = 0.02 * abs(than.value)
    return metric.gain(score.value, than.value) < -margin


def parent(ranked: Sequence[Trial], trials: Sequence[Trial], seed: int, step: int) -> Trial | None:
    """Return the trial that the next idea builds on: the best so far, or now and then the next best.

    `ranked` are the comparable trials, best first; `trials` all in order. The chance of
    another than the best decays with the steps; a parent whose last `BRANCH_CAP` children all
    brought nothing rests. The same arguments give the same answer.
    """
    if not ranked:
        return None
    able = [t for t in ranked[:3] if not _exhausted(t, ranked, trials)] or list(ranked[:1])
    generator = random.Random(f"{seed}:{step}:parent")  # noqa: S311 - repeatable, not secret
    chance = EXPLORATION * EXPLORATION_DECAY**step if step >= EXPLORATION_FROM else 0.0
    if len(able) > 1 and generator.random() < chance:
        return able[1]
    return able[0]


def _exhausted(trial: Trial, ranked: Sequence[Trial], trials: Sequence[Trial]) -> bool:
    places = {t.id: place for place, t in enumerate(ranked)}
    mine = places[trial.id]
    children = [t for t in trials if t.parent == trial.id and t.outcome is not None]
    fruitless = [t for t in children[-BRANCH_CAP:] if places.get(t.id, len(places)) > mine]
    return len(fruitless) >= BRANCH_CAP


def _best(trials: Sequence[Trial], metric: Metric) -> float | None:
    values = [t.score.value for t in trials if t.score and t.score.fidelity == "full"]
    if not values:
        return None
    return max(values, key=lambda v: metric.gain(v, 0.0))
