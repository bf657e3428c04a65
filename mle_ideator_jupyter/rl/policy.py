"""Fits the Playbook's policy to samples: a group-relative policy gradient, and a ridge regression beside it.

Both give the same thing, a linear score over play-local signals with a bias for each play, and both stay close to the
prior where samples say little. What is left out of the usual algorithm: no value network, no clipping of ratios to
both sides (the samples are few and are gone over as a whole), no scaling of advantages by their spread.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Union

import msgspec

from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.ideators.playbook import Prior
from mle_ideator_jupyter.ideators.playbook.catalogue import PLAYS
from mle_ideator_jupyter.ideators.playbook.policy import PlayRewards
from mle_ideator_jupyter.ideators.playbook.signals import NAMES
from mle_ideator_jupyter.ideators.playbook.trained import Weights
from mle_ideator_jupyter.rl.reward import TERMS, Terms, of_group
from mle_ideator_jupyter.rl.samples import EFFECTIVE, Collected, Snapshot, reward_of
from mle_ideator_jupyter.rl.states import spread

PLAY_NAMES = tuple(PLAYS)
Ranks = Union[Weights, PlayRewards, str]
"""What ranks: trained weights, a static order, or `prior` or `random`."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A state with what was executed in it: places of actions, and the chances that they were drawn with.

    `rewards` are what is learned from (near-duplicates share), `earned` each one's own, which policies are judged by.
    """

    snapshot: Snapshot
    places: tuple[int, ...]
    rewards: tuple[float, ...]
    earned: tuple[float, ...]
    propensities: tuple[float, ...]

    @property
    def task(self) -> str:
        """Return the training task."""
        return self.snapshot.task


class Gradient(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the policy gradient."""

    penalty: float = 0.03
    """Of the squared distance of weights from the prior's."""
    towards_prior: float = 0.01
    """Of the Kullback-Leibler divergence of the policy from the prior's."""
    entropy_floor: float = 0.7
    """The policy keeps this share of the prior's entropy."""
    ratio: float = 5.0
    """A sample counts at most so many times for being likelier now than when it was drawn."""
    steps: int = 200
    rate: float = 0.03


def groups_of(collected: Collected, terms: Terms = TERMS) -> list[Group]:
    """Return the groups of all samples, with their rewards as they are learned from."""
    members: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for sample in collected.samples:
        members[sample.moment.name, sample.round].append(sample)
    made = []
    for (name, _), samples in members.items():
        alone = [reward_of(s, collected.scales[s.moment.variant], terms) for s in samples]
        made.append(
            Group(
                snapshot=collected.snapshots[name],
                places=tuple(s.place for s in samples),
                rewards=tuple(of_group(alone, [s.key for s in samples], terms)),
                earned=tuple(reward_of(s, collected.scales[s.moment.variant]) for s in samples),
                propensities=tuple(s.propensity for s in samples),
            )
        )
    return made


def prior_scale(groups: Sequence[Group]) -> float:
    """Return the weight of the log prior at which it is as spread as the samples' own distribution, on average."""
    low, high = 0.1, 50.0
    for _ in range(40):
        middle = math.sqrt(low * high)
        entropies = []
        for group in groups:
            scores = [middle * o.signals[0] for o in group.snapshot.options]
            best = max(scores)
            weights = [math.exp(s - best) for s in scores]
            total = math.fsum(weights)
            entropies.append(-math.fsum(w / total * math.log(w / total) for w in weights if w > 0))
        low, high = (middle, high) if math.fsum(entropies) / len(groups) > math.log(EFFECTIVE) else (low, middle)
    return math.sqrt(low * high)


def fit_gradient(groups: Sequence[Group], settings: Gradient = Gradient()) -> tuple[Weights, list[float]]:  # noqa: B008 - frozen
    """Return the policy that the gradient comes to, and the expected reward after each tenth of its steps.

    Every task counts alike, however many samples it has. The same groups give the same weights.
    """
    torch = _torch()
    start = torch.zeros(len(NAMES), dtype=torch.float64)
    start[0] = prior_scale(groups)
    weights = start.clone().requires_grad_()
    biases = torch.zeros(len(PLAY_NAMES) + 1, dtype=torch.float64, requires_grad=True)
    batch = _Batch(torch, groups)
    before = batch.logits(start, torch.zeros_like(biases))
    entropy_before = -(before.exp() * before).sum(1)
    optimiser = torch.optim.Adam([weights, biases], lr=settings.rate)
    curve = []
    for step in range(settings.steps):
        now = batch.logits(weights, biases)
        ratios = (now.gather(1, batch.places).exp() / batch.chances).clamp(max=settings.ratio)
        near = (now.exp() * (now - before)).sum(1)
        short = torch.relu(settings.entropy_floor * entropy_before + (now.exp() * now).sum(1)) ** 2
        won = (ratios * batch.advantages).sum(1)
        loss = (batch.shares * (settings.towards_prior * near + short - won)).sum()
        loss = loss + settings.penalty * (((weights - start) ** 2).sum() + (biases**2).sum())
        if step % max(1, settings.steps // 10) == 0:
            earned = (ratios * batch.rewards).sum(1) / (ratios * batch.drawn).sum(1)
            curve.append(round(float((batch.shares * earned).sum().detach()), 5))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return _weights("policy-gradient", weights.detach().tolist(), biases.detach().tolist()[:-1]), curve


def fit_ridge(groups: Sequence[Group], penalty: float = 30.0) -> Weights:
    """Return the ridge regression of rewards on signals and plays, every task counting alike."""
    import numpy as np

    rows, targets, counts = [], [], []
    for group, share in zip(groups, _shares(groups), strict=True):
        for place, reward in zip(group.places, group.rewards, strict=True):
            option = group.snapshot.options[place]
            rows.append([*option.signals, *(float(option.play == p) for p in PLAY_NAMES)])
            targets.append(reward)
            counts.append(share / len(group.places))
    x, y, w = np.array(rows), np.array(targets), np.array(counts)
    w = w * len(w) / w.sum()
    middle, mean = (w[:, None] * x).sum(0) / w.sum(), float((w * y).sum() / w.sum())
    centred = x - middle
    left = centred.T @ (w[:, None] * centred) + penalty * np.eye(x.shape[1])
    found = np.linalg.solve(left, centred.T @ (w * (y - mean)))
    fitted = _weights("ridge", found[: len(NAMES)].tolist(), found[len(NAMES) :].tolist())
    return msgspec.structs.replace(fitted, offset=round(mean - float(middle @ found), 6))


def static_order(groups: Sequence[Group]) -> PlayRewards:
    """Return the mean reward of each play, shrunk towards the mean of all; the profile is ignored."""
    rewards: dict[str, list[float]] = defaultdict(list)
    for group in groups:
        for place, reward in zip(group.places, group.rewards, strict=True):
            rewards[group.snapshot.options[place].play].append(reward)
    every = [r for found in rewards.values() for r in found]
    mean = math.fsum(every) / len(every)
    shrunk = {p: round((math.fsum(r) + 3 * mean) / (len(r) + 3), 5) for p, r in rewards.items()}
    made = {
        "samples": len(every),
        "tasks": sorted({g.task for g in groups}),
        "reward": "mean, shrunk by 3 samples",
    }
    return PlayRewards(plays=dict(sorted(shrunk.items(), key=lambda i: (-i[1], i[0]))), unknown=mean, made=made)


def scores(snapshot: Snapshot, ranks: Ranks) -> list[float]:
    """Return how a policy scores a state's actions."""
    found = snapshot.options
    if isinstance(ranks, Weights):
        return [ranks.score(o.play, list(o.signals)) for o in found]
    if isinstance(ranks, PlayRewards):
        return [ranks.of(o.play) for o in found]
    return [o.signals[0] if ranks == "prior" else 0.0 for o in found]


def predicted(snapshot: Snapshot, ridge: Weights) -> list[float]:
    """Return the rewards that a ridge regression expects of a state's actions."""
    return [ridge.expected(o.play, list(o.signals)) for o in snapshot.options]


def value(group: Group, ranks: Ranks, expects: Weights, effective: float = 4.0) -> float:
    """Return the expected reward in one state of a policy as spread as `effective` equal actions.

    Doubly robust: what the regression `expects` (fitted without this task), corrected by the samples.
    """
    chances = spread(scores(group.snapshot, ranks), effective)
    model = predicted(group.snapshot, expects)
    direct = math.fsum(c * m for c, m in zip(chances, model, strict=True))
    weights = [min(10.0, chances[p] / drawn) for p, drawn in zip(group.places, group.propensities, strict=True)]
    residuals = [w * (r - model[p]) for w, p, r in zip(weights, group.places, group.earned, strict=True)]
    # Normalised where the few samples of a state would count for more than they are: it stays within what was earned.
    return direct + math.fsum(residuals) / max(float(len(weights)), math.fsum(weights))


def _shares(groups: Sequence[Group]) -> list[float]:
    count: dict[str, int] = defaultdict(int)
    for group in groups:
        count[group.task] += 1
    return [1.0 / (len(count) * count[g.task]) for g in groups]


class _Batch:
    """All groups as tensors, padded to the most actions of a state and the most samples of a group."""

    def __init__(self, torch: Any, groups: Sequence[Group]) -> None:
        most = max(len(g.snapshot.options) for g in groups)
        drawn = max(len(g.places) for g in groups)

        def padded(rows: Sequence[Sequence[float]], to: int, value: float = 0.0) -> Any:
            return torch.tensor([[*r, *([value] * (to - len(r)))] for r in rows], dtype=torch.float64)

        self.torch = torch
        none = [0.0] * len(NAMES)
        options = [g.snapshot.options for g in groups]
        self.x = torch.tensor(
            [[*(o.signals for o in own), *([none] * (most - len(own)))] for own in options], dtype=torch.float64
        )
        nowhere = len(PLAY_NAMES)
        places = {name: k for k, name in enumerate(PLAY_NAMES)}
        self.plays = torch.tensor(
            [[*(places[o.play] for o in own), *([nowhere] * (most - len(own)))] for own in options]
        )
        self.absent = torch.tensor([[k >= len(own) for k in range(most)] for own in options])
        means = [math.fsum(g.rewards) / len(g.rewards) for g in groups]
        self.places = padded([g.places for g in groups], drawn).long()
        self.chances = padded([g.propensities for g in groups], drawn, 1.0)
        self.rewards = padded([g.rewards for g in groups], drawn)
        self.drawn = padded([[1.0] * len(g.places) for g in groups], drawn)
        self.advantages = padded(
            [[(r - m) / len(g.rewards) for r in g.rewards] for g, m in zip(groups, means, strict=True)], drawn
        )
        self.shares = torch.tensor(_shares(groups), dtype=torch.float64)

    def logits(self, weights: Any, biases: Any) -> Any:
        """Return the log of each action's chance; of places where there is none, as good as never."""
        scored = (self.x @ weights + biases[self.plays]).masked_fill(self.absent, -1e4)
        return self.torch.log_softmax(scored, 1)


def _weights(method: str, signals: Sequence[float], plays: Sequence[float]) -> Weights:
    return Weights(
        method=method,
        prior=Prior.fingerprint(),
        signals={n: round(v, 6) for n, v in zip(NAMES, signals, strict=True)},
        plays={n: round(v, 6) for n, v in zip(PLAY_NAMES, plays, strict=True) if round(v, 6)},
    )


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        msg = "training needs torch: pip install 'mle_ideator_jupyter[train]' (on a CPU, torch's +cpu build is enough)"
        raise IdeatorError(msg) from None
    torch.set_num_threads(1)
    return torch
