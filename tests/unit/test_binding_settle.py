"""How the profile refines the splitter."""

import pytest

from mle_ideator_jupyter.binding import settle
from mle_ideator_jupyter.facts import ColumnProfile, Profile, TargetProfile
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import Binding, Splitter

HALVES = (("a", 0.5), ("b", 0.5))


def settled(
    problem="binary", rows=1000, classes=HALVES, distinct=2, source="kernel", autocorrelation=0.0, columns=(), **facts
):
    binding = Binding(
        train="t", target="y", metric=METRICS["accuracy"], problem=problem, splitter=Splitter(folds=7), source=source
    )
    target = TargetProfile(
        name="y", problem=problem, classes=classes, distinct=distinct, autocorrelation=autocorrelation
    )
    return settle(binding, Profile(rows=rows, target=target, columns=columns, **facts))


@pytest.mark.parametrize(
    ("facts", "protocol"),
    [
        ({}, "stratified-5-seed0"),
        ({"rows": 10_001}, "stratified_holdout-0.25-seed0"),
        ({"problem": "regression", "classes": (), "distinct": 900}, "kfold-5-seed0"),
        ({"problem": "regression", "classes": (), "distinct": 900, "rows": 20_000}, "holdout-0.25-seed0"),
        ({"group_column": "g", "test_rows": 5}, "group[g]-5-seed0"),
        ({"group_column": "g", "rows": 20_000}, "group[g]-3-seed0"),
        ({"time_column": "d", "test_rows": 9, "test_is_later": True}, "time[d]-5-seed0"),
        ({"time_column": "d", "test_rows": 9}, "stratified-5-seed0"),
        ({"classes": (("a", 0.998), ("b", 0.002))}, "kfold-5-seed0"),
        ({"classes": (("a", 0.9999), ("b", 0.00005)), "rows": 20_000}, "holdout-0.25-seed0"),
    ],
)
def test_splitter(facts, protocol):
    assert settled(**facts).splitter.protocol == protocol


def test_a_series_without_test_data():
    day = ColumnProfile(name="d", dtype="date", role="date", distinct=1000)
    same = {"problem": "regression", "classes": (), "distinct": 900, "time_column": "d", "columns": (day,)}
    assert settled(**same, autocorrelation=0.8).splitter.kind == "time"
    assert settled(**same, autocorrelation=0.1).splitter.kind == "kfold"


def test_few_groups_make_few_folds():
    column = ColumnProfile(name="g", dtype="str", role="categorical", distinct=3)
    assert settled(group_column="g", columns=(column,)).splitter.folds == 3


def test_what_the_user_confirmed_stays():
    b = settled(source="metadata", group_column="g")
    assert (b.splitter.folds, b.group_column) == (7, None)


def test_two_classes_are_binary():
    assert settled(problem="multiclass").problem == "binary"
