"""ForkHost: the fast path for many short trials on a CPU.

A server process imports the libraries and runs the notebook's cells (plain Python that loads data and must not fit
anything), then forks a child for each cell. What a cell leaves behind goes with its child: names in
`Cell.keep` do not survive, and nothing needs to be put back. Figures are not captured. POSIX only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.endpoint.configuring import without_secrets
from mle_ideator_jupyter.errors import BindingError, HostError
from mle_ideator_jupyter.facts import Namespace, Profile
from mle_ideator_jupyter.hosts import kernelside
from mle_ideator_jupyter.hosts.fence import Fence
from mle_ideator_jupyter.hosts.fence import environment as fenced_environment
from mle_ideator_jupyter.hosts.forkwire import FENCE, STOP, Request, Response
from mle_ideator_jupyter.hosts.keeper import kept
from mle_ideator_jupyter.hosts.processes import MARK, Tree, python
from mle_ideator_jupyter.hosts.setup import Setup
from mle_ideator_jupyter.hosts.waiting import finish
from mle_ideator_jupyter.model import Binding, Limits
from mle_ideator_jupyter.protocols import Cell, CellResult
from mle_ideator_jupyter.scoring.reported import SUBMISSIONS

LINE_CAP = 64 << 20
POLL_SECONDS = 0.05
INTERRUPT_SECONDS = 5.0
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OMP_THREAD_LIMIT",  # also where a library asks for more, as LightGBM does
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "LOKY_MAX_CPU_COUNT",
    ),
    "1",
)
"""Trials of the fast path have one core each; more threads would only wait for each other."""


class Server:
    """One life of a fork server, and the way to talk with it."""

    def __init__(self, cwd: Path | None, submissions: Path | None, fence: Fence | None = None) -> None:
        mark = uuid.uuid4().hex
        environment = {**without_secrets(os.environ), **ONE_THREAD, "MPLBACKEND": "Agg", MARK: mark}
        environment.pop(SUBMISSIONS, None)
        if submissions is not None:
            environment[SUBMISSIONS] = str(submissions)
        self._folder = tempfile.TemporaryDirectory(prefix="ideate-", ignore_cleanup_errors=True)
        if fence is not None:
            environment = fenced_environment(fence, environment)
            own = replace(fence, write=(*fence.write, str(Path(self._folder.name).resolve())))
            (Path(self._folder.name) / FENCE).write_bytes(msgspec.json.encode(own))
        ours, theirs = socket.socketpair()
        with contextlib.ExitStack() as closing, theirs:
            closing.enter_context(ours)
            closing.callback(self._folder.cleanup)
            self._keeper = subprocess.Popen(
                kept(
                    python("mle_ideator_jupyter.hosts.forkserver", str(theirs.fileno()), self._folder.name),
                    self._folder.name,
                ),
                stdin=subprocess.PIPE,
                cwd=cwd,
                env=environment,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
            closing.pop_all()
        self._socket = ours
        self._tree = Tree(self._keeper.pid, mark)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._stop_at: float | None = None
        self._setting_up = False
        self.alive = True

    async def start(self) -> None:
        """Wait until the libraries are loaded."""
        self._streams = await asyncio.open_connection(sock=self._socket, limit=LINE_CAP)
        await self._answer()

    async def request(self, request: Request) -> Response:
        """Send a request and return what came of it. Raises `HostError` when the server ends meanwhile."""
        if self._streams is None or not self.alive:
            msg = "the fork server is closed"
            raise HostError(msg)
        self._stop_at = None
        self._streams[1].write(msgspec.json.encode(request) + b"\n")
        return await self._answer()

    async def set_up(self, source: str, limits: Limits) -> CellResult:
        """Run a plain cell in the server itself; when it exceeds a limit, the server is ended."""
        self._tree.begin()
        self._setting_up = True
        answer = asyncio.ensure_future(self.request(Request(kind="setup", source=source)))
        try:
            while not answer.done():
                await asyncio.wait({answer}, timeout=POLL_SECONDS)
                over = await asyncio.to_thread(self._tree.over, limits)
                if self._stop_at is not None and self._tree.seconds - self._stop_at > INTERRUPT_SECONDS:
                    over = "interrupted", "it did not heed the interrupt, so its process was ended"
                if over and not answer.done():
                    await self.end()
                    await asyncio.wait({answer})
                    answer.exception()
                    return CellResult(status=over[0], message=over[1], seconds=self._tree.seconds)
        finally:
            self._setting_up = False
        try:
            ended = answer.result().result or CellResult(status="died")
        except HostError as error:
            return CellResult(status="died", message=str(error), seconds=self._tree.seconds)
        return replace(ended, seconds=self._tree.seconds, cpu_seconds=self._tree.cpu_seconds)

    def stop(self) -> None:
        """Have the running cell ended."""
        if self._streams is None or not self.alive or self._stop_at is not None:
            return
        self._stop_at = self._tree.seconds
        self._streams[1].write(STOP)
        if self._setting_up:
            os.killpg(self._keeper.pid, signal.SIGINT)

    async def end(self) -> None:
        """End the server and all that it began; safe to call twice."""
        if not self.alive:
            return
        self.alive = False
        try:
            await asyncio.to_thread(self._tree.end)
        finally:
            self._keeper.communicate()
            if self._streams is not None:
                self._streams[1].close()
            self._socket.close()
            self._folder.cleanup()

    async def _answer(self) -> Response:
        line = b""
        if self._streams is not None:
            try:
                line = await self._streams[0].readline()
            except (ConnectionError, ValueError):
                line = b""
        if not line:
            await self.end()
            msg = "the fork server ended; try the scratch host, whose kernel says why"
            raise HostError(msg)
        return msgspec.json.decode(line, type=Response)


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
