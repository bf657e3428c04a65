"""The keeper: a small process between a host and the process that the host began, so that nothing outlives either.

Its arguments are a scratch folder and a command; its standard input is a pipe that the host holds open. It runs the
command and adopts all orphans below it. When the command ends, or the host is gone (killed with -9, say), it
ends everything that is left, removes the folder, and then ends itself with the command's exit status.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys

from mle_ideator_jupyter.hosts.processes import MARK, Tree, adopt_orphans, python


def kept(command: list[str], folder: str) -> list[str]:
    """Return the command that runs `command` under a keeper, which removes `folder` at the end."""
    return [*python(__name__, folder), *command]


def main() -> int:
    """Keep the command of the arguments; return its exit status, 128 + N when signal N ended it."""
    adopt_orphans()
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    # Handlers, not SIG_IGN, which the command would inherit: an interrupt is for the command, not for its keeper.
    for number in (signal.SIGINT, signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    environment = {**os.environ, "JPY_PARENT_PID": str(os.getpid())}
    nothing = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    folder, *command = sys.argv[1:]
    child = os.posix_spawnp(command[0], command, environment, file_actions=nothing)
    status = _wait(child, waking)
    Tree(os.getpid(), os.environ.get(MARK, "")).end(spare=[os.getpid()])
    shutil.rmtree(folder, ignore_errors=True)
    code = 128 + signal.SIGKILL if status is None else os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _wait(child: int, waking: int) -> int | None:
    """Wait until the child ends and return how, or None when the host is gone first or wants an end."""
    while True:
        readable, _, _ = select.select([0, waking], [], [])
        if 0 in readable and not os.read(0, 1 << 10):
            return None
        if waking not in readable:
            continue
        if {signal.SIGTERM, signal.SIGHUP} & set(os.read(waking, 1 << 10)):
            return None
        status = _reaped(child)
        if status is not None:
            return status


def _reaped(child: int) -> int | None:
    """Reap whatever has ended; return the child's status when it was among it."""
    found = None
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return found
            if pid == child:
                found = status
    except ChildProcessError:
        return found
