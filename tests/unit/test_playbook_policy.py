"""The policies: what they prefer, and that they can be frozen."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.ideators.playbook import Playbook, Policy, Prior, RandomOrder, prior
from mle_ideator_jupyter.ideators.playbook.catalogue import PLAYS
from mle_ideator_jupyter.ideators.playbook.cost import seconds
from mle_ideator_jupyter.ideators.playbook.ideator import candidates
from mle_ideator_jupyter.ideators.playbook.past import Past, play_of
from mle_ideator_jupyter.model import Failure, FailureKind, Trigger
from mle_ideator_jupyter.recipe import Model, Recipe
from tests.unit.playbook_cases import CASES, after, ask, begun


def test_both_are_policies() -> None:
    assert isinstance(Prior(), Policy)
    assert isinstance(RandomOrder(), Policy)


def test_the_table_names_every_play_and_no_other() -> None:
    assert {*prior.GAINS, *prior.LATER} == set(PLAYS)
    assert not set(prior.GAINS) & set(prior.LATER)
    assert set(prior.OPENED) <= set(PLAYS)
    assert set(prior.LATER_FOLLOWS) <= set(prior.LATER), "what old plays open the way to is frozen"
    assert {p for after_ in prior.OPENED.values() for p in after_} <= set(PLAYS)
    assert set(PLAYS) >= prior.FINISHING


@pytest.mark.parametrize("table", ["GAINS", "WEIGHTS"])
def test_the_fingerprint_is_that_of_the_table(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Prior.fingerprint()
    assert before == Prior.fingerprint()
    assert len(before) == 64
    values = getattr(prior, table)
    name = next(iter(values))
    monkeypatch.setitem(values, name, values[name] + 0.001)
    assert Prior.fingerprint() != before


def _score(brief, action: str) -> float:
    found = {one.action: one for one, _ in candidates(brief)}
    return Prior().score(brief, found[action])


def _idea(brief, play: str):
    return next(i for i in ask(brief, 300) if play_of(i.action) == play)


def test_a_failure_of_a_play_discounts_its_other_parameters() -> None:
    brief = begun(CASES["skewed rmsle"]())
    failed = _idea(brief, "ratios")
    other = next(i.action for i in ask(brief, 300) if play_of(i.action) == "ratios" and i.action != failed.action)
    worse = after(brief, failed, 0.7)
    assert _score(worse, other) < 0.6 * _score(brief, other)


def test_a_success_raises_what_naturally_follows() -> None:
    brief = begun(CASES["skewed rmsle"]())
    better = after(brief, _idea(brief, "cycles"), 0.4)
    worse = after(brief, _idea(brief, "cycles"), 0.6)
    assert _score(better, "crosses:1") > 1.2 * _score(worse, "crosses:1")


def test_stronger_evidence_scores_higher() -> None:
    brief = begun(CASES["mixed binary"]())
    found = next(one for one, _ in candidates(brief))
    low, high = replace(found, strength=0.2), replace(found, strength=0.8)
    assert Prior().score(brief, high) > 2 * Prior().score(brief, low)


def test_on_a_plateau_other_kinds_come_first() -> None:
    brief = begun(CASES["mixed binary"]())
    for _ in range(4):
        brief = after(brief, ask(replace(brief, kinds=tuple({i.kind for i in ask(brief, 1)})), 1)[0], 0.4)
    lately = Past(brief).lately(4)
    normal = [i.kind for i in ask(brief, 8)]
    stuck = [i.kind for i in ask(replace(brief, trigger=Trigger.PLATEAU), 8)]
    assert sum(k in lately for k in stuck) < sum(k in lately for k in normal)


def test_random_order_depends_on_seed_and_step_only() -> None:
    brief = begun(CASES["mixed binary"]())
    playbook = Playbook(RandomOrder())
    first = [i.action for i in ask(brief, 30, playbook)]
    assert first == [i.action for i in ask(brief, 30, Playbook(RandomOrder()))]
    assert first != [i.action for i in ask(replace(brief, seed=1), 30, playbook)]
    assert first != [i.action for i in ask(replace(brief, step=1), 30, playbook)]


def test_random_order_takes_every_action_alike() -> None:
    brief = begun(CASES["letters"]())
    applicable = len({key for _, key in candidates(brief)})
    rounds = applicable * 20
    policy = Playbook(RandomOrder())
    found = list(candidates(brief))
    firsts = Counter(
        max(found, key=lambda f, b=b: policy.policy.score(b, f[0]))[0].action
        for b in (replace(brief, seed=s) for s in range(rounds))
    )
    assert len(firsts) >= 0.95 * len(found)
    assert max(firsts.values()) <= 3.5 * rounds / len(found)


def test_an_interrupted_or_broken_trial_counts_as_no_gain() -> None:
    brief = begun(CASES["mixed binary"]())
    idea = ask(brief)[0]
    broken = after(brief, idea, None, Failure(kind=FailureKind.ERROR, message="ValueError"))
    assert idea.action in Past(broken).failed
    helped = after(brief, idea, 0.9)
    assert idea.action not in Past(helped).failed
    assert idea.action not in {i.action for i in ask(helped, 300)}


def test_strategies_come_first() -> None:
    firsts = {name: play_of(ask(begun(make()))[0].action) for name, make in CASES.items()}
    bundles = {"blend_for_numbers", "blend_for_classes", "blend_for_text", "ordered_target"}
    assert sum(play in bundles for play in firsts.values()) >= len(firsts) - 1, firsts


def test_larger_solutions_cost_more() -> None:
    brief = CASES["mixed binary"]()
    profile: Profile = brief.profile
    binding = brief.task.binding
    one = Recipe(models=(Model(family="extra_trees", params={"n_estimators": 200}),))
    assert seconds(replace(one, bags=3), profile, binding) > 2 * seconds(one, profile, binding)
    assert seconds(one, replace(profile, rows=30_000), binding) > 5 * seconds(one, profile, binding)
    two = replace(one, models=(*one.models, Model(family="forest", params={"n_estimators": 200})))
    assert seconds(two, profile, binding) > 2 * seconds(one, profile, binding)
    assert seconds(replace(two, combine="stack"), profile, binding) > 4 * seconds(two, profile, binding)


def test_an_idea_beyond_the_limit_of_a_trial_comes_last() -> None:
    brief = begun(CASES["mixed binary"]())
    ranked = Playbook().ranked(brief)
    within = [score for score, one in ranked if one.seconds < 15]
    beyond = [score for score, one in ranked if one.seconds > 30]
    assert beyond
    assert max(beyond) < sorted(within)[len(within) // 2]
