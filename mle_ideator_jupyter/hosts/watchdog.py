"""Interrupts the main thread when the cell that runs there exceeds a limit; tells its interrupts from the user's."""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from collections.abc import Iterator

from mle_ideator_jupyter.hosts.collecting import Status
from mle_ideator_jupyter.hosts.processes import Tree
from mle_ideator_jupyter.model import Limits

POLL_SECONDS = 0.05
AGAIN_SECONDS = 0.5
"""An interrupt that a cell swallowed is repeated that often."""


class Running:
    """A cell on the main thread: `active` while its own code runs, `why` once it is to end."""

    def __init__(self) -> None:
        self.active = False
        self.why: tuple[Status, str] | None = None
        self._lock = threading.Lock()

    def stop(self, status: Status, message: str) -> None:
        """Have the cell end, from any thread, whether it has begun or not; after its end, do nothing."""
        with self._lock:
            self.why = self.why or (status, message)
            self._poke()

    def again(self) -> None:
        """Repeat the interrupt."""
        with self._lock:
            self._poke()

    def begin(self) -> bool:
        """Say, on the main thread, that the cell's code begins; False when it must not."""
        with self._lock:
            self.active = self.why is None
            return self.active

    def end(self) -> None:
        """Say, on the main thread, that the cell's code is over; no interrupt is raised from here on."""
        while self.active:
            with contextlib.suppress(KeyboardInterrupt), self._lock:
                self.active = False

    def _poke(self) -> None:
        # Under the lock, so that it cannot arrive after `end`.
        if not self.active:
            return
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        else:
            _thread.interrupt_main()


@contextlib.contextmanager
def watched(running: Running, tree: Tree, limits: Limits) -> Iterator[None]:
    """Watch the limits while the block runs."""
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(running, tree, limits, over), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(running: Running, tree: Tree, limits: Limits, over: threading.Event) -> None:
    poked: float | None = None
    while not over.wait(POLL_SECONDS):
        if running.why is None:
            exceeded = tree.over(limits)
            if exceeded:
                running.stop(*exceeded)
        elif poked is None or time.monotonic() - poked > AGAIN_SECONDS:
            if poked is not None:
                running.again()
            poked = time.monotonic()
