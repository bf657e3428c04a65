"""Trials per minute of the bench at one and two workers, local and on Dask, against the ideal of twice as many.

    python benchmarks/bench_scaling.py [--engines local,dask] [--runs 4] [--steps 3]

The same small runs each time. The ideal is twice the one-worker rate of the same engine; the ratio to it counts, since
it depends little on the machine. Start-up of the runs (a kernel, the libraries) is in the time, that of the
cluster is not. Needs two idle cores: on a busy machine the ratio says how busy it was.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from mle_ideator_jupyter.bench.engines.engine import Engine
from mle_ideator_jupyter.bench.engines.local import LocalEngine
from mle_ideator_jupyter.bench.rows import Plan
from mle_ideator_jupyter.bench.running import jobs_of, run_bench
from mle_ideator_jupyter.bench.tasks import TaskData, write_task
from mle_ideator_jupyter.scoring.graded import TaskFile

LEAST = 0.7
"""The ratio to the ideal below which this exits with 1; not where the cores are busy."""


def write_small_task(folder: Path) -> None:
    """Write a regression task of 600 rows, whose trials take about a second."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(800, 6)), columns=[f"x{k}" for k in range(6)])
    frame["y"] = np.exp(frame["x0"]) + frame["x1"] * frame["x2"] + rng.normal(scale=0.3, size=800)
    file = TaskFile(id="small", target="y", metric="rmse", problem="regression")
    write_task(folder / "small", TaskData(file=file, description="", train=frame[:600], test=frame[600:]))


@contextlib.contextmanager
def engine_of(name: str, workers: int) -> Iterator[Engine]:
    """Yield an engine with so many workers; a cluster of its own on this machine for Dask."""
    if name == "local":
        yield LocalEngine(workers)
        return
    from distributed import LocalCluster

    from mle_ideator_jupyter.bench.engines.cluster import DaskEngine

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster:
        yield DaskEngine(cluster.scheduler_address)


def rate(name: str, workers: int, runs: int, steps: int) -> float:
    """Return trials per minute, baselines included."""
    with tempfile.TemporaryDirectory() as folder, engine_of(name, workers) as engine:
        tasks = Path(folder) / "tasks"
        write_small_task(tasks)
        plan = Plan(out=str(Path(folder) / "out"), tasks_dir=str(tasks), steps=steps)
        began = time.monotonic()
        rows = run_bench(plan, jobs_of(["small"], ["prior"], runs), lambda: engine, lambda _: None)
        return 60 * sum(len(row.trials) for row in rows) / (time.monotonic() - began)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--engines", default="local,dask")
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--steps", type=int, default=3)
    given = parser.parse_args()
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    worst = 1.0
    for name in given.engines.split(","):
        one, two = (rate(name, workers, given.runs, given.steps) for workers in (1, 2))
        ratio = two / (2 * one)
        worst = min(worst, ratio)
        print(f"{name:6s} 1 worker {one:6.1f} trials/min, 2 workers {two:6.1f}, ratio to ideal {ratio:.2f}", flush=True)
    print(f"load per core before: {busy:.1f}")
    return 0 if worst >= LEAST or busy > 0.3 else 1


if __name__ == "__main__":
    sys.exit(main())
