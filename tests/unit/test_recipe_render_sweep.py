"""Over a broad sweep: whatever is asked of a Recipe is in its cell or is refused, and every cell is clean Python."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe import render_trial
from mle_ideator_jupyter.model import RecipeEdit, Splitter
from mle_ideator_jupyter.recipe import Recipe, apply_edit
from tests.unit.recipe_cases import PROBLEMS, case, one, sweep

CASES = {problem: case(problem, metrics[0]) for problem, metrics in PROBLEMS.items()}


def rendered(problem: str, *names: str, **edits) -> str:
    binding, profile, *_ = CASES[problem]
    recipe = Recipe()
    for name in names:
        recipe = apply_edit(recipe, sweep(problem, PROBLEMS[problem][0])[name])
    recipe = apply_edit(recipe, RecipeEdit(set=edits))
    return render_trial(binding, profile, recipe, name="trial_01")


def answer(problem: str, *names: str, **edits) -> tuple[str, str]:
    """Return the cell and "", or "" and why there is none."""
    try:
        return rendered(problem, *names, **edits), ""
    except EditError as refused:
        return "", str(refused)


ALL = [(p, n) for p, metrics in PROBLEMS.items() for n in sweep(p, metrics[0])]


@pytest.mark.skipif(importlib.util.find_spec("ruff") is None, reason="ruff is not installed")
def test_cells_hold_nothing_unused_and_nothing_wrong(tmp_path):
    for k, (problem, name) in enumerate(ALL):
        (tmp_path / f"cell_{k}.py").write_text("train = test = None\n" + rendered(problem, name), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--select",
        "F,E7,E9",
        "--ignore",
        "E703",
        str(tmp_path),
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-2000:]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.sampled_from(sorted(PROBLEMS)), st.data())
def test_edits_in_any_order_give_a_cell_or_one_clear_line(problem, data):
    names = data.draw(st.lists(st.sampled_from(sorted(sweep(problem, PROBLEMS[problem][0]))), min_size=2, max_size=4))
    source, refusal = answer(problem, *names)
    assert "\n" not in refusal
    compile(source, "<cell>", "exec")
    assert "\n\n\n    " not in source


CHANGES = {
    "rows.drop_duplicates": True,
    "rows.outliers": 0.01,
    "rows.recent": 0.5,
    "missing.numeric": "mean",
    "missing.categorical": "most_frequent",
    "missing.indicator": True,
    "missing.sentinels": {"age": 9999999.0},
    "categories.encoder": "count",
    "categories.columns": {"hour": "target"},
    "categories.orders": {"grade": ["low", "mid", "high"]},
    "categories.min_frequency": 4,
    "numbers.log": ["age"],
    "numbers.clip": 0.01,
    "numbers.polynomial": 2,
    "numbers.pca": 2,
    "text": {},
    "select": 0.5,
    "target.transform": "sqrt",
    "bags": 2,
    "tune": {"trials": 2},
    "post.clip": True,
    "post.round": True,
    "drop": ["age"],
}


@pytest.mark.parametrize(("path", "value"), CHANGES.items(), ids=list(CHANGES))
def test_no_field_is_passed_over_in_silence(path, value):
    assert rendered("regression", **{path: value}) != rendered("regression")


@pytest.mark.parametrize(("path", "value"), [("numbers.scale", "robust"), ("numbers.splines", 4), ("numbers.bins", 4)])
def test_what_only_some_models_care_for_is_in_theirs(path, value):
    assert rendered("regression", **{path: value}, **one("linear")) != rendered("regression", **one("linear"))


@pytest.mark.parametrize(
    ("family", "loss"),
    [
        (family, loss)
        for family in ("linear", "svm", "knn", "forest", "hist_boosting", "lightgbm", "xgboost", "catboost", "mlp")
        for loss in ("absolute", "poisson", "quantile")
    ],
)
def test_a_loss_is_minimised_or_refused(family, loss):
    if (family, loss) == ("svm", "absolute"):
        return  # what a support vector regressor minimises anyway
    source, refusal = answer("regression", models=[{"family": family, "loss": loss}])
    assert loss in refusal if refusal else source != rendered("regression", **one(family))


@pytest.mark.parametrize("edit", [{"models": [{"family": "hist_boosting", "loss": "absolute"}]}, {"post.clip": True}])
def test_what_is_for_numbers_is_refused_for_classes(edit):
    with pytest.raises(EditError, match="classes"):
        rendered("binary", **edit)


def test_native_categories_are_where_the_model_looks_for_them():
    """Other branches may add columns before or after; the places of the categories stay the first ones."""
    source = rendered("regression", "native categories", **{"missing.indicator": True, "numbers.pca": 2})
    first = source.split("ColumnTransformer(")[1]
    assert first.index("native categories") < first.index('"numbers"')
    assert "list(range(3))" in source


def test_groups_keep_classes_even():
    binding, profile, *_ = CASES["binary"]
    binding = replace(binding, splitter=Splitter(kind="group", column="shop"), group_column="shop")
    source = render_trial(binding, profile, Recipe(), name="trial_01")
    assert "StratifiedGroupKFold" in source
    assert '"shop"' not in source.split("numbers = ")[1].split("score")[0], "names of groups say nothing of new ones"
