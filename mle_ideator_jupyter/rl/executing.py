"""Executes Recipes on variants, each once for good.

Their submissions are graded here, outside of the trials. What a Recipe scored is kept by the content of variant, split
and Recipe: the same trial is never run twice, however often and whenever it is asked for. One that fails on the first
split is not tried on the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from msgspec.structs import replace

from mle_ideator_jupyter.errors import EditError, GradeError, HostError
from mle_ideator_jupyter.hosts.fork import ForkHost
from mle_ideator_jupyter.implementers.recipe.render import render_fit, render_trial
from mle_ideator_jupyter.model import Limits, Splitter, Struct
from mle_ideator_jupyter.protocols import cell
from mle_ideator_jupyter.recipe import recipe_from
from mle_ideator_jupyter.rl.lanes import Lane, Pool
from mle_ideator_jupyter.rl.store import Store
from mle_ideator_jupyter.rl.variants import SplitView, Variant, grader_of
from mle_ideator_jupyter.scoring.graded import FolderGrader

BLOCKS = 8
"""Blocks of test rows that are left out in turn."""
WALL = 20.0
"""Wall-clock seconds that a trial may take for each CPU-second it is granted: only what hangs takes longer."""


class Order(Struct, frozen=True, kw_only=True):
    """A Recipe (as plain data) to be executed on a split of a variant."""

    variant: str
    split: int
    recipe: dict[str, Any]


class Execution(Struct, frozen=True, kw_only=True):
    """What came of it. `cpu_seconds` are those of a trial with all its folds, reckoned from the one fit.

    `grade` is None where nothing could be graded, and `message` says why; `blocks` are the grades without each
    block of test rows.
    """

    key: str
    grade: float | None = None
    blocks: tuple[float, ...] = ()
    cpu_seconds: float = 0.0
    message: str = ""


def fits(splitter: Splitter) -> float:
    """Return how many fits on all rows a trial is worth: those of its folds by their share of rows, and the last."""
    if "holdout" in splitter.kind:
        return 2.0 - splitter.fraction
    if splitter.kind == "time":
        return splitter.folds / 2 + 1.0
    return float(splitter.folds)


def shortened(limits: Limits, share: float) -> Limits:
    """Return the limits of a trial that does this share of a real one's fits (see `fits`)."""
    cpu = max(1.0, (limits.cpu_seconds or 30.0) * share)
    return Limits(cpu_seconds=cpu, seconds=cpu * WALL, memory_mb=limits.memory_mb)


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
                made = self.pool.submit(
                    order.variant, lambda lane: self._executed(lane, variant, order, key), order.split
                )
            self._known[key] = made
            return made

    def on_splits(self, variant: str, recipe: dict[str, Any]) -> list[Future[Execution]]:
        """Return what will come of a Recipe on each split of a variant."""
        splits = len(self.variants[variant].splits)
        return [self.execute(Order(variant=variant, split=k, recipe=recipe)) for k in range(splits)]

    async def _executed(self, lane: Lane, variant: Variant, order: Order, key: str) -> Execution:
        failed = self._failed_first(order)
        if failed:
            return self._kept(Execution(key="", message=f"not tried, for on the first split: {failed}"), key)
        return self._kept(await on_lane(lane, variant, order, self.limits), key)

    def _failed_first(self, order: Order) -> str:
        """Return how this Recipe failed on the first split, where it is known to."""
        with self._lock:
            first = self._known.get(self.key(replace(order, split=0))) if order.split else None
        done = first is not None and first.done() and not first.cancelled() and not first.exception()
        return first.result().message if first is not None and done else ""

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
    grader = grader_of(lane.out, variant.variation, order.split)
    return await run_recipe(host, variant, order, limits, grader=grader, submissions=lane.submissions)


async def run_recipe(
    host: ForkHost, variant: Variant, order: Order, limits: Limits, *, grader: FolderGrader, submissions: Path
) -> Execution:
    """Fit one Recipe on all rows in a child of the host and grade its predictions; what it does wrong is data.

    Nothing is validated: a reward needs no validation score. The cell is made from the profile of the first split,
    where the idea came from: it is one solution on all splits.
    """
    view = variant.splits[0]
    binding = replace(view.task.binding, train=f"train_{order.split}", test=f"test_{order.split}")
    path = submissions / f"{uuid.uuid4().hex}.csv"
    try:
        source = render_fit(
            binding,
            view.profile,
            recipe_from(order.recipe),
            name="trial_01",
            path=str(path),
            libraries=view.kernel.libraries,
        )
    except EditError as error:
        return Execution(key="", message=str(error))
    whole = fits(binding.splitter)
    result = await host.run(cell(source, keep=("trial_01", "trial_01_result")), shortened(limits, 1 / whole))
    cpu = result.cpu_seconds * whole
    if result.status == "interrupted":
        msg = "interrupted"
        raise HostError(msg)
    try:
        if result.status != "ok":
            return Execution(key="", cpu_seconds=cpu, message=result.message or f"the trial {result.status}")
        grade, blocks = await asyncio.to_thread(grader.grade_with_blocks, path, BLOCKS)
    except GradeError as error:
        return Execution(key="", cpu_seconds=cpu, message=str(error))
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
    return Execution(key="", grade=grade, blocks=blocks, cpu_seconds=cpu)
