"""Scores that the user's own cells make: by `report_score`, by the watched expression, or by a printed line.

A cell that says which idea it implements is that idea's trial, however it ends.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from mle_ideator_jupyter.brief import redact_outputs
from mle_ideator_jupyter.events import TrialFinished, TrialPlaced, TrialStarted
from mle_ideator_jupyter.hosts.hooks import UserCell
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Failure, FailureKind, Idea, Outcome, Score, Trial, new_id
from mle_ideator_jupyter.protocols import CellResult, Reported
from mle_ideator_jupyter.scoring import printed
from mle_ideator_jupyter.trial import NO_SCORE, take_file

OWN = "own"
"""The protocol of such scores: they compare with each other alone, for nobody knows how they were made."""
SAME = 1e-6
"""Relative difference of two scores of the same source that counts as none: threads add up in any order."""


def value_of(cell: UserCell, expression: str, user_ns: dict[str, Any], metric: str = "") -> float | None:
    """Return the score that a cell of the user's left, or None; called when the cell has run, on its thread."""
    if not cell.ok:
        return None
    if cell.reported is not None:
        return cell.reported.value
    if not expression:
        said = printed.read([{"output_type": "stream", "name": "stdout", "text": cell.printed}], metric)
        return said.value if said and metric else None
    try:
        value = float(eval(expression, dict(user_ns)))  # noqa: S307 - what the user asked to be watched
    except Exception:  # noqa: BLE001 - whatever it raises: there is no score yet
        return None
    return value if math.isfinite(value) else None


def take(journal: Journal, cell: UserCell, value: float) -> bool:
    """Journal the score as a trial of its own, unless it is one that is known.

    That is a watched value that has not changed, or the same value of the very source that made a trial before:
    cells that are run again, as after a restart, are no new trials.
    """
    state = journal.state
    own = [t.score for t in state.trials if t.score and t.score.protocol == OWN]
    if state.watching and cell.reported is None and own and own[-1].value == value:
        return False
    source = journal.put_blob(cell.source.encode())
    if any(t.source == source and t.score and math.isclose(t.score.value, value, rel_tol=SAME) for t in state.trials):
        return False
    metric = (cell.reported.metric if cell.reported else None) or _metric(journal)
    trial = Trial(id=new_id(), number=_next(journal), title="Own cell")
    folds = cell.reported.folds if cell.reported else ()
    journal.append(TrialStarted(trial=trial))
    journal.append(
        TrialFinished(
            trial=trial.id,
            outcome=Score(value=value, metric=metric, protocol=OWN, folds=folds),
            seconds=cell.seconds,
            source=source,
        )
    )
    if cell.cell:
        journal.append(TrialPlaced(trial=trial.id, cell=cell.cell, digest=""))
    return True


class Watched:
    """The watched expression around a run of the user's code: its value counts only if the code made it."""

    def __init__(self, expression: str, user_ns: dict[str, Any]) -> None:
        self._expression, self._user_ns = expression, user_ns
        self._before = self._look()

    def value(self) -> float | None:
        """Return the value that the code left, or None where it is the one that was there before."""
        now = self._look()
        return None if now == self._before else now[0]

    def _look(self) -> tuple[float | None, tuple[int, ...]]:
        """Return the value, and which objects the names in the expression stand for."""
        try:
            code = compile(self._expression, "<watched>", "eval")
            value = float(eval(code, dict(self._user_ns)))  # noqa: S307 - what the user asked to be watched
        except Exception:  # noqa: BLE001 - whatever it raises: there is no score
            return None, ()
        return value, tuple(id(self._user_ns.get(name)) for name in code.co_names)


def begin(journal: Journal, idea: Idea, cell: str) -> Trial:
    """Journal that the user's own code for an idea begins to run, in this cell."""
    trial = Trial(id=new_id(), number=_next(journal), title=idea.title, idea=idea.id, parent=idea.parent)
    journal.append(TrialStarted(trial=trial))
    if cell:
        journal.append(TrialPlaced(trial=trial.id, cell=cell, digest=""))
    return trial


def end(journal: Journal, trial: Trial, source: str, result: CellResult, watched: float | None) -> Trial:
    """Journal how it ended: the score it reported, else the watched one, else a printed one, else why there is none."""
    submission = result.reported.submission if result.reported else None
    journal.append(
        TrialFinished(
            trial=trial.id,
            outcome=_outcome(journal, result, watched),
            seconds=result.seconds,
            source=journal.put_blob(source.encode()),
            outputs=journal.put_blob(msgspec.json.encode(redact_outputs(result.outputs))) if result.outputs else None,
            submission=take_file(journal, submission) if submission else None,
        )
    )
    return journal.state.trial(trial.id) or trial


def _outcome(journal: Journal, result: CellResult, watched: float | None) -> Outcome:
    if result.status != "ok":
        return Failure(kind=FailureKind(result.status), message=result.message)
    said = result.reported
    if said is None and watched is not None and math.isfinite(watched):
        said = Reported(value=watched)
    said = said or printed.read(result.outputs, _metric(journal))
    if said is None:
        return Failure(kind=FailureKind.NO_SCORE, message=NO_SCORE)
    return Score(value=said.value, metric=said.metric or _metric(journal), protocol=OWN, folds=said.folds)


def _metric(journal: Journal) -> str:
    task = journal.state.task
    return task.metric.name if task else "score"


def _next(journal: Journal) -> int:
    return 1 + max((t.number for t in journal.state.trials), default=0)
