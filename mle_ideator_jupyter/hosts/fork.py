"""ForkHost: the fast path for many short trials on a CPU.

A server process imports the libraries and runs the notebook's cells (plain Python that loads data and must not fit
anything), then forks a child for each cell. What a cell leaves behind goes with its child: names in
`Cell.keep` do not survive, and nothing needs to be put back. Figures are not captured. POSIX only.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from mle_ideator_jupyter.errors import BindingError, HostError
from mle_ideator_jupyter.facts import Namespace, Profile
from mle_ideator_jupyter.hosts import kernelside
from mle_ideator_jupyter.hosts.fence import Fence
from mle_ideator_jupyter.hosts.forklife import Server
from mle_ideator_jupyter.hosts.forkwire import Request
from mle_ideator_jupyter.hosts.setup import Setup
from mle_ideator_jupyter.hosts.waiting import finish
from mle_ideator_jupyter.model import Binding, Limits
from mle_ideator_jupyter.protocols import Cell, CellResult


class ForkHost:
    """Runs each cell in a fork of a server that has the notebook's data, one at a time.

    Args:
        sources: cells that load the data; they run in the server and must not fit anything.
        cwd: the working directory.
        setup_limits: limits of each of `sources`, and of each plain cell when it runs again.
        submissions: the folder that `report_score` writes submissions to; None writes none.
        fence: what the server and its children may use; None is whatever this process may.
    """

    name = "fork"
    forgets = True
    """What a cell leaves goes with its child: see `abilities.Forgets`."""

    def __init__(
        self,
        sources: Sequence[str] = (),
        *,
        cwd: Path | None = None,
        setup_limits: Limits = Limits(),  # noqa: B008 - frozen
        submissions: Path | None = None,
        fence: Fence | None = None,
    ) -> None:
        self._fence = fence
        self._setup = Setup(sources)
        self._setup_limits = setup_limits
        self._cwd, self._submissions = cwd, submissions
        self._server: Server | None = None
        self._turn = asyncio.Lock()
        self._stopping = False

    @property
    def setup_results(self) -> list[CellResult]:
        """Return how the notebook's cells ended when they first ran."""
        return self._setup.results

    @property
    def setup_failures(self) -> list[str]:
        """Return a line for each of the notebook's cells that failed."""
        return self._setup.failures

    async def start(self) -> None:
        """Start the server and run the notebook's cells in it; how they ended is in `setup_results`."""
        async with self._turn:
            await finish(self._ready(), self._stop)

    async def run(self, cell: Cell, limits: Limits = Limits()) -> CellResult:  # noqa: B008 - frozen
        """Run one cell in a child; one without `keep` is a plain cell, which runs in the server and stays."""
        async with self._turn:
            return await finish(self._run(cell, limits), self._stop)

    async def namespace(self) -> Namespace:
        """Return what the server holds."""
        return (await self._ask("namespace")).namespace or Namespace()

    async def profile(self, binding: Binding) -> Profile:
        """Return the profile of the Binding's frames, computed in a child."""
        answer = await self._ask("profile", msgspec.json.encode(binding).decode())
        if answer.profile is None:
            raise BindingError(answer.error)
        return answer.profile

    async def interrupt(self) -> None:
        """Stop the running cell, and return when it has stopped."""
        if self._turn.locked():
            self._stop()
            async with self._turn:
                pass

    async def close(self) -> None:
        """End the server and all that it began."""
        self._stop()
        async with self._turn:
            if self._server is not None:
                await finish(self._server.end(), lambda: None)

    def _stop(self) -> None:
        self._stopping = True
        if self._server is not None:
            self._server.stop()

    async def _ready(self) -> Server:
        self._stopping = False
        if self._server is None or not self._server.alive:
            if sys.platform == "win32":
                msg = "the fork host needs a POSIX system; use the scratch host"
                raise HostError(msg)
            try:
                await self._setup.run(self._launch, self._set_up, lambda: bool(self._server and self._server.alive))
            except HostError:
                if self._server is not None:
                    await self._server.end()
                raise
        if self._server is None:
            msg = "the fork server is closed"
            raise HostError(msg)
        return self._server

    async def _launch(self) -> None:
        try:
            self._server = Server(self._cwd, self._submissions, self._fence)
        except OSError as error:
            msg = f"the fork server does not start: {error}"
            raise HostError(msg) from None
        await self._server.start()

    async def _set_up(self, source: str) -> CellResult:
        result = CellResult(status="died")
        if self._server is not None and not self._stopping:
            result = await self._server.set_up(source, self._setup_limits)
        if self._stopping:
            msg = "stopped while the notebook's cells ran; run again"
            raise HostError(msg)
        return result

    async def _run(self, cell: Cell, limits: Limits) -> CellResult:
        server = await self._ready()
        if cell.keep is None:
            result = await server.set_up(cell.source, limits)
            if result.status == "ok":
                self._setup.add(cell.source)
            return result
        if self._stopping:
            return CellResult(status="interrupted", message="stopped")
        try:
            response = await server.request(Request(kind="run", source=cell.source, limits=limits))
        except HostError as error:  # the cell took the server down with it; the next one gets a new server
            return CellResult(status="died", message=str(error))
        return response.result or CellResult(status="died", message="the fork server gave no result")

    async def _ask(self, question: str, argument: str = "") -> kernelside.Answer:
        async with self._turn:
            server = await finish(self._ready(), self._stop)
            response = await finish(
                server.request(Request(kind="ask", question=question, argument=argument)), self._stop
            )
        if not response.answer:
            said = response.result.message if response.result else "no answer"
            msg = f"looking at the data failed: {said}"
            raise HostError(msg)
        return kernelside.decode(response.answer)
