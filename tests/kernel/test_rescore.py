"""`--rescore NAME`: trial 0 is the user's own estimator under the same splitter, and ideas must beat that."""

from __future__ import annotations

import asyncio

import pytest

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.headless import RunOptions, run_headless
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Budget, Limits
from tests.kernel.small import SETUP, write_notebook

FITTED = """\
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline
mine = make_pipeline(make_column_transformer(("passthrough", ["size"])), DummyRegressor())
mine.fit(train.drop(columns="price"), train["price"])"""


def test_the_users_own_estimator_is_trial_0(tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", SETUP, FITTED)
    options = RunOptions(notebook=notebook, rescore="mine", budget=Budget(steps=1), limits=Limits(seconds=60))
    summary = asyncio.run(run_headless(options, lambda u: None))
    state = Journal.read(summary.journal).state
    base, first = state.trials
    assert base.score.protocol == first.score.protocol
    assert base.score.value > 1, "a constant has about the target's spread as its error"
    assert summary.improved == 1
    assert state.trials[0].submission is not None


def test_an_unknown_name_is_one_line(tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", SETUP, FITTED)
    with pytest.raises(UsageError, match="there are mine") as caught:
        asyncio.run(run_headless(RunOptions(notebook=notebook, rescore="yours"), lambda u: None))
    assert "\n" not in str(caught.value)
