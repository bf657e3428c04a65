"""One life of a kernel: started under a keeper, its cells watched against their limits, ended for certain."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from mle_ideator_jupyter.endpoint.configuring import without_secrets
from mle_ideator_jupyter.errors import HostError
from mle_ideator_jupyter.hosts import kernelside
from mle_ideator_jupyter.hosts.collecting import Collector, Status, message_of, status_of
from mle_ideator_jupyter.hosts.keeper import kept
from mle_ideator_jupyter.hosts.processes import MARK, Tree, cleaners, died_of, killed, threads
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import CellResult
from mle_ideator_jupyter.scoring.reported import SUBMISSIONS

POLL_SECONDS = 0.05
START_SECONDS = 60.0
INTERRUPT_SECONDS = 5.0
"""A cell that does not end that long after an interrupt is killed with its kernel."""
AGAIN_SECONDS = 0.5
"""An interrupt that a cell swallowed is repeated that often."""
QUIET_SECONDS = 4.0
"""A cell whose reply came that long ago is over, even if a flood of output drowned the word of it."""
IPC_CHARACTERS = 70
"""Socket files with longer paths do not work everywhere."""


class Kernel:
    """A kernel process and the way to talk with it; `alive` is False once it was ended or found dead.

    Args:
        cwd: its working directory.
        submissions: the folder that `report_score` writes submissions to; None writes none.
        kernel_name: an installed kernelspec; None is the interpreter that runs this.
    """

    def __init__(self, *, cwd: Path | None, submissions: Path | None, kernel_name: str | None) -> None:
        self._cwd, self._submissions, self._kernel_name = cwd, submissions, kernel_name
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lifeline: int | None = None
        self._manager: Any = None
        self._client: Any = None
        self._tree: Tree | None = None
        self._stop_at: float | None = None
        self._interrupted = 0.0
        self._stoppable = False

    @property
    def alive(self) -> bool:
        """Return whether cells can run."""
        return self._tree is not None

    async def start(self) -> None:
        """Start the process and wait until it answers. Raises `HostError`."""
        from jupyter_client.kernelspec import NoSuchKernel
        from jupyter_client.manager import AsyncKernelManager

        mark = uuid.uuid4().hex
        environment = {**threads(), **without_secrets(os.environ), MARK: mark}
        environment.pop(SUBMISSIONS, None)
        if self._submissions is not None:
            environment[SUBMISSIONS] = str(self._submissions)
        try:
            spec = _spec(self._kernel_name)
        except NoSuchKernel:
            msg = f"there is no kernel {self._kernel_name!r}; `jupyter kernelspec list` names those there are"
            raise HostError(msg) from None
        self._folder = tempfile.TemporaryDirectory(prefix="ideate-", ignore_cleanup_errors=True)
        connection = str(Path(self._folder.name, "k.json"))
        transport = "tcp" if sys.platform == "win32" or len(connection) > IPC_CHARACTERS else "ipc"
        self._manager = AsyncKernelManager(
            kernel_spec_manager=_specs(spec, self._folder.name), transport=transport, connection_file=connection
        )
        reading, self._lifeline = os.pipe()
        with tempfile.TemporaryFile(dir=self._folder.name) as errors:
            try:
                await self._manager.start_kernel(
                    cwd=str(self._cwd) if self._cwd else None,
                    env=environment,
                    stdin=reading,
                    stdout=errors,
                    stderr=errors,
                )
                self._tree = Tree(self._manager.provisioner.pid, mark)
                self._client = self._manager.client()
                self._client.start_channels()
                await self._client.wait_for_ready(timeout=START_SECONDS)
            except (RuntimeError, OSError) as error:
                errors.seek(0)
                lines = errors.read().decode(errors="replace").splitlines()
                last = next((line.strip() for line in reversed(lines) if line.strip()), str(error))
                await self.end()
                msg = f"the kernel does not start: {last}; try: {' '.join(spec.argv[:3])} --version"
                raise HostError(msg) from None
            finally:
                os.close(reading)

    async def end(self) -> None:
        """End the kernel and all that it began; safe to call twice."""
        tree, self._tree = self._tree, None
        try:
            if tree is not None:
                await asyncio.to_thread(tree.end)
        finally:
            if self._client is not None:
                self._client.stop_channels()
            if self._lifeline is not None:
                os.close(self._lifeline)
                self._lifeline = None
                await self._manager.shutdown_kernel(now=True)
                self._manager.context.destroy()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def stop(self) -> None:
        """Have the running cell interrupted, again and again, and killed with its kernel if that does not help."""
        if self._stoppable and self._stop_at is None:
            self._stop_at = time.monotonic()

    async def execute(self, source: str, limits: Limits) -> CellResult:
        """Run source; whatever ends it, nothing of it runs in the foreground when this returns."""
        tree = self._living()
        collector = Collector(self._submissions)
        tree.begin()
        self._stop_at, self._stoppable = None, True
        message = self._client.execute(source, store_history=False, allow_stdin=False, stop_on_error=False)
        status, said, reply = await self._watch(message, collector, limits)
        seconds, cpu_seconds = tree.seconds, tree.cpu_seconds
        traceback = ""
        if reply is None:
            await self.end()
            collector.stream("stderr", said + "\n")
        elif reply["status"] == "error":
            status = status_of(reply["ename"])
            said = message_of(reply["ename"], reply["evalue"])
            traceback = "\n".join(reply.get("traceback", []))[-8000:]
        self._stoppable = False
        if self._stop_at is not None:
            status, said = "interrupted", said or "stopped"
        return CellResult(
            status=status,
            reported=collector.reported if status == "ok" else None,
            outputs=collector.result(),
            message=said,
            traceback=traceback,
            seconds=seconds,
            cpu_seconds=cpu_seconds,
        )

    async def ask(self, name: str, *arguments: str, limits: Limits = Limits()) -> kernelside.Answer:  # noqa: B008
        """Ask the kernel's side a question; asking leaves no trace. Raises `HostError`, alive or not afterwards."""
        tree = self._living()
        tree.begin()
        self._stop_at, self._stoppable = None, name not in {"remember", "restore"}
        message = self._client.execute(
            "",
            silent=True,
            store_history=False,
            allow_stdin=False,
            user_expressions={"answer": kernelside.question(name, *arguments)},
        )
        _, said, reply = await self._watch(message, Collector(), limits)
        if reply is None:
            await self.end()
            msg = f"looking into the kernel failed: {said}"
            raise HostError(msg)
        if reply["status"] != "ok":
            msg = f"looking into the kernel was interrupted ({reply.get('ename', '')}); run again"
            raise HostError(msg)
        answer = reply["user_expressions"]["answer"]
        if answer["status"] == "ok":
            return kernelside.decode(ast.literal_eval(answer["data"]["text/plain"]))
        if answer["ename"] in {"ModuleNotFoundError", "ImportError"}:
            raise HostError(kernelside.lacking(answer["evalue"]))
        msg = f"looking into the kernel failed: {message_of(answer['ename'], answer['evalue'])}"
        raise HostError(msg)

    def processes(self) -> set[int]:
        """Return the processes that there are now."""
        return set(self._tree.near()) if self._tree else set()

    async def end_processes_but(self, before: set[int]) -> None:
        """End the processes that a cell left behind: those that were not there before."""
        tree = self._tree
        if tree is not None and (new := set(tree.near()) - before):
            await asyncio.to_thread(tree.end, before | cleaners(new))

    def _living(self) -> Tree:
        if self._tree is None:
            msg = "the kernel is closed"
            raise HostError(msg)
        return self._tree

    async def _watch(
        self, message: str, collector: Collector, limits: Limits
    ) -> tuple[Status, str, dict[str, Any] | None]:
        """Collect outputs until the cell is over; no reply says that the kernel must be, or is, ended."""
        checked, replied = 0.0, 0.0
        reply: dict[str, Any] | None = None
        while True:
            now = time.monotonic()
            if now - checked >= POLL_SECONDS:
                checked = now
                if ending := await self._must_end(limits):
                    return *ending, None
                if reply is None:
                    reply, replied = await self._reply(message), now
            got = await self._output()
            if got is None:
                if reply is not None and now - replied > QUIET_SECONDS:
                    return "ok", "", reply
            elif got["parent_header"].get("msg_id") == message:
                if got["header"]["msg_type"] == "status" and got["content"]["execution_state"] == "idle":
                    # The reply was sent before this, on another socket.
                    reply = reply or await self._reply(message, QUIET_SECONDS)
                    # A cell that killed the kernel's keeper may be answered for before the kernel follows it.
                    gone = reply is None or killed(self._manager.provisioner.pid)
                    return ("died", self._cause(), None) if gone else ("ok", "", reply)
                collector.message(got)

    async def _must_end(self, limits: Limits) -> tuple[Status, str] | None:
        """Return why the kernel must be, or is, ended, if so; repeat an interrupt that was asked for."""
        tree, now = self._living(), time.monotonic()
        over = await asyncio.to_thread(tree.over, limits)
        if over:
            return over
        if not await self._manager.is_alive():
            return "died", self._cause()
        if self._stop_at is not None and now - self._stop_at > INTERRUPT_SECONDS:
            return "interrupted", "it did not heed the interrupt, so its kernel was ended"
        if self._stop_at is not None and now - self._interrupted > AGAIN_SECONDS:
            self._interrupted = now
            await self._manager.interrupt_kernel()
        return None

    async def _output(self) -> dict[str, Any] | None:
        with contextlib.suppress(Empty):
            got: dict[str, Any] = await self._client.get_iopub_msg(timeout=POLL_SECONDS)
            return got
        return None

    async def _reply(self, message: str, patience: float = 0.0) -> dict[str, Any] | None:
        with contextlib.suppress(Empty):
            while True:
                got = await self._client.get_shell_msg(timeout=patience)
                if got["parent_header"].get("msg_id") == message:
                    content: dict[str, Any] = got["content"]
                    return content
        return None

    def _cause(self) -> str:
        """Return why the kernel is gone, as far as its exit status tells."""
        code = self._manager.provisioner.process.poll() if self._manager.provisioner.process else None
        return died_of(code)


def _spec(kernel_name: str | None) -> Any:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    if kernel_name is not None:
        return KernelSpecManager().get_kernel_spec(kernel_name)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return KernelSpec(argv=argv, display_name="Python", language="python")


def _specs(spec: Any, folder: str) -> Any:
    """Return a manager that knows this kernel alone, under a keeper, so that none need be installed."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    program = sys.executable if spec.argv[0] in {"python", "python3"} else spec.argv[0]
    command = [program, *spec.argv[1:], "--HistoryManager.enabled=False"]
    under = KernelSpec(
        argv=command if sys.platform == "win32" else kept(command, folder),
        env=spec.env,
        display_name=spec.display_name,
        language=spec.language,
    )

    class OwnSpec(KernelSpecManager):  # type: ignore[misc]  # the base is untyped
        """Knows one kernel."""

        def get_kernel_spec(self, kernel_name: str) -> Any:
            del kernel_name
            return under

    return OwnSpec()
