from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mle_ideator_jupyter.model import Goal, Limits, Splitter
from mle_ideator_jupyter.protocols import CellResult
from mle_ideator_jupyter.rl import executing
from mle_ideator_jupyter.rl.executing import Execution, Executor, Order, fits, shortened
from mle_ideator_jupyter.rl.lanes import Pool
from mle_ideator_jupyter.rl.variants import SplitView, Variant, Variation
from tests.unit.playbook_cases import CASES


class NoLane(ThreadPoolExecutor):
    """A pool that does what it is given without a lane."""

    def submit(self, variant, task, rank=0):
        return super().submit(asyncio.run, task(None))


@pytest.mark.parametrize("grade", [None, 0.7])
def test_what_fails_on_the_first_split_is_not_tried_on_the_others(tmp_path, monkeypatch, grade):
    tried = []

    async def on_lane(lane, variant, order, limits):
        tried.append(order.split)
        return Execution(key="", grade=grade, message="" if grade else "stopped after 10 CPU seconds")

    monkeypatch.setattr(executing, "on_lane", on_lane)
    with NoLane(1) as pool:
        executor = Executor(tmp_path, pool, Limits())
        executor.variants["v"] = Variant(variation=Variation(task="t", number=0), fingerprint="f", goal=Goal.MAXIMIZE)
        found = [executor.execute(Order(variant="v", split=k, recipe={})).result() for k in range(3)]
    assert tried == ([0, 1, 2] if grade else [0])
    assert [e.grade for e in found] == [grade] * 3
    assert grade or all("stopped after 10" in e.message for e in found)


def test_a_pool_does_what_ranks_low_first(tmp_path):
    done: list[str] = []
    begun, go = threading.Event(), threading.Event()

    def noting(name):
        async def note(lane):
            done.append(name)

        return note

    async def hold(lane):
        begun.set()
        await asyncio.to_thread(go.wait)

    with contextlib.closing(Pool(tmp_path, tmp_path, 1)) as pool:
        pool.submit("v", hold)
        begun.wait()
        waiting = [pool.submit("v", noting(name), rank) for name, rank in (("a2", 2), ("a0", 0), ("b1", 1), ("b0", 0))]
        go.set()
        for future in waiting:
            future.result()
    assert done == ["a0", "b0", "b1", "a2"]


@pytest.mark.parametrize("kind", ["kfold", "stratified", "holdout", "stratified_holdout", "time", "group"])
def test_a_reward_costs_one_fit_and_limits_shrink_with_it(kind):
    whole = Splitter(kind=kind)
    assert fits(whole) > 1.0
    limits = Limits(cpu_seconds=30.0)
    assert shortened(limits, 1 / fits(whole)).cpu_seconds == pytest.approx(30.0 / fits(whole))
    assert shortened(Limits(cpu_seconds=2.0), 0.1).cpu_seconds == 1.0


class NoHost:
    """A host that runs nothing and remembers what it was given."""

    def __init__(self):
        self.sources = []

    async def run(self, cell, limits):
        self.sources.append(cell.source)
        return CellResult(status="error", message="ValueError")


def test_an_idea_is_one_solution_on_all_splits(tmp_path):
    """A column that is a number in the rows of one split and constant in another's must not fail the idea there."""
    views = [
        SplitView(task=b.task, profile=b.profile, kernel=b.kernel)
        for b in (CASES["mixed binary"](), CASES["counts mae"]())
    ]
    variant = Variant(variation=Variation(task="t", number=0), fingerprint="f", goal=Goal.MAXIMIZE, splits=tuple(views))
    host = NoHost()
    for split in range(2):
        order = Order(variant="v", split=split, recipe={})
        asyncio.run(executing.run_recipe(host, variant, order, Limits(), grader=None, submissions=tmp_path))
    first, second = (re.sub(r"\w+\.csv", "some.csv", source) for source in host.sources)
    assert first.replace("train_0", "train_1").replace("test_0", "test_1") == second
