"""`report_score`: how a cell says what score it reached, to people and to whoever runs the cell."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

MIME = "application/vnd.mle-ideator.score+json"
SUBMISSIONS = "MLE_IDEATOR_SUBMISSIONS"
"""Environment variable that names the folder where submissions are written; without it they are not."""

_sink: Callable[[dict[str, Any]], None] | None = None


def set_sink(sink: Callable[[dict[str, Any]], None] | None) -> None:
    """Hand every report to this function too (for processes that have no display)."""
    global _sink  # noqa: PLW0603 - one process, one reader
    _sink = sink


@contextlib.contextmanager
def sink(to: Callable[[dict[str, Any]], None] | None) -> Iterator[None]:
    """Hand every report to this function, or to none, while the block runs, and not to whoever had them before."""
    before = _sink
    set_sink(to)
    try:
        yield
    finally:
        set_sink(before)


def report_score(value: Any, *, metric: str | None = None, submission: Any = None) -> float:
    """Report a validation score: a number, or one number per fold, whose mean counts.

    Args:
        value: the score in the metric's own sign and unit (RMSE positive), or a sequence of fold scores.
        metric: its name, where it is not the task's.
        submission: a data frame of test predictions, in the format of the sample submission.

    Returns:
        The mean.

    Raises:
        ValueError: when the score is not a finite number.
    """
    folds = _numbers(value)
    mean = math.fsum(folds) / len(folds)
    report: dict[str, Any] = {
        "value": mean,
        "folds": folds if len(folds) > 1 else [],
        "metric": metric,
        "submission": _write(submission) if submission is not None else None,
    }
    line = _line(report)
    if _sink is not None:
        _sink(report)
    if not _display(report, line):
        print(line)  # noqa: T201 - the reader's only view outside IPython
    return mean


def read_report(data: bytes | str | dict[str, Any]) -> Any:
    """Return the `Reported` that a cell published. Raises `msgspec.ValidationError` for forged shapes."""
    from mle_ideator_jupyter.protocols import Reported

    if isinstance(data, dict):
        return msgspec.convert(data, Reported)
    return msgspec.json.decode(data, type=Reported)


def _numbers(value: Any) -> list[float]:
    try:
        items = [value] if isinstance(value, (int, float)) else value.tolist() if hasattr(value, "tolist") else value
        numbers = [float(v) for v in (items if isinstance(items, (list, tuple)) else [items])]
    except (TypeError, ValueError):
        numbers = []
    if not numbers or not all(math.isfinite(n) for n in numbers):
        msg = f"report_score needs a finite number or a list of them, one per fold; it got {value!r:.80}"
        raise ValueError(msg)
    return numbers


def _line(report: dict[str, Any]) -> str:
    folds = report["folds"]
    name = report["metric"] or "score"
    if not folds:
        return f"{name} {report['value']:.6g}"
    spread = math.sqrt(math.fsum((f - report["value"]) ** 2 for f in folds) / (len(folds) - 1))
    return f"{name} {report['value']:.6g} ± {spread:.2g} ({len(folds)} folds)"


def _write(submission: Any) -> str | None:
    """Write the submission where the host wants it; return the path."""
    folder = os.environ.get(SUBMISSIONS)
    if not folder:
        return None
    path = Path(folder) / f"{uuid.uuid4().hex}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    if hasattr(submission, "write_csv"):  # a polars frame
        submission.write_csv(path)
    else:
        submission.to_csv(path, index=False)
    return str(path)


def _display(report: dict[str, Any], line: str) -> bool:
    """Publish the report as display data; False where there is no IPython to publish it."""
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return False
    from IPython.display import publish_display_data

    publish_display_data({MIME: report, "text/plain": line})
    return True
