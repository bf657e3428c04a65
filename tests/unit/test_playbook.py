"""The Playbook: its plays, what they cite, and what never comes twice."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mle_ideator_jupyter.ideators.playbook import Playbook, RandomOrder
from mle_ideator_jupyter.ideators.playbook.catalogue import ACTIONS, PLAYS, page
from mle_ideator_jupyter.ideators.playbook.ideator import candidates
from mle_ideator_jupyter.model import Budget, Failure, FailureKind, IdeaKind, Limits
from mle_ideator_jupyter.protocols import Ideator
from mle_ideator_jupyter.recipe import Model, Recipe, apply_edit, recipe_from
from tests.unit.playbook_cases import CASES, NETWORK_CASES, after, ask, begun


def test_there_are_enough_plays_and_actions() -> None:
    assert len(PLAYS) >= 40
    assert len(set(ACTIONS)) == len(ACTIONS) >= 150
    assert {p.kind for p in PLAYS.values()} == set(IdeaKind)
    assert all(2 <= len(p.actions) <= 6 for p in PLAYS.values())


def test_the_playbook_is_an_ideator() -> None:
    assert isinstance(Playbook(), Ideator)
    assert Playbook().name == "playbook"


def test_the_page_is_in_step_with_the_code() -> None:
    written = Path(__file__).parents[2] / "docs" / "playbook.md"
    assert written.read_text(encoding="utf-8") == page()


def test_the_rooms_stay_small() -> None:
    import mle_ideator_jupyter.ideators.playbook as room

    sizes = {f.name: len(f.read_text().splitlines()) for f in Path(room.__file__).parent.glob("*.py")}
    assert {name: size for name, size in sizes.items() if size > 300} == {}


@pytest.mark.parametrize("name", sorted(CASES))
def test_who_asks_again_and_again_hears_something_new(name: str) -> None:
    """People ask without trying: no two ideas read alike, and other plays come before more of the same."""
    brief, shown = begun(CASES[name]()), []
    for _ in range(20):
        shown += ask(replace(brief, proposed=tuple(shown)), 1)
    assert len({idea.title for idea in shown}) == len(shown)
    plays = [idea.action.partition(":")[0] for idea in shown]
    able = {found.play for _, found in Playbook().ranked(brief)}
    assert len(able) >= 3
    first = plays[: len(able)]
    assert len(set(first)) == len(first), "every play has its turn before any has a second one"


def test_without_a_profile_there_is_nothing_to_say() -> None:
    assert ask(replace(CASES["text"](), profile=None), 5) == []


def _walk(name: str, steps: int, seed: int) -> list[tuple[str, str]]:
    """Follow a run that tries at random and keeps half of what it tries; return what was seen at each step."""
    seen = []
    generator = random.Random(f"{name}{seed}")
    recipe = Recipe(models=(Model(family="lightgbm"),)) if seed == 2 else Recipe()
    brief = replace(begun(CASES[name](), recipe=recipe), seed=seed)
    playbook = Playbook(RandomOrder())
    for _ in range(steps):
        found = list(candidates(brief))
        for one, key in found:
            recipe = recipe_from(brief.parent.recipe if brief.parent else None)
            assert apply_edit(recipe, one.edit).key() == key, one.action
            seen.append((one.action, key))
            _well_formed(one)
        ideas = ask(brief, 1, playbook)
        if not ideas:
            break
        gain = generator.choice((0.01, -0.01))
        best = brief.best.score.value
        brief = after(brief, ideas[0], best + (gain if brief.task.metric.better(1, 0) else -gain))
    return seen


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", text))


def _well_formed(one) -> None:
    assert one.param in PLAYS[one.play].actions, one.action
    assert 2 <= len(one.steps) <= 5, one.action
    assert all(step.strip() for step in one.steps)
    assert 0 <= one.strength <= 1
    assert one.evidence, one.action
    numbers = _numbers(" ".join(one.evidence))
    assert numbers, one.action
    assert numbers <= _numbers(one.rationale), one.action
    assert one.seconds > 0
    assert one.cost > 0


def test_every_action_applies_somewhere_and_its_edit_fits() -> None:
    seen = {action for name in CASES for seed in range(3) for action, _ in _walk(name, 12, seed)}
    network = Recipe(models=(Model(family="torch_cnn", params={"batch_size": 128}),))
    for make in NETWORK_CASES.values():
        for recipe in (Recipe(), network):
            brief = begun(make(), recipe=recipe)
            for one, key in candidates(brief):
                assert apply_edit(recipe, one.edit).key() == key, one.action
                seen.add(one.action)
                _well_formed(one)
    assert set(ACTIONS) - seen == set()


@pytest.mark.parametrize("name", CASES)
def test_nothing_comes_twice_in_sixty_steps(name: str) -> None:
    generator = random.Random(name)
    brief = begun(CASES[name]())
    keys, failed, asked = {recipe_from(None).key()}, set(), 0
    for _ in range(60):
        ideas = ask(brief)
        if not ideas:
            break
        asked += 1
        idea = ideas[0]
        key = apply_edit(recipe_from(brief.parent.recipe), idea.edit).key()
        assert key not in keys, idea.action
        assert idea.action not in failed
        keys.add(key)
        up = generator.random() < 0.3
        broken = generator.random() < 0.2
        best = brief.best.score.value
        step = 0.001 if brief.task.metric.better(1, 0) else -0.001
        if not up or broken:
            failed.add(idea.action)
        failure = Failure(kind=FailureKind.TIMEOUT, message="took too long")
        brief = after(brief, idea, None if broken else best + (step if up else -step), failure)
    assert asked >= 10


def test_the_same_action_may_come_again_only_after_it_helped() -> None:
    brief = begun(CASES["skewed rmsle"]())
    idea = ask(brief)[0]
    worse = after(brief, idea, 0.6)
    assert idea.action not in {i.action for i in ask(worse, 300)}


def test_the_same_brief_gives_the_same_ideas() -> None:
    brief = begun(CASES["mixed binary"]())
    first, second = ask(brief, 20), ask(brief, 20, Playbook())
    assert [(i.action, i.title, i.edit, i.expected_gain) for i in first] == [
        (i.action, i.title, i.edit, i.expected_gain) for i in second
    ]


def test_several_ideas_are_of_different_plays() -> None:
    ideas = ask(begun(CASES["mixed binary"]()), 8)
    assert len({i.action.split(":")[0] for i in ideas}) == len(ideas) == 8


def test_many_ideas_are_distinct_solutions() -> None:
    brief = begun(CASES["mixed binary"]())
    ideas = ask(brief, 500)
    keys = [apply_edit(recipe_from(None), i.edit).key() for i in ideas]
    assert len(set(keys)) == len(keys) > 60


@pytest.mark.parametrize("kind", IdeaKind)
def test_only_the_kinds_that_were_asked_for(kind: IdeaKind) -> None:
    ideas = ask(replace(begun(CASES["mixed f1"]()), kinds=(kind,)), 20)
    assert ideas
    assert {i.kind for i in ideas} == {kind}


@pytest.mark.parametrize(
    ("hint", "play"),
    [
        ("could the missing values tell something?", "missing_flags"),
        ("cyclic encoding of the hour", "cycles"),
        ("average over several seeds", "average_seeds"),
        ("stacking", "stack_models"),
    ],
)
def test_a_hint_raises_the_plays_it_names(hint: str, play: str) -> None:
    brief = begun(CASES["mixed binary"]())
    brief = replace(brief, task=replace(brief.task, limits=Limits()))

    def place(asked: str) -> int:
        return [i.action.split(":")[0] for i in ask(replace(brief, hint=asked), 70)].index(play)

    assert place(hint) < place("") or place(hint) == 0
    assert place(hint) <= 5


def test_an_idea_carries_what_the_loop_needs() -> None:
    brief = begun(CASES["later rows"]())
    idea = ask(brief)[0]
    assert idea.parent == brief.parent.id
    assert idea.ideator == "playbook"
    assert idea.trigger is brief.trigger
    assert idea.edit is not None
    assert idea.expected_gain is not None


def test_evidence_is_cited_as_it_was_seen() -> None:
    found = {one.action: one for one, _ in candidates(begun(CASES["mixed binary"]()))}
    said = found["missing_flags:flags"].rationale
    assert "`age` is missing in 20.0 % of rows" in said
    assert "0.29" in said
    assert "0.41" in said


def test_too_little_time_is_not_spent_on_slow_ideas() -> None:
    brief = replace(begun(CASES["mixed binary"]()), left=Budget(steps=10, seconds=3.0))
    picked = {i.action for i in ask(brief, 5)}
    slow = {one.action for one, _ in candidates(brief) if one.seconds > 3.0}
    assert slow
    assert not picked & slow


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(sorted(CASES)), rows=st.integers(1, 10**6), drop=st.integers(0, 30))
def test_odd_profiles_do_not_break_a_play(name: str, rows: int, drop: int) -> None:
    brief = CASES[name]()
    profile = replace(brief.profile, rows=rows, columns=brief.profile.columns[drop:])
    for one, _ in candidates(begun(replace(brief, profile=profile))):
        _well_formed(one)
