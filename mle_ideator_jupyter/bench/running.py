"""A whole bench: what is planned and not done yet goes to the engine, every Row to the results at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from mle_ideator_jupyter.bench.arms import arm_named, check_tasks
from mle_ideator_jupyter.bench.engines.engine import Engine, Told
from mle_ideator_jupyter.bench.references import SAVED, references, saving
from mle_ideator_jupyter.bench.results import claimed
from mle_ideator_jupyter.bench.rows import Job, Plan, Row
from mle_ideator_jupyter.bench.tasks import task_folders
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.files import save_whole
from mle_ideator_jupyter.model import Struct


class Done(Struct, frozen=True, kw_only=True, tag="done"):
    """A run's Row is in the results; `fresh` when this bench made it."""

    row: Row
    fresh: bool = True


class Planned(Struct, frozen=True, kw_only=True, tag="planned"):
    """What there is to do: all runs, and those that were done before."""

    jobs: tuple[Job, ...]
    before: int


def jobs_of(tasks: Sequence[str], arms: Sequence[str], seeds: int) -> list[Job]:
    """Return the runs of a bench, arms side by side: a bench that is stopped has complete pairs."""
    return [Job(task=t, seed=s, arm=a) for s in range(seeds) for t in tasks for a in arms]


def tasks_in(tasks_dir: Path, selection: str) -> list[str]:
    """Return the names of the task folders that were chosen (`all`, or names with commas). Raises `UsageError`."""
    there = [p.name for p in task_folders(tasks_dir)]
    if not there:
        msg = f"no task folders in {tasks_dir}: `jupyter ideate tasks prepare --out {tasks_dir}` makes some"
        raise UsageError(msg)
    if selection == "all":
        return there
    wanted = list(dict.fromkeys(n.strip() for n in selection.split(",") if n.strip()))
    unknown = [n for n in wanted if n not in there]
    if unknown or not wanted:
        msg = f"{tasks_dir} has no task {unknown[0] if unknown else selection!r}; there are {', '.join(there)}"
        raise UsageError(msg)
    return wanted


def arms_in(selection: str, tasks: list[str]) -> list[str]:
    """Return the names of the arms that were chosen, checked. Raises `UsageError`."""
    names = list(dict.fromkeys(n.strip() for n in selection.split(",") if n.strip()))
    if not names:
        msg = "no arms: give some to --arms, such as prior,no-ideator"
        raise UsageError(msg)
    for name in names:
        check_tasks(arm_named(name), tasks)
    return names


def run_bench(
    plan: Plan, jobs: Sequence[Job], engine: Callable[[], Engine], tell: Callable[[Told | Planned | Done], None]
) -> list[Row]:
    """Do what of the jobs is not done, and return the rows of all of them, in their order.

    Raises `UsageError` where the folder belongs to another bench, or one is at work in it.
    """
    out = Path(plan.out)
    with claimed(plan) as results:
        tasks = list(dict.fromkeys(j.task for j in jobs))
        save_whole(out / SAVED, saving(references(tasks, out, Path(plan.tasks_dir)), out))
        left = [job for job in jobs if job not in results.rows]
        tell(Planned(jobs=tuple(jobs), before=len(jobs) - len(left)))
        if left:
            with contextlib.closing(engine().run(plan, left, tell)) as rows:
                for row in rows:
                    tell(Done(row=row, fresh=results.add(row)))
        return [results.rows[job] for job in jobs if job in results.rows]
