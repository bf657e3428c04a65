"""ScratchHost: a kernel of its own, in its own process group, within limits that are kept by killing it.

After a kill the kernel is started anew and the notebook's cells run again, on the next use. What this does
not cover: a process that clears its environment *and* leaves both the group and the parentage; and it is no
sandbox: a cell may read whatever this user may read.
"""

from __future__ import annotations

import ast
import asyncio
import os
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from queue import Empty
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.errors import BindingError, HostError
from mle_ideator_jupyter.facts import Namespace, Profile
from mle_ideator_jupyter.hosts import kernelside
from mle_ideator_jupyter.hosts.collecting import Collector
from mle_ideator_jupyter.hosts.processes import Tree
from mle_ideator_jupyter.model import Binding, Limits
from mle_ideator_jupyter.protocols import Cell, CellResult
from mle_ideator_jupyter.scoring.reported import SUBMISSIONS

POLL_SECONDS = 0.05
START_SECONDS = 60.0
INTERRUPT_SECONDS = 5.0
"""A cell that does not end that long after an interrupt is killed with its kernel."""
MARK = "MLE_IDEATOR_HOST"
Status = Literal["ok", "error", "timeout", "memory", "interrupted", "died"]


class ScratchHost:
    """Runs cells in a kernel of its own; `sources` are the notebook's cells, which run first.

    Args:
        sources: code cells that make the namespace; run again after every restart.
        cwd: the kernel's working directory.
        setup_limits: limits of each of `sources`.
        submissions: the folder that `report_score` writes submissions to; None writes none.
    """

    name = "scratch"

    def __init__(
        self,
        sources: Sequence[str] = (),
        *,
        cwd: Path | None = None,
        setup_limits: Limits = Limits(),  # noqa: B008 - frozen
        submissions: Path | None = None,
    ) -> None:
        self.sources = list(sources)
        self.setup_results: list[CellResult] = []
        self._cwd = cwd
        self._setup_limits = setup_limits
        self._submissions = submissions
        self._mark = uuid.uuid4().hex
        self._manager: Any = None
        self._client: Any = None
        self._tree: Tree | None = None

    async def start(self) -> None:
        """Start the kernel and run the notebook's cells; how they ended is in `setup_results`."""
        if self._manager is not None:
            return
        await self._launch()
        self.setup_results = []
        for source in self.sources:
            result = await self._execute(source, self._setup_limits)
            self.setup_results.append(result)
            if self._manager is None:
                await self._launch()

    @property
    def setup_failures(self) -> list[str]:
        """Return a line for each of the notebook's cells that failed."""
        return [
            f"cell {number} failed ({result.message}); going on with what the kernel holds"
            for number, result in enumerate(self.setup_results, 1)
            if result.status != "ok"
        ]

    async def run(self, cell: Cell, limits: Limits = Limits()) -> CellResult:  # noqa: B008 - frozen
        """Run one cell; with `cell.keep`, the namespace is put back around it."""
        await self.start()
        if cell.keep is None:
            return await self._execute(cell.source, limits)
        await self._ask("remember")
        result = await self._execute(cell.source, limits)
        if self._manager is None:
            return result
        answer = await self._ask("restore", ",".join(cell.keep))
        return replace(result, changed=tuple(answer.changed or ()))

    async def namespace(self) -> Namespace:
        """Return what the kernel holds; asking leaves no trace in it."""
        await self.start()
        return (await self._ask("namespace")).namespace or Namespace()

    async def profile(self, binding: Binding) -> Profile:
        """Return the profile of the Binding's frames, computed in the kernel."""
        await self.start()
        answer = await self._ask("profile", msgspec.json.encode(binding).decode())
        if answer.profile is None:
            raise BindingError(answer.error)
        return answer.profile

    async def interrupt(self) -> None:
        """Interrupt the running cell."""
        if self._manager is not None:
            await self._manager.interrupt_kernel()

    async def close(self) -> None:
        """End the kernel and all that it began."""
        await self._kill()

    # ------------------------------------------------------------ the kernel

    async def _launch(self) -> None:
        from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager

        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = KernelSpec(argv=argv, display_name="Python", language="python")

        class OwnSpec(KernelSpecManager):  # type: ignore[misc]
            """Knows this interpreter alone, so that no kernel need be installed."""

            def get_kernel_spec(self, kernel_name: str) -> Any:
                del kernel_name
                return spec

        environment = {**os.environ, MARK: self._mark}
        environment.pop(SUBMISSIONS, None)
        if self._submissions is not None:
            environment[SUBMISSIONS] = str(self._submissions)
        transport = "tcp" if sys.platform == "win32" else "ipc"
        manager = AsyncKernelManager(kernel_spec_manager=OwnSpec(), transport=transport)
        try:
            await manager.start_kernel(cwd=str(self._cwd) if self._cwd else None, env=environment)
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(timeout=START_SECONDS)
        except (RuntimeError, OSError) as error:
            await manager.shutdown_kernel(now=True)
            msg = f"the kernel does not start ({error}); try: {sys.executable} -m ipykernel_launcher --version"
            raise HostError(msg) from None
        self._manager, self._client = manager, client
        self._tree = Tree(manager.provisioner.pid, self._mark)

    async def _kill(self) -> None:
        manager, client, tree = self._manager, self._client, self._tree
        self._manager = self._client = self._tree = None
        if manager is None:
            return
        client.stop_channels()
        if tree is not None:
            await asyncio.to_thread(tree.end)
        await manager.shutdown_kernel(now=True)
        manager.context.destroy()

    async def _execute(self, source: str, limits: Limits) -> CellResult:
        """Run source in the kernel; whatever ends it, nothing of it runs when this returns."""
        client, tree = self._client, self._tree
        if tree is None:
            msg = "the kernel is closed"
            raise HostError(msg)
        collector = Collector()
        tree.begin()
        message = client.execute(source, store_history=False, allow_stdin=False, stop_on_error=False)
        try:
            status, said = await self._until_idle(message, collector, limits)
        except asyncio.CancelledError:
            await asyncio.shield(self._stop(message))
            raise
        seconds, cpu_seconds = tree.seconds, tree.cpu_seconds
        traceback = ""
        if status == "ok":
            reply = await self._reply(message)
            if reply["status"] == "error":
                status = "interrupted" if reply["ename"] == "KeyboardInterrupt" else "error"
                said = f"{reply['ename']}: {reply['evalue']}".strip().splitlines()[0][:500]
                traceback = "\n".join(reply.get("traceback", []))[-8000:]
        else:
            await self._kill()
            collector.stream("stderr", said + "\n")
        return CellResult(
            status=status,
            reported=collector.reported if status == "ok" else None,
            outputs=collector.result(),
            message=said,
            traceback=traceback,
            seconds=seconds,
            cpu_seconds=cpu_seconds,
        )

    async def _until_idle(self, message: str, collector: Collector, limits: Limits) -> tuple[Status, str]:
        """Collect outputs until the kernel is idle again, a limit is exceeded, or the kernel is gone."""
        checked = 0.0
        while True:
            seconds = self._tree.seconds if self._tree else 0.0
            if seconds - checked >= POLL_SECONDS:
                checked = seconds
                over = await asyncio.to_thread(self._tree.over, limits) if self._tree else None
                if over:
                    return over[0], over[1]  # type: ignore[return-value]
            try:
                got = await self._client.get_iopub_msg(timeout=POLL_SECONDS)
            except Empty:
                if not await self._manager.is_alive():
                    return "died", "the kernel died (a crash in a library, or killed from outside)"
                continue
            if got["parent_header"].get("msg_id") != message:
                continue
            if got["header"]["msg_type"] == "status" and got["content"]["execution_state"] == "idle":
                return "ok", ""
            collector.message(got)

    async def _reply(self, message: str) -> dict[str, Any]:
        while True:
            try:
                got = await self._client.get_shell_msg(timeout=START_SECONDS)
            except Empty:
                msg = "the kernel does not answer; run again"
                raise HostError(msg) from None
            if got["parent_header"].get("msg_id") == message:
                content: dict[str, Any] = got["content"]
                return content

    async def _stop(self, message: str) -> None:
        """Interrupt the running cell, and kill the kernel when that does not end it."""
        await self._manager.interrupt_kernel()
        patience = Limits(seconds=(self._tree.seconds if self._tree else 0.0) + INTERRUPT_SECONDS)
        status, _ = await self._until_idle(message, Collector(), patience)
        if status != "ok":
            await self._kill()
        else:
            await self._reply(message)

    async def _ask(self, name: str, *arguments: str) -> kernelside.Answer:
        """Ask the kernel's side a question, silently."""
        expression = kernelside.question(name, *arguments)
        message = self._client.execute(
            "", silent=True, store_history=False, allow_stdin=False, user_expressions={"answer": expression}
        )
        status, said = await self._until_idle(message, Collector(), Limits())
        if status != "ok":
            await self._kill()
            raise HostError(said)
        answer = (await self._reply(message))["user_expressions"]["answer"]
        if answer["status"] != "ok":
            if answer["ename"] in {"ModuleNotFoundError", "ImportError"}:
                msg = (
                    f"the kernel lacks a package ({answer['evalue']}): pip install 'mle_ideator_jupyter[recipe]' there"
                )
                raise HostError(msg)
            msg = f"looking into the kernel failed: {answer['ename']}: {answer['evalue']}".splitlines()[0]
            raise HostError(msg)
        return kernelside.decode(ast.literal_eval(answer["data"]["text/plain"]))
