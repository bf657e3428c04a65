"""Runs a notebook and prints what is reported, a line each, at once; `test_crash.py` kills it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from mle_ideator_jupyter.headless import RunOptions, run_headless
from mle_ideator_jupyter.model import Budget, Limits


def report(update) -> None:
    trial = update.trial
    done = trial is not None and trial.outcome is not None
    os.write(1, f"{update.kind} {trial.id if trial else '-'} {int(done)}\n".encode())


if __name__ == "__main__":
    options = RunOptions(
        notebook=Path(sys.argv[1]),
        target="price",
        metric="rmse",
        budget=Budget(steps=int(sys.argv[2])),
        limits=Limits(seconds=60),
        host=sys.argv[3],
    )
    asyncio.run(run_headless(options, report))
