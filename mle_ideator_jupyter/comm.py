"""The comm door: a page of JupyterLab opens it, its messages become commands, and what the session says goes back.

A handler decodes, submits and returns: it may run on a subshell while a cell trains. Sends go out in the context
in which the page opened the comm, so that its next click is not queued behind the running cell.
"""

from __future__ import annotations

import contextvars
from typing import Any

from mle_ideator_jupyter import kernel, wire
from mle_ideator_jupyter.errors import IdeatorError


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
    session, door = kernel.session_of(shell), CommDoor(comm)
    session.connect(door)

    def on_message(message: dict[str, Any]) -> None:
        try:
            session.submit(wire.decode(message["content"]["data"]), door)
        except IdeatorError as error:
            session.refuse(door, error)

    comm.on_msg(on_message)
    comm.on_close(lambda _: session.disconnect(door))
