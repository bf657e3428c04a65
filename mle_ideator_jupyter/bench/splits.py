"""The data of each seed: what a trial may see, and the folder whose answers grade it, kept apart.

Seed 0 is the task folder as it was prepared. For the public tasks seed k splits the rows anew (those split by date
stay as they are); any other folder has one split, and its seeds differ in the agents alone. Trials see a copy of the
public files in a place from where no path leads to the answers.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from filelock import FileLock

from mle_ideator_jupyter.bench.public import EVALUATION, TRAINING, load_task
from mle_ideator_jupyter.bench.tasks import write_task
from mle_ideator_jupyter.model import Struct
from mle_ideator_jupyter.scoring.graded import private, public, read_task_file


class Split(Struct, frozen=True, kw_only=True):
    """One task with one seed: `data` is a task folder without answers, `graded` one with them."""

    data: Path
    graded: Path


def split_of(out: Path, tasks_dir: Path, task: str, seed: int) -> Split:
    """Return a task's split, made when it is first asked for. Raises `UsageError` where the task's data are missing."""
    source = tasks_dir / task
    identity = read_task_file(source).id
    known = {**TRAINING, **EVALUATION}.get(identity)
    data = out / "data" / f"{task}-seed{seed}"
    hidden = out / "answers"
    hidden.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(hidden / f"{task}-seed{seed}.lock"):
        graded = source
        if seed and known is not None:
            graded = hidden / f"{task}-seed{seed}"
            if not graded.exists():
                part = hidden / f".{task}-seed{seed}"
                shutil.rmtree(part, ignore_errors=True)
                write_task(part, load_task(known, seed))
                for path in private(part).iterdir():
                    path.chmod(0o600)
                part.rename(graded)
        if not data.exists():
            part = data.with_name(f".{data.name}")
            shutil.rmtree(part, ignore_errors=True)
            shutil.copytree(public(graded), public(part))
            part.rename(data)
    return Split(data=data, graded=graded)
