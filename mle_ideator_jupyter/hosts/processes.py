"""Watches a process tree and ends it for certain, children that left the group included."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from mle_ideator_jupyter.errors import HostError
from mle_ideator_jupyter.hosts.collecting import Status
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.profile.kernel import cores

END_SECONDS = 2.0
"""Everything is gone that long after it was to end, or `HostError` says what is not."""
MARK = "MLE_IDEATOR_HOST"
"""Environment variable that marks the processes of one host."""


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs `module.main()` in this interpreter; files in the working folder shadow nothing."""
    root = str(Path(__file__).parents[2])
    code = f"import sys; sys.path[:1] = []; sys.path.append({root!r}); from {module} import main; sys.exit(main())"
    return [sys.executable, "-c", code, *arguments]


def threads() -> dict[str, str]:
    """Return what a kernel of our own is told of OpenMP threads, unless the user's environment says otherwise.

    Threads that spin while they wait make boosting ten times slower on cores that others use too; those that sleep
    make it five times slower than one thread where the table is small and there is but one other core.
    """
    return {"OMP_WAIT_POLICY": "PASSIVE", **({"OMP_NUM_THREADS": "1"} if cores() <= 2 else {})}


class Tree:
    """A process and all that it began, known by parentage, process group and an environment mark."""

    def __init__(self, pid: int, mark: str = "") -> None:
        self.pid = pid
        self.mark = mark
        self._began_cpu = 0.0
        self._began_bytes = 0
        self._began = time.monotonic()

    def begin(self, *, growth: bool = False) -> None:
        """Count seconds and CPU seconds from now; memory too, with `growth`."""
        self._began_bytes = sum(_resident(_process(pid)) for pid in self.near()) if growth else 0
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

    def over(self, limits: Limits) -> tuple[Status, str] | None:
        """Return (status, message) of the limit that is exceeded, or None."""
        if limits.seconds is not None and self.seconds > limits.seconds:
            return "timeout", f"stopped after {limits.seconds:.3g} s"
        if limits.cpu_seconds is not None and self.cpu_seconds > limits.cpu_seconds:
            return "timeout", f"stopped after {limits.cpu_seconds:.3g} CPU seconds"
        if limits.memory_mb is not None and self.above(limits.memory_mb * 2**20 + self._began_bytes):
            return "memory", f"stopped above {limits.memory_mb} MiB of resident memory"
        return None

    def above(self, size: int) -> bool:
        """Return whether the tree holds more than `size` bytes; pages that processes share count once."""
        processes = [_process(pid) for pid in self.near()]
        if sum(_resident(p) for p in processes) <= size:
            return False
        return len(processes) == 1 or sum(_share(p) for p in processes) > size

    def end(self, spare: Collection[int] = ()) -> None:
        """Kill the whole tree but for `spare`, the root last. Raises `HostError` when something will not die."""
        deadline = time.monotonic() + END_SECONDS
        while left := self.members() - set(spare):
            if time.monotonic() > deadline:
                msg = f"process {min(left)} does not end; end it by hand"
                raise HostError(msg)
            # The root adopts orphans, so it goes last; stopping all first leaves nobody to fork meanwhile.
            doomed = left - {self.pid} or left
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in doomed:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, number)
            time.sleep(0.005)

    def members(self) -> set[int]:
        """Return the ids of the living processes of the tree, wherever they went."""
        import psutil

        found = set(self.near())
        for pid in psutil.pids():
            if pid not in found and pid != os.getpid() and self._is_ours(pid):
                found.add(pid)
        return {pid for pid in found if _alive(pid)}

    def near(self) -> list[int]:
        """Return the root and its descendants: quick, for polling."""
        return [self.pid, *descendants(self.pid)]

    def _is_ours(self, pid: int) -> bool:
        import psutil

        try:
            if os.getpgid(pid) == self.pid:
                return True
            return bool(self.mark) and psutil.Process(pid).environ().get(MARK) == self.mark
        except (psutil.Error, OSError):
            return False

    def _cpu(self) -> float:
        import psutil

        total = 0.0
        for pid in self.near():
            with contextlib.suppress(psutil.Error):
                times = psutil.Process(pid).cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total


def descendants(pid: int) -> list[int]:
    """Return the ids of all living or unreaped descendants of a process."""
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():  # not Linux, or a kernel without that file
        import psutil

        with contextlib.suppress(psutil.Error):
            return [p.pid for p in psutil.Process(pid).children(recursive=True)]
        return []
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                with contextlib.suppress(OSError):
                    new = [int(c) for c in (task / "children").read_text(encoding="ascii").split()]
                    found += new
                    waiting += new
    return found


def killed(pid: int) -> bool:
    """Return whether a process was sent SIGKILL, though it may not have come to die of it yet (Linux; else False)."""
    if sys.platform != "linux":
        return False
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return True
    said = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    pending = int(said.get("SigPnd", "0"), 16) | int(said.get("ShdPnd", "0"), 16)
    return said.get("State", "").startswith(("Z", "X")) or bool(pending >> (signal.SIGKILL - 1) & 1)


def adopt_orphans(adopt: bool = True) -> None:
    """Make this process the parent of all orphaned descendants (Linux), so that none can hide; or no longer."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(36, int(adopt), 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def cleaners(pids: Collection[int]) -> set[int]:
    """Return those processes that only clean up after others when these end (multiprocessing's resource trackers)."""
    import psutil

    found = set()
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            if any("resource_tracker" in part for part in psutil.Process(pid).cmdline()):
                found.add(pid)
    return found


def died_of(code: int | None) -> str:
    """Return in words what an exit status says of a process that ended by itself."""
    if code is None or code <= 128:
        return f"the process ended itself, with exit status {code}" if code is not None else "the process ended"
    name = signal.Signals(code - 128).name if code - 128 in set(signal.Signals) else f"signal {code - 128}"
    hint = "killed from outside, often for want of memory" if name == "SIGKILL" else "a crash in a library"
    return f"the process died of {name} ({hint})"


def _process(pid: int) -> Any:
    import psutil

    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def _resident(process: Any) -> int:
    import psutil

    if process is not None:
        with contextlib.suppress(psutil.Error):
            return int(process.memory_info().rss)
    return 0


def _share(process: Any) -> int:
    """Return the resident bytes of a process, with its part only of what it shares (where the system tells)."""
    import psutil

    if process is not None:
        with contextlib.suppress(psutil.Error):
            return int(getattr(process.memory_full_info(), "pss", 0)) or _resident(process)
    return 0


def _alive(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD})
    except psutil.Error:
        return False
