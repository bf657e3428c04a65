"""Reading, checking and ranking what a model says, without a model."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mle_ideator_jupyter.ideators.llm import coercing
from mle_ideator_jupyter.ideators.llm.draft import FACT, FACTS, MOST, RATIONALE, STEP, STEPS, TITLE, Draft
from mle_ideator_jupyter.ideators.llm.evidence import Material
from mle_ideator_jupyter.ideators.llm.parsing import read
from mle_ideator_jupyter.ideators.llm.ranking import Words, action_of, choose
from mle_ideator_jupyter.model import IdeaKind
from tests.endpoint.ideas import AREA, BLEND, LOG, brief, said, tried

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["ideas", "kind", "title", "steps", "evidence", "impact", "expected_gain", "rationale"])
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


def bounded(drafts):
    assert len(drafts) <= MOST
    for draft in drafts:
        assert isinstance(draft, Draft)
        assert 0 < len(draft.title) <= TITLE
        assert len(draft.rationale) <= RATIONALE
        assert len(draft.steps) <= STEPS
        assert len(draft.evidence) <= FACTS
        assert all(len(s) <= STEP for s in draft.steps)
        assert all(len(f) <= FACT for f in draft.evidence)
        assert draft.expected_gain is None or -1 <= draft.expected_gain <= 1
        assert 1 <= draft.impact <= 5
        assert 1 <= draft.feasibility <= 5
        whole = "".join((draft.title, draft.rationale, *draft.steps, *draft.evidence))
        assert whole.isprintable()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read(answer):
    bounded(read(answer).drafts)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_json_is_read(value):
    bounded(read(json.dumps(value)).drafts)


@settings(max_examples=200, deadline=None)
@given(JSON, st.sampled_from(sorted(LOG)))
def test_any_value_in_any_field_is_bounded(value, field):
    bounded(read(said({**LOG, field: value})).drafts)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(said(LOG, AREA))), st.text(max_size=5))
def test_an_answer_that_is_broken_anywhere_is_read(at, other):
    whole = said(LOG, AREA)
    bounded(read(whole[:at] + other + whole[at + len(other) :]).drafts)
    bounded(read(whole[:at], truncated=True).drafts)


@pytest.mark.parametrize(
    "answer",
    [
        "[" * 100_000,
        "{" * 100_000,
        '{"a":' * 20_000,
        "{" * 390,
        '"' * 60_000,
        "```" * 20_000,
        '{"a":"b" c ' * 6_000,
        "<think>" * 9_000,
    ],
    ids=["lists", "objects", "nested", "few", "quotes", "fences", "stray", "thoughts"],
)
def test_no_answer_takes_long(answer):
    began = time.monotonic()
    assert read(answer).drafts == ()
    assert time.monotonic() - began < 3


def test_whole_ideas_are_found_among_broken_ones():
    broken = f'Ideas {{as asked}}: {{"ideas": [{json.dumps(LOG)}, {json.dumps(AREA)[:-40]}'
    assert LOG["title"] in [d.title for d in read(broken).drafts]


def test_a_schema_sent_back_is_no_idea():
    echo = {"type": "object", "title": "answer", "description": "x", "properties": {"title": {"type": "string"}}}
    assert read(json.dumps(echo)).drafts == ()


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("Feature Engineering", IdeaKind.FEATURE_ENGINEERING),
        ("feature-enginering", IdeaKind.FEATURE_ENGINEERING),
        ("hyperparameters", IdeaKind.HYPERPARAMETER_TUNING),
        ("stacking", IdeaKind.ENSEMBLING),
        ("imputation", IdeaKind.DATA_PREPARATION),
        (["ensembling"], IdeaKind.ENSEMBLING),
        ("astrology", None),
        (None, None),
        (7, None),
    ],
)
def test_kinds_are_found_by_what_is_near(word, found):
    assert coercing.kind(word, ()) is found


def test_a_kind_that_was_not_asked_for_is_none():
    assert coercing.kind("ensembling", (IdeaKind.POST_PROCESSING, IdeaKind.MODEL_SELECTION)) is None
    assert coercing.kind("whatever", (IdeaKind.POST_PROCESSING,)) is IdeaKind.POST_PROCESSING


@pytest.mark.parametrize(
    ("value", "gain", "level"),
    [
        ("5 %", 0.05, 1),
        (0.02, 0.02, 1),
        (1e308, 1.0, 5),
        (10**400, None, 3),
        (float("nan"), None, 3),
        ("high", None, 4),
        ("4/5", 1.0, 4),
        (True, None, 3),
        ({}, None, 3),
    ],
)
def test_numbers_of_any_kind(value, gain, level):
    assert (coercing.gain(value), coercing.level(value)) == (gain, level)


# ---------------------------------------------------------------- evidence


@pytest.mark.parametrize(
    ("fact", "stands"),
    [
        ("'price' has a skew of 1.88", True),
        ("price is skewed (1.9)", True),
        ("17.7% of 'Lot Frontage' is missing", True),
        ("a share of 0.177 of Lot Frontage is missing", True),
        ("1,460 rows", True),
        ("quality relates most to the target", True),
        ("GrLivArea: association 0.71", True),
        ("trial 1 gave 0.199", True),
        ("skew 2.88", False),
        ("23.5% of 'Lot Frontage' is missing", False),
        ("'GarageYear' is missing often", False),
        ("Sale_Date drifts", False),
        ("9 columns are constant", False),
        ("Kaggle winners always used neural embeddings", False),
        ("", False),
        ("!!!", False),
    ],
)
def test_evidence_stands_in_the_material_or_does_not(fact, stands):
    told = brief(tried(1, "Tune the depth"))
    assert Material(told, told.text()).holds(fact) is stands


def test_what_the_user_asks_for_is_no_evidence():
    told = brief(hint="I heard that 42.42 percent are wrong")
    assert not Material(told, told.text()).holds("42.42 percent are wrong")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_evidence_can_be_checked(fact):
    told = brief()
    assert Material(told, told.text()).holds(fact) in (True, False)


# ---------------------------------------------------------------- novelty and rank


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Log-transform the target", "log transform target", True),
        ("Model the logarithm of price", "Modelling logarithms of the price", True),
        ("Add interactions of area and rooms", "Add interactions of area and rooms, then scale", True),
        ("Target-encode Neighborhood", "Target-encode Street", False),
        ("Tune max_depth of the trees", "Tune learning_rate of the trees", False),
        ("Blend with ridge", "Blend with nearest neighbours", False),
    ],
)
def test_near_duplicates_are_one_idea(one, other, same):
    assert Words.of(one).same_as(Words.of(other)) is same
    assert Words.of(other).same_as(Words.of(one)) is same


def drafts(*ideas):
    return read(said(*ideas)).drafts


def test_of_two_alike_the_better_one_stays():
    told = brief()
    weak = {**LOG, "title": "Model logarithms of price", "impact": 1}
    chosen = choose(drafts(weak, LOG), told, told.text(), 5)
    assert [d.title for d in chosen.drafts] == [LOG["title"]]


def test_impact_evidence_novelty_and_feasibility_count():
    told = brief(tried(1, "Multiply quality by age", "Add quality * age"))
    base = {**BLEND, "kind": "feature_engineering", "impact": 3, "feasibility": 3, "evidence": []}
    for better, worse in (
        ({"impact": 5}, {"impact": 2}),
        ({"feasibility": 5}, {"feasibility": 2}),
        ({"evidence": ["skew 1.88"]}, {"evidence": []}),
        ({"evidence": []}, {"evidence": ["skew 77.7"]}),
        (
            {"title": "Bin GrLivArea", "steps": ["Cut it"]},
            {"title": "Multiply quality by frontage", "steps": ["Add it"]},
        ),
    ):
        pair = ({**base, "title": "Rank the living area", **worse}, {**base, "title": "Count empty cells", **better})
        one, two = drafts(*pair)
        first = choose((one, two), told, told.text(), 2).drafts[0]
        assert first.title == two.title, better


def test_what_was_tried_unchanged_is_dropped_by_its_action():
    (one,) = drafts(LOG)
    past = tried(1, "Something quite different")
    past = replace(past, idea=replace(past.idea, action=action_of(one)))
    told = brief(past)
    assert choose((one,), told, told.text(), 1).repeated == (LOG["title"],)
