"""Folders of prepared competitions without a task.json, as MLE-bench makes them: what their files tell.

MLE-bench keeps target, metric and grader in its own code, so a folder alone does not say them. What its public files
do tell is put into the one line that a user has to add.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.binding.wording import metrics_named
from mle_ideator_jupyter.metrics import METRICS, PROBABILITY_METRICS, REGRESSION_METRICS, default_metric
from mle_ideator_jupyter.model import Problem
from mle_ideator_jupyter.scoring.graded import TaskFile, private, public

TABLES = ("train.csv", "test.csv", "sample_submission.csv")
_MANY = 30
"""A whole number of more values than this is taken for a quantity, not for classes."""


def explain_foreign(folder: Path) -> list[str]:
    """Return what a folder without a task.json lacks to be used, in words; the last line is what to add."""
    lacking = [name for name in TABLES if not (public(folder) / name).is_file()]
    faults = [_no_table(folder, lacking)] if lacking else []
    faults += _answers(folder)
    if lacking:
        return faults
    try:
        told, notes = guess(folder)
    except ValueError as error:
        return [*faults, f"task.json is missing, and the files do not tell what it should say: {error}".splitlines()[0]]
    line = msgspec.json.encode(told).decode()
    return [*faults, f"task.json is missing: write {line} to {public(folder) / 'task.json'}{notes}"]


def guess(folder: Path) -> tuple[TaskFile, str]:
    """Return the task.json that the public files speak for, and what of it should be checked, in words.

    Raises `ValueError` where they do not tell a single target.
    """
    import pandas as pd

    sample = pd.read_csv(public(folder) / "sample_submission.csv", nrows=5)
    train, test = (pd.read_csv(public(folder) / name, low_memory=False) for name in ("train.csv", "test.csv"))
    key, target = _columns(sample, train, test)
    metric, problem, said = _metric(folder, train[target], wide=sample.shape[1] > 2)
    file = TaskFile(id=folder.name, target=target, metric=metric, problem=problem, id_column=key)
    return file, "" if said else f" (the metric is a guess: description.md names none of {', '.join(METRICS)})"


def _columns(sample: Any, train: Any, test: Any) -> tuple[str, str]:
    """Return the id column and the target."""
    key, values = str(sample.columns[0]), [str(c) for c in sample.columns[1:]]
    if key not in test:
        msg = f"test.csv has no column {key!r}, the first of sample_submission.csv"
        raise ValueError(msg)
    hidden = [str(c) for c in train if c not in test]
    if len(values) == 1 and values[0] in train:
        return key, values[0]
    if len(values) == 1 and len(hidden) == 1:
        return key, hidden[0]
    for name in hidden:
        if {str(v) for v in train[name].dropna().unique()} == set(values):
            return key, name
    many = f"{len(values)} columns are to be predicted ({', '.join(values[:3])} …), and a task here has one target"
    none = (
        f"train.csv has no column {values[0]!r}, and {len(hidden)} columns that test.csv lacks"
        if values
        else "it is empty"
    )
    raise ValueError(many if len(values) > 1 else none)


def _metric(folder: Path, target: Any, *, wide: bool) -> tuple[str, Problem, bool]:
    """Return metric and problem, and whether the description names the metric."""
    text = public(folder) / "description.md"
    named = metrics_named(text.read_text(encoding="utf-8", errors="replace")) if text.is_file() else ()
    distinct, numeric = target.nunique(), target.dtype.kind in "iuf"
    if wide:
        return "logloss", "multiclass" if distinct > 2 else "binary", "logloss" in named
    quantity = numeric and (distinct > _MANY or bool((target.dropna() % 1 != 0).any()))
    for metric in named:
        if metric in REGRESSION_METRICS and numeric:
            return metric, "regression", True
        if metric == "qwk" and numeric:
            return metric, "ordinal", True
        if metric not in REGRESSION_METRICS and metric != "qwk" and not quantity:
            if metric in PROBABILITY_METRICS and distinct > 2:
                continue  # probabilities of many classes need many columns
            return metric, "binary" if distinct == 2 else "multiclass", True
    problem: Problem = "regression" if quantity else "binary" if distinct == 2 else "multiclass"
    return "accuracy" if problem == "multiclass" else default_metric(problem).name, problem, False


def _no_table(folder: Path, lacking: list[str]) -> str:
    there = sorted(p.name for p in public(folder).iterdir())
    shown = ", ".join(there[:6]) + (" …" if len(there) > 6 else "")
    packed = [name for name in there if name.endswith((".zip", ".gz", ".7z", ".tar"))]
    how = f"unpack {packed[0]} first" if packed else "this bench works on tables; give it that file"
    return f"{' and '.join(lacking)} missing in {public(folder)}, which has {shown or 'nothing'}: {how}"


def _answers(folder: Path) -> list[str]:
    """Return what is to be done that private/test.csv holds the answers."""
    wanted = private(folder) / "test.csv"
    if wanted.is_file():
        return []
    there = sorted(p.name for p in private(folder).glob("*.csv")) if private(folder).is_dir() else []
    if not there:
        return [f"{wanted} (the private answers) is missing"]
    return [f"{wanted} (the private answers) is missing: is it {there[0]}? Copy it there, with the id and the target"]
