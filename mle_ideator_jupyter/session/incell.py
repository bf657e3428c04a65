"""What a running cell of the user has the session do: the cell waits, and what is to run in the kernel runs in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from mle_ideator_jupyter.hosts.inline import InlineHost
from mle_ideator_jupyter.protocols import Cell
from mle_ideator_jupyter.scoring import reported
from mle_ideator_jupyter.session import Session, asking
from mle_ideator_jupyter.session.running import Here
from mle_ideator_jupyter.session.telling import Teller

T = TypeVar("T")


class RunningCell:
    """The cell that an IPython shell is running, as the session's work sees it."""

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell, self._session = shell, session

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Have work done on the session's thread, and wait for it."""
        future = self._session.call(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def run(
        self,
        work: Callable[[Here], Coroutine[Any, Any, None]],
        tell: Teller,
        show: Callable[[Cell], object] = lambda _: None,
    ) -> None:
        """Do a run whose cells run here, each shown before."""

        async def alone(host: InlineHost) -> None:
            with self._session.running.alone():
                await work(Here(host, lambda update: host.call(lambda: tell(update))))

        self.drive(alone, show)

    def drive(
        self, work: Callable[[InlineHost], Coroutine[Any, Any, T]], show: Callable[[Cell], object] = lambda _: None
    ) -> T:
        """Do work on the session's thread whose cells run here, and put back what they were allowed to leave."""
        journal, namespace = self.do(asking.opened(self._session)), self._shell.user_ns
        host, before = InlineHost(submissions=journal.folder / "submissions", show=show), dict(namespace)
        try:
            with reported.sink(None):
                return host.drive(work(host), self._session.call)
        finally:
            _put_back(namespace, before, host.left)

    def take(self) -> str:
        """Say that this cell's score is taken by a call in it, and return its id, where the front end gave one."""
        self._session.taken = self._session.hooks.around
        with contextlib.suppress(Exception):  # shells differ; no id is no loss
            return str(self._shell.get_parent()["metadata"].get("cellId") or "")
        return ""


def _put_back(namespace: dict[str, Any], before: dict[str, Any], left: set[str]) -> None:
    """Take out the names that cells of a run left, or put back what they stood for."""
    for name in left:
        if name in before:
            namespace[name] = before[name]
        else:
            namespace.pop(name, None)
