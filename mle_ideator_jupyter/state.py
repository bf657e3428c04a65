"""The present, as a fold over a journal's events; every view of the past starts here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from mle_ideator_jupyter.events import (
    AnyEvent,
    BriefChosen,
    HelpSought,
    IdeaMarked,
    IdeaProposed,
    Imported,
    Kept,
    Opened,
    RunFinished,
    RunStarted,
    Spent,
    TaskSet,
    TrialFinished,
    TrialPlaced,
    TrialStarted,
    TrialUndone,
    Trusted,
    Watching,
)
from mle_ideator_jupyter.model import Idea, Struct, Task, Trial

_ENDING = ("outcome", "seconds", "screen", "source", "outputs", "submission", "changed")
"""The fields of a Trial that its `TrialFinished` event completes."""


class Run(Struct, frozen=True, kw_only=True):
    """One autopilot run: how it began, the ideas it asked for, what models cost in US dollars, how it ended."""

    started: RunStarted
    ideas: tuple[str, ...] = ()
    cost: float = 0.0
    finished: str | None = None


class Mark(Struct, frozen=True, kw_only=True):
    """What the user thinks of an idea: a vote of -1, 0 or 1, and whether it was dismissed."""

    vote: int = 0
    dismissed: bool = False


class Told(Struct, frozen=True, kw_only=True):
    """How much agents are told, and which parts they are not, as it was written down."""

    level: str = "standard"
    without: tuple[str, ...] = ()


class State(Struct, frozen=True, kw_only=True):
    """All that a journal's events add up to. Trials come in the order in which they began."""

    notebook_id: str = ""
    task: Task | None = None
    ideas: dict[str, Idea] = {}
    trials: tuple[Trial, ...] = ()
    runs: dict[str, Run] = {}
    help: tuple[HelpSought, ...] = ()
    kept: tuple[str, ...] = ()
    marks: dict[str, Mark] = {}
    cells: dict[str, tuple[TrialPlaced, ...]] = {}
    undone: frozenset[str] = frozenset()
    watching: str = ""
    brief: Told = Told()
    imported: frozenset[str] = frozenset()
    """Ids of trials that came in by merging and are not trusted: they never rank or count."""

    def trial(self, trial_id: str) -> Trial | None:
        """Return the trial of this id, or None."""
        return next((t for t in self.trials if t.id == trial_id), None)

    def ranked(self) -> list[Trial]:
        """Return the trials whose scores compare (the task's metric and protocol, all rows), best first."""
        if self.task is None:
            return []
        metric, protocol = self.task.metric, self.task.binding.splitter.protocol
        able = [
            t
            for t in self.trials
            if t.score
            and t.id not in self.imported
            and (t.score.metric, t.score.protocol, t.score.fidelity) == (metric.name, protocol, "full")
            and math.isfinite(t.score.value)
        ]
        return sorted(able, key=lambda t: -metric.gain(t.score.value if t.score else math.nan, 0.0))

    @property
    def best(self) -> Trial | None:
        """Return the trial with the best comparable validation score, or None."""
        ranked = self.ranked()
        return ranked[0] if ranked else None

    @property
    def baseline(self) -> Trial | None:
        """Return the latest baseline (trial number 0) with a comparable score, or None."""
        return next((t for t in reversed(self.trials) if t.number == 0 and t in self.ranked()), None)

    def of_run(self, run: str) -> list[Trial]:
        """Return the trials of one run, the baseline included."""
        return [t for t in self.trials if t.run == run]


def fold(events: Iterable[AnyEvent]) -> State:
    """Return the State of these events, whatever order they come in."""
    ordered = sorted({e.id: e for e in events}.values(), key=lambda e: e.id)
    folding = _Folding(_untrusted(ordered))
    for event in ordered:
        folding.take(event)
    return folding.result()


class _Folding:
    """The State while it is being built; one method for each event that says something about it."""

    def __init__(self, untrusted: set[str]) -> None:
        self.untrusted = untrusted
        self.notebook_id = ""
        self.task: Task | None = None
        self.ideas: dict[str, Idea] = {}
        self.trials: dict[str, Trial] = {}
        self.endings: dict[str, TrialFinished] = {}
        self.runs: dict[str, Run] = {}
        self.help: list[HelpSought] = []
        self.kept: list[str] = []
        self.marks: dict[str, Mark] = {}
        self.cells: dict[str, list[TrialPlaced]] = {}
        self.undone: set[str] = set()
        self.watching = ""
        self.brief = Told()
        self.imported: set[str] = set()
        self.takers: dict[type, Callable[[Any], None]] = {
            Opened: self.opened,
            TaskSet: self.task_set,
            RunStarted: self.run_started,
            IdeaProposed: self.idea_proposed,
            TrialStarted: self.trial_started,
            TrialFinished: self.trial_finished,
            RunFinished: self.run_finished,
            HelpSought: self.help_sought,
            Spent: lambda event: self.spend(event.trial, event.cost),
            Kept: lambda event: self.kept.append(event.trial),
            IdeaMarked: self.idea_marked,
            TrialPlaced: self.trial_placed,
            TrialUndone: lambda event: self.undone.add(event.trial),
            Watching: self.watching_set,
            BriefChosen: self.brief_chosen,
        }

    def take(self, event: AnyEvent) -> None:
        taker = self.takers.get(type(event))
        if taker:
            taker(event)

    def opened(self, event: Opened) -> None:
        self.notebook_id = self.notebook_id or event.notebook_id

    def task_set(self, event: TaskSet) -> None:
        if event.id not in self.untrusted:
            self.task = event.task

    def run_started(self, event: RunStarted) -> None:
        self.runs.setdefault(event.run, Run(started=event))

    def idea_proposed(self, event: IdeaProposed) -> None:
        self.ideas.setdefault(event.idea.id, event.idea)
        run = self.runs.get(event.run)
        if run:
            self.runs[event.run] = replace(run, ideas=(*run.ideas, event.idea.id), cost=run.cost + event.cost)

    def trial_started(self, event: TrialStarted) -> None:
        self.trials.setdefault(event.trial.id, event.trial)
        if event.id in self.untrusted:
            self.imported.add(event.trial.id)

    def trial_finished(self, event: TrialFinished) -> None:
        self.endings.setdefault(event.trial, event)
        self.spend(event.trial, event.cost)
        if event.id in self.untrusted:
            self.imported.add(event.trial)

    def help_sought(self, event: HelpSought) -> None:
        self.help.append(event)
        self.spend(event.trial, event.cost)

    def spend(self, trial: str, cost: float) -> None:
        """Add to what the run of a trial has cost."""
        begun = self.trials.get(trial)
        run = self.runs.get(begun.run) if begun else None
        if run and cost:
            self.runs[run.started.run] = replace(run, cost=run.cost + cost)

    def idea_marked(self, event: IdeaMarked) -> None:
        mark = self.marks.get(event.idea, Mark())
        given = {k: v for k in ("vote", "dismissed") if (v := getattr(event, k)) is not None}
        self.marks[event.idea] = replace(mark, **given)

    def trial_placed(self, event: TrialPlaced) -> None:
        if event.id not in self.untrusted:  # else a forged journal could have cells of the user's removed
            placed = [p for p in self.cells.get(event.trial, []) if p.cell != event.cell]  # put there anew, edited
            self.cells[event.trial] = [*placed, event]

    def watching_set(self, event: Watching) -> None:
        if event.id not in self.untrusted:
            self.watching = event.expression

    def brief_chosen(self, event: BriefChosen) -> None:
        if event.id not in self.untrusted:  # else a notebook from elsewhere could have more sent than its reader chose
            self.brief = Told(level=event.level, without=event.without)

    def run_finished(self, event: RunFinished) -> None:
        run = self.runs.get(event.run)
        if run and run.finished is None:
            self.runs[event.run] = replace(run, finished=event.reason)

    def result(self) -> State:
        return State(
            notebook_id=self.notebook_id,
            task=self.task,
            ideas=self.ideas,
            trials=tuple(_ended(t, self.endings.get(t.id)) for t in self.trials.values()),
            runs=self.runs,
            help=tuple(self.help),
            kept=tuple(self.kept),
            marks=self.marks,
            cells={trial: tuple(placed) for trial, placed in self.cells.items()},
            undone=frozenset(self.undone),
            watching=self.watching,
            brief=self.brief,
            imported=frozenset(self.imported),
        )


def _untrusted(ordered: list[AnyEvent]) -> set[str]:
    """Return the ids of events that were imported and not trusted since."""
    untrusted: set[str] = set()
    for event in ordered:
        if isinstance(event, Imported):
            untrusted.update(event.events)
        elif isinstance(event, Trusted):
            untrusted.clear()
    return untrusted


def _ended(trial: Trial, end: TrialFinished | None) -> Trial:
    if end is None:
        return trial
    given = {f: getattr(end, f) for f in _ENDING}
    if end.source is None:
        given["source"] = trial.source
    if end.title:
        given["title"] = end.title
    return replace(trial, **given)
