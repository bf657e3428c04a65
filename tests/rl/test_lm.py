from __future__ import annotations

import json

import pytest

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.ideators.llm.draft import FACT, schema
from mle_ideator_jupyter.ideators.llm.evidence import Material
from mle_ideator_jupyter.ideators.local import naming
from mle_ideator_jupyter.ideators.playbook import Playbook
from mle_ideator_jupyter.recipe import apply_edit, recipe_from
from mle_ideator_jupyter.rl.lm.arms import Frozen, controls, earned, shuffled
from mle_ideator_jupyter.rl.lm.asking import answered
from mle_ideator_jupyter.rl.lm.config import SHIPPED, Config, read_config
from mle_ideator_jupyter.rl.lm.judging import Answer, Verdict, reading, summary
from mle_ideator_jupyter.rl.states import Moment
from tests.unit.playbook_cases import CASES


def best(brief):
    return Playbook().ranked(brief)[0][1]


def test_a_playbook_idea_is_read_back_as_its_recipe():
    brief = naming.shortened(CASES["skewed rmsle"]())
    titles = naming.named(brief)
    assert best(brief).title == next(iter(titles))
    for title, candidate in titles.items():
        answer = reading(naming.said(title), brief, titles)
        assert answer.recipe is not None
        assert recipe_from(answer.recipe).key() == apply_edit(recipe_from(None), candidate.edit).key()


def test_every_play_has_a_title_before_any_has_two():
    titles = naming.named(CASES["skewed rmsle"](), 12)
    assert len(titles) == len({c.play for c in titles.values()}) == 12
    more = [c.play for c in naming.named(CASES["skewed rmsle"](), 100).values()]
    first = [p for k, p in enumerate(more) if p not in more[:k]]
    assert more[: len(first)] == first
    assert len(more) > len(first)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("no idea", "no answer"),
        ("", "no answer"),
        (naming.said("Dance with the data"), "names nothing"),
        (json.dumps({"title": "Model log1p(y), not y", "more": "x"}), "no answer"),
    ],
)
def test_what_names_no_play_is_malformed_and_says_why(text, wrong):
    brief = CASES["skewed rmsle"]()
    answer = reading(text, brief, naming.named(brief))
    assert answer.outcome == "malformed"
    assert wrong in answer.wrong


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda a: "no idea", "no JSON"),
        (lambda a: json.dumps({"ideas": a["ideas"] * 2 + [{**a["ideas"][0], "title": "Other words"}]}), "not one"),
        (lambda a: json.dumps({"ideas": [{**a["ideas"][0], "evidence": ["skew is 777.25"]}]}), "does not say"),
        (lambda a: "", "empty"),
    ],
)
def test_what_is_no_idea_is_malformed_and_says_why(change, wrong):
    brief = CASES["skewed rmsle"]()
    good = json.loads(answered(best(brief), Material(brief, brief.text())))
    answer = reading(change(good), brief)
    assert answer.outcome == "malformed"
    assert answer.recipe is None
    assert wrong in answer.wrong


def test_only_lines_that_hold_can_be_cited():
    brief = CASES["skewed rmsle"]()
    material = Material(brief, brief.text())
    facts = material.facts()
    assert "target 'y': 900 values, skew 2.60" in facts
    assert all(material.holds(f) and len(f) <= FACT for f in facts)
    assert schema(1, facts=facts)["properties"]["ideas"]["items"]["properties"]["evidence"]["items"] == {
        "enum": [*facts]
    }


def test_an_idea_that_leaves_the_cell_as_it_is_changes_nothing():
    from mle_ideator_jupyter.rl.executing import same_cell
    from mle_ideator_jupyter.rl.variants import SplitView

    brief = CASES["skewed rmsle"]()
    view = SplitView(task=brief.task, profile=brief.profile, kernel=brief.kernel)
    assert same_cell(view, {}, {"combine": "stack"})  # of one model alone
    assert not same_cell(view, {}, {"bags": 3})
    assert not same_cell(view, {}, {"features": [{"op": "ratio", "columns": ["no", "such"]}]})


def test_a_step_is_summed_up():
    one, other = (Moment(variant="v", run=0, depth=d) for d in (0, 1))

    def verdict(reward, kind="ensembling", recipe=None, outcome="graded"):
        return Verdict(answer=Answer(recipe=recipe, kind=kind, outcome=outcome), reward=reward)

    found = summary(
        [one, one, other, other],
        [
            verdict(0.4, recipe={"bags": 2}),
            verdict(0.2, recipe={"bags": 2}),
            verdict(-1.0, "", outcome="malformed"),
            verdict(-1.0, "", outcome="malformed"),
        ],
        [10, 20, 30, 40],
    )
    assert found["max_at_g"] == pytest.approx((0.4 - 1.0) / 2)
    assert found["distinct_ideas"] == 0.5
    assert found["share_malformed"] == found["share_flat_groups"] == 0.5
    assert found["length"] == 25
    assert found["kind_entropy"] == 0


def test_shipped_configurations_are_read_and_others_refused(tmp_path):
    names = sorted(p.stem for p in SHIPPED.glob("*.json"))
    assert names == ["qwen3-8b", "smollm2", "tiny"]
    for name in names:
        config = read_config(name)
        assert config.prompts * config.group % config.micro_batch == 0
    with pytest.raises(UsageError, match="tiny"):
        read_config("other")
    (tmp_path / "c.json").write_text('{"stepz": 1}')
    with pytest.raises(UsageError, match="stepz"):
        read_config(str(tmp_path / "c.json"))


def test_states_are_asked_in_where_something_is_at_stake():
    from types import SimpleNamespace

    from mle_ideator_jupyter.errors import IdeatorError
    from mle_ideator_jupyter.rl.lm.asking import worth_asking

    judge = SimpleNamespace(
        config=Config(reading="titles", worth=0.05), order_all=list, at_stake={"a": 0.3, "b": 0.05}.get
    )
    assert worth_asking(judge, ["a", "b"]) == ["a"]
    with pytest.raises(IdeatorError, match="worth"):
        worth_asking(judge, ["b"])
    judge.config = Config(reading="titles")
    assert worth_asking(judge, ["a", "b"]) == ["a", "b"]


def frozen(name, task, rewards, plays=("p", "q", "r")):
    titles = tuple(f"{p} of {name}" for p in plays)
    told = ({"role": "user", "content": name},)
    return Frozen(name=name, task=task, messages=told, titles=titles, plays=plays, kinds=plays, rewards=rewards)


def test_what_arms_earn_is_exact_and_controls_do_not_see_their_task():
    known = [frozen("a0", "a", (1.0, 0.0, 0.0)), frozen("a1", "a", (0.5, 0.0, 0.1)), frozen("b0", "b", (0.0, 0.2, 0.4))]
    table = {row.name: row for row in controls(known)}
    assert table["the best there is"].first == pytest.approx((0.75 + 0.4) / 2)
    assert table["chance"].draw == pytest.approx(((1 + 0.6) / 6 + 0.2) / 2)
    # on task a the play is chosen that earned most on b, and the other way round
    assert table["one idea for all (task left out)"].first == pytest.approx(((0.0 + 0.1) / 2 + 0.0) / 2)
    row = earned("some", known, [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    assert row.draw == pytest.approx(((0.5 + 0.1) / 2 + 0.4) / 2)
    assert row.best_of > row.draw
    assert [m[0]["content"] for m in shuffled(known)] == ["b0", "b0", "a0"]
