"""Reference boards: what a fixed population of honest solutions scores on each public task, and where a score stands.

Its solutions were fitted on a task's public files alone, chosen between by cross-validation alone, and graded once.
Nobody should take a rank among them for one among people, so reports call it `reference_rank`.
"""

from __future__ import annotations

from pathlib import Path

from mle_ideator_jupyter.bench.boards.standing import (
    Medal,
    Thresholds,
    medal,
    medal_positions,
    percentile,
    rank,
    thresholds,
)
from mle_ideator_jupyter.bench.boards.storing import DATA, BoardFile, Entry, Noise, read_board
from mle_ideator_jupyter.model import Goal, Struct

__all__ = [
    "Board",
    "BoardFile",
    "Entry",
    "Medal",
    "Noise",
    "Thresholds",
    "board",
    "medal",
    "medal_positions",
    "percentile",
    "rank",
    "thresholds",
]


class Board(Struct, frozen=True, kw_only=True):
    """The reference board of one task: grader scores of different solutions, in no order of merit.

    `baseline` is the grader score of the default-boosting Recipe on the same split (seed 0). `counts` is False where
    the headroom between the two is less than twice what re-splitting the data changes, so that averages leave the
    task out; `noise` is that standard deviation, None where the split is one in time and cannot be drawn again.
    """

    task: str
    goal: Goal
    scores: tuple[float, ...]
    baseline: float
    counts: bool = True
    noise: float | None = None

    def percentile90(self) -> float:
        """Return the score that 90 % of the board does not beat."""
        return percentile(self.scores, self.goal)


def board(task_id: str, folder: Path = DATA) -> Board | None:
    """Return the reference board of a task, None where there is none yet. Raises `IdeatorError` for a damaged file."""
    stored = read_board(task_id, folder)
    if stored is None or stored.baseline is None or not stored.scores:
        return None
    return Board(
        task=stored.task,
        goal=stored.goal,
        scores=stored.scores,
        baseline=stored.baseline,
        counts=stored.counts is not False,
        noise=stored.noise.sd if stored.noise else None,
    )
