"""A report on one submission to a task folder, under MLE-bench's own keys."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

from mle_ideator_jupyter.bench.boards import Thresholds, board, medal, thresholds
from mle_ideator_jupyter.bench.mlebench import Report
from mle_ideator_jupyter.errors import GradeError, UsageError
from mle_ideator_jupyter.model import Goal
from mle_ideator_jupyter.scoring.graded import FolderGrader

_NONE = Thresholds(gold=math.nan, silver=math.nan, bronze=math.nan, median=math.nan)


def report_on(submission: Path, folder: Path) -> Report:
    """Return the report on a submission; medals are won among the solutions of the task's board, none without a board.

    An invalid submission has no score. Thresholds are NaN (null in JSON) where the task has no board. Raises
    `UsageError` when the folder is no task folder, or there is no such file.
    """
    if not submission.is_file():
        msg = f"no such file: {submission}"
        raise UsageError(msg)
    grader = FolderGrader(folder)
    goal, found = grader.metric.goal, board(grader.task_file.id)
    try:
        score: float | None = grader.grade(submission).value
    except GradeError:
        score = None
    bars = thresholds(found.scores, goal) if found else _NONE
    won = medal(score, found.scores, goal) if found and score is not None else None
    ahead = score is not None and (score > bars.median if goal is Goal.MAXIMIZE else score < bars.median)
    return Report(
        competition_id=grader.task_file.id,
        score=score,
        gold_threshold=bars.gold,
        silver_threshold=bars.silver,
        bronze_threshold=bars.bronze,
        median_threshold=bars.median,
        any_medal=won is not None,
        gold_medal=won == "gold",
        silver_medal=won == "silver",
        bronze_medal=won == "bronze",
        above_median=ahead,
        submission_exists=True,
        valid_submission=score is not None,
        is_lower_better=goal is Goal.MINIMIZE,
        created_at=dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        submission_path=str(submission),
    )
