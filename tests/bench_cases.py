"""Small tasks, rows and boards for the bench's tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mle_ideator_jupyter.bench.references import Reference
from mle_ideator_jupyter.bench.rows import GradedTrial, Row
from mle_ideator_jupyter.bench.tasks import TaskData, write_task
from mle_ideator_jupyter.model import Goal
from mle_ideator_jupyter.scoring.graded import TaskFile, private


def write_small_tasks(folder: Path, *names: str, rows: int = 160) -> Path:
    """Write small regression tasks, each with a board of its own beside its answers, and return their folder."""
    for number, name in enumerate(names):
        rng = np.random.default_rng(number)
        frame = pd.DataFrame({"size": rng.normal(size=rows), "age": rng.integers(1, 40, rows).astype(float)})
        frame["price"] = np.exp(1 + 0.5 * frame["size"] - 0.02 * frame["age"] + rng.normal(scale=0.2, size=rows)).round(
            4
        )
        file = TaskFile(id=name, target="price", metric="rmse", problem="regression")
        cut = rows * 3 // 4
        write_task(folder / name, TaskData(file=file, description="", train=frame[:cut], test=frame[cut:]))
        board = pd.DataFrame({"score": np.linspace(0.05, 1.5, 30)})
        board.to_csv(private(folder / name) / "leaderboard.csv", index=False)
    return folder


def row(arm="prior", task="a", seed=0, path=(0.5, 0.6, 0.7), **more):
    """Return a row of a task whose metric is to maximise, with a trial for each grade of its path."""
    kinds = ["", "feature_engineering", "ensembling", "model_selection"]
    trials = tuple(
        GradedTrial(
            number=k,
            title=f"t{k}",
            kind=kinds[k % 4],
            action=f"play{k}:x" if k else "",
            parent=k - 1 if k else None,
            validation=g,
            grade=g,
        )
        for k, g in enumerate(path)
    )
    given = {"metric": "auc", "goal": Goal.MAXIMIZE, "steps": 2, "baseline": path[0], "trials": trials, **more}
    return Row(arm=arm, task=task, seed=seed, path=tuple(path), **given)


BOARD = Reference(scores=(0.4, 0.5, 0.6, 0.7, 0.8, 0.9), goal=Goal.MAXIMIZE, strong=0.9, baseline=0.5)
