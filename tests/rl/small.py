"""A small training task whose target wants a logarithm, so that some ideas help much."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from mle_ideator_jupyter.bench.tasks import TaskData, write_task
from mle_ideator_jupyter.rl.lanes import Pool
from mle_ideator_jupyter.rl.rollouts import Collection
from mle_ideator_jupyter.rl.samples import Settings
from mle_ideator_jupyter.scoring.graded import TaskFile


def small_task(folder: Path, name: str = "small", rows: int = 400, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)).round(4), columns=list("abcd"))
    frame["town"] = rng.choice(["north", "south", "east"], rows)
    y = np.exp(1.5 * frame["a"] - frame["b"] + 0.5 * (frame["town"] == "north") + 0.2 * rng.normal(size=rows))
    frame["price"] = y.round(4)
    data = TaskData(
        file=TaskFile(id=name, target="price", metric="rmsle", problem="regression"),
        description="Small.",
        train=frame[: rows * 3 // 4],
        test=frame[rows * 3 // 4 :].reset_index(drop=True),
    )
    write_task(folder / name, data)
    return folder / name


@contextlib.contextmanager
def collecting(
    out: Path, tasks: Path, said: list[str] | None = None, cluster=None, runs_by=None, **changes
) -> Iterator[Collection]:
    settings = {"tasks": ("small",), "rows": 150, "cpu_seconds": 20.0, "steps": 2}
    with contextlib.closing(Pool(out, tasks, 1)) as pool:
        notes = said if said is not None else []
        wanted = Settings(**{**settings, **changes})
        yield Collection(out, tasks, wanted, pool, tell=notes.append, cluster=cluster, runs_by=runs_by)
