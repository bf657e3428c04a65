"""The only loop there is: it grants, counts and logs; agents propose and act.

`trial.run_trial` takes one idea through an Implementer to an outcome; `autopilot` repeats that
within a budget. Both write every fact to the journal before anybody is told of it, so that a
run which is killed at any moment resumes where it was. What happens next depends on the journal,
the seed and the step alone; clocks matter only where the budget is in seconds.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Literal

from msgspec.structs import replace

from mle_ideator_jupyter.abilities import Improvises, Omits
from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import EditError, EndpointError
from mle_ideator_jupyter.events import IdeaProposed, RunFinished, TrialFinished, TrialStarted
from mle_ideator_jupyter.model import (
    Budget,
    Failure,
    FailureKind,
    Idea,
    Limits,
    Struct,
    Trial,
    Trigger,
    new_id,
)
from mle_ideator_jupyter.protocols import Ideas
from mle_ideator_jupyter.recipe import recipe_from
from mle_ideator_jupyter.selection import plateau
from mle_ideator_jupyter.state import State
from mle_ideator_jupyter.trial import run_trial
from mle_ideator_jupyter.wiring import Wiring, cut_off, steps


class Update(Struct, frozen=True, kw_only=True):
    """What an autopilot tells its front end. `left` is the budget that remains."""

    kind: Literal["status", "trial_started", "trial_finished", "done"]
    message: str = ""
    trial: Trial | None = None
    idea: Idea | None = None
    best: Trial | None = None
    improved: bool = False
    left: Budget = Budget()


async def autopilot(wiring: Wiring) -> AsyncGenerator[Update, None]:
    """Measure the baseline, then try idea after idea until the budget is spent or nothing new is proposed.

    Safe to close or cancel at any time: what was running is run again on resume. Raises `EndpointError`, with the
    trial's failure journalled, when a language model that is needed cannot be asked; the run can be resumed.
    """
    clock = _Clock(wiring)
    async for update in _baseline(wiring, clock):
        yield update
    while (reason := clock.over()) is None:
        state = wiring.journal.state
        unfinished = next((t for t in state.of_run(wiring.run) if t.outcome is None), None)
        idea = state.ideas.get(unfinished.idea or "") if unfinished else _untried(state, wiring.run)
        brief = wiring.brief(left=clock.left(), trigger=_trigger(state, wiring))
        if unfinished is None and idea is None:
            yield Update(kind="status", message="looking for the next idea", best=state.best, left=clock.left())
            found = await _next_idea(wiring, brief)
            if not found and not _improvises(wiring):
                if found.why:
                    yield Update(kind="status", message=found.why, best=state.best, left=clock.left())
                reason = "no ideas"
                break
            idea = _taken_up(wiring, state, found) if found else None
        trial = unfinished or _begin(wiring, brief, idea)
        yield Update(kind="trial_started", trial=trial, idea=idea, best=state.best, left=clock.left())
        done = trial if trial.outcome else await run_trial(wiring, brief, idea, trial, clock.limits())
        best = wiring.journal.state.best
        improved = best is not None and best.id == done.id
        yield Update(kind="trial_finished", trial=done, idea=idea, best=best, improved=improved, left=clock.left())
        _raise_cut_off(done)
    wiring.journal.append(RunFinished(run=wiring.run, reason=reason))
    yield Update(kind="done", message=reason, best=wiring.journal.state.best, left=clock.left())


async def try_one(wiring: Wiring, idea: Idea) -> AsyncGenerator[Update, None]:
    """Take one idea that somebody chose through a trial, after the baseline where there is none yet.

    It builds on the trial that it was proposed for, or on the best so far.
    """
    clock = _Clock(wiring)
    async for update in _baseline(wiring, clock):
        yield update
    brief = wiring.brief(left=clock.left(), trigger=idea.trigger)
    meant = wiring.journal.state.trial(idea.parent) if idea.parent else None
    if meant is not None:
        brief = wiring.brief_of(meant, left=clock.left(), trigger=idea.trigger)
    trial = _begin(wiring, brief, idea)
    yield Update(kind="trial_started", trial=trial, idea=idea, best=wiring.journal.state.best, left=clock.left())
    done = trial if trial.outcome else await run_trial(wiring, brief, idea, trial, clock.limits())
    best = wiring.journal.state.best
    improved = best is not None and best.id == done.id
    yield Update(kind="trial_finished", trial=done, idea=idea, best=best, improved=improved, left=clock.left())
    _raise_cut_off(done)


async def score_own(wiring: Wiring, title: str) -> AsyncGenerator[Update, None]:
    """Score what is the user's own, as the Implementer does it without an idea: trial 0 where there is none yet."""
    number = 1 + max((t.number for t in wiring.journal.state.trials), default=-1)
    async for update in _without_idea(wiring, _Clock(wiring), number, title):
        yield update


async def _baseline(wiring: Wiring, clock: _Clock) -> AsyncGenerator[Update, None]:
    """Measure trial 0, unless the journal has it under the same protocol."""
    state = wiring.journal.state
    unfinished = next((t for t in state.of_run(wiring.run) if t.number == 0 and t.outcome is None), None)
    if state.baseline is not None and unfinished is None:
        return
    async for update in _without_idea(wiring, clock, 0, "Baseline", unfinished):
        yield update


async def _without_idea(
    wiring: Wiring, clock: _Clock, number: int, title: str, unfinished: Trial | None = None
) -> AsyncGenerator[Update, None]:
    """Take a trial that comes of no idea to its end, one that was cut short again."""
    brief = wiring.brief(left=clock.left())
    recipe = wiring.implementer.plan(brief, None, None)
    trial = unfinished or Trial(id=new_id(), number=number, title=title, run=wiring.run, recipe=recipe)
    if unfinished is None:
        wiring.journal.append(TrialStarted(trial=trial))
    yield Update(kind="trial_started", trial=trial, left=clock.left())
    done = await run_trial(wiring, brief, None, trial, clock.limits())
    best = wiring.journal.state.best
    yield Update(kind="trial_finished", trial=done, best=best, left=clock.left())


async def _next_idea(wiring: Wiring, brief: Brief) -> Ideas:
    if wiring.ideator is None:
        own = wiring.implementer.own_move(brief)
        return Ideas([own] if own else [])
    return Ideas.of(await wiring.ideator.propose(brief, 1))


def _improvises(wiring: Wiring) -> bool:
    """Return whether the Implementer goes on by itself where there is no Ideator."""
    return wiring.ideator is None and isinstance(wiring.implementer, Improvises) and wiring.implementer.improvises


def _taken_up(wiring: Wiring, state: State, found: Ideas) -> Idea:
    """Journal the idea that was proposed, or return the same one where it stands in the journal, untried."""
    shown = _shown(state, found[0])
    if shown is None:
        wiring.journal.append(IdeaProposed(idea=found[0], run=wiring.run, cost=found.cost))
    return shown or found[0]


def _raise_cut_off(trial: Trial) -> None:
    """Raise what ended this trial where that was an endpoint: the next one would end alike."""
    if cut_off(trial) and isinstance(trial.outcome, Failure):
        raise EndpointError(trial.outcome.message, "unreachable")


def _begin(wiring: Wiring, brief: Brief, idea: Idea | None) -> Trial:
    """Journal the start of a trial; one that cannot change anything ends there, unrun."""
    state = wiring.journal.state
    number = 1 + max((t.number for t in state.trials), default=0)
    recipe, failure = None, None
    omitted: tuple[str, ...] = ()
    try:
        recipe = wiring.implementer.plan(brief, idea, brief.parent) if idea else None
        if idea is not None and isinstance(wiring.implementer, Omits):
            omitted = wiring.implementer.omitted(brief, idea, brief.parent)
    except EditError as error:
        failure = Failure(kind=FailureKind.ERROR, message=str(error))
    same = _same_recipe(state, recipe)
    if same is not None:
        failure = Failure(kind=FailureKind.UNCHANGED, message=f"gives the same Recipe as trial {same.number}")
    trial = Trial(
        id=new_id(),
        number=number,
        title=idea.title if idea else "A step of its own",
        run=wiring.run,
        idea=idea.id if idea else None,
        parent=brief.parent.id if brief.parent else None,
        recipe=recipe,
        omitted=omitted,
    )
    wiring.journal.append(TrialStarted(trial=trial))
    if failure:
        wiring.journal.append(TrialFinished(trial=trial.id, outcome=failure))
        return replace(trial, outcome=failure)
    return trial


def _same_recipe(state: State, recipe: dict[str, object] | None) -> Trial | None:
    """Return the trial that has tried this Recipe; one that was stopped, or undone, may be tried again."""
    if recipe is None:
        return None
    key = recipe_from(recipe).key()
    for trial in state.trials:
        stopped = isinstance(trial.outcome, Failure) and trial.outcome.kind is FailureKind.INTERRUPTED
        if trial.recipe is None or stopped or trial.id in state.undone:
            continue
        if recipe_from(trial.recipe).key() == key:
            return trial
    return None


def _untried(state: State, run: str) -> Idea | None:
    """Return an idea that the run asked for and that no trial has taken up (the run was cut short there)."""
    if run not in state.runs:
        return None
    taken = {t.idea for t in state.trials if not cut_off(t)} | {h.idea for h in state.help}
    return next((state.ideas[i] for i in state.runs[run].ideas if i not in taken), None)


def _shown(state: State, idea: Idea) -> Idea | None:
    """Return the same idea where it was proposed before and no trial has taken it up: nobody is shown it twice."""
    taken = {t.idea for t in state.trials}
    untried = (i for i in state.ideas.values() if i.id not in taken)
    return next((i for i in untried if (i.action, i.edit, i.title) == (idea.action, idea.edit, idea.title)), None)


def _trigger(state: State, wiring: Wiring) -> Trigger:
    return Trigger.PLATEAU if plateau(steps(state, wiring.run), wiring.task.metric) else Trigger.AUTOPILOT


class _Clock:
    """What of the budget is spent, across resumes."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.began = time.monotonic()
        self.earlier = sum(t.seconds for t in wiring.journal.state.of_run(wiring.run))

    def left(self) -> Budget:
        """Return the budget that remains; never below zero."""
        budget, state = self.wiring.budget, self.wiring.journal.state
        run = state.runs.get(self.wiring.run)
        spent_seconds = self.earlier + time.monotonic() - self.began
        return Budget(
            steps=None if budget.steps is None else max(0, budget.steps - len(steps(state, self.wiring.run))),
            seconds=None if budget.seconds is None else max(0.0, budget.seconds - spent_seconds),
            cost=None if budget.cost is None else max(0.0, budget.cost - (run.cost if run else 0.0)),
        )

    def over(self) -> str | None:
        """Return which part of the budget is spent, or None."""
        left = self.left()
        for name in ("steps", "seconds", "cost"):
            amount = getattr(left, name)
            if amount is not None and amount <= 0:
                return name
        return None

    def limits(self) -> Limits:
        """Return the limits of one cell: the task's, and never longer than the budget's seconds that are left."""
        limits, left = self.wiring.task.limits, self.left().seconds
        if left is None:
            return limits
        return replace(limits, seconds=min(left, limits.seconds) if limits.seconds else left)
