"""Watches a process tree and ends it for certain, children that left the group included."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Any

from mle_ideator_jupyter.errors import HostError
from mle_ideator_jupyter.model import Limits

END_SECONDS = 2.0
"""Everything is gone that long after it was to end, or `HostError` says what is not."""


class Tree:
    """A process and all that it began, known by parentage, process group and an environment mark."""

    def __init__(self, pid: int, mark: str = "") -> None:
        import psutil

        self.root = psutil.Process(pid)
        self.mark = mark
        self._began_cpu = 0.0
        self._began = time.monotonic()

    def begin(self) -> None:
        """Count seconds and CPU seconds from now."""
        self._began = time.monotonic()
        self._began_cpu = self._cpu()

    @property
    def seconds(self) -> float:
        """Return the wall-clock seconds since `begin`."""
        return time.monotonic() - self._began

    @property
    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the tree used since `begin` (of children: those still alive or waited for)."""
        return max(0.0, self._cpu() - self._began_cpu)

    def over(self, limits: Limits) -> tuple[str, str] | None:
        """Return (status, message) of the limit that is exceeded, or None."""
        if limits.seconds is not None and self.seconds > limits.seconds:
            return "timeout", f"stopped after {limits.seconds:.0f} s"
        if limits.cpu_seconds is not None and self.cpu_seconds > limits.cpu_seconds:
            return "timeout", f"stopped after {limits.cpu_seconds:.0f} CPU seconds"
        if limits.memory_mb is not None and self._resident() > limits.memory_mb * 2**20:
            return "memory", f"stopped above {limits.memory_mb} MiB of resident memory"
        return None

    def end(self, *, keep_root: bool = False) -> None:
        """Kill the whole tree and return when it is gone. Raises `HostError` when something will not die."""
        deadline = time.monotonic() + END_SECONDS
        while True:
            left = [p for p in self.members() if not (keep_root and p.pid == self.root.pid)]
            if not left:
                return
            if time.monotonic() > deadline:
                msg = f"process {left[0].pid} does not end; end it by hand"
                raise HostError(msg)
            for process in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.02)

    def members(self) -> list[Any]:
        """Return the living processes of the tree."""
        import psutil

        found: dict[int, Any] = {}
        with contextlib.suppress(psutil.NoSuchProcess):
            found = {p.pid: p for p in (self.root, *self.root.children(recursive=True))}
        for process in psutil.process_iter():
            if process.pid not in found and process.pid != os.getpid() and self._is_ours(process):
                found[process.pid] = process
        return [p for p in found.values() if _alive(p)]

    def _is_ours(self, process: Any) -> bool:
        import psutil

        try:
            if os.getpgid(process.pid) == self.root.pid:
                return True
            return bool(self.mark) and self.mark in process.environ().values()
        except (psutil.Error, OSError):
            return False

    def _near(self) -> list[Any]:
        """Return the root and its descendants: quick, for polling."""
        import psutil

        try:
            return [self.root, *self.root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _resident(self) -> int:
        import psutil

        total = 0
        for process in self._near():
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        return total

    def _cpu(self) -> float:
        import psutil

        total = 0.0
        for process in self._near():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
                if process.pid == self.root.pid:
                    total += times.children_user + times.children_system
        return total


def _alive(process: Any) -> bool:
    import psutil

    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
