"""Task folders in the MLE-bench layout: written, listed and checked.

``DIR/<id>/prepared/public`` holds what a solver may see (description.md, train.csv, test.csv,
sample_submission.csv, task.json); ``DIR/<id>/prepared/private/test.csv`` holds the answers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.bench.foreign import explain_foreign
from mle_ideator_jupyter.errors import GradeError, IdeatorError, UsageError
from mle_ideator_jupyter.metrics import PROBABILITY_METRICS, metric_named
from mle_ideator_jupyter.model import Goal
from mle_ideator_jupyter.scoring.graded import FolderGrader, TaskFile, private, public

PUBLIC_FILES = ("description.md", "train.csv", "test.csv", "sample_submission.csv", "task.json")


class TaskData(msgspec.Struct, kw_only=True):
    """A task before it is written: what it is, and its two frames, both with the target."""

    file: TaskFile
    description: str
    train: Any
    test: Any


def shuffled(frame: Any, seed: int) -> Any:
    """Return the rows in an order that tells nothing: the same for the same seed, on every machine."""
    import numpy as np

    order = np.random.RandomState(seed).permutation(len(frame))
    return frame.iloc[order].reset_index(drop=True)


def write_task(folder: Path, data: TaskData) -> None:
    """Write a task folder. Raises `IdeatorError` when it cannot be written."""
    target, key = data.file.target, data.file.id_column
    train, test = data.train.copy(), data.test.copy()
    # Ids count on from train to test and say no more than the rows' order does.
    train.insert(0, key, range(len(train)))
    test.insert(0, key, range(len(train), len(train) + len(test)))
    sample = _sample(train, test, data.file)
    try:
        public(folder).mkdir(parents=True, exist_ok=True)
        private(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        train.to_csv(public(folder) / "train.csv", index=False)
        test.drop(columns=[target]).to_csv(public(folder) / "test.csv", index=False)
        sample.to_csv(public(folder) / "sample_submission.csv", index=False)
        test[[key, target]].to_csv(private(folder) / "test.csv", index=False)
        (public(folder) / "description.md").write_text(_description(train, sample, data), encoding="utf-8")
        (public(folder) / "task.json").write_bytes(msgspec.json.format(msgspec.json.encode(data.file), indent=2))
    except OSError as error:
        msg = f"cannot write the task to {folder}: {error.strerror or error}"
        raise IdeatorError(msg) from error


def _sample(train: Any, test: Any, file: TaskFile) -> Any:
    """Return a valid submission that knows nothing: class shares, the commonest class, or the median."""
    target = train[file.target]
    sample = test[[file.id_column]].copy()
    labels = sorted(target.dropna().unique())
    if file.metric == "logloss" or (file.metric == "auc" and len(labels) > 2):
        for label, share in target.value_counts(normalize=True).sort_index().items():
            sample[str(label)] = share
    elif file.metric in PROBABILITY_METRICS:
        sample[file.target] = float((target == labels[-1]).mean())
    elif file.problem == "regression":
        sample[file.target] = float(target.median())
    else:
        sample[file.target] = target.mode().iloc[0]
    return sample


def _description(train: Any, sample: Any, data: TaskData) -> str:
    file, metric = data.file, metric_named(data.file.metric)
    better = "higher" if metric.goal is Goal.MAXIMIZE else "lower"
    listed = ", ".join(f"`{c}`" for c in sample.columns)
    columns = "\n".join(_column(train[name], name, data) for name in train.columns)
    return f"""# {file.title or file.id}

{data.description.strip()}

## Metric

`{metric.name}` of `{file.target}`; {better} is better.

## Files

All are CSV in UTF-8 with a header; an empty field is a missing value.

- `train.csv`: {len(train)} rows with the target
- `test.csv`: {len(sample)} rows to predict, without it
- `sample_submission.csv`: a valid submission that knows nothing
- `task.json`: the above for programs

## Submission

A CSV file with the columns {listed} and one row for each `{file.id_column}` of `test.csv`,
in any order: {_wanted(sample, data)}.

## Columns

{columns}
"""


def _column(values: Any, name: str, data: TaskData) -> str:
    roles = {data.file.target: "; the target", data.file.id_column: "; names the row"}
    empty = values.isna().mean()
    missing = f"; {empty:.1%} missing" if empty else ""
    kinds = {"i": "whole number", "u": "whole number", "f": "number", "b": "true or false"}
    return (
        f"- `{name}` ({kinds.get(values.dtype.kind, 'text')}, {values.nunique()} values{missing}{roles.get(name, '')})"
    )


def _wanted(sample: Any, data: TaskData) -> str:
    """Return what the value columns of a submission hold."""
    if sample.shape[1] > 2:
        return "each class has a column, named by it, with the probability of that class"
    if data.file.metric in PROBABILITY_METRICS:
        return f"the probability that `{data.file.target}` is its larger value"
    return f"the predicted `{data.file.target}`"


def task_folders(folder: Path) -> list[Path]:
    """Return the task folders below `folder` (or `folder` itself, where it is one), sorted by name."""
    if public(folder).is_dir():
        return [folder]
    return sorted(p for p in folder.iterdir() if public(p).is_dir()) if folder.is_dir() else []


def check_task(folder: Path) -> list[str]:
    """Return what is wrong with a task folder, in words; an empty list when all is well.

    Of a competition's folder without a task.json it says what to add, as far as the other files tell.
    """
    if not (public(folder) / "task.json").is_file() and (public(folder) / "sample_submission.csv").is_file():
        return explain_foreign(folder)
    missing = [f"{public(folder) / name} is missing" for name in PUBLIC_FILES if not (public(folder) / name).is_file()]
    answers = private(folder) / "test.csv"
    missing += [] if answers.is_file() else [f"{answers} (the private answers) is missing"]
    if missing:
        return missing
    try:
        grader = FolderGrader(folder)
    except UsageError as error:
        return [str(error)]
    faults: list[str] = []
    train, test = (_read(public(folder) / name, faults) for name in ("train.csv", "test.csv"))
    known = _read(answers, faults)
    if not faults:
        faults = _mismatches(grader.task_file, train, test, known)
    try:
        grader.grade(public(folder) / "sample_submission.csv")
    except GradeError as error:
        faults.append(f"sample_submission.csv cannot be graded: {error}")
    return faults


def _read(path: Path, faults: list[str]) -> Any:
    import pandas as pd

    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        faults.append(f"{path} is no CSV file: {error}".splitlines()[0])
        return None


def _mismatches(file: TaskFile, train: Any, test: Any, answers: Any) -> list[str]:
    """Return where train, test, answers and task.json do not fit together."""
    target, key, found = file.target, file.id_column, []
    if target not in train:
        found.append(f"train.csv has no column {target!r}, the target that task.json names")
    if target in test:
        found.append(f"test.csv holds the target {target!r}: it gives the answers away")
    if key not in test:
        found.append(f"test.csv has no column {key!r}, the id that task.json names")
    lacking = [c for c in (key, target) if c not in answers]
    if lacking:
        found.append(f"the private answers have no column {lacking[0]!r}")
    elif key in test and (test[key].duplicated().any() or set(test[key]) != set(answers[key])):
        found.append(f"the {key!r} of test.csv and of the private answers differ, or repeat")
    lost = [c for c in train if c not in test and c != target]
    if lost:
        found.append(f"test.csv lacks {', '.join(map(repr, lost[:5]))}, which train.csv has")
    return found


def starter_notebook(folder: Path, path: Path) -> Path:
    """Write a notebook that reads a task folder's public files, as a person would begin it, and return its path."""
    import nbformat

    where = public(folder).resolve()
    source = (
        "import pandas as pd\n\n"
        f"train = pd.read_csv({str(where / 'train.csv')!r})\ntest = pd.read_csv({str(where / 'test.csv')!r})"
    )
    cell = nbformat.v4.new_code_cell(source, id="load")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata={"language_info": {"name": "python"}}), path)
    return path
