"""Where a trial's cells run: in the notebook's page, or in a cell of the user's that runs what waits (a pump).

A widget's page cannot run cells, and a command of its page may not be heard while a cell runs. So a trial that was
asked for there waits; `%ideate go` runs it in the cell where it is given, as long as there is something to run.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from mle_ideator_jupyter.errors import PumpedError
from mle_ideator_jupyter.facts import Namespace, Profile
from mle_ideator_jupyter.hosts.lab import LabHost
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.model import Binding, Limits, Trial
from mle_ideator_jupyter.protocols import Cell, CellResult, Host

if TYPE_CHECKING:
    from mle_ideator_jupyter.session.session import Session

GO = "%ideate go"
"""What to run in a cell for what waits to run."""
LOOK_SECONDS = 1.0
"""How often a pump looks whether it is still of use, when nothing tells it."""


class Pump(msgspec.Struct, frozen=True):
    """A cell of the user's that runs cells of trials: their host, and who shows each cell and hears each update."""

    host: Host
    show: Callable[[Cell, Trial | None], Awaitable[object]]
    tell: Callable[[Update], Awaitable[object]]


class AnywhereHost:
    """Runs each cell where it can run, once it is approved: in the pump, if there is one, else in the notebook's page.

    Args:
        lab: runs cells in the notebook's page; raises `PumpedError` where a pump comes before any page does.
        approve: asked before each cell; what it returns, if anything, is why the cell must not run.
        trial: returns the trial that cells now belong to.
    """

    name = "lab"

    def __init__(
        self, lab: LabHost, approve: Callable[[Cell], Awaitable[str]], trial: Callable[[], Trial | None]
    ) -> None:
        self.pump: Pump | None = None
        self.running = 0
        """How many cells the pump has been given."""
        self._lab, self._approve, self._trial = lab, approve, trial

    @property
    def still_running(self) -> bool:
        """Return whether the last interrupt did not end the cell in time."""
        return self._lab.still_running

    async def start(self) -> None:
        """Nothing to do: the notebook's cells have run where they belong."""

    async def run(self, cell: Cell, limits: Limits = Limits()) -> CellResult:  # noqa: B008 - frozen
        """Run a cell once it is approved; where nobody is there who could, wait."""
        declined = await self._approve(cell)
        if declined:
            return CellResult(status="interrupted", message=declined)
        while self.pump is None:
            with contextlib.suppress(PumpedError):
                return await self._lab.run(cell, limits)
        self.running += 1
        try:
            await self.pump.show(cell, self._trial())
            return await self.pump.host.run(cell, limits)
        finally:
            self.running -= 1

    async def namespace(self) -> Namespace:
        """Return what the kernel holds; also while a cell runs."""
        return await self._lab.namespace()

    async def profile(self, binding: Binding) -> Profile:
        """Return the profile of the Binding's frames; also while a cell runs."""
        return await self._lab.profile(binding)

    async def drop(self, names: Sequence[str]) -> None:
        """Take these names out of the kernel."""
        await self._lab.drop(names)

    async def interrupt(self) -> None:
        """Stop our cells, and return when they have stopped."""
        await self._lab.interrupt()
        if self.pump is not None:
            await self.pump.host.interrupt()

    async def close(self) -> None:
        """Nothing to end: the kernel is the user's."""


async def run_waiting(session: Session, pump: Pump) -> str:
    """Run what waits in the cell that calls, until nothing waits or it needs the panel; return what it needs.

    When cancelled, what runs is stopped.
    """
    work = session.running.work
    if not work:
        return "nothing waits to run: ask for a trial in the panel, then run this again"
    session.host.pump = pump
    session.pages.pumps(there=True)
    try:
        while work:
            session.moved.clear()
            needed = _needed(session)
            if needed:
                return needed
            moved = asyncio.ensure_future(session.moved.wait())
            await asyncio.wait({moved, *work}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            moved.cancel()
    except asyncio.CancelledError:
        await session.running.stop()
        raise
    finally:
        session.host.pump = None
        session.pages.pumps(there=False)
    return ""


def _needed(session: Session) -> str:
    """Return what the panel must be asked before anything more can run here, in one line; "" for nothing."""
    if session.host.running:
        return ""
    if session.approving.waiting is not None and not session.heard_aside:
        return f"the next cell waits for your yes in the panel; then run {GO} again"
    if session.activity == "paused" and not session.run_in_cell:
        return f"paused: resume in the panel, then run {GO} again"
    if session.pages.asked:
        return "the notebook's page runs what was asked for: nothing is left to run here"
    return ""
