"""The sessions of this kernel, one for each notebook that it serves; made at the first need and found by every door.

A page says with its hello which notebook it shows. Cells are known to be a notebook's by who sent them: a page
sends its words to us and its cells to the kernel under one client's name. Where that says nothing (a cell of a page
that has not said hello, a terminal), it is the notebook that was used last.
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mle_ideator_jupyter.session import Session
    from mle_ideator_jupyter.wire import Hello

_kernels: dict[int, Sessions] = {}
_lock = threading.RLock()


def session_of(shell: Any) -> Session:
    """Return the session of the notebook that the running cell of an IPython shell belongs to."""
    with _lock:
        return _of(shell).current() or _of(shell).make()


def known(shell: Any) -> Session | None:
    """Return that session if there is one already."""
    with _lock:
        return _kernels[id(shell)].current() if id(shell) in _kernels else None


def greeted(shell: Any, hello: Hello, client: str = "", before: Session | None = None) -> Session:
    """Return the session of the notebook whose page says hello.

    Args:
        shell: the IPython shell of this kernel.
        hello: what the page says.
        client: under what name it sends its cells.
        before: the session that it was of until now, if any: then the notebook has been renamed.
    """
    with _lock:
        return _of(shell).greeted(hello, client, before)


def close(shell: Any) -> None:
    """End the sessions of a shell."""
    with _lock:
        ended = _kernels.pop(id(shell), None)
    for session in ended.paths if ended else ():
        session.close()


def _of(shell: Any) -> Sessions:
    return _kernels.setdefault(id(shell), Sessions(shell))


class Sessions:
    """The sessions of one shell. `paths` has them all, with what their pages call the notebook ("" where none has)."""

    def __init__(self, shell: Any) -> None:
        self.paths: dict[Session, str] = {}
        self._shell = shell
        self._clients: dict[str, Session] = {}
        self._last: Session | None = None

    def current(self) -> Session | None:
        """Return the session of the notebook that the running cell belongs to, or None where there is none yet."""
        client = ""
        with contextlib.suppress(Exception):  # shells differ; one that names no client has one notebook
            client = self._shell.get_parent()["header"]["session"]
        return self._clients.get(client, self._last)

    def make(self) -> Session:
        """Make a session."""
        from mle_ideator_jupyter.session import Session

        def others() -> list[Session]:
            return [other for other in list(self.paths) if other is not made]

        made = Session(
            self._shell,
            mine=lambda: self.current() is made,
            taken=lambda: {other.journal.path for other in others() if other.journal is not None},
        )
        self.paths[made] = ""
        self._last = made
        return made

    def greeted(self, hello: Hello, client: str, before: Session | None) -> Session:
        """Return the session of the notebook whose page says hello."""
        found = self._same_path(hello.path) or before or self._unnamed(hello.path) or self._renamed(hello)
        found = found or self.make()
        self.paths[found] = hello.path or self.paths[found]
        self._last = found
        if client:
            self._clients[client] = found
        return found

    def _same_path(self, path: str) -> Session | None:
        return next((session for session, known in self.paths.items() if known and known == path), None)

    def _unnamed(self, path: str) -> Session | None:
        """Return the session that a cell or a widget began before any page said which notebook it is."""
        from mle_ideator_jupyter.session import place

        found = place.find_notebook("")  # what the server says of this kernel
        if found is not None and path and PurePosixPath(path).name != found.name:
            return None
        return next((session for session, known in self.paths.items() if not known or not path), None)

    def _renamed(self, hello: Hello) -> Session | None:
        """Return the session of this notebook under another path; a copy, whose original is still there, has none."""
        from mle_ideator_jupyter.session import place

        for session, path in self.paths.items():
            same = hello.notebook_id and session.publisher.last.notebook_id == hello.notebook_id
            if same and not session.pages.doors and place.find_notebook(path) is None:
                return session
        return None
