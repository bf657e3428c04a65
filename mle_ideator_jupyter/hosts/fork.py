"""ForkHost: the fast path for many short trials on a CPU.

A server process imports the libraries and runs the notebook's cells (which load data and must not fit
anything), then forks a child for each cell. What a cell leaves behind goes with its child: names in
`Cell.keep` do not survive, and nothing needs to be put back. POSIX only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from mle_ideator_jupyter.errors import BindingError, HostError
from mle_ideator_jupyter.facts import Namespace, Profile
from mle_ideator_jupyter.hosts import kernelside
from mle_ideator_jupyter.hosts.forkserver import STOP, Request, Response
from mle_ideator_jupyter.hosts.processes import Tree
from mle_ideator_jupyter.model import Binding, Limits
from mle_ideator_jupyter.protocols import Cell, CellResult
from mle_ideator_jupyter.scoring.reported import SUBMISSIONS

LINE_CAP = 64 << 20
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")


class ForkHost:
    """Runs each cell in a fork of a server that has the notebook's data.

    Args:
        sources: cells that load the data; they run in the server and must not fit anything.
        cwd: the working directory.
        submissions: the folder that `report_score` writes submissions to; None writes none.
    """

    name = "fork"

    def __init__(
        self, sources: Sequence[str] = (), *, cwd: Path | None = None, submissions: Path | None = None
    ) -> None:
        self.sources = list(sources)
        self.setup_results: list[CellResult] = []
        self._cwd = cwd
        self._submissions = submissions
        self._server: asyncio.subprocess.Process | None = None
        self._answers: asyncio.StreamReader | None = None

    async def start(self) -> None:
        """Start the server and run the notebook's cells in it; how they ended is in `setup_results`."""
        if self._server is not None:
            return
        if not hasattr(os, "fork"):
            msg = "the fork host needs a POSIX system; use the scratch host"
            raise HostError(msg)
        reading, writing = os.pipe()
        environment = {**os.environ, **ONE_THREAD}
        if self._submissions is not None:
            environment[SUBMISSIONS] = str(self._submissions)
        self._server = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mle_ideator_jupyter.hosts.forkserver",
            str(writing),
            stdin=asyncio.subprocess.PIPE,
            cwd=self._cwd,
            env=environment,
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(writing)
        self._answers = asyncio.StreamReader(limit=LINE_CAP)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._answers or asyncio.StreamReader()), os.fdopen(reading, "rb")
        )
        await self._answer()
        self.setup_results = []
        for source in self.sources:
            result = (await self._request(Request(kind="setup", source=source))).result
            self.setup_results.append(result or CellResult(status="died"))

    @property
    def setup_failures(self) -> list[str]:
        """Return a line for each of the notebook's cells that failed."""
        return [
            f"cell {number} failed ({result.message}); going on with what the kernel holds"
            for number, result in enumerate(self.setup_results, 1)
            if result.status != "ok"
        ]

    async def run(self, cell: Cell, limits: Limits = Limits()) -> CellResult:  # noqa: B008 - frozen
        """Run one cell in a child; one without `keep` is a setup cell, which runs in the server and stays."""
        await self.start()
        kind = "setup" if cell.keep is None else "run"
        response = await self._request(Request(kind=kind, source=cell.source, limits=limits))
        return response.result or CellResult(status="died", message="the fork server gave no result")

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
        """Stop the running cell."""
        if self._server and self._server.stdin:
            self._server.stdin.write(STOP + b"\n")
            await self._server.stdin.drain()

    async def close(self) -> None:
        """End the server and all that it began."""
        server, self._server = self._server, None
        if server is None or server.returncode is not None:
            return
        await asyncio.to_thread(Tree(server.pid).end)
        await server.wait()

    async def _ask(self, question: str, argument: str = "") -> kernelside.Answer:
        await self.start()
        response = await self._request(Request(kind="ask", question=question, argument=argument))
        if not response.answer:
            said = response.result.message if response.result else "no answer"
            msg = f"looking at the data failed: {said}"
            raise HostError(msg)
        return kernelside.decode(response.answer)

    async def _request(self, request: Request) -> Response:
        if self._server is None or self._server.stdin is None:
            msg = "the fork server is closed"
            raise HostError(msg)
        self._server.stdin.write(msgspec.json.encode(request) + b"\n")
        try:
            return await self._answer()
        except asyncio.CancelledError:
            await asyncio.shield(self._stop())
            raise

    async def _stop(self) -> None:
        await self.interrupt()
        with contextlib.suppress(HostError):
            await self._answer()

    async def _answer(self) -> Response:
        line = await self._answers.readline() if self._answers else b""
        if not line:
            msg = "the fork server ended; try the scratch host, whose kernel says why"
            raise HostError(msg)
        return msgspec.json.decode(line, type=Response)
