"""ScratchHost: a kernel of its own, in its own process group, within limits that are kept by killing it.

After a kill the kernel is started anew and its cells run again, on the next use: the notebook's, and every plain
cell that was run since; names that trials left behind do not come back. What this does not cover: threads
that a cell left running (they end with the kernel), and a process that first kills the kernel's keeper, then
leaves group and parentage, with a cleared environment. It is no sandbox: a cell may read whatever this user may read.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.errors import BindingError, HostError
from mle_ideator_jupyter.facts import Namespace, Profile
from mle_ideator_jupyter.hosts.kernel import Kernel
from mle_ideator_jupyter.hosts.setup import Setup
from mle_ideator_jupyter.hosts.waiting import finish
from mle_ideator_jupyter.model import Binding, Limits
from mle_ideator_jupyter.protocols import Cell, CellResult

GUARD_SECONDS = 60.0
"""Remembering the namespace and putting it back may each take that long."""


class ScratchHost:
    """Runs cells in a kernel of its own, one at a time; `sources` are the notebook's cells, which run first.

    Args:
        sources: code cells that make the namespace; run again after every restart.
        cwd: the kernel's working directory.
        setup_limits: limits of each of `sources`, and of each plain cell when it runs again.
        submissions: the folder that `report_score` writes submissions to; None writes none.
        kernel_name: an installed kernelspec; None is the interpreter that runs this.
    """

    name = "scratch"

    def __init__(
        self,
        sources: Sequence[str] = (),
        *,
        cwd: Path | None = None,
        setup_limits: Limits = Limits(),  # noqa: B008 - frozen
        submissions: Path | None = None,
        kernel_name: str | None = None,
    ) -> None:
        self._setup = Setup(sources)
        self._setup_limits = setup_limits
        self._cwd, self._submissions, self._kernel_name = cwd, submissions, kernel_name
        self._kernel = self._fresh()
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
        """Start the kernel and run the notebook's cells; how they ended is in `setup_results`."""
        async with self._turn:
            await finish(self._ready(), self._stop)

    async def run(self, cell: Cell, limits: Limits = Limits()) -> CellResult:  # noqa: B008 - frozen
        """Run one cell; with `cell.keep`, the namespace is put back and the processes it began end with it."""
        async with self._turn:
            self._stopping = False
            return await finish(self._run(cell, limits), self._stop)

    async def namespace(self) -> Namespace:
        """Return what the kernel holds; asking leaves no trace in it."""
        async with self._turn:
            await finish(self._ready(), self._stop)
            return (await finish(self._kernel.ask("namespace"), self._stop)).namespace or Namespace()

    async def profile(self, binding: Binding) -> Profile:
        """Return the profile of the Binding's frames, computed in the kernel."""
        async with self._turn:
            await finish(self._ready(), self._stop)
            question = self._kernel.ask("profile", msgspec.json.encode(binding).decode())
            answer = await finish(question, self._stop)
        if answer.profile is None:
            raise BindingError(answer.error)
        return answer.profile

    async def drop(self, names: Sequence[str]) -> None:
        """Take these names out of the kernel; one that was ended holds none."""
        async with self._turn:
            if self._kernel.alive:
                with contextlib.suppress(HostError):
                    await finish(self._kernel.ask("drop", ",".join(names)), self._stop)

    async def interrupt(self) -> None:
        """Stop the running cell, and return when it has stopped."""
        if self._turn.locked():
            self._stop()
            async with self._turn:
                pass

    async def close(self) -> None:
        """End the kernel and all that it began."""
        self._stop()
        async with self._turn:
            await finish(self._kernel.end(), lambda: None)

    def _fresh(self) -> Kernel:
        return Kernel(cwd=self._cwd, submissions=self._submissions, kernel_name=self._kernel_name)

    def _stop(self) -> None:
        self._stopping = True
        self._kernel.stop()

    async def _ready(self) -> None:
        """Have a living kernel with the notebook's cells run."""
        if not self._kernel.alive:
            self._stopping = False
            try:
                await self._setup.run(self._launch, self._set_up, lambda: self._kernel.alive)
            except HostError:
                await self._kernel.end()
                raise

    async def _launch(self) -> None:
        await self._kernel.end()
        self._kernel = self._fresh()
        await self._kernel.start()

    async def _set_up(self, source: str) -> CellResult:
        if not self._stopping:
            result = await self._kernel.execute(source, self._setup_limits)
        if self._stopping:
            msg = "stopped while the notebook's cells ran; run again"
            raise HostError(msg)
        return result

    async def _run(self, cell: Cell, limits: Limits) -> CellResult:
        await self._ready()
        if cell.keep is None:
            result = await self._kernel.execute(cell.source, limits)
            if result.status == "ok":
                self._setup.add(cell.source)
            return result
        guarding = replace(limits, seconds=GUARD_SECONDS, cpu_seconds=None)
        await self._remember(guarding)
        if self._stopping:
            return CellResult(status="interrupted", message="stopped")
        before = self._kernel.processes()
        result = await self._kernel.execute(cell.source, limits)
        if not self._kernel.alive:
            return result
        try:
            answer = await self._kernel.ask("restore", ",".join(cell.keep), limits=guarding)
        except HostError as error:
            await self._kernel.end()
            return replace(result, status="died", reported=None, message=f"after the cell, {error}")
        await self._kernel.end_processes_but(before)
        return replace(result, changed=tuple(answer.changed or ()))

    async def _remember(self, limits: Limits) -> None:
        """Remember the namespace, in a new kernel where the last cell left a dying one."""
        try:
            await self._kernel.ask("remember", limits=limits)
        except HostError:
            if self._kernel.alive:
                raise
            await self._ready()
            await self._kernel.ask("remember", limits=limits)
