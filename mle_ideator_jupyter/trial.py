"""One trial: an idea taken through an Implementer to an outcome, with every fact journalled."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.brief import Brief, HistoryItem
from mle_ideator_jupyter.events import HelpSought, IdeaProposed, TrialFinished
from mle_ideator_jupyter.facts import KernelFacts, Profile
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import (
    Budget,
    Failure,
    FailureKind,
    Idea,
    Limits,
    Outcome,
    Score,
    Task,
    Trial,
    Trigger,
)
from mle_ideator_jupyter.protocols import (
    CellResult,
    Finish,
    Host,
    Ideator,
    Implementer,
    Observation,
    RunCell,
    SeekHelp,
)
from mle_ideator_jupyter.scoring import printed
from mle_ideator_jupyter.selection import clearly_worse, noise, parent
from mle_ideator_jupyter.state import Mark, State

NO_SCORE = "the cell reported no score: call report_score(value), or print a line `metric: value`"
DEBUG_RUNS = 2
"""Cells that an Implementer may run in one trial after a failed one, apart from the idea budget."""
HELP_CALLS = 2
"""Times that an Implementer may ask the Ideator in one trial."""
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
            trigger=trigger,
            screen_rows=SCREEN_ROWS if rows > SCREEN_ABOVE else None,
        )


async def run_trial(wiring: Wiring, brief: Brief, idea: Idea | None, trial: Trial, limits: Limits) -> Trial:
    """Take a begun trial through the Implementer to an outcome, journal it, and return it finished."""
    course = _Course(wiring, brief, trial, limits)
    drive = wiring.implementer.implement(brief, idea, trial.number, trial.recipe)
    observation: Observation = None
    try:
        while True:
            action = await drive.asend(observation)
            if isinstance(action, RunCell):
                observation = await course.run_cell(action)
                if course.ended:
                    break
            elif isinstance(action, SeekHelp):
                observation = await course.seek_help(action.question)
            else:
                course.finish(action)
                break
    except StopAsyncIteration:
        pass
    finally:
        await drive.aclose()
    return course.close()


class _Course:
    """The course of one trial: what was run, what came of it, and what the loop still grants."""

    def __init__(self, wiring: Wiring, brief: Brief, trial: Trial, limits: Limits) -> None:
        self.wiring, self.brief, self.trial, self.limits = wiring, brief, trial, limits
        self.granted = 1 + DEBUG_RUNS
        self.help_left = HELP_CALLS
        self.seconds = 0.0
        self.outcome: Outcome = Failure(kind=FailureKind.NO_SCORE, message="it ended without running a cell")
        self.screen: Score | None = None
        self.source = ""
        self.result: CellResult | None = None
        self.changed: list[str] = []
        self.ended = False

    async def run_cell(self, action: RunCell) -> CellResult:
        """Run a cell within the limits, and take down its score or failure."""
        screening = action.fidelity != "full"
        if not screening:
            self.granted -= 1
        result = await self.wiring.host.run(action.cell, self.limits)
        self.seconds += result.seconds
        self.changed += [name for name in result.changed if name not in self.changed]
        self.source, self.result = action.cell.source, result
        self.outcome = self._outcome(result, action.fidelity)
        if screening and isinstance(self.outcome, Score):
            self.screen = self.outcome
            mark = self.brief.parent.screen if self.brief.parent else None
            self.ended = mark is not None and clearly_worse(self.outcome, mark, self.wiring.task.metric)
        elif isinstance(self.outcome, Score) or self.granted <= 0:
            self.ended = True
        return result

    async def seek_help(self, question: str) -> Idea | None:
        """Ask the Ideator for the Implementer, and take down question and answer."""
        ideator = self.wiring.ideator
        if ideator is None or self.help_left <= 0:
            return None
        self.help_left -= 1
        asked = replace(self.brief, hint=question, trigger=Trigger.IMPLEMENTER)
        ideas = await ideator.propose(asked, 1)
        idea = ideas[0] if ideas else None
        if idea:
            self.wiring.journal.append(IdeaProposed(idea=idea, run=self.wiring.run))
        answer = idea.id if idea else None
        self.wiring.journal.append(HelpSought(trial=self.trial.id, question=question, idea=answer))
        return idea

    def finish(self, action: Finish) -> None:
        """Take down why the Implementer gave up, where it did before any cell told."""
        if action.reason and self.result is None:
            self.outcome = Failure(kind=FailureKind.NO_SCORE, message=action.reason)

    def close(self) -> Trial:
        """Write the ending to the journal and return the finished trial."""
        journal = self.wiring.journal
        outputs = submission = None
        if self.result and self.result.outputs:
            outputs = journal.put_blob(msgspec.json.encode(self.result.outputs))
        if self.result and self.result.reported and self.result.reported.submission:
            submission = take_file(journal, self.result.reported.submission)
        ending = TrialFinished(
            trial=self.trial.id,
            outcome=self.outcome,
            seconds=round(self.seconds, 3),
            screen=self.screen,
            source=journal.put_blob(self.source.encode()) if self.source else None,
            outputs=outputs,
            submission=submission,
            changed=tuple(self.changed),
        )
        journal.append(ending)
        return journal.state.trial(self.trial.id) or self.trial

    def _outcome(self, result: CellResult, fidelity: str) -> Outcome:
        task = self.wiring.task
        if result.status != "ok":
            return Failure(kind=FailureKind(result.status), message=result.message)
        reported = result.reported or printed.read(result.outputs, task.metric.name)
        if reported is None or not math.isfinite(reported.value):
            return Failure(kind=FailureKind.NO_SCORE, message=NO_SCORE)
        return Score(
            value=reported.value,
            metric=reported.metric or task.metric.name,
            protocol=task.binding.splitter.protocol,
            folds=reported.folds,
            fidelity=fidelity,
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


def take_file(journal: Journal, name: str) -> str | None:
    """Move a submission that a cell wrote into the journal's blobs."""
    path = Path(name)
    if not path.is_file():
        return None
    blob = journal.put_blob(path.read_bytes())
    path.unlink()
    return blob


def steps(state: State, run: str) -> list[Trial]:
    """Return the finished trials that count against the budget: all of the run's but the baseline."""
    return [t for t in state.of_run(run) if t.number > 0 and t.outcome is not None]
