from __future__ import annotations

import importlib.util

import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.ideators.playbook.policy import PlayRewards
from mle_ideator_jupyter.model import Goal
from mle_ideator_jupyter.rl import exact
from mle_ideator_jupyter.rl.choosing import choose
from mle_ideator_jupyter.rl.collapse import entropy_of, max_at, variety
from mle_ideator_jupyter.rl.policy import Gradient, fit_gradient, fit_ridge, groups_of, scores, static_order, value
from mle_ideator_jupyter.rl.reward import TERMS
from mle_ideator_jupyter.rl.samples import Scale, change_of, reward_of
from tests.rl.made_up import GOOD, TASKS, collected, execution, sample, snapshot

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="the extra `train` is missing")


@pytest.fixture(scope="module")
def groups():
    return groups_of(collected())


def place_of_good(ranks, snap):
    ranked = sorted(zip(scores(snap, ranks), snap.options, strict=True), key=lambda p: -p[0])
    return next(k for k, (_, option) in enumerate(ranked) if option.play == GOOD)


@needs_torch
def test_the_gradient_finds_the_play_that_is_good_and_keeps_its_entropy(groups):
    weights, curve = fit_gradient(groups, Gradient(penalty=0.001, steps=120))
    snap = snapshot(TASKS[0], 3)
    assert place_of_good(weights, snap) < place_of_good("prior", snap)
    assert weights.plays[GOOD] == max(weights.plays.values())
    assert curve[-1] > curve[0]
    assert fit_gradient(groups, Gradient(penalty=0.001, steps=120))[0] == weights
    assert len(weights.plays) + len(weights.signals) < 300


@needs_torch
def test_a_strong_penalty_keeps_the_prior(groups):
    weights, _ = fit_gradient(groups, Gradient(penalty=1e4, steps=60))
    snap = snapshot(TASKS[1], 2)
    known = [o.action for o in snap.options[:10]]
    ranked = sorted(zip(scores(snap, weights), snap.options, strict=True), key=lambda p: -p[0])
    assert [o.action for _, o in ranked][:3] == known[:3]


def test_ridge_and_static_order_find_it_too(groups):
    snap = snapshot(TASKS[2], 1)
    for ranks in (fit_ridge(groups, 1.0), static_order(groups)):
        assert place_of_good(ranks, snap) == 0


def test_value_is_what_the_policy_would_earn(groups):
    """With a regression that knows nothing the estimate still tells good from bad, by the samples alone."""
    knows_nothing = fit_ridge(groups, 1e9)
    good = PlayRewards(plays={GOOD: 1.0})
    bad = PlayRewards(plays={GOOD: 0.0}, unknown=1.0)
    mean = {n: sum(value(g, r, knows_nothing) for g in groups) / len(groups) for n, r in (("good", good), ("bad", bad))}
    assert mean["good"] > mean["bad"]
    assert all(value(g, good, knows_nothing) <= 0.51 for g in groups), "no estimate lies above what can be earned"


@needs_torch
def test_choosing_leaves_one_task_out_and_says_what_won(groups):
    choice = choose(groups)
    table = {j.name: j for j in choice.table}
    best = choice.weights.card["chosen"]
    assert choice.weights.method == ("ridge" if best.startswith("ridge") else "policy-gradient")
    assert table[best].reward > table["prior"].reward
    assert set(table[best].tasks) == set(TASKS)
    assert table["prior"].over_prior == table["prior"].over_prior_low == 0
    assert all(j.low <= j.reward <= j.high for j in choice.table)
    with pytest.raises(IdeatorError, match="at least two"):
        choose([g for g in groups if g.task == TASKS[0]])


@needs_torch
def test_exact_evaluation_knows_what_every_policy_earns():
    everything = collected(2, every=True)
    states = exact.complete(everything)
    assert len(states) == 2 * len(TASKS)
    found = {
        name: exact.earned(name, states, ranks) for name, ranks in exact.ranks_of(groups_of(collected(4)), None).items()
    }
    assert exact.ceiling(states) == pytest.approx(0.5, abs=0.01)
    good = exact.earned("good", states, PlayRewards(plays={GOOD: 1.0}))
    assert good.first == pytest.approx(exact.ceiling(states))
    assert found["random-order"].first < good.spread
    assert all(e.first <= exact.ceiling(states) + 1e-9 for e in found.values())
    assert exact.sampled_groups(everything) == []


@needs_torch
def test_ablations_come_from_the_store_alone():
    assert set(exact.ablations(collected(2))) == set(exact.ABLATIONS)


def test_a_failure_is_worth_what_failures_are_and_one_split_needs_blocks():
    snap = snapshot(TASKS[0], 0)
    scale = Scale(variant="v", goal=Goal.MAXIMIZE, baselines=(0.6, 0.6, 0.6), room=0.2)
    failed = sample(snap, 0, "x", worth_of=lambda _: None)
    assert change_of(failed, scale) is None
    assert reward_of(failed, scale) == TERMS.failed
    assert reward_of(replace(failed, children=()), scale) == TERMS.unchanged
    blocks = tuple(0.7 + d for d in (-0.002, 0.0, 0.002))
    one = replace(
        failed,
        parents=(execution(0.7),),
        children=(replace(execution(0.8), blocks=tuple(b + 0.1 for b in blocks)),),
    )
    assert change_of(one, replace(scale, baselines=(0.6,))) is None  # the parent has no blocks to compare with
    one = replace(one, parents=(replace(execution(0.7), blocks=blocks),))
    assert change_of(one, replace(scale, baselines=(0.6,))).gain == pytest.approx(0.5)


def test_variety_sees_collapse():
    snap = snapshot(TASKS[0], 0)
    count = len(snap.options)
    even = variety([(snap, [1 / count] * count)])
    one = variety([(snap, [1.0] + [0.0] * (count - 1))])
    assert one.distinct == pytest.approx(1)
    assert even.distinct > 3.5
    assert one.kind_entropy == pytest.approx(0)
    assert even.kind_entropy > 1
    assert one.effective == pytest.approx(1)
    assert even.effective == pytest.approx(count)


def test_the_best_of_several_draws():
    assert max_at([0.5, 0.5], [0.0, 1.0], 1) == pytest.approx(0.5)
    assert max_at([0.5, 0.5], [0.0, 1.0], 2) == pytest.approx(0.75)
    assert entropy_of(["a", "a"]) == 0
    assert entropy_of([]) == 0
