"""The one session of this kernel, made at the first need and found by every door."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mle_ideator_jupyter.session import Session

_sessions: dict[int, Session] = {}
_lock = threading.Lock()


def session_of(shell: Any) -> Session:
    """Return the session of an IPython shell."""
    from mle_ideator_jupyter.session import Session

    with _lock:
        if id(shell) not in _sessions:
            _sessions[id(shell)] = Session(shell)
        return _sessions[id(shell)]


def known(shell: Any) -> Session | None:
    """Return the session of an IPython shell if there is one already."""
    return _sessions.get(id(shell))
