"""Times profiling against pandas' own summaries on the same frame: `describe(include="all")` and `corr()`.

    python benchmarks/profile_speed.py [--rows 100000] [--wide 10000]

Prints the seconds of both, their ratio, and the seconds for a frame of very many columns.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from mle_ideator_jupyter import profile
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import Binding, Splitter


def mixed(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return 50 columns: numbers with and without gaps, whole numbers, categories, truth values, dates, text."""
    r = np.random.default_rng(seed)
    data: dict[str, object] = {f"number{i}": r.normal(size=rows) for i in range(22)}
    data |= {f"whole{i}": r.integers(0, 10 ** (i % 4 + 1), rows) for i in range(6)}
    data |= {f"gaps{i}": np.where(r.random(rows) < 0.1, np.nan, r.normal(size=rows)) for i in range(4)}
    for i in range(10):
        levels = np.array([f"level {j}" for j in range(4 ** (i % 5 + 1))])
        data[f"level{i}"] = levels[r.integers(0, len(levels), rows)]
    data |= {f"truth{i}": r.random(rows) < 0.3 for i in range(2)}
    days = pd.Series(pd.date_range("2020-01-01", periods=1000).strftime("%Y-%m-%d"))
    data |= {f"day{i}": days.to_numpy()[r.integers(0, 1000, rows)] for i in range(2)}
    size = np.array(["low", "medium", "high"])
    data |= {f"size{i}": pd.Categorical(size[r.integers(0, 3, rows)]) for i in range(2)}
    data["text"] = [f"the quick brown fox jumps over dog {i}" for i in range(rows)]
    data["y"] = np.asarray(data["number0"]) * 2 + np.asarray(data["whole1"]) + r.normal(size=rows)
    return pd.DataFrame(data)


def seconds(run: Callable[[], object], times: int = 3) -> float:
    """Return the best of a few runs."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--wide", type=int, default=10_000)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    binding = Binding(train="train", target="y", metric=METRICS["rmse"], problem="regression", splitter=Splitter())
    train = mixed(given.rows)
    test = mixed(max(10, given.rows // 3), seed=1).drop(columns="y")

    ours = seconds(lambda: profile.profile_frames(train, None, binding))
    both = seconds(lambda: profile.profile_frames(train, test, binding))
    theirs = seconds(lambda: (train.describe(include="all"), train.corr(numeric_only=True)))
    print(f"profile of {len(train)} x {train.shape[1]}: {ours:.2f} s; with test data of {len(test)} rows: {both:.2f} s")
    print(f"pandas describe(include='all') + corr(): {theirs:.2f} s")
    print(f"ratio {ours / theirs:.2f} (with test data {both / theirs:.2f})")

    held = {"train": train, "test": test, "X": np.zeros((given.rows, 10)), "y": np.zeros(given.rows)}
    print(f"look at a namespace with these frames: {seconds(lambda: profile.look(held)):.3f} s")
    small = {"train": train[:2000], "test": test[:1000], "X": np.zeros((2000, 10)), "y": np.zeros(2000)}
    print(f"look at a usual one (2000 rows): {seconds(lambda: profile.look(small)):.3f} s")

    r = np.random.default_rng(0)
    wide = pd.DataFrame(r.normal(size=(1000, given.wide)), columns=[f"x{i}" for i in range(given.wide)])
    wide["y"] = wide["x0"] + r.normal(size=1000)
    took = seconds(lambda: profile.profile_frames(wide, None, binding), times=1)
    print(f"profile of 1000 x {given.wide}: {took:.1f} s")


if __name__ == "__main__":
    main()
