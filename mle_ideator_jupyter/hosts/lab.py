"""LabHost: cells run in the user's own notebook by its front end, where the user sees every one of them.

The front end inserts and runs; score, status and changes are captured in the kernel (`hooks`), so a page that is
closed or reloaded loses nothing but the copy of the outputs.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.errors import BindingError, PageGoneError
from mle_ideator_jupyter.facts import Namespace, Profile
from mle_ideator_jupyter.hosts import kernelside
from mle_ideator_jupyter.hosts.collecting import Collector
from mle_ideator_jupyter.hosts.hooks import CellHooks, Expected
from mle_ideator_jupyter.model import Binding, Limits
from mle_ideator_jupyter.protocols import Cell, CellResult, FrontEnd, Ran

ON_ITS_WAY_SECONDS = 1.0
"""How long a cell that a page had run as it went away may take to reach the kernel, before another page is asked."""
OUTPUT_SECONDS = 5.0
"""How long to wait for the outputs of a cell that has ended."""
SEEN_SECONDS = 10.0
"""How long to wait for the kernel's word on a cell that the front end says has run."""
STOP_SECONDS = 10.0
"""How long a stopped cell may take to end before it is said to be still running."""


class LabHost:
    """Runs cells in the captured notebook of a front end.

    Args:
        front_end: inserts and runs cells.
        hooks: watches the cells that run in this kernel.
        user_ns: the kernel's namespace.
    """

    name = "lab"

    def __init__(self, front_end: FrontEnd, hooks: CellHooks, user_ns: Callable[[], dict[str, Any]]) -> None:
        self._front_end, self._hooks, self._user_ns = front_end, hooks, user_ns
        self._running: list[Expected] = []
        self.still_running = False
        """Whether the last interrupt did not end the cell in time."""

    async def start(self) -> None:
        """Nothing to do: the notebook's cells have run where they belong."""

    async def run(self, cell: Cell, limits: Limits = Limits()) -> CellResult:  # noqa: B008 - frozen
        """Have the cell inserted and run.

        Several may be asked for at once: they stand and run in the order in which they were asked for. Raises
        `PumpedError` where no page is there and the front end says that cells run elsewhere.
        """
        expected = self._hooks.expect(cell, limits)
        self._running.append(expected)
        asking = asyncio.ensure_future(self._ask(cell, expected))
        done: asyncio.Future[CellResult] = asyncio.ensure_future(asyncio.wrap_future(expected.done))
        try:
            await asyncio.wait([asking, done], return_when=asyncio.FIRST_COMPLETED)  # type: ignore[type-var]  # tasks and futures
            result = await self._outcome(asking, done)
            return await self._with_outputs(result, asking) if result.status != "died" else result
        except asyncio.CancelledError:
            await self.interrupt()
            raise
        finally:
            asking.cancel()
            if expected.running.why is None or expected.done.done():
                self._hooks.forget(expected)
            self._running.remove(expected)

    async def _ask(self, cell: Cell, expected: Expected) -> Ran | None:
        """Return the front end's answer; None when the page went away after the cell had begun."""
        while not expected.began.is_set():
            with contextlib.suppress(PageGoneError):
                return await self._front_end.run_cell(cell)
            await asyncio.to_thread(expected.began.wait, ON_ITS_WAY_SECONDS)
        return None

    async def _outcome(self, asking: asyncio.Future[Ran | None], done: asyncio.Future[CellResult]) -> CellResult:
        """Return what the kernel says of the cell, or why it never ran."""
        if not done.done():
            answer = asking.result()
            if answer is not None and answer.how != "ran":
                return CellResult(status="interrupted", message=answer.message or _REASONS[answer.how])
            seen = SEEN_SECONDS if answer is not None else None
            try:
                await asyncio.wait_for(asyncio.shield(done), seen)
            except asyncio.TimeoutError:
                message = "the cell did not run as it was given: was it edited, or the kernel restarted?"
                return CellResult(status="interrupted", message=message)
        return done.result()

    async def _with_outputs(self, result: CellResult, asking: asyncio.Future[Ran | None]) -> CellResult:
        """Return the result with the outputs that the front end shows, capped, where they come in time."""
        if not asking.done():
            await asyncio.wait({asking}, timeout=OUTPUT_SECONDS)
        answer = asking.result() if asking.done() and not asking.cancelled() and not asking.exception() else None
        if answer is None:
            return result
        collector = Collector()
        for output in answer.outputs:
            with contextlib.suppress(KeyError, TypeError, AttributeError):  # forged shapes are left out
                collector.message({"header": {"msg_type": output["output_type"]}, "content": _content(output)})
        return replace(result, outputs=collector.result())

    async def namespace(self) -> Namespace:
        """Return what the kernel holds; also while a cell runs."""
        line = await asyncio.to_thread(kernelside.namespace, self._user_ns())
        return kernelside.decode(line).namespace or Namespace()

    async def profile(self, binding: Binding) -> Profile:
        """Return the profile of the Binding's frames; also while a cell runs."""
        asked = msgspec.json.encode(binding).decode()
        answer = kernelside.decode(await asyncio.to_thread(kernelside.profile, self._user_ns(), asked))
        if answer.profile is None:
            raise BindingError(answer.error)
        return answer.profile

    async def drop(self, names: Sequence[str]) -> None:
        """Take these names out of the kernel."""
        kernelside.drop(self._user_ns(), ",".join(names))

    async def interrupt(self) -> None:
        """Stop our cells, and return when they have stopped; one that waits behind the user's ends as it begins."""
        for expected in self._running:
            expected.running.stop("interrupted", "stopped by the user")
        begun = [expected for expected in self._running if expected.began.is_set()]
        for expected in begun:
            done = asyncio.wrap_future(expected.done)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(done), STOP_SECONDS)
        if begun:
            self.still_running = not all(expected.done.done() for expected in begun)

    async def close(self) -> None:
        """Nothing to end: the kernel is the user's."""


_REASONS = {
    "edited": "the cell was edited before it could run; it is yours now",
    "missing": "the cell was removed before it could run",
    "refused": "the notebook's page could not run the cell",
}


def _content(output: dict[str, Any]) -> dict[str, Any]:
    """Return an nbformat output with its multi-line texts joined, as a kernel sends them."""
    joined = dict(output)
    if isinstance(joined.get("text"), list):
        joined["text"] = "".join(joined["text"])
    data = joined.get("data")
    if isinstance(data, dict):
        joined["data"] = {k: "".join(v) if isinstance(v, list) else v for k, v in data.items()}
    return joined
