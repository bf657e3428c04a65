"""Executes Recipes on variants, behind the fence, several at a time, each once for good.

A lane is a thread with an event loop and a few warm fork hosts; trials run in children of these, and their submissions
are graded here, outside. What a Recipe scored is kept by the content of variant, split and Recipe: the same trial
is never run twice, however often and whenever it is asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import threading
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace

from mle_ideator_jupyter.bench import scanning
from mle_ideator_jupyter.errors import EditError, GradeError, HostError
from mle_ideator_jupyter.hosts.fence import fence
from mle_ideator_jupyter.hosts.fork import ForkHost
from mle_ideator_jupyter.implementers.recipe.render import render_trial
from mle_ideator_jupyter.model import Limits, Splitter, Struct
from mle_ideator_jupyter.protocols import cell
from mle_ideator_jupyter.recipe import recipe_from
from mle_ideator_jupyter.rl.store import Store
from mle_ideator_jupyter.rl.variants import SplitView, Variant, Variation, folder_of, grader_of
from mle_ideator_jupyter.scoring.graded import FolderGrader, public

BLOCKS = 8
"""Blocks of test rows that are left out in turn."""
WARM = 3
"""Fork hosts that a lane keeps; each holds one variant's data."""
WALL = 20.0
"""Wall-clock seconds that a trial may take for each CPU-second it is granted: only what hangs takes longer."""
Given = TypeVar("Given")


class Order(Struct, frozen=True, kw_only=True):
    """A Recipe (as plain data) to be executed on a split of a variant."""

    variant: str
    split: int
    recipe: dict[str, Any]


class Execution(Struct, frozen=True, kw_only=True):
    """What came of it. `cpu_seconds` are those of a trial with all its folds, reckoned from the fewer that ran.

    `grade` is None where nothing could be graded, and `message` says why; `blocks` are the grades without each
    block of test rows.
    """

    key: str
    grade: float | None = None
    blocks: tuple[float, ...] = ()
    cpu_seconds: float = 0.0
    message: str = ""


def quick(splitter: Splitter) -> Splitter:
    """Return the cheapest splitter of this kind: a reward needs the fit on all rows, no validation score."""
    if splitter.kind in {"kfold", "stratified"}:
        kind = "stratified_holdout" if splitter.kind == "stratified" else "holdout"
        return replace(splitter, kind=kind)
    return splitter if "holdout" in splitter.kind else replace(splitter, folds=min(splitter.folds, 2))


def fits(splitter: Splitter) -> int:
    """Return how often a trial fits its Recipe: once a fold, and once on all rows."""
    return 2 if "holdout" in splitter.kind else splitter.folds + 1


def shortened(limits: Limits, whole: Splitter, part: Splitter) -> Limits:
    """Return the limits of a trial that has fewer folds than a real one, in the same proportion."""
    cpu = (limits.cpu_seconds or 30.0) * fits(part) / fits(whole)
    return Limits(cpu_seconds=max(1.0, cpu), seconds=max(1.0, cpu) * WALL, memory_mb=limits.memory_mb)


def same_cell(view: SplitView, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two Recipes render to one and the same cell: an idea between them changes nothing.

    A Recipe that does not render equals none; executing it says why.
    """
    try:
        cells = {
            render_trial(
                view.task.binding, view.profile, recipe_from(r), name="trial_01", libraries=view.kernel.libraries
            )
            for r in (one, other)
        }
    except EditError:
        return False
    return len(cells) == 1


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

    def submit(self, variant: str, task: Callable[[Lane], Awaitable[Given]]) -> Future[Given]:
        """Have `task` done on some lane; its exceptions are the Future's."""
        future: Future[Given] = Future()
        with self._turn:
            self._queue.append(_Work(variant=variant, task=task, future=future))
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
            chosen = next((w for w in self._queue if w.variant in lane.hosts), self._queue[0])
            self._queue.remove(chosen)
            return chosen


class Executor:
    """Executes Recipes on the variants that it was told of; the same one once, also across restarts."""

    def __init__(self, out: Path, pool: Pool, limits: Limits, cluster: Cluster | None = None) -> None:
        """With a `cluster`, Recipes are executed there instead of on the pool's lanes."""
        self.out, self.pool, self.limits, self.cluster = out, pool, limits, cluster
        self.variants: dict[str, Variant] = {}
        self.fresh = self.reused = 0
        self._store = Store(out / "executions.jsonl", Execution)
        self._known: dict[str, Future[Execution]] = {}
        self._lock = threading.Lock()
        self.refresh()

    def refresh(self) -> None:
        """Take in what other processes have executed meanwhile into the same folder."""
        with self._lock:
            for kept in self._store.news():
                if kept.key not in self._known:
                    done: Future[Execution] = Future()
                    done.set_result(kept)
                    self._known[kept.key] = done

    def key(self, order: Order) -> str:
        """Return the name of an execution by its content: data, split, Recipe, limits."""
        variant = self.variants[order.variant]
        said = f"{variant.fingerprint}:{order.split}:{recipe_from(order.recipe).key()}:{self.limits.cpu_seconds}"
        return hashlib.sha256(said.encode()).hexdigest()[:24]

    def execute(self, order: Order) -> Future[Execution]:
        """Return what will come of an order. A fault of the machinery is the Future's exception and is not kept."""
        key = self.key(order)
        with self._lock:
            known = self._known.get(key)
            if known is not None and not (known.done() and (known.cancelled() or known.exception())):
                self.reused += 1
                return known
            self.fresh += 1
            variant = self.variants[order.variant]
            if self.cluster is not None:
                made = self.cluster.submit(variant, order, self.limits, lambda done: self._kept(done, key))
            else:
                made = self.pool.submit(order.variant, lambda lane: self._executed(lane, variant, order, key))
            self._known[key] = made
            return made

    async def _executed(self, lane: Lane, variant: Variant, order: Order, key: str) -> Execution:
        return self._kept(await on_lane(lane, variant, order, self.limits), key)

    def _kept(self, done: Execution, key: str) -> Execution:
        named = replace(done, key=key)
        self._store.append(named)
        return named


class Cluster(Protocol):
    """Where Recipes may be executed beside this machine."""

    def submit(
        self, variant: Variant, order: Order, limits: Limits, kept: Callable[[Execution], Execution]
    ) -> Future[Execution]:
        """Return what will come of an order, after `kept` has put it away."""
        ...


async def on_lane(lane: Lane, variant: Variant, order: Order, limits: Limits) -> Execution:
    """Execute an order on a lane."""
    host = await lane.host(variant.variation, len(variant.splits))
    return await run_recipe(host, variant, order, limits, grader_of(lane.out, variant.variation, order.split))


async def run_recipe(host: ForkHost, variant: Variant, order: Order, limits: Limits, grader: FolderGrader) -> Execution:
    """Execute one Recipe in a child of the host and grade what it leaves; what the trial does wrong is data."""
    view = variant.splits[order.split]
    whole = view.task.binding.splitter
    binding = replace(
        view.task.binding,
        splitter=quick(whole),
        train=f"train_{order.split}",
        test=f"test_{order.split}",
    )
    try:
        source = render_trial(
            binding, view.profile, recipe_from(order.recipe), name="trial_01", libraries=view.kernel.libraries
        )
    except EditError as error:
        return Execution(key="", message=str(error))
    granted = shortened(limits, whole, binding.splitter)
    result = await host.run(cell(source, keep=("trial_01", "trial_01_result")), granted)
    cpu = result.cpu_seconds * fits(whole) / fits(binding.splitter)
    path = Path(result.reported.submission) if result.reported and result.reported.submission else None
    if result.status == "interrupted":
        msg = "interrupted"
        raise HostError(msg)
    if result.status != "ok" or path is None:
        return Execution(key="", cpu_seconds=cpu, message=result.message or "it left no submission")
    try:
        grade, blocks = await asyncio.to_thread(grader.grade_with_blocks, path, BLOCKS)
    except GradeError as error:
        return Execution(key="", cpu_seconds=cpu, message=str(error))
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
    return Execution(key="", grade=grade, blocks=blocks, cpu_seconds=cpu)
