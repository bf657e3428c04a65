"""Watches for mode collapse: whether a policy still says different things, and what the best of several is worth."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

from mle_ideator_jupyter.model import Struct
from mle_ideator_jupyter.rl.samples import GROUP, Snapshot


class Variety(Struct, frozen=True, kw_only=True):
    """How varied a policy is over some states.

    `distinct` is the expected number of different ideas in a group of draws, `top_play` the largest share that one play
    has of all first choices, `kind_entropy` that of the kinds drawn (in nats), `effective` the mean exponential entropy
    of a state's actions.
    """

    distinct: float
    top_play: float
    kind_entropy: float
    effective: float


def variety(states: Sequence[tuple[Snapshot, Sequence[float]]], group: int = GROUP) -> Variety:
    """Return the variety of a policy, given the chance that it gives to each action of each state."""
    kinds: defaultdict[str, float] = defaultdict(float)
    first: Counter[str] = Counter()
    distinct, effective = [], []
    for snapshot, chances in states:
        recipes: defaultdict[str, float] = defaultdict(float)
        for option, chance in zip(snapshot.options, chances, strict=True):
            kinds[option.kind.value] += chance / len(states)
            recipes[option.key] += chance
        distinct.append(math.fsum(1 - (1 - min(1.0, p)) ** group for p in recipes.values()))
        effective.append(math.exp(entropy(list(chances))))
        best = max(range(len(chances)), key=chances.__getitem__)
        first[snapshot.options[best].play] += 1
    return Variety(
        distinct=math.fsum(distinct) / len(distinct),
        top_play=max(first.values()) / len(states),
        kind_entropy=entropy(list(kinds.values())),
        effective=math.fsum(effective) / len(effective),
    )


def entropy(chances: Sequence[float]) -> float:
    """Return the entropy of a distribution, in nats."""
    return -math.fsum(p * math.log(p) for p in chances if p > 0)


def entropy_of(labels: Sequence[Hashable]) -> float:
    """Return the entropy of labels as they were drawn, in nats."""
    return entropy([n / len(labels) for n in Counter(labels).values()]) if labels else 0.0


def max_at(chances: Sequence[float], rewards: Sequence[float], group: int = GROUP) -> float:
    """Return the expected best reward of so many draws, given every action's chance and reward."""
    ordered = sorted(zip(rewards, chances, strict=True))
    below, total = 0.0, 0.0
    for reward, chance in ordered:
        upto = min(1.0, below + chance)
        total += reward * (upto**group - below**group)
        below = upto
    return total
