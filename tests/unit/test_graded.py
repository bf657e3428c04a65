from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from mle_ideator_jupyter.bench.tasks import TaskData, write_task
from mle_ideator_jupyter.errors import GradeError
from mle_ideator_jupyter.scoring.graded import FolderGrader, TaskFile, private, public

RNG = np.random.default_rng(1)
NUMBERS, LABELS, ORDER = RNG.random(30), np.array(["a", "b", "c"])[np.arange(30) % 3], np.arange(30) % 4
FLAGS = np.arange(30) % 2
GUESS = RNG.random(30)
CHANCES = RNG.dirichlet([1, 1, 1], 30)


def task(tmp_path, metric, target):
    frame = pd.DataFrame({"x": range(60), "y": np.r_[target, target]})
    problem = "regression" if target.dtype.kind == "f" else "multiclass"
    data = TaskData(
        file=TaskFile(id="t", target="y", metric=metric, problem=problem),
        description="d",
        train=frame[:30],
        test=frame[30:].reset_index(drop=True),
    )
    write_task(tmp_path / "t", data)
    return FolderGrader(tmp_path / "t"), pd.read_csv(public(tmp_path / "t") / "test.csv")["id"]


def submit(tmp_path, ids, **columns):
    path = tmp_path / "s.csv"
    pd.DataFrame({"id": ids, **columns}).sample(frac=1, random_state=0).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("metric", "target", "columns", "expected"),
    [
        ("rmse", NUMBERS, {"y": GUESS}, metrics.root_mean_squared_error(NUMBERS, GUESS)),
        ("mae", NUMBERS, {"y": GUESS}, metrics.mean_absolute_error(NUMBERS, GUESS)),
        ("rmsle", NUMBERS, {"y": GUESS}, metrics.root_mean_squared_log_error(NUMBERS, GUESS)),
        ("auc", FLAGS, {"y": GUESS}, metrics.roc_auc_score(FLAGS, GUESS)),
        ("accuracy", LABELS, {"y": LABELS[::-1]}, metrics.accuracy_score(LABELS, LABELS[::-1])),
        ("macro_f1", LABELS, {"y": LABELS[::-1]}, metrics.f1_score(LABELS, LABELS[::-1], average="macro")),
        ("qwk", ORDER, {"y": ORDER[::-1]}, metrics.cohen_kappa_score(ORDER, ORDER[::-1], weights="quadratic")),
        ("logloss", LABELS, dict(zip("cab", CHANCES[:, [2, 0, 1]].T, strict=True)), metrics.log_loss(LABELS, CHANCES)),
        (
            "auc",
            LABELS,
            dict(zip("cab", CHANCES[:, [2, 0, 1]].T, strict=True)),
            metrics.roc_auc_score(LABELS, CHANCES, multi_class="ovr"),
        ),
        ("accuracy", ORDER, {"y": ORDER.astype(float)}, 1.0),
    ],
)
def test_each_metric_is_scikit_learns_whatever_the_order_of_rows(tmp_path, metric, target, columns, expected):
    grader, ids = task(tmp_path, metric, target)
    assert grader.grade(submit(tmp_path, ids, **columns)).value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns="y"), "lacks the column 'y'"),
        (lambda f: f[:-1], "each once"),
        (lambda f: f.assign(id=0), "each once"),
        (lambda f: f.assign(id=f["id"] + 1), "each once"),
        (lambda f: f.assign(y=[None, *f["y"][1:]]), "1 missing values"),
        (lambda f: f.assign(y="many"), "cannot be scored"),
    ],
)
def test_an_invalid_submission_is_one_line(tmp_path, change, words):
    grader, ids = task(tmp_path, "rmse", NUMBERS)
    path = submit(tmp_path, ids, y=GUESS)
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(GradeError, match=words) as caught:
        grader.grade(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("first", [-GUESS, np.full(30, np.inf), -2 * GUESS])
def test_what_are_no_probabilities_is_refused(tmp_path, first):
    grader, ids = task(tmp_path, "logloss", LABELS)
    with pytest.raises(GradeError, match="finite and not negative"):
        grader.grade(submit(tmp_path, ids, a=first, b=GUESS, c=GUESS))


def test_rows_without_any_probability_are_refused(tmp_path):
    grader, ids = task(tmp_path, "logloss", LABELS)
    with pytest.raises(GradeError, match="at least one above 0"):
        grader.grade(submit(tmp_path, ids, a=0.0, b=0.0, c=0.0))


def test_probabilities_are_scaled_to_a_sum_of_one(tmp_path):
    grader, ids = task(tmp_path, "logloss", LABELS)
    a, b, c = CHANCES.T * 7
    assert grader.grade(submit(tmp_path, ids, a=a, b=b, c=c)).value == pytest.approx(metrics.log_loss(LABELS, CHANCES))


def test_answers_that_are_not_there_are_one_line(tmp_path):
    grader, ids = task(tmp_path, "rmse", NUMBERS)
    (private(tmp_path / "t") / "test.csv").unlink()
    with pytest.raises(GradeError, match="tasks check") as caught:
        grader.grade(submit(tmp_path, ids, y=GUESS))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_csv_is_one_line(tmp_path):
    grader, _ = task(tmp_path, "rmse", NUMBERS)
    (tmp_path / "s.csv").write_bytes(b"")
    with pytest.raises(GradeError, match="no CSV"):
        grader.grade(tmp_path / "s.csv")
