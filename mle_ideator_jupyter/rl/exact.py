"""Exact evaluation: on frozen states every applicable action is executed once, so that what any policy earns is known.

What was executed is kept like samples, and serves ablations of the reward as well.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from mle_ideator_jupyter.ideators.playbook.trained import Weights
from mle_ideator_jupyter.rl.choosing import left_out
from mle_ideator_jupyter.rl.collapse import Variety, max_at, variety
from mle_ideator_jupyter.rl.policy import Group, Ranks, fit_gradient, groups_of, scores
from mle_ideator_jupyter.rl.reward import TERMS, Terms
from mle_ideator_jupyter.rl.rollouts import Collection
from mle_ideator_jupyter.rl.samples import Collected, Snapshot, reward_of
from mle_ideator_jupyter.rl.states import Moment, spread

DEPTHS = 3
"""States of each task: before the first trial, a third and two thirds into a run."""
ROUND = -1
"""The round that these samples carry; nothing is drawn in it."""
ABLATIONS: dict[str, Terms] = {
    "as it is": TERMS,
    "with a rank term": msgspec.structs.replace(TERMS, rank=0.2),
    "without sharing": msgspec.structs.replace(TERMS, share=False),
    "without cost": msgspec.structs.replace(TERMS, cost=0.0),
    "cost four times": msgspec.structs.replace(TERMS, cost=4 * TERMS.cost),
}


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy earns, exactly: with its first choice, and as spread as four equal actions; how varied it is.

    `best_of` is the expected best of a group of draws. All are means over states, then over tasks.
    """

    name: str
    first: float
    spread: float
    best_of: float
    variety: Variety


def frozen(collection: Collection) -> list[Moment]:
    """Return the states: of each task's first variant, at three depths of its first run."""
    depths = {collection.settings.steps * k // DEPTHS for k in range(DEPTHS)}
    firsts: dict[str, str] = {}
    for name in collection.scales:
        firsts.setdefault(collection.executor.variants[name].variation.task, name)
    return [m for m in collection.states() if m.depth in depths and m.run == 0 and m.variant in firsts.values()]


def execute_all(collection: Collection, cap: int | None, tell: Callable[[str], None]) -> int:
    """Execute every action of the frozen states, or the `cap` best by the prior, and return how many there are."""
    states = frozen(collection)
    snapshots = [s for m in states if (s := collection.snapshot(m, ROUND, None)) is not None]
    places = [(s, k) for s in snapshots for k in range(min(len(s.options), cap or len(s.options)))]
    tell(f"{len(places)} actions in {len(snapshots)} states")
    collection.gather([(f"{ROUND}/{s.moment.name}/{s.options[k].action}", s, k) for s, k in places])
    return len(places)


def complete(collected: Collected) -> list[tuple[Snapshot, list[float]]]:
    """Return the frozen states with the reward of each action that was executed; others are cut off their list."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for sample in collected.samples:
        if sample.round == ROUND:
            found[sample.moment.name][sample.place] = reward_of(sample, collected.scales[sample.moment.variant])
    made = []
    for name, rewards in found.items():
        snapshot = collected.snapshots[name]
        places = sorted(rewards)
        cut = msgspec.structs.replace(snapshot, options=tuple(snapshot.options[k] for k in places))
        made.append((cut, [rewards[k] for k in places]))
    return made


def earned(name: str, states: Sequence[tuple[Snapshot, list[float]]], ranks: Ranks | Mapping[str, Ranks]) -> Earned:
    """Return what a policy earns on frozen states; `ranks` may differ from task to task (each left out in turn)."""
    each: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    drawn = []
    for snapshot, rewards in states:
        own = ranks[snapshot.task] if isinstance(ranks, Mapping) else ranks
        scored = scores(snapshot, own)
        chances = spread(scored, 4.0)
        drawn.append((snapshot, chances))
        top = max(scored)
        first = [r for s, r in zip(scored, rewards, strict=True) if s == top]
        each[snapshot.task].append(
            (
                math.fsum(first) / len(first),
                math.fsum(c * r for c, r in zip(chances, rewards, strict=True)),
                max_at(chances, rewards),
            )
        )
    means = [[math.fsum(v[k] for v in found) / len(found) for k in range(3)] for found in each.values()]
    first_, spread_, best = (math.fsum(m[k] for m in means) / len(means) for k in range(3))
    return Earned(name=name, first=first_, spread=spread_, best_of=best, variety=variety(drawn))


def ceiling(states: Sequence[tuple[Snapshot, list[float]]]) -> float:
    """Return what the best action of each state earns: nobody can earn more."""
    each: dict[str, list[float]] = defaultdict(list)
    for snapshot, rewards in states:
        each[snapshot.task].append(max(rewards))
    return math.fsum(math.fsum(r) / len(r) for r in each.values()) / len(each)


def without_each(groups: Sequence[Group], fit: Callable[[Sequence[Group]], Ranks]) -> dict[str, Ranks]:
    """Return, for each task, what was fitted on all others."""
    return {t: fit([g for g in groups if g.task != t]) for t in dict.fromkeys(g.task for g in groups)}


def ablations(collected: Collected) -> dict[str, float]:
    """Return, for each change of the reward, what a policy learned from it earns by the unchanged one.

    All with the policy gradient and its default settings, one task left out at a time; nothing is executed.
    """
    sampled = msgspec.structs.replace(collected, samples=tuple(s for s in collected.samples if s.round != ROUND))
    found = {}
    for name, terms in ABLATIONS.items():
        rewards = left_out(groups_of(sampled, terms), lambda g: fit_gradient(g)[0])
        found[name] = math.fsum(math.fsum(r) / len(r) for r in rewards.values()) / len(rewards)
    return found


def sampled_groups(collected: Collected) -> list[Group]:
    """Return the groups that may be learned from: the frozen states' actions are for judging alone."""
    return groups_of(msgspec.structs.replace(collected, samples=tuple(s for s in collected.samples if s.round >= 0)))


def ranks_of(groups: Sequence[Group], weights: Weights | None) -> dict[str, Ranks | Mapping[str, Ranks]]:
    """Return the policies that are compared; those that are fitted leave out the task that they are judged on."""
    from mle_ideator_jupyter.rl.policy import fit_ridge, static_order

    made: dict[str, Ranks | Mapping[str, Ranks]] = {"prior": "prior", "random-order": "random"}
    if groups:
        made["static-order (task left out)"] = without_each(groups, static_order)
        made["policy-gradient (task left out)"] = without_each(groups, lambda g: fit_gradient(g)[0])
        made["ridge (task left out)"] = without_each(groups, fit_ridge)
    if weights is not None:
        made["given weights (may have seen these tasks)"] = weights
    return made
