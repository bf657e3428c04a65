"""Executes Recipes on the workers of a Dask scheduler; all must see the training folder at the same path."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.bench.engines.cluster import connected
from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.rl.executing import Execution, Order, on_lane
from mle_ideator_jupyter.rl.lanes import Lane
from mle_ideator_jupyter.rl.variants import Variant

RETRIES = 3
"""A worker that is lost takes its Recipe with it; that is executed elsewhere, so often."""


class DaskCluster:
    """A cluster by the address of its scheduler, `tcp://host:port`; raises what `connected` raises."""

    def __init__(self, address: str, out: Path, tasks_dir: Path) -> None:
        self.out, self.tasks_dir = out, tasks_dir
        self._client = connected(address)

    def submit(
        self, variant: Variant, order: Order, limits: Limits, kept: Callable[[Execution], Execution]
    ) -> Future[Execution]:
        """Return what will come of an order."""
        given = msgspec.json.encode((variant, order, limits))
        remote = self._client.submit(on_worker, str(self.out), str(self.tasks_dir), given, pure=False, retries=RETRIES)
        made: Future[Execution] = Future()
        made.set_running_or_notify_cancel()

        def finished(done: Any) -> None:
            error = done.exception()
            try:
                if error is not None:
                    msg = f"the cluster did not execute it: {error}".splitlines()[0]
                    made.set_exception(IdeatorError(msg))
                else:
                    made.set_result(kept(msgspec.json.decode(done.result(), type=Execution)))
            except IdeatorError as fault:
                made.set_exception(fault)

        remote.add_done_callback(finished)
        return made

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close()


_lock = threading.Lock()
_lanes: dict[str, tuple[asyncio.AbstractEventLoop, Lane]] = {}


def on_worker(out: str, tasks_dir: str, given: bytes) -> bytes:
    """Execute an order on this worker's own lane, one at a time; its hosts stay warm until the worker ends."""
    variant, order, limits = msgspec.json.decode(given, type=tuple[Variant, Order, Limits])
    with _lock:
        if out not in _lanes:
            _lanes[out] = (asyncio.new_event_loop(), Lane(Path(out), Path(tasks_dir), 0))
            atexit.register(_close, out)
        loop, lane = _lanes[out]
        return msgspec.json.encode(loop.run_until_complete(on_lane(lane, variant, order, limits)))


def _close(out: str) -> None:
    with _lock:
        loop, lane = _lanes.pop(out)
        loop.run_until_complete(lane.close())
        loop.close()
