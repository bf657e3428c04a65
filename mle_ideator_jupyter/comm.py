"""The comm door: a page of JupyterLab opens it, its messages become commands, and what the session says goes back.

A handler decodes, submits and returns: it may run on a subshell while a cell trains. Sends go out in the context
in which the page opened the comm, so that its next click is not queued behind the running cell.
"""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any

from mle_ideator_jupyter import kernel, wire
from mle_ideator_jupyter.errors import IdeatorError

if TYPE_CHECKING:
    from mle_ideator_jupyter.session import Session


class CommDoor:
    """One page of a notebook."""

    can_run = True

    def __init__(self, comm: Any) -> None:
        self._comm = comm
        self._context = contextvars.copy_context()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the page, from any thread."""
        self._context.copy().run(self._comm.send, message)


def register(shell: Any) -> None:
    """Let pages open the comm to this kernel; nothing happens in a shell that is no kernel."""
    manager = getattr(getattr(shell, "kernel", None), "comm_manager", None)
    if manager is not None:
        manager.register_target(wire.TARGET, lambda comm, _: _opened(shell, comm))


def _opened(shell: Any, comm: Any) -> None:
    line = _Line(shell, CommDoor(comm))
    comm.on_msg(line.hear)
    comm.on_close(lambda _: line.close())


class _Line:
    """What one page says, and the session of its notebook, once it has said hello."""

    def __init__(self, shell: Any, door: CommDoor) -> None:
        self._shell, self._door = shell, door
        self._session: Session | None = None

    def hear(self, message: dict[str, Any]) -> None:
        """Take a message of the page."""
        try:
            command = wire.decode(message["content"]["data"])
        except IdeatorError as error:
            self._of().refuse(self._door, error)
            return
        if isinstance(command, wire.Hello) and command.wire == wire.WIRE:
            self._greet(command, command.client or message["header"]["session"])
        self._of().submit(command, self._door)

    def close(self) -> None:
        """Let the page go."""
        if self._session is not None:
            self._session.disconnect(self._door)

    def _of(self) -> Session:
        return self._session or kernel.session_of(self._shell)

    def _greet(self, hello: wire.Hello, client: str) -> None:
        session = kernel.greeted(self._shell, hello, client, self._session)
        if session is not self._session:
            self.close()
            self._session = session
            session.connect(self._door)
