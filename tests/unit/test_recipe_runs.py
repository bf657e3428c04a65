"""Every kind of Recipe renders to a cell that runs without a warning, scores above chance and fits the submission format."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mle_ideator_jupyter.implementers.recipe.render import render_fit, render_trial
from mle_ideator_jupyter.recipe import Recipe, apply_edit
from mle_ideator_jupyter.scoring.reported import set_sink
from tests.unit.recipe_cases import PROBLEMS, case, sweep

CASES = [
    pytest.param(problem, metric, name, id=f"{problem}-{metric}-{name}", marks=[] if k == 0 else [pytest.mark.long])
    for problem, metrics in PROBLEMS.items()
    for k, metric in enumerate(metrics)
    for name in sweep(problem, metric)
]
_made: dict = {}


def prepared(problem: str, metric: str):
    if (problem, metric) not in _made:
        _made[problem, metric] = case(problem, metric)
    return _made[problem, metric]


def run(source: str, train: pd.DataFrame, test: pd.DataFrame):
    reports: list[dict] = []
    set_sink(reports.append)
    scope = {"train": train, "test": test}
    try:
        exec(compile(source, "<cell>", "exec"), scope)
    finally:
        set_sink(None)
    return reports[-1], scope["trial_01_result"][1]


@pytest.mark.parametrize(("problem", "metric", "name"), CASES)
def test_it_runs_and_keeps_the_formats(problem, metric, name, capsys, tmp_path):
    binding, profile, train, test = prepared(problem, metric)
    recipe = apply_edit(Recipe(), sweep(problem, metric)[name])
    before = train.copy(), test.copy()
    report, submission = run(render_trial(binding, profile, recipe, name="trial_01"), train, test)
    assert len(report["folds"]) == 3
    assert np.isfinite(report["value"])
    pd.testing.assert_frame_equal(train, before[0])
    pd.testing.assert_frame_equal(test, before[1])
    assert submission["id"].tolist() == test["id"].tolist()
    assert submission.notna().all().all()
    classes = sorted(train["y"].unique())
    if metric == "logloss" or (metric == "auc" and len(classes) > 2):
        assert list(submission.columns[1:]) == classes
        assert np.allclose(submission.iloc[:, 1:].sum(axis=1), 1)
    elif metric == "auc":
        assert submission["y"].between(0, 1).all()
    elif problem == "regression":
        assert submission["y"].dtype.kind == "f"
    else:
        assert set(submission["y"]) <= set(classes)

    # Fitted without validation, it is the same solution.
    alone = tmp_path / "alone.csv"
    scope = {"train": train, "test": test}
    exec(render_fit(binding, profile, recipe, name="trial_01", path=str(alone)), scope)
    pd.testing.assert_frame_equal(scope["trial_01_result"], submission)
    assert list(pd.read_csv(alone).columns) == [str(c) for c in submission.columns]
