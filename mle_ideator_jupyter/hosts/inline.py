"""InlineHost: cells run in the notebook's own kernel, on its main thread, inside the cell that began the run.

That cell's call of `drive` is a pump: the session lives on a thread of its own and hands cells over; the main thread
runs them one by one and gives back what came of them. So it works in any front end, or none. Limits are
kept as well as one process can: a watchdog interrupts the main thread (memory counts as growth since the cell
began), and code that never comes back to Python is not stopped. The user's kernel is never killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.errors import BindingError, HostError
from mle_ideator_jupyter.facts import Namespace, Profile
from mle_ideator_jupyter.hosts import guard, kernelside, shell
from mle_ideator_jupyter.hosts.collecting import Collector
from mle_ideator_jupyter.hosts.executing import execute, result
from mle_ideator_jupyter.hosts.processes import Tree, adopt_orphans, cleaners
from mle_ideator_jupyter.hosts.waiting import finish
from mle_ideator_jupyter.hosts.watchdog import Running, watched
from mle_ideator_jupyter.model import Binding, Limits
from mle_ideator_jupyter.protocols import Cell, CellResult
from mle_ideator_jupyter.scoring.reported import SUBMISSIONS

T = TypeVar("T")
ABANDON_SECONDS = 5.0
"""An interrupt that comes this long after the first one leaves a session that does not end."""


class InlineHost:
    """Runs cells in this kernel while `drive` is called on its main thread.

    Args:
        submissions: the folder that `report_score` writes submissions to; None writes none.
        show: called with each cell on the main thread before it runs.
    """

    name = "inline"

    def __init__(self, *, submissions: Path | None = None, show: Callable[[Cell], object] = lambda _: None) -> None:
        self._show = show
        self.setup_results: list[CellResult] = []
        self.setup_failures: list[str] = []
        self.left: set[str] = set()
        """Names that cells were allowed to leave in the namespace."""
        self._submissions = submissions
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._running: Running | None = None
        self._pumping = False
        self._interrupted: float | None = None
        self._cancel: Callable[[], object] = lambda: None

    # ------------------------------------------------------------ on the main thread

    def drive(
        self, work: Coroutine[Any, Any, T], submit: Callable[[Coroutine[Any, Any, T]], Future[T]] | None = None
    ) -> T:
        """Run `work` (which may use this host) on another thread; run its cells here meanwhile.

        `submit` has work done on a loop that is there already; without it, the work gets a thread and a loop of its
        own. Returns what `work` returns, or raises what it raises. An interrupt ends the running cell and cancels
        `work`; when that has come to its end, `KeyboardInterrupt` is raised.
        """
        if threading.current_thread() is not threading.main_thread() or self._pumping:
            work.close()
            msg = "drive works on the kernel's main thread, once at a time; call it in a cell of the notebook"
            raise HostError(msg)
        self._pumping, self._interrupted = True, None
        before = signal.signal(signal.SIGINT, self._on_interrupt)
        try:
            outcome = (submit or _on_a_thread)(self._cancellable(work))
            outcome.add_done_callback(lambda _: self._jobs.put(None))
            while (job := self._jobs.get()) is not None:
                job()
        finally:
            signal.signal(signal.SIGINT, before)
            self._pumping = False
        error = outcome.exception()
        if self._interrupted is not None:
            raise KeyboardInterrupt from error
        return outcome.result()

    async def _cancellable(self, work: Coroutine[Any, Any, T]) -> T:
        task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self._interrupted is not None:  # it came before there was anything to cancel
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            raise HostError("the run was stopped") from None
        finally:
            self._cancel = lambda: None

    def _on_interrupt(self, *_: object) -> None:
        """End the running cell; when the interrupt is the user's, the whole run."""
        running = self._running
        if running is None or running.why is None:  # none of our own making
            now = time.monotonic()
            if self._interrupted is not None and running is None and now - self._interrupted > ABANDON_SECONDS:
                raise KeyboardInterrupt
            self._interrupted = self._interrupted or now
            self._cancel()
            if running is not None:
                running.why = "interrupted", "stopped by the user"
        if running is not None and running.active:
            raise KeyboardInterrupt

    def _execute(self, cell: Cell, limits: Limits, running: Running) -> CellResult:
        """Run one cell and put the namespace back."""
        namespace = shell.current().user_ns
        self._show(cell)
        if cell.keep is None:
            return self._captured(cell, limits, running)
        memory = guard.remember(namespace)
        with _no_process_left():
            ended = self._captured(cell, limits, running)
            kernelside.dismiss_workers()
        self.left.update(cell.keep)
        changed = tuple(guard.restore(memory, namespace, cell.keep))
        kernelside.free_memory()
        return replace(ended, changed=changed)

    def _captured(self, cell: Cell, limits: Limits, running: Running) -> CellResult:
        collector, tree = Collector(self._submissions), Tree(os.getpid())
        tree.begin(growth=True)
        done = CellResult(status="interrupted")
        self._running = running
        with (
            shell.captured(collector),
            shell.environment(SUBMISSIONS, self._submissions),
            watched(running, tree, limits),
        ):
            if running.begin():
                try:
                    name = f"<{cell.title or 'cell'} {cell.id[-8:]}>"
                    namespace = shell.current().user_ns
                    fault = execute(cell.source, namespace, name, shell.show, shell.current().transform_cell)
                    running.end()
                    done = result(collector, fault)
                except KeyboardInterrupt:  # in the moment between the cell's last line and ours
                    running.end()
            shell.flush_figures()
        self._running = None
        status, said = running.why or (done.status, done.message)
        return replace(
            done,
            status=status,
            message=said,
            outputs=collector.result(),
            reported=done.reported if status == "ok" else None,
            seconds=tree.seconds,
            cpu_seconds=tree.cpu_seconds,
        )

    # ------------------------------------------------------------ on the session's thread

    async def start(self) -> None:
        """Nothing to do: the notebook's cells have run where they belong."""

    async def run(self, cell: Cell, limits: Limits = Limits()) -> CellResult:  # noqa: B008 - frozen
        """Run one cell on the main thread; with `cell.keep`, the namespace is put back around it."""
        running = Running()
        work = self.call(lambda: self._execute(cell, limits, running))
        return await finish(work, lambda: running.stop("interrupted", "stopped"))

    async def call(self, work: Callable[[], T]) -> T:
        """Call a function on the main thread (to print or display in the notebook's cell) and return its value."""
        if not self._pumping:
            msg = "cells run inline only while the cell that began the run is running; begin it again"
            raise HostError(msg)
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised again in the session
                future.set_exception(error)

        self._jobs.put(job)
        return await asyncio.wrap_future(future)

    async def namespace(self) -> Namespace:
        """Return what the kernel holds."""
        answer = await finish(self.call(lambda: kernelside.namespace(shell.current().user_ns)), lambda: None)
        return kernelside.decode(answer).namespace or Namespace()

    async def profile(self, binding: Binding) -> Profile:
        """Return the profile of the Binding's frames."""
        asked = msgspec.json.encode(binding).decode()
        line = await finish(self.call(lambda: kernelside.profile(shell.current().user_ns, asked)), lambda: None)
        answer = kernelside.decode(line)
        if answer.profile is None:
            raise BindingError(answer.error)
        return answer.profile

    async def drop(self, names: Sequence[str]) -> None:
        """Take these names out of the kernel."""
        work = self.call(lambda: kernelside.drop(shell.current().user_ns, ",".join(names)))
        await finish(work, lambda: None)

    async def interrupt(self) -> None:
        """Stop the running cell, and return when it has stopped."""
        running = self._running
        if running is not None:
            running.stop("interrupted", "stopped")
            await self.call(lambda: None)  # its turn comes when the cell is over

    async def close(self) -> None:
        """Nothing to end: the kernel is the user's."""


def _on_a_thread(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Do work on a thread and a loop of its own."""
    outcome: Future[T] = Future()

    def main() -> None:
        try:
            outcome.set_result(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 - it is raised again on the main thread
            outcome.set_exception(error)

    threading.Thread(target=main, name="ideator-session", daemon=True).start()
    return outcome


@contextlib.contextmanager
def _no_process_left() -> Iterator[None]:
    """End the processes that are begun while the block runs, wherever they go."""
    tree = Tree(os.getpid())
    before = tree.members()
    adopt_orphans()
    try:
        yield
    finally:
        left = tree.members() - before
        if left:
            tree.end(spare=before | cleaners(left) | {os.getpid()})
        adopt_orphans(adopt=False)
        for pid in left:  # those of the cell's own that nobody else waits for
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
