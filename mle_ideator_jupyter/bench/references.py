"""The reference of a row: its task's board, shifted to the row's own split.

A board was scored on the split of seed 0. On another split all solutions do a little better or worse together, the
baseline included, so the reference moves with the baseline: r_k = b_k + (r_0 - b_0).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from pathlib import Path

import msgspec

from mle_ideator_jupyter.bench.boards import board
from mle_ideator_jupyter.bench.boards.standing import Thresholds, medal, percentile, rank, thresholds
from mle_ideator_jupyter.bench.rows import Row
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.metrics import metric_named
from mle_ideator_jupyter.model import Goal, Struct
from mle_ideator_jupyter.scoring.graded import private, read_task_file

SAVED = "boards.json"
LEADERBOARD = "leaderboard.csv"
"""A task folder may bring its own board beside its answers, as MLE-bench's competitions do: a column `score`."""


class Reference(Struct, frozen=True, kw_only=True):
    """A task's board: its scores, the one at its 90th percentile, and the baseline's on the same split, where known."""

    scores: tuple[float, ...]
    goal: Goal
    strong: float
    baseline: float | None = None

    def shift(self, row: Row) -> float:
        """Return how far the row's split lies from the board's, in the metric's unit; 0 where that is not known."""
        return 0.0 if row.baseline is None or self.baseline is None else row.baseline - self.baseline

    def strong_for(self, row: Row) -> float:
        """Return the reference score on the row's own split."""
        return self.strong + self.shift(row)

    def rank(self, row: Row) -> float:
        """Return the row's rank among the board's solutions: 1 for the best, 0 for none of them beaten."""
        return 0.0 if row.final is None else rank(row.final - self.shift(row), self.scores, self.goal)

    def medal(self, row: Row) -> str | None:
        """Return the medal that the row's solution would win on the board."""
        return None if row.final is None else medal(row.final - self.shift(row), self.scores, self.goal)

    def thresholds(self, row: Row) -> Thresholds:
        """Return the scores of the medals and the median, on the row's own split."""
        found, by = thresholds(self.scores, self.goal), self.shift(row)
        return Thresholds(
            gold=found.gold + by, silver=found.silver + by, bronze=found.bronze + by, median=found.median + by
        )


def references(tasks: Iterable[str], out: Path, tasks_dir: Path | None = None) -> dict[str, Reference]:
    """Return the boards of these tasks: a folder's own, else the package's, else the one saved with the rows."""
    saved = _saved(out)
    found: dict[str, Reference] = {}
    for task in tasks:
        reference = (_of_folder(tasks_dir / task) if tasks_dir else None) or _of_package(task) or saved.get(task)
        if reference is not None:
            found[task] = reference
    return found


def saving(found: dict[str, Reference], out: Path) -> bytes:
    """Return what is saved with the rows, so that a report can be made of them alone."""
    return msgspec.json.format(msgspec.json.encode({**_saved(out), **found})) + b"\n"


def _saved(out: Path) -> dict[str, Reference]:
    try:
        return msgspec.json.decode((out / SAVED).read_bytes(), type=dict[str, Reference])
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError as error:
        msg = f"{out / SAVED} is malformed: {error}"
        raise UsageError(msg) from None


def _of_package(task: str) -> Reference | None:
    found = board(task)
    if found is None:
        return None
    return Reference(scores=found.scores, goal=found.goal, strong=found.percentile90(), baseline=found.baseline)


def _of_folder(folder: Path) -> Reference | None:
    path = private(folder) / LEADERBOARD
    if not path.is_file():
        return None
    goal = metric_named(read_task_file(folder).metric).goal
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    try:
        scores = tuple(float(line["score"] or math.nan) for line in lines)
    except (KeyError, ValueError):
        msg = f"{path} has no column `score` of numbers (a Git LFS pointer? fetch the file itself)"
        raise UsageError(msg) from None
    return Reference(scores=scores, goal=goal, strong=percentile(scores, goal)) if scores else None
