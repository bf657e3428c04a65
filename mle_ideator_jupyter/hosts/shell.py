"""The IPython shell of this process: its namespace, and the capture of what a cell puts out in it."""

from __future__ import annotations

import builtins
import collections
import contextlib
import getpass
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mle_ideator_jupyter.errors import HostError
from mle_ideator_jupyter.hosts.collecting import Collector

LINES_HEARD = 1000
LINE_HEARD = 500


def current() -> Any:
    """Return the running shell. Raises `HostError` outside IPython."""
    ipython = sys.modules.get("IPython")
    found = ipython.get_ipython() if ipython is not None else None
    if found is None:
        msg = "cells run inline only in IPython or a Jupyter kernel; use the scratch host"
        raise HostError(msg)
    return found


def show(value: Any) -> None:
    """Display a value, as the last expression of a cell is."""
    from IPython.display import display

    display(value)


def flush_figures() -> None:
    """Show and close the figures that a cell left open, where they are shown inline."""
    backend = sys.modules.get("matplotlib_inline.backend_inline")
    pyplot = sys.modules.get("matplotlib.pyplot")
    if backend is not None and pyplot is not None and pyplot.get_fignums():
        backend.flush_figures()


@contextlib.contextmanager
def captured(collector: Collector) -> Iterator[None]:
    """Collect what is printed and displayed while the block runs; asking for input fails at once."""
    from IPython.core.displaypub import DisplayPublisher

    class Publisher(DisplayPublisher):  # type: ignore[misc]  # the base is untyped
        """Publishes into the collector."""

        def publish(self, data: Any, metadata: Any = None, **_: Any) -> None:
            collector.display(dict(data), metadata)

        def clear_output(self, wait: bool = False) -> None:
            """Keep what was put out: it is a record."""

    here = current()
    places = [
        (sys, "stdout", _Writer(collector, "stdout")),
        (sys, "stderr", _Writer(collector, "stderr")),
        (here, "display_pub", Publisher(parent=here)),
        (builtins, "input", _no_input),
        (getpass, "getpass", _no_input),
    ]
    before = [getattr(place, name) for place, name, _ in places]
    for place, name, value in places:
        setattr(place, name, value)
    try:
        yield
    finally:
        for (place, name, _), value in zip(places, before, strict=True):
            setattr(place, name, value)


class _Writer(io.TextIOBase):
    """A text stream into the collector."""

    def __init__(self, collector: Collector, name: str) -> None:
        self._collector, self._name = collector, name

    def write(self, text: str) -> int:
        """Collect the text."""
        self._collector.stream(self._name, text)
        return len(text)

    def writable(self) -> bool:
        """Return True."""
        return True


def _no_input(*_: object, **__: object) -> str:
    msg = "a trial cannot ask for input"
    raise EOFError(msg)


class Heard:
    """The last lines that are printed from here until `end`, which are printed as ever; long ones are left out.

    The stream stays the object that others may hold. Raises `AttributeError` or `TypeError` for one that cannot be
    listened to.
    """

    def __init__(self) -> None:
        self._lines: collections.deque[str] = collections.deque(maxlen=LINES_HEARD)
        self._rest = ""
        self._stream, self._before = sys.stdout, vars(sys.stdout).get("write")
        write = self._stream.write

        def heard(text: str) -> int:
            self._hear(text)
            return write(text)

        self._heard = heard
        self._stream.write = heard  # type: ignore[method-assign]  # listens in

    def end(self) -> str:
        """Listen no more, and return the lines."""
        if vars(self._stream).get("write") is self._heard:  # else somebody else listens too, and may go on
            del self._stream.write
            if self._before is not None:
                self._stream.write = self._before  # type: ignore[method-assign]  # as it was
        return "\n".join([*self._lines, self._rest])

    def _hear(self, text: str) -> None:
        if isinstance(text, str):
            *lines, rest = (self._rest + text).split("\n")
            self._lines.extend(line for line in lines if len(line) <= LINE_HEARD)
            self._rest = rest[: LINE_HEARD + 1]


@contextlib.contextmanager
def environment(name: str, value: Path | None) -> Iterator[None]:
    """Set an environment variable, or unset it, for a while."""
    before = os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = str(value)
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before
