"""Runs the body of a cell magic as ordinary code of the user's: shown as it goes, collected on the side.

Nothing is remembered or put back: what the code does to the namespace is the user's own doing.
"""

from __future__ import annotations

import ast
import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mle_ideator_jupyter.hosts import shell as here
from mle_ideator_jupyter.hosts.collecting import Collector, message_of, status_of
from mle_ideator_jupyter.protocols import CellResult
from mle_ideator_jupyter.scoring.reported import SUBMISSIONS, sink


def run(shell: Any, source: str, submissions: Path | None = None) -> tuple[CellResult, BaseException | None]:
    """Run the code in the user's namespace; returns what came of it, and what it raised, to be raised again."""
    __tracebackhide__ = True
    collector = Collector(submissions)
    began = time.monotonic()
    error: BaseException | None = None
    with _collected(shell, collector), here.environment(SUBMISSIONS, submissions), sink(None):
        try:
            _execute(shell, source)
            here.flush_figures()
        except BaseException as raised:  # noqa: BLE001 - whatever it is, it is recorded and raised again
            error = raised
    seconds = round(time.monotonic() - began, 3)
    if error is None:
        return CellResult(status="ok", reported=collector.reported, outputs=collector.result(), seconds=seconds), None
    name, text = type(error).__name__, _text(error)
    collector.error(name, text, [])
    message = message_of(name, text)
    return CellResult(status=status_of(name), outputs=collector.result(), message=message, seconds=seconds), error


def _execute(shell: Any, source: str) -> None:
    """Run code as the shell would: its syntax, its own lines in tracebacks, the last expression shown."""
    __tracebackhide__ = True
    code = shell.transform_cell(source)
    name = shell.compile.cache(code, shell.displayhook.prompt_count, raw_code=source)
    tree = shell.transform_ast(shell.compile.ast_parse(code, filename=name))
    last = [tree.body.pop()] if tree.body and isinstance(tree.body[-1], ast.Expr) else []
    exec(shell.compile(tree, name, "exec"), shell.user_ns)  # noqa: S102 - the user's own cell
    if last:
        exec(shell.compile(ast.Interactive(last), name, "single"), shell.user_ns)  # noqa: S102 - the same


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an error whose text cannot be had is still an error
        return "(its text cannot be shown)"


@contextlib.contextmanager
def _collected(shell: Any, collector: Collector) -> Iterator[None]:
    """Collect what is printed and displayed, which is shown as ever."""
    publisher, streams = shell.display_pub, (sys.stdout, sys.stderr)
    publish, own = publisher.publish, "publish" in vars(publisher)

    def published(data: Any, metadata: Any = None, **more: Any) -> None:
        with contextlib.suppress(TypeError, ValueError):  # data that cannot be written down are only shown
            collector.display(dict(data), metadata)
        publish(data, metadata, **more)

    publisher.publish = published
    sys.stdout, sys.stderr = _Both(streams[0], collector, "stdout"), _Both(streams[1], collector, "stderr")
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
        del publisher.publish
        if own:
            publisher.publish = publish


class _Both:
    """A text stream that also collects what is written; all else is the stream's own."""

    def __init__(self, stream: Any, collector: Collector, name: str) -> None:
        self._stream, self._collector, self._name = stream, collector, name

    def write(self, text: str) -> Any:
        """Collect the text and pass it on."""
        self._collector.stream(self._name, text)
        return self._stream.write(text)

    def writelines(self, lines: Any) -> None:
        """Write lines, one by one."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
