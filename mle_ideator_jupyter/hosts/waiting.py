"""Waits for work that must come to its end even when the waiter is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def finish(work: Coroutine[Any, Any, T], stop: Callable[[], object]) -> T:
    """Return the result of `work`; when cancelled, call `stop`, wait for the end of the work, then be cancelled."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled():
            raise
        stop()
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):  # once is enough: the work is ending
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains; the cancellation is what counts
        raise
