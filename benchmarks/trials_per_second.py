"""Short trials through the fast path, against a fresh kernel for each (nbclient, as notebooks are commonly executed).

Both run the same setup and the same trial cell, in turns, in one run. Floor: 10 times as many trials a second.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from statistics import median

import nbformat
from nbclient import NotebookClient

from mle_ideator_jupyter.hosts.fork import ForkHost
from mle_ideator_jupyter.hosts.forklife import ONE_THREAD
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import cell

FLOOR = 10.0
SETUP = """\
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
train = pd.DataFrame(rng.normal(size=(500, 5)), columns=list("abcde"))
train["y"] = train["a"] * 2 + rng.normal(size=500)"""
TRIAL = """\
def trial_01(train):
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import cross_val_score
    X, y = train.drop(columns="y"), train["y"]
    return -cross_val_score(Ridge(), X, y, cv=3, scoring="neg_root_mean_squared_error"), None

trial_01_result = trial_01(train.copy())
from mle_ideator_jupyter import report_score
report_score(trial_01_result[0], metric="rmse")"""


async def forked(host: ForkHost, trials: int) -> float:
    """Return the seconds that so many trials take through the fork host, which is started."""
    began = time.perf_counter()
    for _ in range(trials):
        result = await host.run(cell(TRIAL, keep=("trial_01", "trial_01_result")), Limits(seconds=30))
        if result.reported is None:
            sys.exit(f"a trial failed: {result.message}")
    return time.perf_counter() - began


def fresh(trials: int) -> float:
    """Return the seconds that so many trials take in kernels of their own."""
    began = time.perf_counter()
    for _ in range(trials):
        cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, TRIAL)]
        NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=60, kernel_name="python3").execute()
    return time.perf_counter() - began


async def main() -> int:
    """Measure in turns, print, and return 1 below the floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=50, help="trials of a round through the fast path")
    parser.add_argument("--kernels", type=int, default=2, help="fresh kernels of a round")
    options = parser.parse_args()
    os.environ.update(ONE_THREAD)
    host = ForkHost([SETUP])
    try:
        began = time.perf_counter()
        await host.start()
        started = time.perf_counter() - began
        fast, slow = [], []
        for _ in range(options.rounds):
            fast.append(options.trials / await forked(host, options.trials))
            slow.append(options.kernels / await asyncio.to_thread(fresh, options.kernels))
    finally:
        await host.close()
    ratio = median(fast) / median(slow)
    print(f"fork host: {median(fast):.1f} trials/s (after a start of {started:.1f} s, once)")
    print(f"fresh kernel per trial (nbclient): {median(slow):.2f} trials/s")
    print(f"ratio {ratio:.1f}, floor {FLOOR:.0f}")
    return 0 if ratio >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
