"""The session of one notebook: commands come in from any thread, state goes out; the work is done on its own thread.

Nothing here runs on the kernel's main thread but what the hooks do around cells, so an idea can be had while a cell
trains. One thing at a time changes the notebook; looking, asking and answering never wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Container, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.abilities import Checks
from mle_ideator_jupyter.brief import chosen
from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.events import TaskSet, TrialFinished, TrialPlaced
from mle_ideator_jupyter.hosts.hooks import CellHooks, UserCell, digest
from mle_ideator_jupyter.hosts.lab import LabHost
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Failure, FailureKind
from mle_ideator_jupyter.plugins import IDEATORS, IMPLEMENTERS, load
from mle_ideator_jupyter.protocols import Cell, Ideator, Implementer
from mle_ideator_jupyter.session import bulk, own, place
from mle_ideator_jupyter.session.anywhere import GO, AnywhereHost
from mle_ideator_jupyter.session.approving import Approving
from mle_ideator_jupyter.session.commands import CHANGING, HANDLERS
from mle_ideator_jupyter.session.eager import eager
from mle_ideator_jupyter.session.growing import Growing
from mle_ideator_jupyter.session.looking import Looking
from mle_ideator_jupyter.session.pages import Door, Pages
from mle_ideator_jupyter.session.publishing import Publisher
from mle_ideator_jupyter.session.running import Running
from mle_ideator_jupyter.wiring import Wiring

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Session:
    """What one notebook's ideas, trials and pages have in common.

    Args:
        shell: the IPython shell of this kernel.
        name: the notebook's name, for its task.
        mine: says of a cell that begins to run whether it is of this notebook.
        taken: returns the journals of other notebooks on this kernel.
    """

    def __init__(
        self,
        shell: Any,
        name: str = "notebook",
        *,
        mine: Callable[[], bool] = lambda: True,
        taken: Callable[[], Container[Path]] = tuple,
    ) -> None:
        self.shell, self.name = shell, name
        self._taken = taken
        self.path = ""
        self.sources: tuple[str, ...] = ()
        self.journal: Journal | None = None
        self.asked: wire.SetTask | None = None
        self.activity: wire.Activity = "idle"
        self.message = self.error = ""
        self._before: tuple[wire.Activity, str] = "idle", ""
        self.notes: list[str] = []
        self.taken = False
        """Whether the score of the user's cell that runs now has been taken down already."""
        self.sent = bulk.Sent()
        self.agents = "playbook", "recipe"
        self.growing = Growing(self)
        self.looking = Looking(lambda: shell.user_ns, Path.cwd())
        self.run_in_cell = ""
        """What to run in a cell for what waits to run; empty where nothing does, or a page runs it."""
        self.heard_aside = False
        """Whether the last command came in beside the main thread: then pages are heard while a cell runs."""
        self.moved = asyncio.Event()
        """Set after every change."""
        self.pages = Pages(self._placed, self._alone)
        self.approving = Approving(self.publish)
        self.hooks = CellHooks(shell, self._user_cell, mine, self.looking.changed)
        lab = LabHost(self.pages, self.hooks, lambda: shell.user_ns)
        self.host = AnywhereHost(lab, self._approve, lambda: self.pages.trial)
        self.publisher = Publisher(self)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="mle-ideator-session", daemon=True)
        self._thread.start()
        self.running: Running = self.call(self._make_running()).result()

    # ------------------------------------------------------------ from any thread

    def submit(self, command: wire.Command, door: Door | None = None) -> None:
        """Take a command; returns at once."""
        if door is not None:
            self.heard_aside = threading.current_thread() is not threading.main_thread()
        self._loop.call_soon_threadsafe(self._begin, command, door)

    def connect(self, door: Door) -> None:
        """Take in a page; it is told everything once it says hello."""
        self._loop.call_soon_threadsafe(self.pages.connect, door)

    def disconnect(self, door: Door) -> None:
        """Let a page go."""
        self._loop.call_soon_threadsafe(self.pages.disconnect, door)
        self._loop.call_soon_threadsafe(self.publisher.drop, door)
        self._loop.call_soon_threadsafe(self.publish)

    def refuse(self, door: Door, error: IdeatorError) -> None:
        """Tell a page what is wrong with what it sent."""
        state = replace(self.publisher.last, error=str(error))
        self._loop.call_soon_threadsafe(self.pages.tell, state, door)

    def call(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have work done on the session's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Stop what runs and end the thread; the journal has everything."""
        self.hooks.close()
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.running.cancel)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            if not self._thread.is_alive():
                self._loop.close()

    # ------------------------------------------------------------ on the session's thread

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _make_running(self) -> Running:
        return Running(self)

    def _begin(self, command: wire.Command, door: Door | None) -> None:
        if isinstance(command, (wire.Placed, wire.Ran, wire.Changed, wire.Answers)):
            if door is not None:
                self.pages.take(command.answers if isinstance(command, wire.Answers) else (command,), door)
            return
        if door is not None and not isinstance(command, (wire.Hello, wire.Fetch)):
            self.pages.lead(door)
        task = self._loop.create_task(self._soon(command, door))
        if isinstance(command, CHANGING):
            self.running.work.add(task)
            task.add_done_callback(self.running.work.discard)

    async def _soon(self, command: wire.Command, door: Door | None) -> None:
        with contextlib.nullcontext() if isinstance(command, CHANGING) else eager():
            await self._handle(command, door)

    async def _handle(self, command: wire.Command, door: Door | None) -> None:
        if not isinstance(command, (wire.Fetch, wire.Hello)):
            self.error = ""
        try:
            await HANDLERS[type(command)](self, command, door)
        except IdeatorError as error:
            self.error = str(error)
        except asyncio.CancelledError:  # stopped: what was running has been journalled so
            self.message = ""
        except Exception as error:  # noqa: BLE001 - a fault of ours ends a command, not the session
            _log.warning("a command failed", exc_info=True)
            self.error = f"a fault of ours, please report it: {type(error).__name__}: {error}"[:500]
        self.growing.clear()
        if not self.running.work - {asyncio.current_task()}:
            self.activity, self.message = "idle", ""
        self.publish()

    def publish(self) -> None:
        """Tell all pages what has changed."""
        self.publisher.publish()
        self.moved.set()

    def say(self, activity: wire.Activity, message: str = "") -> None:
        """Say what is being done."""
        self.activity, self.message = activity, message
        self.publish()

    def note(self, line: str) -> None:
        """Say something to know, which stays."""
        self.notes.append(line)
        self.publish()

    def history(self, page: wire.Hello | None = None) -> Journal:
        """Return the notebook's journal, opened at the first need.

        A trial that was running when the kernel ended is closed then: nobody runs it any more.
        """
        if self.journal is None:
            page = page or wire.Hello(wire=wire.WIRE, path=self.path)
            placed = place.open_for(page.path, page.notebook_id, page.events, self._taken())
            self.journal = journal = placed.journal
            self.notes += [*journal.notes, *([placed.note] if placed.note else [])]
            self.hooks.submissions = journal.folder / "submissions"
            for trial in journal.state.trials:
                if trial.outcome is None and trial.id not in journal.state.imported:
                    ended = Failure(kind=FailureKind.INTERRUPTED, message="the kernel ended before the trial did")
                    journal.append(TrialFinished(trial=trial.id, outcome=ended))
        return self.journal

    async def ready(self) -> Wiring:
        """Return what a run works with, looked at anew where a cell has run since.

        Raises `BindingError` or `UsageError` with one line that says what is needed.
        """
        journal = self.history()
        known = journal.state.task if self.asked is None else None
        task, profile = await self.looking.task(self.name, self.asked, self.sources, known)
        if journal.state.task != task:
            journal.append(TaskSet(task=task))
        namespace = await self.looking.namespace()
        ideator, implementer = self._made(*self.agents)
        self.growing.watch(ideator)
        level, without = chosen(journal.state.brief.level, journal.state.brief.without)
        return Wiring(
            task=task,
            host=self.host,
            implementer=implementer,
            ideator=ideator,
            journal=journal,
            profile=profile,
            kernel=namespace.facts,
            level=level,
            without=without,
        ).log_calls()

    def choose_agents(self, ideator: str | None, implementer: str | None) -> None:
        """Choose who proposes and who implements. Raises `UsageError` for one that does not load or is not set up."""
        chosen = ideator or self.agents[0], implementer or self.agents[1]
        made = self._made(*chosen)
        for agent, named in zip(made, (ideator, implementer), strict=True):
            if named and isinstance(agent, Checks):
                agent.check()
        self.agents = chosen

    @staticmethod
    def _made(ideator: str, implementer: str) -> tuple[Ideator, Implementer]:
        return load(IDEATORS, ideator)(), load(IMPLEMENTERS, implementer)()

    async def _approve(self, cell: Cell) -> str:
        before = self.activity, self.message
        self.activity = "approval"
        inserts = self.pages.can_run and self.host.pump is None
        names = frozenset((await self.looking.namespace()).names)
        declined = await self.approving.approve(cell, self.pages.trial, inserts=inserts, names=names)
        self.say(*before)
        return declined

    def _alone(self, waiting: bool) -> None:
        """Say what to do where nobody is there who can run cells."""
        if waiting:
            self._before = self.activity, self.message
            self.run_in_cell = GO
            self.say("paused", f"waits: run {GO} in a cell, or open the notebook in JupyterLab")
        else:
            self.run_in_cell = ""
            self.say(*self._before)

    def _placed(self, cells: list[tuple[Cell, str]]) -> None:
        trial = self.pages.trial
        if trial is not None:
            events = []
            for cell, identity in cells:
                names = () if cell.passing else cell.keep or ()  # what passes is gone when the trial ends
                events.append(TrialPlaced(trial=trial.id, cell=identity, digest=digest(cell.source), names=names))
            self.history().append(*events)
            self.publish()

    def _user_cell(self, cell: UserCell) -> None:
        """Take note, on the main thread, of a cell of the user's that has run."""
        self.looking.changed()
        taken, self.taken = self.taken, False
        if self.journal is not None and not taken:
            state = self.journal.state
            metric = state.task.metric.name if state.task else ""
            value = own.value_of(cell, state.watching, self.shell.user_ns, metric)
            if value is not None:
                self._loop.call_soon_threadsafe(self._own_score, cell, value)

    def _own_score(self, cell: UserCell, value: float) -> None:
        if own.take(self.history(), cell, value):
            self.publish()
