"""Shows a bench while it goes: a live table on a terminal, plain lines elsewhere; always on standard error."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mle_ideator_jupyter.bench.engines.engine import Began, Failed, Told, Tried
from mle_ideator_jupyter.bench.rows import Job, Row
from mle_ideator_jupyter.bench.running import Done, Planned
from mle_ideator_jupyter.exports.table import one_line

if TYPE_CHECKING:
    from typing_extensions import Self


class BenchProgress:
    """A context that takes what a bench tells."""

    def __init__(self, *, quiet: bool = False) -> None:
        from rich.console import Console

        self.quiet = quiet
        self.console = Console(stderr=True, highlight=False)
        self.live: Any = None
        self.jobs: tuple[Job, ...] = ()
        self.before = 0
        self.began = time.monotonic()
        self.rows: dict[Job, Row] = {}
        self.running: dict[Job, str] = {}
        self.failed: dict[Job, str] = {}

    def __enter__(self) -> Self:
        if self.console.is_terminal and not self.quiet:
            from rich.live import Live

            self.live = Live(get_renderable=self._drawn, console=self.console, refresh_per_second=2)
            self.live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live is not None:
            self.live.__exit__(kind, error, trace)

    def take(self, told: Told | Planned | Done) -> None:
        """Take one thing told; from any thread."""
        if isinstance(told, Planned):
            self.jobs, self.before, self.began = told.jobs, told.before, time.monotonic()
            done = f", {told.before} of them done before" if told.before else ""
            self._say(f"{len(told.jobs)} runs{done}")
        elif isinstance(told, Began):
            self.running[told.job] = "begins"
        elif isinstance(told, Tried):
            self.running[told.job] = f"trial {told.number}: {one_line(told.title)}"
        elif isinstance(told, Failed):
            self.running.pop(told.job, None)
            self.failed[told.job] = told.message
            self._say(f"failed {told.job.name}: {one_line(told.message)}")
        else:
            self.running.pop(told.row.job, None)
            self.failed.pop(told.row.job, None)
            self.rows[told.row.job] = told.row
            self._say(f"{self._count()}  {_line(told.row)}")

    def _count(self) -> str:
        done, left = self.before + len(self.rows), len(self.jobs) - self.before - len(self.rows)
        words = f"{done} of {len(self.jobs)}"
        if self.rows and left:
            words += f", about {_minutes((time.monotonic() - self.began) / len(self.rows) * left)} left"
        return words

    def _say(self, text: str) -> None:
        if self.live is None and not self.quiet:
            from rich.markup import escape

            self.console.print(escape(text), soft_wrap=True)

    def _drawn(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, expand=True)
        for head, right in (("task", False), ("arm", False), ("seed", True), ("baseline", True), ("solution", True)):
            table.add_column(head, justify="right" if right else "left", no_wrap=True)
        table.add_column("", ratio=1, no_wrap=True, overflow="ellipsis", style="dim")
        height = max(4, self.console.height - len(self.running) - 6)
        for row in list(self.rows.values())[-height:]:
            shown = [row.task, row.arm, str(row.seed), _number(row.baseline), _number(row.final)]
            table.add_row(*shown, f"{row.metric}, {len(row.trials) - 1} trials, {row.seconds:.0f} s")
        for job, what in dict(self.running).items():
            table.add_row(job.task, job.arm, str(job.seed), "", "…", what)
        bar = ProgressBar(total=len(self.jobs) or 1, completed=self.before + len(self.rows), width=60)
        failed = f"; {len(self.failed)} failed" if self.failed else ""
        return Group(table, Text(self._count() + failed), bar)


def _line(row: Row) -> str:
    flagged = "  FLAGGED" if row.flagged else ""
    return (
        f"{row.task} {row.arm} seed {row.seed}: {row.metric} {_number(row.baseline)} → {_number(row.final)}"
        f"  {row.seconds:.0f} s{flagged}"
    )


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.5g}"


def _minutes(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 100
        else f"{seconds / 60:.0f} min"
        if seconds < 6000
        else f"{seconds / 3600:.1f} h"
    )
