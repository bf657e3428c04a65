"""One life of a fork server, and the way to talk with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.endpoint.configuring import without_secrets
from mle_ideator_jupyter.errors import HostError
from mle_ideator_jupyter.hosts.fence import Fence
from mle_ideator_jupyter.hosts.fence import environment as fenced_environment
from mle_ideator_jupyter.hosts.forkwire import FENCE, STOP, Request, Response
from mle_ideator_jupyter.hosts.keeper import kept
from mle_ideator_jupyter.hosts.processes import MARK, Tree, python
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import CellResult
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
