"""Executed samples a minute: through the rollouts' warm hosts and cache, against a fresh kernel for each sample.

The same Recipes on the same variant of a made-up task, as a group of answers brings them: some are near-duplicates,
all have the parent in common. A sample is an idea executed on all outer splits with its parent. Floor: 10 times.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from nbclient import NotebookClient

from mle_ideator_jupyter.bench.tasks import TaskData, write_task
from mle_ideator_jupyter.hosts.forklife import ONE_THREAD
from mle_ideator_jupyter.implementers.recipe.render import render_fit
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.recipe import recipe_from
from mle_ideator_jupyter.rl.executing import Executor, Order
from mle_ideator_jupyter.rl.lanes import Pool
from mle_ideator_jupyter.rl.states import prepare
from mle_ideator_jupyter.rl.variants import Variant, Variation, folder_of
from mle_ideator_jupyter.scoring.graded import TaskFile, public

FLOOR = 10.0
ROWS = 300


def task(folder: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(2 * ROWS, 5)), columns=list("abcde"))
    frame["y"] = frame["a"] * 2 + rng.normal(size=len(frame))
    file = TaskFile(id="made-up", target="y", metric="rmse", problem="regression")
    data = TaskData(file=file, description="Made up.", train=frame[:ROWS], test=frame[ROWS:].reset_index(drop=True))
    write_task(folder / "made-up", data)


def answers(samples: int) -> list[dict[str, object]]:
    """Return Recipes of ridge models, every second of which was proposed before."""
    strengths = [0.1 * (k // 2 + 1) for k in range(samples)]
    return [{"models": [{"family": "linear", "params": {"alpha": a}}]} for a in strengths]


def pooled(executor: Executor, variant: Variant, recipes: list[dict[str, object]]) -> float:
    began = time.perf_counter()
    splits = range(len(variant.splits))
    orders = [Order(variant=variant.name, split=k, recipe=each) for r in recipes for each in (r, {}) for k in splits]
    for future in [executor.execute(o) for o in orders]:
        if future.result().grade is None:
            sys.exit(f"a trial failed: {future.result().message}")
    return time.perf_counter() - began


def fresh(out: Path, variant: Variant, recipes: list[dict[str, object]]) -> float:
    """Execute each idea and its parent on each split in a kernel of its own, as notebooks are commonly executed."""
    began = time.perf_counter()
    for recipe in recipes:
        for split, view in enumerate(variant.splits):
            where = public(folder_of(out, variant.variation, split))
            load = f"import pandas as pd\n{{0}} = pd.read_csv({str(where)!r} + '/{{0}}.csv')"
            for each in (recipe, {}):
                trial = render_fit(
                    view.task.binding,
                    view.profile,
                    recipe_from(each),
                    name="trial_01",
                    path=str(out / "submission.csv"),
                    libraries=view.kernel.libraries,
                )
                cells = [nbformat.v4.new_code_cell(s) for s in (load.format("train"), load.format("test"), trial)]
                NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=120, kernel_name="python3").execute()
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=24, help="through the pool")
    parser.add_argument("--kernels", type=int, default=1, help="samples in fresh kernels")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    os.environ.update(ONE_THREAD)
    limits = Limits(cpu_seconds=30)
    with tempfile.TemporaryDirectory() as folder:
        out, tasks = Path(folder) / "out", Path(folder) / "tasks"
        task(tasks)
        with contextlib.closing(Pool(out, tasks, options.workers)) as pool:
            executor = Executor(out, pool, limits)
            variation = Variation(task="made-up", number=0)
            began = time.perf_counter()
            variant = pool.submit(variation.name, lambda lane: prepare(lane, variation, limits)).result()
            executor.variants[variant.name] = variant
            started = time.perf_counter() - began
            fast = options.samples / pooled(executor, variant, answers(options.samples)) * 60
            ran, cached = executor.fresh, executor.reused
        slow = options.kernels / fresh(out, variant, answers(options.kernels)) * 60
    print(f"pool of {options.workers}: {fast:.1f} samples/min ({ran} trials run, {cached} from cache)")
    print(f"(after a start of {started:.1f} s, once)")
    print(f"fresh kernel per trial (nbclient): {slow:.2f} samples/min")
    print(f"ratio {fast / slow:.1f}, floor {FLOOR:.0f}")
    return 0 if fast / slow >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
