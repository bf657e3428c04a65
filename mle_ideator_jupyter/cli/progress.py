"""Shows a run while it goes: a live table and a bar on a terminal, plain lines elsewhere; always on standard error."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from mle_ideator_jupyter.exports.table import one_line, outcome_text
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.model import Budget, Trial

if TYPE_CHECKING:
    from typing_extensions import Self

NARROW = 60


class Progress:
    """A context that takes the updates of a run."""

    def __init__(self, budget: Budget, *, quiet: bool = False) -> None:
        from rich.console import Console

        self.budget = budget
        self.quiet = quiet
        self.console = Console(stderr=True, highlight=False)
        self.live: Any = None
        self.rows: list[tuple[Trial, str, bool]] = []
        self.status = ""
        self.left = budget
        self.best: Trial | None = None
        self.baseline: Trial | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal and not self.quiet:
            from rich.live import Live

            self.live = Live(get_renderable=self._drawn, console=self.console, refresh_per_second=4)
            self.live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live is not None:
            self.live.__exit__(kind, error, trace)

    def update(self, update: Update) -> None:
        """Take one update."""
        trial = update.trial
        self.left = update.left if update.kind != "status" else self.left
        self.best = update.best or self.best
        if update.kind == "status":
            self.status = one_line(update.message)
        elif update.kind == "trial_started" and trial:
            self.status = f"trial {trial.number}: {one_line(trial.title)}"
        elif update.kind == "trial_finished" and trial:
            if trial.number == 0:
                self.baseline = trial
            self.rows.append((trial, outcome_text(trial), update.improved))
        if self.live is None and not self.quiet:
            self._say(update)

    def _say(self, update: Update) -> None:
        from rich.markup import escape

        trial = update.trial
        if update.kind == "trial_finished" and trial:
            mark = "*" if update.improved else " "
            line = f"{trial.number:3d} {mark} {outcome_text(trial)}  {trial.seconds:5.1f} s  {one_line(trial.title)}"
            self.console.print(escape(line), soft_wrap=True)
        elif update.kind == "status" and not update.message.startswith("looking for"):
            self.console.print(escape(one_line(update.message)), soft_wrap=True)

    def _drawn(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, expand=True)
        table.add_column("trial", justify="right", style="dim")
        table.add_column("idea", ratio=1, overflow="ellipsis", no_wrap=True)
        table.add_column("score", justify="right", no_wrap=True)
        table.add_column("vs baseline", justify="right", no_wrap=True)
        table.add_column("s", justify="right", style="dim")
        height = max(5, self.console.height - 5)
        for trial, text, improved in self.rows[-height:]:
            change = self._change(trial)
            shown = Text(
                text if trial.score else text[:28], style="bold green" if improved else "" if trial.score else "red"
            )
            table.add_row(str(trial.number), Text(one_line(trial.title)), shown, change, f"{trial.seconds:.1f}")
        done, total, words = self._spent()
        bar = ProgressBar(total=total or 1, completed=done, width=NARROW)
        return Group(table, Text(self.status, style="dim", no_wrap=True, overflow="ellipsis"), Text(words), bar)

    def _change(self, trial: Trial) -> str:
        base = self.baseline.score if self.baseline else None
        if trial.score is None or base is None or not trial.score.comparable(base) or trial.number == 0:
            return ""
        return f"{trial.score.value - base.value:+.4g}"

    def _spent(self) -> tuple[float, float, str]:
        parts = []
        done, total = 0.0, 0.0
        if self.budget.steps is not None and self.left.steps is not None:
            done, total = self.budget.steps - self.left.steps, float(self.budget.steps)
            parts.append(f"{self.left.steps} of {self.budget.steps} trials left")
        if self.budget.seconds is not None and self.left.seconds is not None:
            spent = self.budget.seconds - self.left.seconds
            parts.append(f"{self.left.seconds:.0f} s left")
            if not total or spent / self.budget.seconds > done / total:
                done, total = spent, self.budget.seconds
        if self.budget.cost is not None and self.left.cost is not None:
            parts.append(f"${self.left.cost:.2f} left")
        finished = [t for t, _, _ in self.rows if t.number > 0]
        if self.left.steps and finished:
            mean = sum(t.seconds for t in finished) / len(finished)
            parts.append(f"about {mean * self.left.steps:.0f} s to go")
        if self.best and self.best.score:
            parts.append(f"best {self.best.score.value:.6g} (trial {self.best.number})")
        return done, total, " · ".join(parts)
