"""Prints what a run does, in the cell that runs it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from mle_ideator_jupyter.exports.table import one_line, outcome_text
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.model import Trial
from mle_ideator_jupyter.protocols import Cell

Teller = Callable[[Update], object]
Shower = Callable[[Cell, "Trial | None"], object]


def tell(update: Update) -> None:
    """Print what a run does: a line for each trial, begun when the trial begins."""
    trial = update.trial
    if update.kind == "trial_started" and trial:
        print(f"{trial.number:3d}  {one_line(trial.title)[:80]} … ", end="", flush=True)  # noqa: T201 - for the user
    elif update.kind == "trial_finished" and trial:
        mark = "  ← best so far" if update.improved and trial.number else ""
        print(f"{outcome_text(trial)[:200]}  ({trial.seconds:.1f} s){mark}", flush=True)  # noqa: T201


def tell_end(update: Update) -> None:
    """Print a line for each trial that has ended."""
    if update.kind == "trial_finished":
        tell(replace(update, kind="trial_started"))
        tell(update)


def show(cell: Cell, trial: Trial | None) -> None:
    """Print the code of a cell that is about to run."""
    title = one_line(trial.title if trial else cell.title)
    print(f"# trial {trial.number if trial else 0}: {title}\n{cell.source.rstrip()}\n", flush=True)  # noqa: T201
