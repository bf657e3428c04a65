"""How far re-splitting a task's data moves the difference of two solutions, and whether its headroom is beyond that.

Decided once for each task, before any Ideator is measured on it, and stored with the board.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from mle_ideator_jupyter.bench.boards.running import BASELINE, run_solution
from mle_ideator_jupyter.bench.boards.standing import percentile
from mle_ideator_jupyter.bench.boards.storing import BoardFile, Noise
from mle_ideator_jupyter.bench.public import EVALUATION, TRAINING, PublicTask, load_task
from mle_ideator_jupyter.bench.tasks import write_task
from mle_ideator_jupyter.model import Goal
from mle_ideator_jupyter.scoring.graded import FolderGrader

SPLITS = (1, 2, 3, 4, 5)
"""Seeds of the re-splits; the board's own split is none of them."""


def measure_noise(board: BoardFile) -> Noise | None:
    """Return the paired noise of a public task whose rows are split at random; None where they are split in time.

    On each re-split, default boosting and the solution that holds the board's 90th percentile are fitted and graded;
    their difference is taken split by split. A split on which either fails is left out.
    """
    task = {**TRAINING, **EVALUATION}.get(board.task)
    if task is None or task.split != "random":
        return None
    bar = percentile(board.scores, board.goal)
    name = next(e.name for e in board.entries if e.score == bar and not e.same_as)
    found = tuple(d for seed in SPLITS if (d := _difference(task, name, seed, board.cpu_limit)) is not None)
    if len(found) < 2:
        return None
    return Noise(solution=name, sd=round(statistics.stdev(found), 6), differences=found)


def headroom_counts(board: BoardFile, noise: Noise | None) -> bool:
    """Return whether a task counts in averages: r - b, the metric's good way up, is 2 standard deviations or more.

    Where the noise could not be measured, r need only be better than b.
    """
    sign = 1 if board.goal is Goal.MAXIMIZE else -1
    headroom = sign * (percentile(board.scores, board.goal) - (board.baseline or 0.0))
    return headroom > 0 and (noise is None or headroom >= 2 * noise.sd)


def _difference(task: PublicTask, name: str, seed: int, cpu_limit: float) -> float | None:
    with tempfile.TemporaryDirectory(prefix="resplit-") as scratch:
        folder, path = Path(scratch) / task.name, Path(scratch) / "submission.csv"
        write_task(folder, load_task(task, seed))
        grader, scores = FolderGrader(folder), []
        for solution in (name, BASELINE):
            if run_solution(solution, folder, seed, cpu_limit * 3, path).failure:
                return None
            scores.append(grader.grade(path).value)
    return round(scores[0] - scores[1], 6)
