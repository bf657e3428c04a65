"""What a run works with, and the Brief of each of its moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.abilities import Logs
from mle_ideator_jupyter.brief import Brief, HistoryItem, Level, Part
from mle_ideator_jupyter.facts import KernelFacts, Profile
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Budget, Failure, FailureKind, Idea, Task, Trial, Trigger
from mle_ideator_jupyter.protocols import Cell, Host, Ideator, Implementer, cell
from mle_ideator_jupyter.selection import noise, parent
from mle_ideator_jupyter.state import Mark, State

SCREEN_ABOVE = 20_000
"""Training rows above which a trial first runs on a sample."""
SCREEN_ROWS = 5_000


class Wiring(msgspec.Struct, kw_only=True):
    """What a run works with: its seams, its journal, and what is known of the task."""

    task: Task
    host: Host
    implementer: Implementer
    journal: Journal
    ideator: Ideator | None = None
    profile: Profile | None = None
    kernel: KernelFacts = KernelFacts()
    run: str = ""
    seed: int = 0
    budget: Budget = Budget()
    hint: str = ""
    level: Level = Level.STANDARD
    without: tuple[Part, ...] = ()

    def log_calls(self) -> Wiring:
        """Have the calls of language models written down beside the journal."""
        for agent in (self.ideator, self.implementer):
            if isinstance(agent, Logs):
                agent.log_calls(self.journal.folder)
        return self

    def solution(self, trial: Trial) -> Sequence[Cell]:
        """Return a trial's solution as ordinary cells: what the Implementer makes of it, else its own source."""
        brief = self.brief_of(trial)
        kept = self.implementer.keep(brief, trial)
        return kept or ([cell(brief.source, trial.title)] if brief.source else [])

    def brief_of(self, parent: Trial, **given: Any) -> Brief:
        """Return the Brief of this moment for something that builds on this trial; `given` is as for `brief`."""
        source = self.journal.get_blob(parent.source) if parent.source else None
        return replace(self.brief(**given), parent=parent, source=source.decode(errors="replace") if source else "")

    def brief(self, *, left: Budget | None = None, trigger: Trigger = Trigger.HUMAN) -> Brief:
        """Return the Brief of this moment; it depends on the journal, the seed and the step alone."""
        state = self.journal.state
        trials = [t for t in state.trials if t.outcome is not None and t.id not in state.imported]
        step = len(steps(state, self.run))
        ranked = state.ranked()
        rows = self.profile.rows if self.profile else 0
        chosen = parent(ranked, trials, self.seed, step)
        source = self.journal.get_blob(chosen.source) if chosen and chosen.source else None
        return Brief(
            task=self.task,
            profile=self.profile,
            kernel=self.kernel,
            history=tuple(HistoryItem(trial=t, idea=state.ideas.get(t.idea or "")) for t in trials),
            proposed=_proposed(state, trigger),
            parent=chosen,
            best=ranked[0] if ranked else None,
            source=source.decode(errors="replace") if source else "",
            noise=noise(trials),
            left=left or Budget(),
            step=step,
            seed=self.seed,
            hint=self.hint,
            level=self.level,
            without=self.without,
            trigger=trigger,
            screen_rows=SCREEN_ROWS if rows > SCREEN_ABOVE else None,
        )


def _proposed(state: State, trigger: Trigger) -> tuple[Idea, ...]:
    """Return the ideas that are not to be proposed again though no trial took them up.

    People are not shown an idea twice; an autopilot may take up what they were shown, unless it was dismissed.
    """
    tried = {t.idea for t in state.trials}
    human = trigger is Trigger.HUMAN
    return tuple(
        i for i in state.ideas.values() if i.id not in tried and (human or state.marks.get(i.id, Mark()).dismissed)
    )


def steps(state: State, run: str) -> list[Trial]:
    """Return the finished trials that count against the budget: all of the run's but the baseline.

    Those that an endpoint's failure ended do not count.
    """
    return [t for t in state.of_run(run) if t.number > 0 and t.outcome is not None and not cut_off(t)]


def cut_off(trial: Trial) -> bool:
    """Return whether the failure of an endpoint ended the trial, so that its idea is still to be tried."""
    return isinstance(trial.outcome, Failure) and trial.outcome.kind is FailureKind.ENDPOINT
