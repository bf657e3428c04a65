"""Autopilot with torch in the kernel: on a table, on images, on texts, then with memory that does not suffice.

    python benchmarks/experiments/torch_autopilot.py TASKS OUT --steps 8

TASKS is a folder that `jupyter ideate tasks prepare --set credit_data,fine_foods_text` wrote; the images are
scikit-learn's digits. Each run is what `jupyter ideate run` does. After each trial the GPU's memory is asked for. Last,
the notebook allows itself so little memory that a network trained in its first batches runs out of it; what
the next Brief says of that is printed. Without a GPU a double takes the place of the one that is full.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.headless import RunOptions, run_headless
from mle_ideator_jupyter.ideators.playbook import Playbook
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.model import Budget, Failure, Idea, Limits

LOAD = """\
import pandas as pd

train = pd.read_csv("{folder}/train.csv")
test = pd.read_csv("{folder}/test.csv")"""
DIGITS = """\
from sklearn.datasets import load_digits

digits = load_digits()
X, y = digits.images, digits.target"""
LARGE = """\
import numpy as np

rng = np.random.default_rng(0)
y = rng.integers(0, 2, 1200)
X = rng.integers(0, 120, (1200, 28, 28))
for image, answer in zip(X, y):
    i, j = rng.integers(0, 18, 2)
    drawn = np.eye(10, dtype=bool)[:: 1 - 2 * answer]
    image[i : i + 10, j : j + 10][drawn] += 100"""
SCARCE = """\
import torch

torch.cuda.set_per_process_memory_fraction({share})"""
DOUBLE = """\
import torch

convolve = torch.nn.Conv2d.forward


def with_little_memory(self, images):
    if len(images) > 100:
        raise torch.OutOfMemoryError("CUDA out of memory. A double said so: there is no GPU.")
    return convolve(self, images)


torch.nn.Conv2d.forward = with_little_memory"""


class Listening(Playbook):
    """The Playbook, with the Briefs that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.briefs: list[str] = []

    async def propose(self, brief: Brief, n: int = 1) -> Sequence[Idea]:
        """Propose as ever."""
        self.briefs.append(brief.text())
        return await super().propose(brief, n)


def used_mb() -> str:
    """Return what nvidia-smi says is in use on the GPU, in MB."""
    if shutil.which("nvidia-smi") is None:
        return "-"
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]


def run(name: str, cells: Sequence[str], out: Path, **options: Any) -> list[str]:
    """Run the autopilot on a notebook of these cells, print its trials, and return the Briefs."""
    path = out / f"{name}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells]), path)
    listening = Listening()
    began = time.monotonic()

    def tell(update: Update) -> None:
        if update.kind == "trial_started" and update.trial:
            print(f"   before trial {update.trial.number}: {used_mb()} MB of the GPU in use", flush=True)
        if update.kind != "trial_finished" or update.trial is None:
            return
        trial = update.trial
        families = [m["family"] for m in (trial.recipe or {}).get("models", [{"family": "hist_boosting"}])]
        came = trial.outcome.message[:150] if isinstance(trial.outcome, Failure) else f"{trial.score.value:.4f}"
        kind = f"{trial.outcome.kind.value}: " if isinstance(trial.outcome, Failure) else ""
        action = update.idea.action if update.idea else "baseline"
        print(f"{trial.number}. {action} {families} → {kind}{came} {'*' if update.improved else ''}", flush=True)
        print(f"   {trial.seconds:.1f} s; after it {used_mb()} MB of the GPU in use", flush=True)

    print(f"## {name}", flush=True)
    given = RunOptions(notebook=path, limits=Limits(seconds=150), fresh=True, **options)
    done = asyncio.run(run_headless(given, tell, ideator=lambda _: listening))
    print(
        f"{done.metric}: {done.baseline} → {done.best}; grader {done.grader_baseline} → {done.grader_best}; "
        f"{time.monotonic() - began:.0f} s in all",
        flush=True,
    )
    return listening.briefs


def scarce(share: float | None) -> str:
    """Return the cell that leaves networks little memory."""
    return DOUBLE if share is None else SCARCE.format(share=share)


def main() -> int:
    """Run them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--hint", default="", help="for machines without a GPU, where networks come late")
    parser.add_argument("--only", nargs="*", default=["table", "images", "text", "memory"])
    parser.add_argument("--shares", type=float, nargs="*", default=[0.002, 0.0014, 0.001, 0.0007])
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    budget = Budget(steps=given.steps)
    for name, task, target in (("table", "credit_data", "Status"), ("text", "fine_foods_text", "score")):
        if name in given.only:
            folder = (given.tasks / task).resolve()
            cells = [LOAD.format(folder=folder / "prepared" / "public")]
            run(name, cells, given.out, target=target, metric="auc", budget=budget, hint=given.hint, task_dir=folder)
    if "images" in given.only:
        run("images", [DIGITS], given.out, metric="accuracy", budget=budget, hint=given.hint)
    if "memory" not in given.only:
        return 0
    import torch

    for share in given.shares if torch.cuda.is_available() else [None]:
        briefs = run(
            "memory", [LARGE, scarce(share)], given.out, metric="accuracy", budget=Budget(steps=3), hint=given.hint
        )
        said = [line for text in briefs for line in text.splitlines() if "memory last ran out" in line]
        print(f"share {share}: " + (said[0] if said else "memory sufficed"), flush=True)
        if said:
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
