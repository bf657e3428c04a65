"""Executes a cell's source in this process, without IPython's bookkeeping; what it raises is data."""

from __future__ import annotations

import ast
import linecache
import sys
import traceback
from collections.abc import Callable
from typing import Any

from mle_ideator_jupyter.hosts.collecting import Collector, message_of, status_of
from mle_ideator_jupyter.model import Struct
from mle_ideator_jupyter.protocols import CellResult

TRACEBACK_CAP = 8000
FRAMES = 12
"""The innermost frames kept of a traceback."""


class Fault(Struct, frozen=True, kw_only=True):
    """What a cell raised."""

    name: str
    value: str
    traceback: str


def execute(
    source: str,
    namespace: dict[str, Any],
    name: str,
    show: Callable[[Any], object],
    transform: Callable[[str], str] = str,
) -> Fault | None:
    """Run source, first transformed (magics, say), in the namespace; the value of a last expression goes to `show`.

    Whatever is raised, `KeyboardInterrupt` and `SystemExit` too, comes back as a `Fault`.
    """
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        tree = ast.parse(transform(source), name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), namespace)  # noqa: S102 - running cells is what a Host is for
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)  # noqa: S307 - the same
            if value is not None and not source.rstrip().endswith(";"):
                show(value)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:  # noqa: BLE001 - whatever the cell raises is its result
        return _fault(error)
    return None


def result(collector: Collector, fault: Fault | None) -> CellResult:
    """Return the result of a cell whose outputs were collected."""
    if fault is None:
        return CellResult(status="ok", reported=collector.reported, outputs=collector.result())
    collector.error(fault.name, fault.value, fault.traceback.splitlines())
    return CellResult(
        status=status_of(fault.name),
        outputs=collector.result(),
        message=message_of(fault.name, fault.value),
        traceback=fault.traceback,
    )


def _fault(error: BaseException) -> Fault:
    try:
        value = str(error)
    except Exception:  # noqa: BLE001 - an error whose text cannot be had is still an error
        value = "(its text cannot be shown)"
    trace = error.__traceback__.tb_next if error.__traceback__ else None  # without our own frame
    lines = traceback.format_exception(type(error), error, trace, limit=-FRAMES)
    return Fault(name=type(error).__name__, value=value, traceback="".join(lines)[-TRACEBACK_CAP:])
