"""The report of a bench, made from its rows alone: `report.json`, with MLE-bench's keys for each run, and a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.bench.page import page
from mle_ideator_jupyter.bench.references import Reference, references
from mle_ideator_jupyter.bench.results import RESULTS, Results, saved_plan
from mle_ideator_jupyter.bench.summary import Measured, Summary, measured, summary
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.files import save_whole
from mle_ideator_jupyter.model import Goal, Struct

JSON, PAGE = "report.json", "report.html"


class Report(Struct, frozen=True, kw_only=True):
    """A report, and where it was written."""

    summary: Summary
    runs: tuple[dict[str, Any], ...]
    rows: Path
    json: Path
    page: Path

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data; NaN becomes null when it is written."""
        return {**msgspec.to_builtins(self.summary), "runs": list(self.runs), "report": str(self.page)}


def report_on(out: Path) -> Report:
    """Write and return the report on the rows of a bench. Raises `UsageError` where there are none."""
    found, boards = _measured(out)
    said = summary(found, boards)
    runs = tuple(_as_mle_bench(m, boards.get(m.row.task), out) for m in found)
    report = Report(summary=said, runs=runs, rows=out / RESULTS, json=out / JSON, page=out / PAGE)
    save_whole(report.json, msgspec.json.format(msgspec.json.encode(report.as_json())) + b"\n")
    save_whole(report.page, page(said, found).encode())
    return report


def _measured(out: Path) -> tuple[list[Measured], dict[str, Reference]]:
    plan, results = saved_plan(out), Results(out)
    if not results.rows:
        msg = f"{out} holds no finished run yet"
        raise UsageError(msg)
    tasks = list(dict.fromkeys(row.task for row in results.rows.values()))
    tasks_dir = Path(plan.tasks_dir)
    boards = references(tasks, out, tasks_dir if tasks_dir.is_dir() else None)
    return measured(results.rows.values(), boards), boards


def _as_mle_bench(m: Measured, board: Reference | None, out: Path) -> dict[str, Any]:
    """Return a run with the keys of MLE-bench's own reports, and ours after them."""
    row = m.row
    steps = board.thresholds(row) if board else None
    medals = _medals(m.medal)
    above = None
    if steps is not None and row.final is not None:
        above = row.final > steps.median if row.goal is Goal.MAXIMIZE else row.final < steps.median
    return {
        "competition_id": row.task,
        "score": row.final,
        "gold_threshold": steps.gold if steps else None,
        "silver_threshold": steps.silver if steps else None,
        "bronze_threshold": steps.bronze if steps else None,
        "median_threshold": steps.median if steps else None,
        "any_medal": any(medals.values()),
        **medals,
        "above_median": bool(above),
        "submission_exists": bool(row.submission),
        "valid_submission": row.final is not None,
        "is_lower_better": row.goal is Goal.MINIMIZE,
        "created_at": row.created_at,
        "submission_path": str(out / row.submission) if row.submission else None,
        "arm": row.arm,
        "seed": row.seed,
        "metric": row.metric,
        "baseline": row.baseline,
        "gain": m.gains[-1] if m.counts else None,
        "anytime_gain": m.anytime if m.counts else None,
        "gains": list(m.gains),
        "reference_rank": m.rank,
        "seconds": row.seconds,
        "cost": row.cost,
        "notebook": row.notebook,
        "page": row.page,
        "flagged": list(row.flagged),
        "fence": row.fence,
    }


def _medals(won: str | None) -> dict[str, bool]:
    names: Sequence[str] = ("gold", "silver", "bronze")
    return {f"{name}_medal": won == name for name in names}
