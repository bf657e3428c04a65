"""What changes the notebook: trials, autopilots, undo and keep, one at a time, and how they are paused and stopped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.events import Kept, RunFinished, RunStarted, TrialFinished, TrialUndone
from mle_ideator_jupyter.loop import Update, autopilot, score_own, try_one
from mle_ideator_jupyter.model import Budget, Failure, FailureKind, Idea, Limits, Trial, new_id
from mle_ideator_jupyter.plugins import IMPLEMENTERS, load
from mle_ideator_jupyter.protocols import Cell, Host
from mle_ideator_jupyter.session import view
from mle_ideator_jupyter.wiring import Wiring

if TYPE_CHECKING:
    from mle_ideator_jupyter.session.session import Session

TRIAL_LIMITS = Limits(seconds=3600)
"""One cell of a trial in the user's own kernel may train for an hour."""


class Here(msgspec.Struct, frozen=True):
    """Another place than the notebook's page: a host for the cells, and who is told of each update."""

    host: Host
    tell: Callable[[Update], Awaitable[object]]


class Running:
    """One session's runs. `run` is the autopilot under way, `left` what remains of its budget."""

    def __init__(self, session: Session) -> None:
        self.run: RunStarted | None = None
        self.left = Budget()
        self.work: set[asyncio.Task[None]] = set()
        """The commands that change the notebook, or wait for their turn to."""
        self._session = session
        self._turn = asyncio.Lock()
        self._resumed = asyncio.Event()
        self._resumed.set()

    async def try_idea(self, idea: Idea, after: str = "", here: Here | None = None) -> None:
        """Take one idea through a trial, in the notebook's page or `here`."""
        async with self._turns(after):
            wiring = await self._session.ready()
            wiring.host = here.host if here else wiring.host
            await self._follow(wiring, try_one(wiring, idea), here)

    async def rescore(self, estimator: str, after: str = "", here: Here | None = None) -> None:
        """Score an estimator of the kernel under the task's splitter. Raises `UsageError` where there is none."""
        async with self._turns(after):
            wiring = await self._session.ready()
            names = view.estimators(self._session.looking.seen)
            if estimator not in names:
                there = f"it holds {', '.join(names)}" if names else "it holds none that is fitted"
                msg = f"the kernel holds no estimator {estimator[:80]!r}: {there}"
                raise UsageError(msg)
            wiring.host = here.host if here else wiring.host
            wiring.implementer = load(IMPLEMENTERS, "recipe")(rescore=estimator)
            await self._follow(wiring, score_own(wiring, view.own_title(estimator)), here)

    async def autopilot(
        self, budget: Budget, after: str = "", here: Here | None = None, *, seed: int = 0, ideate: bool = True
    ) -> None:
        """Try idea after idea within a budget, and journal how it ended; without `ideate`, the Implementer's own."""
        async with self._turns(after):
            wiring = await self._session.ready()
            wiring.host = here.host if here else wiring.host
            wiring.seed, wiring.ideator = seed, wiring.ideator if ideate else None
            self.run = RunStarted(
                run=new_id(),
                seed=seed,
                budget=budget,
                limits=TRIAL_LIMITS,
                implementer=wiring.implementer.name,
                ideator=wiring.ideator.name if wiring.ideator else None,
            )
            wiring.journal.append(self.run)
            wiring.run, wiring.budget, self.left = self.run.run, budget, budget
            self._session.pages.fold = True
            try:
                await self._follow(wiring, autopilot(wiring), here)
            except BaseException:
                wiring.journal.append(RunFinished(run=wiring.run, reason="stopped"))
                raise
            finally:
                self.run, self._session.pages.fold = None, False

    async def undo(self, trial: Trial) -> None:
        """Take a trial's cells out of the notebook, none that was edited, and its names out of the kernel."""
        session, journal = self._session, self._session.history()
        async with self._turns(""):
            placed = journal.state.cells.get(trial.id, ())
            if not placed or trial.id in journal.state.undone:
                msg = f"trial {trial.number} has no cells in this notebook, and left no variables: nothing to undo"
                raise UsageError(msg)
            cells = tuple(wire.PlacedCell(cell=p.cell, digest=p.digest) for p in placed)
            answer = await session.pages.remove(cells)
            for name in {n for p in placed if p.cell not in answer.left for n in p.names}:
                session.shell.user_ns.pop(name, None)
            journal.append(TrialUndone(trial=trial.id, left=answer.left))
            if answer.left:
                session.note(f"trial {trial.number}: {len(answer.left)} edited cells were left in the notebook")
            if trial.changed:
                names = ", ".join(trial.changed)
                session.note(f"trial {trial.number} changed {names} in place: run the cells that make them again")

    async def keep(self, trial: Trial, after: str = "") -> None:
        """Put a trial's solution into the notebook as ordinary cells."""
        async with self._turns(after):
            kept = await self.solution(trial)
            if not self._session.pages.can_run:
                msg = f"no page is there to insert cells: copy the solution of trial {trial.number} from the panel"
                raise UsageError(msg)
            cells = tuple(wire.NewCell(source=c.source, title=c.title) for c in kept)
            answer = await self._session.pages.insert(cells, after)
            if not answer.cells:
                raise UsageError(answer.message or "the notebook's page could not insert the cells")
            self._session.history().append(Kept(trial=trial.id))

    async def solution(self, trial: Trial) -> Sequence[Cell]:
        """Return a trial's solution as ordinary cells. Raises `UsageError` where it cannot be written so."""
        wiring = await self._session.ready()
        kept = wiring.solution(trial)
        if not kept:
            msg = f"the code of trial {trial.number} is not here: its own cells are the solution"
            raise UsageError(msg)
        return kept

    def pause(self) -> None:
        """Pause after the trial that is running."""
        if self.work:
            self._resumed.clear()
            self._session.say(self._session.activity, "pausing after this trial")

    def resume(self) -> None:
        """Go on."""
        self._resumed.set()

    async def stop(self) -> None:
        """Cancel what runs and what waits, and return when it has ended."""
        work = list(self.work)
        if not work:
            return
        self._session.say("stopping", "stopping")
        self.cancel()
        await asyncio.wait(work)
        if self._session.host.still_running:
            self._session.note("the stopped cell does not answer: it is still running; restart the kernel to end it")

    def cancel(self) -> None:
        """Cancel what runs and what waits."""
        for task in list(self.work):
            task.cancel()
        self._resumed.set()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Count the present work as a run, which Stop ends.

        Raises `UsageError` where something else is running: that may wait for the very cell that asks.
        """
        task = asyncio.current_task()
        if self.work or task is None:
            msg = "a trial is under way in this notebook: wait for its end or stop it, then run this again"
            raise UsageError(msg)
        self.work.add(task)
        try:
            yield
        finally:
            self.work.discard(task)
            self._session.say("idle")

    async def _follow(self, wiring: Wiring, updates: AsyncGenerator[Update, None], here: Here | None) -> None:
        """Go through a run's updates, telling the pages; a trial that is cut short is journalled as stopped."""
        running: Trial | None = None
        try:
            async with contextlib.aclosing(updates):
                async for update in updates:
                    running = self._told(update)
                    teller = here or self._session.host.pump
                    if teller is not None:
                        await teller.tell(update)
                    if running is None and not self._resumed.is_set():
                        self._session.say("paused", "paused")
                        await self._resumed.wait()
        except BaseException:
            if running is not None:
                stopped = Failure(kind=FailureKind.INTERRUPTED, message="stopped by the user")
                wiring.journal.append(TrialFinished(trial=running.id, outcome=stopped))
            raise

    def _told(self, update: Update) -> Trial | None:
        """Tell of an update; returns the trial that is running after it."""
        self.left = update.left
        self._session.growing.clear()
        if update.kind == "trial_started" and update.trial is not None:
            self._session.pages.trial = update.trial
            self._session.say("running", f"trial {update.trial.number}: {update.trial.title}")
            return update.trial
        if update.kind == "status":
            self._session.say("thinking", update.message)
        else:
            self._session.publish()
        return None

    @contextlib.asynccontextmanager
    async def _turns(self, after: str) -> AsyncIterator[None]:
        """Wait until nothing else changes the notebook; new cells then go after the cell `after`."""
        async with self._turn:
            self._session.pages.anchor = after or self._session.pages.anchor
            yield
