"""Trials as rows: for a terminal, as JSON, as CSV."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import msgspec

from mle_ideator_jupyter.model import Failure, Score, Struct, Trial
from mle_ideator_jupyter.state import State


class Row(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One trial as a row. `gain` is the improvement over the best comparable score before it, in the metric's unit."""

    number: int
    kind: str
    title: str
    score: float | None
    spread: float | None
    gain: float | None
    improved: bool
    seconds: float
    failure: str | None
    omitted: str | None
    protocol: str | None
    fidelity: str | None
    parent: int | None
    ideator: str | None
    imported: bool
    id: str


def rows(state: State) -> list[Row]:
    """Return a row for each finished trial, in the order in which they began."""
    numbers = {t.id: t.number for t in state.trials}
    comparable = {t.id for t in state.ranked()}
    best: float | None = None
    found = []
    for trial in state.trials:
        if trial.outcome is None:
            continue
        gain = None
        if trial.score and trial.id in comparable and state.task:
            gain = None if best is None else state.task.metric.gain(trial.score.value, best)
            if best is None or (gain is not None and gain > 0):
                best = trial.score.value
        found.append(_row(state, trial, numbers, gain))
    return found


def _row(state: State, trial: Trial, numbers: dict[str, int], gain: float | None) -> Row:
    idea, score = state.ideas.get(trial.idea or ""), trial.score
    failure = trial.outcome if isinstance(trial.outcome, Failure) else None
    return Row(
        number=trial.number,
        kind=idea.kind.value if idea else "baseline" if trial.number == 0 else "",
        title=trial.title,
        score=score.value if score else None,
        spread=spread(score),
        gain=gain,
        improved=gain is not None and gain > 0,
        seconds=trial.seconds,
        failure=f"{failure.kind.value}: {failure.message}" if failure else None,
        omitted="; ".join(trial.omitted) or None,
        protocol=score.protocol if score else None,
        fidelity=score.fidelity if score else None,
        parent=numbers.get(trial.parent or ""),
        ideator=idea.ideator if idea else None,
        imported=trial.id in state.imported,
        id=trial.id,
    )


def spread(score: Score | None) -> float | None:
    """Return the standard deviation of a score's folds, or None."""
    if score is None or len(score.folds) < 2:
        return None
    mean = math.fsum(score.folds) / len(score.folds)
    return math.sqrt(math.fsum((f - mean) ** 2 for f in score.folds) / (len(score.folds) - 1))


def one_line(text: str) -> str:
    """Return text as one line without control characters, which a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def outcome_text(trial: Trial) -> str:
    """Return a trial's outcome in a few words: `rmse 0.1164` or `error: …`."""
    outcome = trial.outcome
    if isinstance(outcome, Score):
        sample = "" if outcome.fidelity == "full" else f" on a {outcome.fidelity.replace(':', ' of ')}"
        return f"{outcome.metric} {outcome.value:.6g}{sample}"
    return one_line(f"{outcome.kind.value}: {outcome.message}") if outcome else "unfinished"


def as_json(state: State) -> dict[str, Any]:
    """Return the history as one JSON object."""
    return {
        "task": msgspec.to_builtins(state.task) if state.task else None,
        "best": state.best.id if state.best else None,
        "trials": [{f: getattr(row, f) for f in row.__struct_fields__} for row in rows(state)],
    }


def as_csv(state: State) -> str:
    """Return the history as CSV. A text that a spreadsheet would run as a formula gets a leading apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(Row.__struct_fields__)
    for row in rows(state):
        writer.writerow([_inert(getattr(row, f)) for f in Row.__struct_fields__])
    return buffer.getvalue()


def _inert(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def as_text(state: State) -> str:
    """Return the history as lines of columns for people."""
    lines = [("trial", "score", "gain", "s", "what was tried")]
    for row in rows(state):
        score = "—" if row.score is None else f"{row.score:.6g}"
        gain = "" if row.gain is None else f"{row.gain:+.4g}"
        failure = f" — {row.failure}" if row.failure else ""
        omitted = f" — not done: {row.omitted}" if row.omitted else ""
        lines.append((str(row.number), score, gain, f"{row.seconds:.1f}", one_line(row.title + failure + omitted)))
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    return "\n".join("  ".join([*(t.rjust(w) for t, w in zip(line, widths, strict=False)), line[4]]) for line in lines)
