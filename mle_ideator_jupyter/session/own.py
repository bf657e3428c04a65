"""Scores that the user's own cells make: reported by `report_score`, or the value of the watched expression."""

from __future__ import annotations

from typing import Any

from mle_ideator_jupyter.events import TrialFinished, TrialPlaced, TrialStarted
from mle_ideator_jupyter.hosts.hooks import UserCell
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Score, Trial, new_id

OWN = "own"
"""The protocol of such scores: they compare with each other alone, for nobody knows how they were made."""


def value_of(cell: UserCell, expression: str, user_ns: dict[str, Any]) -> float | None:
    """Return the score that a cell of the user's left, or None; called when the cell has run, on its thread."""
    if not cell.ok:
        return None
    if cell.reported is not None:
        return cell.reported.value
    if not expression:
        return None
    try:
        return float(eval(expression, dict(user_ns)))  # noqa: S307 - what the user asked to be watched
    except Exception:  # noqa: BLE001 - whatever it raises: there is no score yet
        return None


def take(journal: Journal, cell: UserCell, value: float) -> bool:
    """Journal the score as a trial of its own, unless a watched value is the one already known."""
    state = journal.state
    own = [t.score for t in state.trials if t.score and t.score.protocol == OWN]
    if cell.reported is None and own and own[-1].value == value:
        return False
    metric = (cell.reported.metric if cell.reported else None) or (state.task.metric.name if state.task else "score")
    number = 1 + max((t.number for t in state.trials), default=0)
    trial = Trial(id=new_id(), number=number, title="Own cell")
    folds = cell.reported.folds if cell.reported else ()
    journal.append(TrialStarted(trial=trial))
    journal.append(
        TrialFinished(
            trial=trial.id,
            outcome=Score(value=value, metric=metric, protocol=OWN, folds=folds),
            seconds=cell.seconds,
            source=journal.put_blob(cell.source.encode()),
        )
    )
    if cell.cell:
        journal.append(TrialPlaced(trial=trial.id, cell=cell.cell, digest=""))
    return True
