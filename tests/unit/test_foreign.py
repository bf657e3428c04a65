"""Folders of prepared competitions without a task.json: what is said of them, and that it is enough to go on."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mle_ideator_jupyter.bench.tasks import check_task
from mle_ideator_jupyter.scoring.graded import private, public

N = 40


def competition(tmp_path, target, sample_columns, description, name="y"):
    folder = tmp_path / "some-competition"
    public(folder).mkdir(parents=True)
    private(folder).mkdir(parents=True)
    frame = pd.DataFrame({"key": range(N), "a": np.linspace(0, 1, N), name: target})
    test = frame[30:].reset_index(drop=True)
    frame[:30].to_csv(public(folder) / "train.csv", index=False)
    test.drop(columns=name).to_csv(public(folder) / "test.csv", index=False)
    sample = pd.DataFrame({"key": test["key"], **sample_columns})
    sample.to_csv(public(folder) / "sample_submission.csv", index=False)
    (public(folder) / "description.md").write_text(description)
    test[["key", name]].to_csv(private(folder) / "test.csv", index=False)
    return folder


FLAGS, CLASSES, NUMBERS = np.arange(N) % 2, np.array(list("abc"))[np.arange(N) % 3], np.linspace(3, 9, N)


@pytest.mark.parametrize(
    ("target", "sample", "text", "metric", "problem"),
    [
        (FLAGS, {"y": 0.5}, "Submissions are evaluated on area under the ROC curve.", "auc", "binary"),
        (NUMBERS, {"y": 1.0}, "Scored by the root mean squared logarithmic error.", "rmsle", "regression"),
        (CLASSES, {"a": 0.3, "b": 0.3, "c": 0.4}, "Evaluated with multi-class log loss.", "logloss", "multiclass"),
        (CLASSES, {"y": "a"}, "The metric is accuracy.", "accuracy", "multiclass"),
        (np.arange(N) % 5, {"y": 0}, "Evaluated by the quadratic weighted kappa.", "qwk", "ordinal"),
    ],
)
def test_the_line_to_add_makes_the_folder_usable(tmp_path, target, sample, text, metric, problem):
    folder = competition(tmp_path, target, sample, text)
    (fault,) = check_task(folder)
    assert "\n" not in fault
    assert "guess" not in fault
    start, end = fault.index("{"), fault.rindex("}") + 1
    told = json.loads(fault[start:end])
    assert (told["metric"], told["problem"], told["target"], told["id_column"]) == (metric, problem, "y", "key")
    (public(folder) / "task.json").write_text(fault[start:end])
    assert check_task(folder) == []


def test_a_metric_that_nobody_names_is_called_a_guess(tmp_path):
    (fault,) = check_task(competition(tmp_path, NUMBERS, {"y": 1.0}, "Have fun."))
    assert '"metric":"rmse"' in fault
    assert "the metric is a guess" in fault


def test_the_target_is_found_where_the_sample_calls_it_otherwise(tmp_path):
    (fault,) = check_task(competition(tmp_path, FLAGS, {"probability": 0.5}, "Evaluated by AUC."))
    assert '"target":"y"' in fault


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: (private(d) / "test.csv").rename(private(d) / "answers.csv"), "is it answers.csv? Copy it there"),
        (lambda d: (private(d) / "test.csv").unlink(), "(the private answers) is missing"),
        (lambda d: (public(d) / "train.csv").rename(public(d) / "train.csv.zip"), "unpack train.csv.zip first"),
        (lambda d: (public(d) / "train.csv").rename(public(d) / "images"), "this bench works on tables"),
        (lambda d: pd.DataFrame({"key": [1], "u": [1], "v": [2]}).to_csv(public(d) / "sample_submission.csv", index=False), "a task here has one target"),
        (lambda d: pd.DataFrame({"image": [1], "y": [1]}).to_csv(public(d) / "sample_submission.csv", index=False), "no column 'image'"),
        (lambda d: (public(d) / "train.csv").write_text(""), "do not tell"),
    ],
)  # fmt: skip
def test_what_else_is_wrong_is_said_in_a_line(tmp_path, spoil, words):
    folder = competition(tmp_path, NUMBERS, {"y": 1.0}, "RMSE.")
    spoil(folder)
    faults = check_task(folder)
    assert any(words in fault for fault in faults), faults
    assert all("\n" not in fault for fault in faults)
