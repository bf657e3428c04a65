"""Watches the cells that a front end runs in this kernel: what came of ours is captured here, whatever pages see.

A cell of ours is known by its source: one that was edited is the user's. Around ours the namespace is remembered
and put back (`guard`), a score is taken down, limits are watched. All of it runs on the kernel's main thread,
in IPython's `pre_run_cell` and `post_run_cell`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.hosts import guard, kernelside
from mle_ideator_jupyter.hosts.collecting import Status, message_of, status_of
from mle_ideator_jupyter.hosts.processes import Tree
from mle_ideator_jupyter.hosts.shell import Heard
from mle_ideator_jupyter.hosts.watchdog import Running, watched
from mle_ideator_jupyter.model import Limits, Struct
from mle_ideator_jupyter.protocols import Cell, CellResult, Reported
from mle_ideator_jupyter.scoring import reported

_BOOKKEEPING = re.compile(r"_+|_i+|_i\d+|_\d+|_exit_code|_dh|_oh|_ih|In|Out|exit|quit")
"""Names that IPython itself sets around a cell; they are not a trial's, nor put back."""


def digest(source: str) -> str:
    """Return the SHA-256 of a cell's source, in hex."""
    return hashlib.sha256(source.encode()).hexdigest()


class Expected(msgspec.Struct, eq=False):
    """A cell of ours that is to run; `began` once it has, `done` with what came of it."""

    cell: Cell
    limits: Limits
    running: Running
    began: threading.Event
    done: Future[CellResult]


class UserCell(Struct, frozen=True, kw_only=True):
    """What is known of a cell of the user's that has run."""

    source: str
    cell: str
    ok: bool
    seconds: float = 0.0
    reported: Reported | None = None
    printed: str = ""
    """The last lines that it printed."""


class CellHooks:
    """Recognises cells of ours in an IPython shell, and tells of the user's.

    Args:
        shell: the IPython shell of this kernel.
        on_user_cell: called on the main thread after each cell that is not ours.
        mine: says of the cell that begins whether it is of this notebook; others' are not looked at.
        on_other_cell: called on the main thread after each cell of another notebook on this kernel.
    """

    def __init__(
        self,
        shell: Any,
        on_user_cell: Callable[[UserCell], object],
        mine: Callable[[], bool] = lambda: True,
        on_other_cell: Callable[[], object] = lambda: None,
    ) -> None:
        self.submissions: Path | None = None
        """The folder that `report_score` writes the submissions of our cells to."""
        self._shell, self._tell = shell, on_user_cell
        self._mine, self._tell_other = mine, on_other_cell
        self._other = False
        """Whether the cell that runs is of another notebook."""
        self._expected: list[Expected] = []
        self._stack: list[_Around | None] = []
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)

    def close(self) -> None:
        """Watch no more."""
        for name, callback in (("pre_run_cell", self._before), ("post_run_cell", self._after)):
            with contextlib.suppress(ValueError):
                self._shell.events.unregister(name, callback)

    def expect(self, cell: Cell, limits: Limits) -> Expected:
        """Say, from any thread, that this cell is about to be run by a front end."""
        expected = Expected(cell, limits, Running(), threading.Event(), Future())
        self._expected.append(expected)
        return expected

    def forget(self, expected: Expected) -> None:
        """Say that the cell will not be run by us (any more); when it is run, it is the user's."""
        with contextlib.suppress(ValueError):
            self._expected.remove(expected)

    @property
    def busy(self) -> bool:
        """Return whether a cell of ours is running now."""
        return any(around and around.expected for around in self._stack)

    @property
    def around(self) -> bool:
        """Return whether a cell is running that will be told of when it ends."""
        return any(self._stack)

    # ------------------------------------------------------------ on the main thread

    def _before(self, info: Any) -> None:
        outer = not self._stack
        self._stack.append(None)
        if not outer:  # a cell that a cell runs
            return
        self._other = not self._mine()
        if self._other:
            return
        expected = next((e for e in self._expected if e.cell.source == info.raw_cell), None)
        if expected is not None:
            self.forget(expected)
        around = _Around(self._shell, expected, self.submissions)
        self._stack[-1] = around
        around.begin()

    def _after(self, result: Any) -> None:
        unseen = not self._stack
        around = self._stack.pop() if self._stack else None
        if unseen and self._mine():  # it began before anybody watched: what it made was not there at the first look
            self._tell(_user_cell(result, _ending(result)[0]))
        if self._other and not self._stack:
            self._tell_other()
        if around is None:
            return
        ended = around.end(result)
        if around.expected is not None:
            around.expected.done.set_result(ended)
            return
        told = _user_cell(result, ended.status)
        self._tell(replace(told, seconds=ended.seconds, reported=ended.reported, printed=around.printed))


class _Around:
    """What is done around one cell."""

    def __init__(self, shell: Any, expected: Expected | None, submissions: Path | None) -> None:
        self.shell, self.expected, self.submissions = shell, expected, submissions
        self.memory: guard.Memory | None = None
        self.heard: Heard | None = None
        self.printed = ""
        self.reported: Reported | None = None
        self.began = time.monotonic()
        self.stack = contextlib.ExitStack()

    def begin(self) -> None:
        reported.set_sink(self._take)
        expected = self.expected
        if expected is None:
            with contextlib.suppress(AttributeError, TypeError):  # a stream of another make is not listened to
                self.heard = Heard()
            return
        if self.submissions is not None:
            os.environ[reported.SUBMISSIONS] = str(self.submissions)
        if expected.cell.keep is not None:
            self.memory = guard.remember(_users(self.shell.user_ns))
        if expected.limits != Limits():
            tree = Tree(os.getpid())
            tree.begin(growth=True)
            self.stack.enter_context(watched(expected.running, tree, expected.limits))
        self.began = time.monotonic()
        expected.began.set()
        if not expected.running.begin():  # stopped before it began: the next interrupt ends it
            expected.running.active = True
            threading.Timer(0.05, expected.running.again).start()

    def end(self, result: Any) -> CellResult:
        """Put the namespace back and return what came of the cell, but for its outputs."""
        expected = self.expected
        if expected is not None:
            expected.running.end()
        seconds = time.monotonic() - self.began
        reported.set_sink(None)
        self.printed = self.heard.end() if self.heard else ""
        self.stack.close()
        status, message = _ending(result)
        changed: list[str] = []
        if expected is not None:
            os.environ.pop(reported.SUBMISSIONS, None)
            status, message = (expected.running.why or (status, message)) if status != "ok" else (status, message)
            if self.memory is not None:
                kernelside.dismiss_workers()
                changed = self._restore(self.memory, expected.cell.keep or ())
                kernelside.free_memory(result.error_in_exec)
        return CellResult(
            status=status,
            reported=self.reported if status == "ok" else None,
            message=message,
            seconds=round(seconds, 3),
            changed=tuple(changed),
        )

    def _restore(self, memory: guard.Memory, keep: tuple[str, ...]) -> list[str]:
        """Put the user's names back; IPython's own bookkeeping stays as it is now."""
        namespace = self.shell.user_ns
        left = {name: value for name, value in namespace.items() if _BOOKKEEPING.fullmatch(name)}
        changed = guard.restore(memory, namespace, keep)
        namespace.update(left)
        return changed

    def _take(self, report: dict[str, Any]) -> None:
        with contextlib.suppress(msgspec.ValidationError):
            self.reported = reported.read_report(report)


def _user_cell(result: Any, status: Status) -> UserCell:
    info = result.info
    return UserCell(source=info.raw_cell or "", cell=info.cell_id or "", ok=status == "ok")


def _users(namespace: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in namespace.items() if not _BOOKKEEPING.fullmatch(name)}


def _ending(result: Any) -> tuple[Status, str]:
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return "ok", ""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an error whose text cannot be had is still an error
        text = "(its text cannot be shown)"
    return status_of(name), message_of(name, text)
