"""A metric of the user's own: a function of the kernel and the way it improves."""

from __future__ import annotations

import types

import pytest
from msgspec.structs import replace

from mle_ideator_jupyter import profile
from mle_ideator_jupyter.errors import BindingError, EditError, UsageError
from mle_ideator_jupyter.implementers.recipe import render_trial
from mle_ideator_jupyter.metrics import METRICS, metric_asked
from mle_ideator_jupyter.model import Goal, Metric, RecipeEdit
from mle_ideator_jupyter.recipe import Recipe, apply_edit
from tests.unit.binding_cases import found, houses
from tests.unit.recipe_cases import case

SOURCE = """
def cost(true, predicted, weight=1.0):
    return weight * float((abs(true - predicted)).mean())

def score(true, predicted):
    return float((true == predicted).mean())

def loads(path): ...
def three(a, b, c): ...
hidden = lambda a, b: 0
_cost = cost
from sklearn.metrics import max_error, confusion_matrix
"""


def kernel() -> dict:
    names = {"__name__": "__main__", "houses": houses()}
    exec(SOURCE, names)
    return names


def test_functions_that_can_score_are_found_without_being_run():
    assert profile.look(kernel()).functions == ("cost", "score", "hidden", "max_error")


def test_a_function_of_the_kernel_is_the_metric(tmp_path):
    bound = found(kernel(), tmp_path, target="price", metric="cost", goal="minimize")
    assert bound.metric == Metric(name="cost", goal=Goal.MINIMIZE)
    assert bound.problem == "regression"
    other = found(kernel(), tmp_path, metric="score", goal="maximize", metadata=kept(bound))
    assert (other.metric.name, other.target) == ("score", "price")


def kept(bound):
    import msgspec

    return {"mle_ideator": {"binding": msgspec.to_builtins(bound)}}


def test_what_cannot_be_a_metric_is_said_in_one_line(tmp_path):
    with pytest.raises(BindingError, match=r"no function missing\(true, predicted\): it holds cost, score"):
        found(kernel(), tmp_path, metric="missing", goal="minimize")
    with pytest.raises(UsageError, match="maximize or minimize"):
        metric_asked("cost")
    with pytest.raises(UsageError, match="rmse is to minimize"):
        metric_asked("rmse", "maximize")
    with pytest.raises(UsageError, match="not 'up'"):
        metric_asked("cost", "up")
    with pytest.raises(UsageError, match="unknown metric"):
        metric_asked("print(1)", "maximize")
    assert metric_asked("roc_auc", "maximize") is METRICS["auc"]


@pytest.mark.parametrize(
    ("problem", "name", "goal", "edit"),
    [
        ("regression", "cost", Goal.MINIMIZE, {}),
        ("regression", "cost", Goal.MINIMIZE, {"tune": {"trials": 2, "folds": 2}}),
        ("binary", "score", Goal.MAXIMIZE, {}),
        ("binary", "score", Goal.MAXIMIZE, {"post.thresholds": True}),
        ("multiclass", "score", Goal.MAXIMIZE, {"tune": {"trials": 2, "folds": 2}}),
    ],
)
def test_a_trial_scores_with_it(problem, name, goal, edit, monkeypatch):
    binding, facts, train, test = case(
        problem, {"regression": "rmse", "binary": "accuracy", "multiclass": "accuracy"}[problem]
    )
    binding = replace(binding, metric=Metric(name=name, goal=goal))
    source = render_trial(binding, facts, apply_edit(Recipe(), RecipeEdit(set=edit)), name="trial_01")
    space = kernel() | {"train": train, "test": test}
    said = types.ModuleType("said")
    monkeypatch.setattr(
        "mle_ideator_jupyter.report_score", lambda value, **more: said.__dict__.update(value=value, **more)
    )
    exec(compile(source, "<cell>", "exec"), space)
    assert said.metric == name
    assert len(said.value) == 3
    assert all(0 <= v <= 2 for v in said.value)


def test_a_forged_name_never_becomes_code():
    binding, facts, *_ = case("regression", "rmse")
    binding = replace(binding, metric=Metric(name='x"); import os; f("', goal=Goal.MINIMIZE))
    with pytest.raises(EditError, match="neither a built-in one nor the name of a function"):
        render_trial(binding, facts, Recipe(), name="trial_01")
