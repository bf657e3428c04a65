"""Variants of training tasks: fewer rows, fewer columns, other splits, so that ten tasks are more than ten tables.

A variant lies in a training folder as a few outer splits, each with its public files in one place and its answers in
another, as in a bench. A task of the public evaluation is refused by its name before any of its data are opened.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock

from mle_ideator_jupyter.bench.public import EVALUATION, TRAINING
from mle_ideator_jupyter.bench.tasks import TaskData, task_folders, write_task
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.facts import KernelFacts, Profile
from mle_ideator_jupyter.files import save_whole
from mle_ideator_jupyter.model import Goal, Struct, Task
from mle_ideator_jupyter.rl.reward import OUTER_SPLITS, SMALL_ROWS
from mle_ideator_jupyter.scoring.graded import FolderGrader, private, public, read_task_file

KEPT_COLUMNS = 0.7
"""Share of the columns that every second variant keeps."""
FEWEST_COLUMNS = 6
"""Tables with fewer columns keep them all."""
TEST_SHARE = 0.25
TEST_ROWS = 2
"""Test rows are cut to so many times the training rows that a variant may have: more cost seconds, fewer are noise."""


class Variation(Struct, frozen=True, kw_only=True):
    """What makes a variant of a task: `rows` is the most training rows it has, None all."""

    task: str
    number: int
    rows: int | None = None
    seed: int = 0

    @property
    def name(self) -> str:
        """Return a name that is a folder's too."""
        size = f"-{self.rows}" if self.rows else ""
        return f"{self.task}{size}-s{self.seed}-v{self.number}"


class SplitView(Struct, frozen=True, kw_only=True):
    """One outer split as agents see it: its task (with the splitter that a real run has), profile and kernel."""

    task: Task
    profile: Profile
    kernel: KernelFacts


class Variant(Struct, frozen=True, kw_only=True):
    """A variant that is ready: `fingerprint` names its data, `splits` are its outer splits."""

    variation: Variation
    fingerprint: str
    goal: Goal
    splits: tuple[SplitView, ...] = ()

    @property
    def name(self) -> str:
        """Return the variant's name."""
        return self.variation.name


def training_tasks(tasks_dir: Path, selection: str = "all") -> list[str]:
    """Return the names of the task folders that may be trained on. Raises `UsageError` for any other.

    A folder is known by the id in its `task.json`, whatever it is called; no data are opened.
    """
    folders = {p.name: p for p in task_folders(tasks_dir)}
    wanted = list(folders) if selection == "all" else [n.strip() for n in selection.split(",") if n.strip()]
    unknown = [n for n in wanted if n not in folders]
    if unknown or not wanted:
        what = f"no task {unknown[0]!r}" if unknown else "no task folders"
        msg = f"{what} in {tasks_dir}: `jupyter ideate tasks prepare --set train --out {tasks_dir}` makes them"
        raise UsageError(msg)
    barred = [n for n in wanted if n in EVALUATION or read_task_file(folders[n]).id in EVALUATION]
    if barred:
        msg = f"{', '.join(barred)}: for evaluation alone, never for training; name others with --only"
        raise UsageError(msg)
    return wanted


def folder_of(out: Path, variation: Variation, split: int) -> Path:
    """Return the task folder (without answers) that trials on this split may read."""
    return out / "variants" / variation.name / f"split{split}"


def grader_of(out: Path, variation: Variation, split: int) -> FolderGrader:
    """Return what grades submissions of this split."""
    return FolderGrader(out / "answers" / variation.name / f"split{split}")


def written(out: Path, tasks_dir: Path, variation: Variation) -> tuple[int, str]:
    """Write a variant's splits where they are not there yet; return how many there are and their fingerprint."""
    training_tasks(tasks_dir, variation.task)
    hidden = out / "answers"
    hidden.mkdir(parents=True, exist_ok=True, mode=0o700)
    done = hidden / variation.name / "written.json"
    with FileLock(hidden / f"{variation.name}.lock"):
        if not done.exists():
            for place in (hidden / variation.name, out / "variants" / variation.name):
                shutil.rmtree(place, ignore_errors=True)
            pieces = _splits(tasks_dir / variation.task, variation)
            digest = hashlib.sha256()
            for split, data in enumerate(pieces):
                whole = hidden / variation.name / f"split{split}"
                write_task(whole, data)
                shutil.copytree(public(whole), public(folder_of(out, variation, split)))
                for path in (public(whole) / "train.csv", public(whole) / "test.csv", private(whole) / "test.csv"):
                    digest.update(path.read_bytes())
            save_whole(done, msgspec.json.encode((len(pieces), digest.hexdigest()[:24])))
    count, fingerprint = msgspec.json.decode(done.read_bytes(), type=tuple[int, str])
    return count, fingerprint


def _splits(folder: Path, variation: Variation) -> list[TaskData]:
    """Return the outer splits of a variant: three where it is small, else one."""
    file = read_task_file(folder)
    train, test = _frames(folder, file.id_column, file.target)
    file.id = variation.name
    kept = _columns([c for c in train if c != file.target], variation)
    rows = min(variation.rows or len(train), len(train))
    made = []
    for split in range(OUTER_SPLITS if rows < SMALL_ROWS else 1):
        seed = 1_000 * variation.seed + 10 * variation.number + split
        one, other = _parted(train, test, variation.task, file, seed)
        made.append(
            TaskData(
                file=file,
                description="A variant of a training task.",
                train=_some(one, variation.rows, seed)[[*kept, file.target]],
                test=_some(other, variation.rows and TEST_ROWS * variation.rows, seed)[[*kept, file.target]],
            )
        )
    return made


def _frames(folder: Path, key: str, target: str) -> tuple[Any, Any]:
    import pandas as pd

    train, test = (pd.read_csv(public(folder) / name) for name in ("train.csv", "test.csv"))
    answers = pd.read_csv(private(folder) / "test.csv")
    test = test.merge(answers[[key, target]], on=key)
    return train.drop(columns=key, errors="ignore"), test.drop(columns=key, errors="ignore")[
        list(train.columns.drop(key))
    ]


def _parted(train: Any, test: Any, task: str, file: Any, seed: int) -> tuple[Any, Any]:
    """Return training and test rows of a new split; one by date stays as it is, for later rows are what it asks for."""
    import pandas as pd
    from sklearn.model_selection import train_test_split

    known = TRAINING.get(task)
    if known is not None and known.split != "random":
        return train, test
    whole = pd.concat([train, test], ignore_index=True)
    labels = None if file.problem == "regression" else whole[file.target]
    if labels is not None and labels.value_counts().min() < 2:
        labels = None
    one, other = train_test_split(whole, test_size=TEST_SHARE, random_state=seed, stratify=labels)
    return one.reset_index(drop=True), other.reset_index(drop=True)


def _some(frame: Any, rows: int | None, seed: int) -> Any:
    """Return so many random rows in their order."""
    if not rows or rows >= len(frame):
        return frame
    return frame.sample(rows, random_state=seed).sort_index().reset_index(drop=True)


def _columns(columns: Sequence[str], variation: Variation) -> list[str]:
    """Return the columns that a variant keeps: all of them, or in every second variant a share."""
    if variation.number % 2 == 0 or len(columns) < FEWEST_COLUMNS:
        return list(columns)
    drawn = random.Random(f"{variation.name}:columns")  # noqa: S311 - repeatable, not secret
    kept = set(drawn.sample(list(columns), max(FEWEST_COLUMNS - 1, round(KEPT_COLUMNS * len(columns)))))
    kept |= {c for c in columns if c == "date"}  # what puts rows in order stays
    return [c for c in columns if c in kept]
