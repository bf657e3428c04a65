"""Task folders in the MLE-bench layout: written, listed and checked.

``DIR/<id>/prepared/public`` holds what a solver may see (description.md, train.csv, test.csv,
sample_submission.csv, task.json); ``DIR/<id>/prepared/private/test.csv`` holds the answers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.errors import GradeError, IdeatorError, UsageError
from mle_ideator_jupyter.metrics import PROBABILITY_METRICS
from mle_ideator_jupyter.scoring.graded import FolderGrader, TaskFile, private, public

PUBLIC_FILES = ("description.md", "train.csv", "test.csv", "sample_submission.csv", "task.json")


class TaskData(msgspec.Struct, kw_only=True):
    """A task before it is written: what it is, and its two frames, both with the target."""

    file: TaskFile
    description: str
    train: Any
    test: Any


def write_task(folder: Path, data: TaskData) -> None:
    """Write a task folder. Raises `IdeatorError` when it cannot be written."""
    target, key = data.file.target, data.file.id_column
    train, test = data.train.copy(), data.test.copy()
    # Ids say nothing about the order or the answers: they only count.
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
    file = data.file
    columns = "\n".join(f"- `{name}` ({dtype})" for name, dtype in train.dtypes.items())
    listed = ", ".join(f"`{c}`" for c in sample.columns)
    return f"""# {file.title or file.id}

{data.description.strip()}

## Metric

`{file.metric}` of `{file.target}`.

## Files

- `train.csv`: {len(train)} rows with the target
- `test.csv`: the rows to predict
- `sample_submission.csv`: the format of a submission, columns {listed}

## Columns

{columns}
"""


def task_folders(folder: Path) -> list[Path]:
    """Return the task folders below `folder` (or `folder` itself, where it is one), sorted by name."""
    if public(folder).is_dir():
        return [folder]
    return sorted(p for p in folder.iterdir() if public(p).is_dir()) if folder.is_dir() else []


def check_task(folder: Path) -> list[str]:
    """Return what is wrong with a task folder, in words; an empty list when all is well."""
    missing = [f"{public(folder) / name} is missing" for name in PUBLIC_FILES if not (public(folder) / name).is_file()]
    answers = private(folder) / "test.csv"
    missing += [] if answers.is_file() else [f"{answers} (the private answers) is missing"]
    if missing:
        return missing
    import pandas as pd

    try:
        grader = FolderGrader(folder)
    except UsageError as error:
        return [str(error)]
    file, wrong = grader.task_file, []
    train = pd.read_csv(public(folder) / "train.csv")
    test = pd.read_csv(public(folder) / "test.csv")
    if file.target not in train:
        wrong.append(f"train.csv has no column {file.target!r}, the target that task.json names")
    if file.target in test:
        wrong.append(f"test.csv holds the target {file.target!r}: it gives the answers away")
    if file.id_column not in test:
        wrong.append(f"test.csv has no column {file.id_column!r}, the id that task.json names")
    lost = [c for c in train if c not in test and c != file.target]
    if lost:
        wrong.append(f"test.csv lacks {', '.join(map(repr, lost[:5]))}, which train.csv has")
    try:
        grader.grade(public(folder) / "sample_submission.csv")
    except GradeError as error:
        wrong.append(f"sample_submission.csv cannot be graded: {error}")
    return wrong


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
