"""Grades submissions from a task folder's private answers, outside any trial's process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.errors import GradeError, UsageError
from mle_ideator_jupyter.metrics import metric_named
from mle_ideator_jupyter.model import Graded, Problem, Task


class TaskFile(msgspec.Struct, kw_only=True):
    """`task.json` of a task folder. `id` is the task's name; `problem` is as in `model.Binding`."""

    id: str
    target: str
    metric: str
    problem: Problem
    id_column: str = "id"
    title: str = ""


def read_task_file(folder: Path) -> TaskFile:
    """Return a task folder's `task.json`. Raises `UsageError` when it is missing or malformed."""
    path = public(folder) / "task.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=TaskFile)
    except FileNotFoundError:
        msg = f"{folder} is no task folder: {path} is missing; `jupyter ideate tasks prepare` makes them"
        raise UsageError(msg) from None
    except msgspec.DecodeError as error:
        msg = f"{path} is malformed: {error}"
        raise UsageError(msg) from None


def public(folder: Path) -> Path:
    """Return the folder with what a solver may see."""
    return folder / "prepared" / "public"


def private(folder: Path) -> Path:
    """Return the folder with the answers."""
    return folder / "prepared" / "private"


class FolderGrader:
    """Grades submissions for one task folder in the MLE-bench layout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.task_file = read_task_file(folder)
        self.metric = metric_named(self.task_file.metric)

    def grade(self, submission: Path, task: Task | None = None) -> Graded:
        """Return the graded score of a submission file. Raises `GradeError` when it is no valid submission."""
        del task
        truth, values = self._read(submission)
        return Graded(value=score(self.metric.name, truth, values), metric=self.metric.name)

    def grade_with_blocks(self, submission: Path, blocks: int) -> tuple[float, tuple[float, ...]]:
        """Return the graded score, and that without each of so many blocks of test rows in turn.

        The blocks are the same for every submission, so that two of them can be compared in pairs. They are empty
        where the metric cannot be had without some block (a class that only it has).
        """
        truth, values = self._read(submission)
        whole = score(self.metric.name, truth, values)
        try:
            left_out = [
                score(self.metric.name, truth[keep].reset_index(drop=True), values[keep].reset_index(drop=True))
                for keep in ([row % blocks != block for row in range(len(truth))] for block in range(blocks))
            ]
        except GradeError:
            left_out = []
        return whole, tuple(left_out)

    def _read(self, submission: Path) -> tuple[Any, Any]:
        """Return the truth and the submission's values, row by row."""
        import pandas as pd

        try:
            frame = pd.read_csv(submission)
        except (OSError, ValueError) as error:
            msg = f"{submission} is no CSV file: {error}".splitlines()[0]
            raise GradeError(msg) from None
        try:
            answers = pd.read_csv(private(self.folder) / "test.csv")
            wanted = pd.read_csv(public(self.folder) / "sample_submission.csv", nrows=0).columns
            return answers[self.task_file.target], self._aligned(frame, answers, [str(c) for c in wanted])
        except (OSError, ValueError, KeyError) as error:
            msg = f"{self.folder} has no usable answers ({error}): `jupyter ideate tasks check {self.folder}` says more"
            raise GradeError(msg.splitlines()[0]) from None

    def _aligned(self, frame: Any, answers: Any, wanted: list[str]) -> Any:
        """Return the submission's values in the order of the answers."""
        key = self.task_file.id_column
        missing = [c for c in wanted if c not in frame.columns.astype(str)]
        if missing:
            msg = f"the submission lacks the column {missing[0]!r}; it needs {', '.join(wanted)}"
            raise GradeError(msg)
        frame = frame.set_axis(frame.columns.astype(str), axis=1)
        if len(frame) != len(answers) or frame[key].duplicated().any() or set(frame[key]) != set(answers[key]):
            msg = f"the submission's {key!r} must be the {len(answers)} test ids, each once; it has {len(frame)} rows"
            raise GradeError(msg)
        values = frame.set_index(key).loc[answers[key], [c for c in wanted if c != key]].reset_index(drop=True)
        if values.isna().any().any():
            msg = f"the submission has {int(values.isna().sum().sum())} missing values"
            raise GradeError(msg)
        return values


def score(metric: str, truth: Any, values: Any) -> float:
    """Return the metric of a submission's value columns (a frame) against the truth (a series).

    Raises `GradeError` where the values are not what the metric needs.
    """
    from sklearn import metrics

    try:
        if metric == "logloss" or (metric == "auc" and values.shape[1] > 1):
            return _score_chances(metric, truth, values)
        given = values.iloc[:, 0]
        if metric in {"accuracy", "macro_f1"}:
            truth, given = _labels(truth), _labels(given)
        functions: dict[str, Any] = {
            "accuracy": metrics.accuracy_score,
            "auc": metrics.roc_auc_score,
            "macro_f1": lambda a, b: metrics.f1_score(a, b, average="macro"),
            "qwk": lambda a, b: metrics.cohen_kappa_score(a, b, weights="quadratic"),
            "rmse": metrics.root_mean_squared_error,
            "rmsle": metrics.root_mean_squared_log_error,
            "mae": metrics.mean_absolute_error,
        }
        return float(functions[metric](truth, given))
    except (ValueError, TypeError) as error:
        msg = f"the submission cannot be scored by {metric}: {error}".splitlines()[0]
        raise GradeError(msg) from None


def _score_chances(metric: str, truth: Any, values: Any) -> float:
    """Return the metric of one column of probabilities for each class; rows are scaled to a sum of 1."""
    import numpy as np
    from sklearn import metrics

    classes = sorted(str(c) for c in values.columns)
    chances = values.set_axis(values.columns.map(str), axis=1)[classes].to_numpy(float)
    total = chances.sum(axis=1, keepdims=True)
    if not np.isfinite(chances).all() or (chances < 0).any() or (total <= 0).any():
        msg = "probabilities must be finite and not negative, with at least one above 0 in each row"
        raise GradeError(msg)
    chances = chances / total
    known = truth.map(str)
    if metric == "auc":
        return float(metrics.roc_auc_score(known, chances, multi_class="ovr", labels=classes))
    return float(metrics.log_loss(known, chances, labels=classes))


def _labels(values: Any) -> Any:
    """Return labels as text, whole numbers without a fraction, so that 1 and 1.0 agree."""
    import pandas as pd

    if pd.api.types.is_float_dtype(values) and (values == values.round()).all():
        values = values.astype("int64")
    return values.map(str)
