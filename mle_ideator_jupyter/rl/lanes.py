"""Lanes that execute on variants, behind the fence, several at a time.

A lane is a thread with an event loop and a few warm fork hosts, each with one variant's data; trials run in their
children.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from mle_ideator_jupyter.bench import scanning
from mle_ideator_jupyter.errors import HostError
from mle_ideator_jupyter.hosts.fence import fence
from mle_ideator_jupyter.hosts.fork import ForkHost
from mle_ideator_jupyter.model import Struct
from mle_ideator_jupyter.rl.variants import Variation, folder_of
from mle_ideator_jupyter.scoring.graded import public

WARM = 6
"""Fork hosts that a lane keeps; each holds one variant's data and takes seconds to start."""
Given = TypeVar("Given")


class Lane:
    """Warm hosts of one thread; used from that thread's event loop alone."""

    def __init__(self, out: Path, tasks_dir: Path, number: int, warm: int = WARM) -> None:
        self.out, self.tasks_dir, self.warm = out, tasks_dir, warm
        self.work = out / "work" / f"lane{os.getpid()}-{number}"
        self.submissions = self.work / "submissions"
        self.submissions.mkdir(parents=True, exist_ok=True)
        self.hosts: OrderedDict[str, ForkHost] = OrderedDict()

    async def host(self, variation: Variation, splits: int) -> ForkHost:
        """Return a warm host with all splits of a variant loaded: `train_0`, `test_0` and so on. Raises `HostError`."""
        name = variation.name
        if name in self.hosts:
            self.hosts.move_to_end(name)
            return self.hosts[name]
        while len(self.hosts) >= self.warm:
            _, oldest = self.hosts.popitem(last=False)
            await oldest.close()
        data = [folder_of(self.out, variation, split) for split in range(splits)]
        host = ForkHost(
            ["import pandas as pd", *_loading(data)],
            cwd=self.work,
            submissions=self.submissions,
            fence=fence(
                data,
                [self.work],
                hidden=[self.out, self.tasks_dir, *scanning.carriers().values()],
                log=self.out / "refused.jsonl",
                home=self.work,
            ),
        )
        await host.start()
        if host.setup_failures:
            await host.close()
            raise HostError(host.setup_failures[0])
        self.hosts[name] = host
        return host

    async def close(self) -> None:
        """End all hosts and remove what their trials left."""
        while self.hosts:
            await self.hosts.popitem()[1].close()
        shutil.rmtree(self.work, ignore_errors=True)


def _loading(data: Iterable[Path]) -> list[str]:
    return [
        f"{name}_{k} = pd.read_csv({str(public(folder.resolve()) / f'{name}.csv')!r})"
        for k, folder in enumerate(data)
        for name in ("train", "test")
    ]


class _Work(Struct, frozen=True, kw_only=True):
    variant: str
    rank: int
    task: Callable[[Lane], Awaitable[Any]]
    future: Any


class Pool:
    """Lanes that share one queue; each prefers work on the variants that it has warm."""

    def __init__(self, out: Path, tasks_dir: Path, workers: int = 1, warm: int = WARM) -> None:
        self._queue: deque[_Work] = deque()
        self._turn = threading.Condition()
        self._closed = False
        self.workers = workers
        lanes = [Lane(out, tasks_dir, k, warm) for k in range(workers)]
        self._threads = [threading.Thread(target=asyncio.run, args=(self._drive(lane),)) for lane in lanes]
        for thread in self._threads:
            thread.start()

    def submit(self, variant: str, task: Callable[[Lane], Awaitable[Given]], rank: int = 0) -> Future[Given]:
        """Have `task` done on some lane, before those of a higher rank; its exceptions are the Future's."""
        future: Future[Given] = Future()
        with self._turn:
            if self._closed:  # a lane's last work may hand on more
                future.cancel()
                return future
            self._queue.append(_Work(variant=variant, rank=rank, task=task, future=future))
            self._turn.notify()
        return future

    def close(self) -> None:
        """Cancel what has not begun, wait for what has, and end all hosts."""
        with self._turn:
            self._closed = True
            while self._queue:
                self._queue.pop().future.cancel()
            self._turn.notify_all()
        for thread in self._threads:
            thread.join()

    async def _drive(self, lane: Lane) -> None:
        try:
            while (work := await asyncio.to_thread(self._next, lane)) is not None:
                if not work.future.set_running_or_notify_cancel():
                    continue
                try:
                    work.future.set_result(await work.task(lane))
                except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
                    work.future.set_exception(error)
        finally:
            await lane.close()

    def _next(self, lane: Lane) -> _Work | None:
        with self._turn:
            while not self._queue:
                if self._closed:
                    return None
                self._turn.wait()
            warm = [w for w in self._queue if w.variant in lane.hosts]
            chosen = min(warm or self._queue, key=lambda w: w.rank)
            self._queue.remove(chosen)
            return chosen
