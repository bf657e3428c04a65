"""The pages that show one notebook: who is there, who leads, and what they were asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.errors import PageGoneError, PumpedError, UsageError
from mle_ideator_jupyter.hosts.hooks import digest
from mle_ideator_jupyter.model import Trial, new_id
from mle_ideator_jupyter.protocols import Cell, Ran

UNHEARD_SECONDS = 10.0
"""A page that has not heard a request for so long makes way for one that says hello."""


class Door(Protocol):
    """One page, or whoever else shows the session."""

    can_run: bool
    """Whether it has a notebook to insert cells into and run them."""

    def send(self, message: dict[str, Any]) -> None:
        """Take a message; called on the session's thread."""
        ...


class Pages:
    """A front end made of all pages of one notebook; the one that gave the last command leads.

    Args:
        on_placed: called with pairs (cell, cell id) when cells of ours stand in the notebook.
        on_alone: called with True when somebody is waited for, and with False when somebody came.
    """

    def __init__(
        self, on_placed: Callable[[list[tuple[Cell, str]]], object], on_alone: Callable[[bool], object]
    ) -> None:
        self.doors: list[Door] = []
        self.anchor = ""
        self.trial: Trial | None = None
        """The trial that cells now belong to."""
        self.fold = False
        """Whether cells are folded once they have run: those of an autopilot, which may be many."""
        self._leader: Door | None = None
        self._asked: dict[str, tuple[Door, asyncio.Future[Any], Cell | None]] = {}
        self._unheard: dict[str, tuple[Door, float]] = {}
        self._names: dict[int, str] = {}
        self._stands: dict[str, wire.PlacedCell] = {}
        """Where cells of ours stand in the notebook, by their own ids."""
        self._came = asyncio.Event()
        self._pumps = False
        self._on_placed, self._on_alone = on_placed, on_alone

    @property
    def can_run(self) -> bool:
        """Return whether somebody is there who can run cells."""
        return any(door.can_run for door in self.doors)

    @property
    def asked(self) -> bool:
        """Return whether a page has been asked for something that it has not answered."""
        return bool(self._asked)

    def pumps(self, *, there: bool) -> None:
        """Say whether a cell of the user's runs the cells that no page can run."""
        self._pumps = there
        self._heed()

    def connect(self, door: Door) -> None:
        """Take a page in."""
        if door not in self.doors:
            self.doors.append(door)
        self._heed()

    def greet(self, door: Door, page: str) -> None:
        """Take a page's hello: what it was before a reload is gone, and so is one that left a request unheard."""
        self._names[id(door)] = page
        now = time.monotonic()
        unheard = [d for d, since in self._unheard.values() if now - since > UNHEARD_SECONDS]
        for other in [d for d in self.doors if d is not door]:
            if (page and self._names.get(id(other)) == page) or any(other is d for d in unheard):
                self.disconnect(other)

    def disconnect(self, door: Door) -> None:
        """Let a page go; what it was asked has no answer any more."""
        if door in self.doors:
            self.doors.remove(door)
        self._names.pop(id(door), None)
        if self._leader is door:
            self._leader = None
        self._heed()
        for request, (asked, answer, _) in list(self._asked.items()):
            if asked is door:
                del self._asked[request]
                if not answer.done():
                    answer.set_exception(PageGoneError("the page was closed"))

    def lead(self, door: Door) -> None:
        """Let this page, which gave a command, run the cells that come of it."""
        if door.can_run:
            self._leader = door

    def tell(self, message: wire.Message, door: Door | None = None) -> None:
        """Send a message to one page, or to all."""
        plain = wire.encode(message)
        for each in [door] if door else list(self.doors):
            each.send(plain)

    async def run_cell(self, cell: Cell) -> Ran:
        """Have the leading page insert a cell of the present trial after the last one, and run it.

        Waits for a page where there is none; raises `PumpedError` when a pump comes instead.
        """
        if not self.can_run:
            await self._somebody()
        trial = self.trial
        new = wire.NewCell(
            source=cell.source,
            title=cell.title,
            trial=trial.id if trial else "",
            number=trial.number if trial else None,
        )
        answer = await self._ask(
            lambda request: wire.RunCell(
                request=request, cell=new, after=self.anchor, fold=self.fold, replaces=self._stands.get(cell.replaces)
            ),
            cell,
        )
        return Ran(how=answer.how, outputs=answer.outputs, message=answer.message)

    async def insert(self, cells: tuple[wire.NewCell, ...], after: str = "") -> wire.Changed:
        """Have cells inserted in one undo step. Raises `UsageError` with no page there."""
        changed: wire.Changed = await self._ask(
            lambda request: wire.InsertCells(request=request, cells=cells, after=after or self.anchor)
        )
        return changed

    async def remove(self, cells: tuple[wire.PlacedCell, ...]) -> wire.Changed:
        """Have cells removed in one undo step, but those that were edited. Raises `UsageError` with no page there."""
        changed: wire.Changed = await self._ask(lambda request: wire.RemoveCells(request=request, cells=cells))
        return changed

    def take(self, answers: Iterable[wire.Placed | wire.Ran | wire.Changed], door: Door) -> None:
        """Take answers; one that nobody waits for, or from a page that was not asked, is left."""
        placed = []
        for answer in answers:
            asked, waiting, cell = self._asked.get(answer.request, (None, None, None))
            if asked is not door or waiting is None:
                continue
            self._unheard.pop(answer.request, None)
            if not isinstance(answer, wire.Placed):
                if isinstance(answer, wire.Ran) is (cell is not None) and not waiting.done():
                    waiting.set_result(answer)
            elif cell is not None and answer.cell:
                self.anchor = answer.cell
                self._stands[cell.id] = wire.PlacedCell(cell=answer.cell, digest=digest(cell.source))
                placed.append((cell, answer.cell))
        if placed:
            self._on_placed(placed)

    async def _ask(self, make: Callable[[str], wire.Message], cell: Cell | None = None) -> Any:
        if not self.can_run:
            msg = "this front end cannot change the notebook's cells: open the notebook in JupyterLab for that"
            raise UsageError(msg)
        door = self._leader or next(d for d in self.doors if d.can_run)
        request = new_id()
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[request] = door, answer, cell
        self._unheard[request] = door, time.monotonic()
        try:
            self.tell(make(request), door)
            return await answer
        finally:
            self._asked.pop(request, None)
            self._unheard.pop(request, None)

    async def _somebody(self) -> None:
        """Wait for a page that can run cells. Raises `PumpedError` when a pump comes instead."""
        if not self._pumps:
            self._on_alone(True)
            try:
                await self._came.wait()
            finally:
                self._on_alone(False)
        if not self.can_run:
            raise PumpedError("a cell of the notebook runs what waits")

    def _heed(self) -> None:
        """Let those who wait go on if somebody is there."""
        if self.can_run or self._pumps:
            self._came.set()
        else:
            self._came.clear()
