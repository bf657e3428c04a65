"""Ten trials of autopilot on each public training task, graded on the private answers; prints a Markdown table.

    python benchmarks/experiments/training_tasks.py OUT [TASK,TASK…] [--seed K]

Each trial has at most 30 CPU-seconds on one core. The baseline is the run's own trial 0. "Stronger" is the hand-made
reference: one-hot or target encoding, log target where skewed, tuned boosting blended with linear, extra trees
or SVM, as measured once with seed 0. The best trial is chosen by validation score alone.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

from mle_ideator_jupyter.bench.public import TRAINING, chosen, load_task
from mle_ideator_jupyter.bench.tasks import starter_notebook, write_task
from mle_ideator_jupyter.headless import RunOptions, RunSummary, run_headless
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.model import Budget, Limits

STRONGER = {
    "credit_data": 0.8437,
    "bikeshare": 0.4024,
    "email_spam": 0.9653,
    "diamonds": 260.0,
    "vowel": 0.9793,
    "lending_club": 0.748,
    "splice_dna": 0.1038,
    "marketing_income": 0.7216,
    "fine_foods_text": 0.8569,
    "chicago_ridership": 1.217,
}


def show(update: Update) -> None:
    """Print a line for each finished trial."""
    trial = update.trial
    if update.kind == "trial_finished" and trial is not None:
        said = f"{trial.score.value:.5g}" if trial.score else str(trial.outcome)[:110]
        print(
            f"    {trial.number:2d} {said:>10s} {trial.seconds:5.1f} s {'*' if update.improved else ' '} {trial.title}",
            flush=True,
        )


def run(name: str, out: Path, seed: int) -> RunSummary:
    """Prepare one task, run ten trials on it, and return the summary."""
    task = TRAINING[name]
    folder = out / name
    write_task(folder, load_task(task, seed))
    notebook = starter_notebook(folder, out / f"{name}.ipynb")
    options = RunOptions(
        notebook=notebook,
        target=task.target,
        metric=task.metric,
        budget=Budget(steps=10),
        limits=Limits(seconds=300, cpu_seconds=30),
        seed=seed,
        task_dir=folder,
        host="fork",
        fresh=True,
    )
    return asyncio.run(run_headless(options, show))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("tasks", nargs="?", default="train")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for task in chosen(given.tasks):
        print(f"{task.name} ({task.metric})", flush=True)
        began = time.monotonic()
        s = run(task.name, given.out, given.seed)
        higher = s.goal == "maximize"
        base, best, strong = s.grader_baseline or 0.0, s.grader_best or 0.0, STRONGER[task.name]
        beats = best > base if higher else best < base
        reached = best >= strong if higher else best <= strong
        said = f"{s.baseline:.4f} → {s.best:.4f} | {base:.4f} → {best:.4f} | {strong:g}"
        marks = " | ".join("yes" if mark else "no" for mark in (beats, reached))
        rows.append(
            f"| {task.name} | {task.metric} | {said} | {marks} | {s.improved} | {time.monotonic() - began:.0f} |"
        )
        print(rows[-1], flush=True)
    heads = ("task", "metric", "validation", "grader", "stronger", "beats own", "reaches stronger", "improved", "s")
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
