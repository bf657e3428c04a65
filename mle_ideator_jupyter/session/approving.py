"""Asks the user before a cell runs, as often as the approval mode says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.model import Trial, new_id
from mle_ideator_jupyter.protocols import Cell
from mle_ideator_jupyter.touching import touched

DECLINED = "declined by the user"
TOUCHES_SHOWN = 10


class Approving:
    """Whether cells may run. `waiting` is what the user is asked now.

    Args:
        on_change: called when `waiting` has changed.
    """

    def __init__(self, on_change: Callable[[], object]) -> None:
        self.mode: wire.ApprovalMode = "cell"
        self.waiting: wire.ApprovalView | None = None
        self._answer: asyncio.Future[tuple[bool, bool]] | None = None
        self._granted: str = ""
        self._on_change = on_change

    async def approve(
        self, cell: Cell, trial: Trial | None, *, inserts: bool = True, names: Container[str] = ()
    ) -> str:
        """Return "" when the cell may run, else why not; asks the user where the mode says so.

        `inserts` says whether the notebook's page will insert it; `names` are the user's variables. A cell that would
        change one of them in place is asked about even where the rest of its trial was granted.
        """
        identity = trial.id if trial else cell.id
        touches = tuple(t.describe() for t in touched(cell.source, names) if t.name not in (cell.keep or ()))
        if self.mode == "autopilot" or (identity == self._granted and not touches):
            return ""
        number = trial.number if trial else 0
        ours, yours = "insert this cell into the notebook and run it", "run this code, in a cell that you start,"
        self.waiting = wire.ApprovalView(
            request=new_id(),
            trial=identity,
            number=number,
            title=trial.title if trial else cell.title,
            action=f"{ours if inserts else yours} as trial {number}, on copies of your data",
            source=cell.source,
            touches=touches[:TOUCHES_SHOWN],
        )
        self._answer = asyncio.get_running_loop().create_future()
        self._on_change()
        try:
            yes, rest = await self._answer
        finally:
            self.waiting = self._answer = None
            self._on_change()
        if yes and (rest or self.mode == "trial"):
            self._granted = identity
        return "" if yes else DECLINED

    def decide(self, command: wire.Decide) -> None:
        """Take the user's answer; one to a question that is not asked any more is left."""
        if self.waiting and self._answer and self.waiting.request == command.request and not self._answer.done():
            self._answer.set_result((command.yes, command.rest))
