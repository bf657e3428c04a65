"""Peers get the fair treatment: checked on doubles of their libraries, and on the real FLAML where it is installed."""

from __future__ import annotations

import sys
import types

import numpy as np
import pandas as pd
import pytest

from mle_ideator_jupyter.bench import peers
from mle_ideator_jupyter.bench.boards.tables import read_tables
from mle_ideator_jupyter.bench.tasks import TaskData, write_task
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.scoring.graded import FolderGrader, TaskFile, private
from tests.unit.recipe_cases import frames


def task(tmp_path, problem="regression", metric="rmsle", n=160):
    train, test = frames(problem, n)
    test["y"] = train["y"].iloc[: len(test)].to_numpy()
    file = TaskFile(id=problem, target="y", metric=metric, problem=problem)
    both = [f.drop(columns="id") for f in (train, test)]
    write_task(tmp_path / problem, TaskData(file=file, description="d", train=both[0], test=both[1]))
    return tmp_path / problem


class AutoML:
    """Learns nothing; remembers how it was asked."""

    told: dict = {}

    def fit(self, features, target, **told):
        type(self).told = {"features": features, "target": np.asarray(target), **told}

    def predict(self, test):
        return np.full(len(test), 1.0)

    def predict_proba(self, test):
        return np.tile([0.2, 0.3, 0.5], (len(test), 1))


class TabularPredictor:
    """The same for AutoGluon; columns of probabilities come in no order."""

    told: dict = {}

    def __init__(self, *, label, problem_type, eval_metric, path, verbosity, learner_kwargs):
        told = {"label": label, "problem_type": problem_type, "eval_metric": eval_metric, "path": path}
        type(self).told = {**told, "verbosity": verbosity, **learner_kwargs}

    def fit(self, data, *, time_limit, presets, num_cpus, num_gpus):
        self.told |= {"data": data, "time_limit": time_limit, "num_cpus": num_cpus, "of": (presets, num_gpus)}
        return self

    def predict(self, test):
        return pd.Series(np.full(len(test), 1.0))

    def predict_proba(self, test):
        return pd.DataFrame({2: np.full(len(test), 0.5), 0: 0.2, 1: 0.3})


@pytest.fixture
def doubles(monkeypatch):
    flaml, package, tabular = (types.ModuleType(n) for n in ("flaml", "autogluon", "autogluon.tabular"))
    flaml.AutoML, tabular.TabularPredictor = AutoML, TabularPredictor
    for module in (flaml, package, tabular):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(peers, "_need", lambda _: None)


def test_rmsle_is_fitted_on_the_log_with_one_core_and_its_own_metric(tmp_path, doubles):
    folder = task(tmp_path)
    target = read_tables(folder).target
    made = peers.solve_with("flaml", folder, 5, 3)
    told = AutoML.told
    assert np.allclose(told["target"], np.log1p(target))
    assert (told["metric"], told["n_jobs"], told["seed"], told["time_budget"]) == ("rmse", 1, 3, 5)
    assert np.allclose(made["y"], np.expm1(1.0))
    made = peers.solve_with("autogluon", folder, 5, 3)
    told = TabularPredictor.told
    assert (told["eval_metric"], told["problem_type"]) == ("root_mean_squared_error", "regression")
    assert (told["num_cpus"], told["time_limit"], told["random_state"]) == (1, 5, 3)
    assert np.allclose(told["data"][told["label"]], np.log1p(target))
    assert np.allclose(made["y"], np.expm1(1.0))


@pytest.mark.parametrize("name", ["flaml", "autogluon"])
def test_probabilities_reach_the_columns_of_their_classes(tmp_path, doubles, name):
    folder = task(tmp_path, "multiclass", "logloss")
    made = peers.solve_with(name, folder, 5, 0)
    assert list(made.columns) == ["id", "a", "b", "c"]
    assert np.allclose(made.iloc[0, 1:].astype(float), [0.2, 0.3, 0.5])


def test_kappa_is_what_flaml_is_asked_for(tmp_path, doubles):
    folder = task(tmp_path, "ordinal", "qwk")
    peers.solve_with("flaml", folder, 5, 0)
    truth = np.array([0, 1, 2, 2])
    loss, _ = AutoML.told["metric"](None, truth, types.SimpleNamespace(predict=lambda _: truth), None, None, None)
    assert loss == pytest.approx(0)


def test_text_comes_as_numbers_fitted_on_train_alone(tmp_path):
    tables = read_tables(task(tmp_path))
    train, test = peers.with_vectors(tables, 0)
    assert "note" in tables.texts
    assert list(train.columns) == list(test.columns)
    assert "note" not in train
    assert 1 < sum(c.startswith("note ") for c in train.columns) <= 50
    assert all(d == "category" or d.kind == "f" for d in train.dtypes)
    changed = tables.test.assign(note="words never seen")
    tables.test = changed
    again, other = peers.with_vectors(tables, 0)
    pd.testing.assert_frame_equal(again, train)
    assert np.allclose(other[[c for c in other if c.startswith("note ")]], 0)


@pytest.mark.parametrize(("name", "words"), [("flaml", r"mle_ideator_jupyter\[flaml\]"), ("tpot", "no peer is called")])
def test_what_is_missing_is_said_in_a_line(tmp_path, monkeypatch, name, words):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=words):
        peers.run_peer(name, tmp_path, 1, 0, tmp_path / "out")


def _library(tmp_path, monkeypatch, fit: str):
    """Put a double of FLAML where the peer's own process finds it."""
    package = tmp_path / "lib" / "flaml"
    package.mkdir(parents=True)
    source = f"import time\nclass AutoML:\n    def fit(self, *_, **__):\n        {fit}\n    def predict(self, test):\n        return [1.0] * len(test)\n"
    (package / "__init__.py").write_text(source)
    (package / "automl.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setattr(peers, "_need", lambda _: None)


@pytest.mark.timeout(240)
def test_a_peer_runs_without_the_answers_and_leaves_its_submission(tmp_path, monkeypatch):
    folder = task(tmp_path)
    _library(tmp_path, monkeypatch, "print('fitting')")
    hidden = tmp_path / "hidden"
    private(folder).rename(hidden)
    path = peers.run_peer("flaml", folder, 1, 0, tmp_path / "out")
    hidden.rename(private(folder))
    assert np.isfinite(FolderGrader(folder).grade(path).value)
    assert "fitting" in (tmp_path / "out" / peers.LOG).read_text()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("fit", "grace", "words"),
    [("raise ValueError('no luck')", 120, "failed: ValueError: no luck"), ("time.sleep(600)", 0.5, "was ended")],
)
def test_a_peer_that_fails_or_hangs_is_ended_and_said_so(tmp_path, monkeypatch, fit, grace, words):
    folder = task(tmp_path)
    _library(tmp_path, monkeypatch, fit)
    monkeypatch.setattr(peers, "GRACE", grace)
    with pytest.raises(IdeatorError, match=words) as caught:
        peers.run_peer("flaml", folder, 0.1, 0, tmp_path / "out")
    assert "\n" not in str(caught.value)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("problem", "metric"),
    [("regression", "rmsle"), ("binary", "auc"), ("multiclass", "logloss"), ("ordinal", "qwk")],
)
def test_the_real_flaml_beats_a_submission_that_knows_nothing(tmp_path, problem, metric):
    pytest.importorskip("flaml.automl", reason="flaml is not installed: pip install 'mle_ideator_jupyter[flaml]'")
    train, test = frames(problem, 600)
    both = pd.concat([train, test.assign(y=train["y"].iloc[0])])[: len(train)].drop(columns="id")
    file = TaskFile(id=problem, target="y", metric=metric, problem=problem)
    data = TaskData(file=file, description="d", train=both[:420], test=both[420:].reset_index(drop=True))
    write_task(tmp_path / problem, data)
    folder = tmp_path / problem
    grader = FolderGrader(folder)
    reached = grader.grade(peers.run_peer("flaml", folder, 8, 0, tmp_path / "out")).value
    nothing = grader.grade(folder / "prepared" / "public" / "sample_submission.csv").value
    assert reached > nothing if metric in {"auc", "qwk"} else reached < nothing
