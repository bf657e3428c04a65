"""What a headless run came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mle_ideator_jupyter.errors import GradeError
from mle_ideator_jupyter.headless.options import RunOptions, page_path
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.model import Struct, Trial
from mle_ideator_jupyter.scoring.graded import FolderGrader
from mle_ideator_jupyter.wiring import Wiring


class RunSummary(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What a run came to. Scores are validation scores; `grader_*` are from private answers, where there are any."""

    task: str
    metric: str
    goal: str
    baseline: float | None
    best: float | None
    grader_baseline: float | None
    grader_best: float | None
    trials: int
    improved: int
    seconds: float
    notebook: Path
    journal: Path
    page: Path
    reason: str = ""


def _improvements(trials: Sequence[Trial], wiring: Wiring) -> int:
    """Return how many trials were better than everything comparable before them."""
    metric, count = wiring.task.metric, 0
    best: float | None = None
    comparable = {t.id for t in wiring.journal.state.ranked()}
    for trial in trials:
        if trial.score is None or trial.id not in comparable:
            continue
        better = best is None or metric.better(trial.score.value, best)
        count += int(better and best is not None)
        best = trial.score.value if better else best
    return count


def summary(
    options: RunOptions, wiring: Wiring, reason: str, seconds: float, on_update: Callable[[Update], None]
) -> RunSummary:
    """Return what the journal says of a run that took so many seconds."""
    state, metric = wiring.journal.state, wiring.task.metric
    baseline, best = state.baseline, state.best
    mine = [t for t in state.trials if t.id not in state.imported]
    return RunSummary(
        task=wiring.task.id,
        metric=metric.name,
        goal=metric.goal.value,
        baseline=baseline.score.value if baseline and baseline.score else None,
        best=best.score.value if best and best.score else None,
        grader_baseline=graded(options, wiring, baseline, on_update),
        grader_best=graded(options, wiring, best, on_update),
        trials=sum(1 for t in mine if t.number > 0),
        improved=_improvements(mine, wiring),
        seconds=round(seconds, 1),
        notebook=options.result_path(),
        journal=wiring.journal.path,
        page=page_path(options),
        reason=reason,
    )


def graded(
    options: RunOptions, wiring: Wiring, trial: Trial | None, on_update: Callable[[Update], None]
) -> float | None:
    """Return the trial's score on the private answers; it goes to the summary and nowhere else.

    A submission that cannot be graded is said in one line: the run and its summary stand.
    """
    if options.task_dir is None or trial is None or trial.submission is None:
        return None
    path = wiring.journal.blob_path(trial.submission)
    if path is None:
        return None
    try:
        return FolderGrader(options.task_dir).grade(path, wiring.task).value
    except GradeError as error:
        on_update(Update(kind="status", message=f"trial {trial.number} has no grade: {error}"))
        return None
