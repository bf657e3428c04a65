"""Lets the session's thread have the interpreter soon while it answers, although a cell keeps it busy."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

SWITCH_SECONDS = 0.0005
"""How long a busy thread keeps the interpreter while somebody waits for an answer; usually 0.005."""

_lock = threading.Lock()
_answering = 0
_before = 0.0


@contextlib.contextmanager
def eager() -> Iterator[None]:
    """Have threads change more often while the block runs.

    An answer gives the interpreter up at every read, write and lock, some hundred times, and waits one switch
    interval each time to get it back from a cell that computes: half a second in all, else.
    """
    global _answering, _before  # noqa: PLW0603 - the switch interval is the interpreter's own
    with _lock:
        if _answering == 0:
            _before = sys.getswitchinterval()
            sys.setswitchinterval(min(_before, SWITCH_SECONDS))
        _answering += 1
    try:
        yield
    finally:
        with _lock:
            _answering -= 1
            if _answering == 0:
                sys.setswitchinterval(_before)
