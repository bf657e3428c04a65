"""A proxy for executing: a reward predicted from a state and an idea alone, and what it would save.

It is the ridge regression of `policy` or boosted trees on the same signals with each play's mean reward; it is judged
on tasks that it was not fitted on, against the mean reward of the play.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from mle_ideator_jupyter.ideators.playbook.trained import Weights
from mle_ideator_jupyter.rl.collapse import max_at
from mle_ideator_jupyter.rl.policy import Group, fit_ridge, predicted, scores, static_order
from mle_ideator_jupyter.rl.samples import Snapshot

CANDIDATES = 8
"""Ideas that are sampled, of which the best predicted one is tried."""
Predictor = Callable[[Snapshot], list[float]]


class Proxied(msgspec.Struct, frozen=True, kw_only=True):
    """How good a prediction is on left-out tasks.

    `rank` is the mean over tasks of the rank correlation with what samples earned. `of_candidates` is what the
    best predicted of several random ideas earns, `random` what one random idea earns, and `saved` the share of
    executions that this spares: so many random ideas would have to be executed to find one as good. The last three
    need frozen states whose actions were all executed; None without.
    """

    name: str
    rank: float
    of_candidates: float | None = None
    random: float | None = None
    saved: float | None = None


def judge(groups: Sequence[Group], states: Sequence[tuple[Snapshot, list[float]]] = ()) -> list[Proxied]:
    """Return how the predictors do, one training task left out at a time."""
    fits: dict[str, Callable[[Sequence[Group]], Predictor]] = {
        "mean of the play": _mean_of_play,
        "ridge": _ridge,
        "boosting": _boosted,
    }
    return [_judged(name, fit, groups, states) for name, fit in fits.items()]


def _judged(
    name: str,
    fit: Callable[[Sequence[Group]], Predictor],
    groups: Sequence[Group],
    states: Sequence[tuple[Snapshot, list[float]]],
) -> Proxied:
    ranks, picked, plain, saved = [], [], [], []
    for task in dict.fromkeys(g.task for g in groups):
        predict = fit([g for g in groups if g.task != task])
        told: list[float] = []
        earned: list[float] = []
        for group in groups:
            if group.task == task:
                expected = predict(group.snapshot)
                told += [expected[p] for p in group.places]
                earned += group.earned
        ranks.append(rank_correlation(told, earned))
        for snapshot, rewards in states:
            if snapshot.task == task:
                won = best_predicted(predict(snapshot), rewards, CANDIDATES)
                picked.append(won)
                plain.append(math.fsum(rewards) / len(rewards))
                saved.append(1 - 1 / tries_for(rewards, won))

    def mean(values: Sequence[float]) -> float | None:
        return math.fsum(values) / len(values) if values else None

    return Proxied(
        name=name, rank=mean(ranks) or 0.0, of_candidates=mean(picked), random=mean(plain), saved=mean(saved)
    )


def fit_proxy(groups: Sequence[Group], found: Sequence[Proxied]) -> Weights:
    """Return the ridge fitted on all groups, with its card: what ships, for it needs no library where it is used."""
    ridge = next(p for p in found if p.name == "ridge")
    plain = next(p for p in found if p.name == "mean of the play")
    return msgspec.structs.replace(
        fit_ridge(groups),
        card={
            "samples": sum(len(g.places) for g in groups),
            "tasks": sorted({g.task for g in groups}),
            "rank_correlation_task_left_out": round(ridge.rank, 3),
            "rank_correlation_of_the_mean_per_play": round(plain.rank, 3),
            "limits": (
                "Predicts what an idea gains at once over its parent, on small variants of few tables; not what it "
                "leads to. No evaluation task was read."
            ),
        },
    )


def best_predicted(expected: Sequence[float], rewards: Sequence[float], count: int) -> float:
    """Return what the best predicted of `count` actions, drawn alike, earns on average."""
    ordered = sorted(zip(expected, rewards, strict=True), key=lambda pair: pair[0])
    size = len(ordered)
    chances = [((k + 1) / size) ** count - (k / size) ** count for k in range(size)]
    return math.fsum(c * r for c, (_, r) in zip(chances, ordered, strict=True))


def tries_for(rewards: Sequence[float], wanted: float, most: int = 64) -> int:
    """Return how many random actions must be executed so that the best of them earns as much on average."""
    even = [1 / len(rewards)] * len(rewards)
    return next((n for n in range(1, most) if max_at(even, rewards, n) >= wanted - 1e-12), most)


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Return Spearman's rank correlation, 0 where one side has no ranks; equal values share a rank."""
    a, b = _ranks(one), _ranks(other)
    middle = (len(a) - 1) / 2
    cross = math.fsum((x - middle) * (y - middle) for x, y in zip(a, b, strict=True))
    size = math.sqrt(math.fsum((x - middle) ** 2 for x in a) * math.fsum((y - middle) ** 2 for y in b))
    return cross / size if size else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    places: dict[float, list[int]] = defaultdict(list)
    for place, value in enumerate(sorted(values)):
        places[value].append(place)
    return [math.fsum(places[v]) / len(places[v]) for v in values]


def _mean_of_play(groups: Sequence[Group]) -> Predictor:
    means = static_order(groups)
    return lambda snapshot: scores(snapshot, means)


def _ridge(groups: Sequence[Group]) -> Predictor:
    fitted: Weights = fit_ridge(groups)
    return lambda snapshot: predicted(snapshot, fitted)


def _boosted(groups: Sequence[Group]) -> Predictor:
    from sklearn.ensemble import HistGradientBoostingRegressor

    means = static_order(groups)

    def rows(snapshot: Snapshot, places: Sequence[int]) -> list[list[float]]:
        found = [snapshot.options[p] for p in places]
        return [[*o.signals, means.of(o.play)] for o in found]

    x = [row for g in groups for row in rows(g.snapshot, g.places)]
    y = [r for g in groups for r in g.earned]
    model: Any = HistGradientBoostingRegressor(
        max_iter=60, learning_rate=0.05, max_leaf_nodes=8, min_samples_leaf=10, random_state=0
    )
    model.fit(x, y)
    return lambda snapshot: [float(v) for v in model.predict(rows(snapshot, range(len(snapshot.options))))]
