"""`demo` and `run`."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import click
import msgspec

from mle_ideator_jupyter.cli.options import (
    agent_options,
    binding_options,
    brief_options,
    common,
    implementer_option,
    need_recipe_libraries,
    notebook_argument,
    who_proposes,
)
from mle_ideator_jupyter.cli.progress import Progress
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.model import Budget, Limits
from mle_ideator_jupyter.scoring.graded import read_task_file

DEMO_STEPS = 10
KEYS = (
    "task",
    "metric",
    "goal",
    "baseline",
    "best",
    "grader_baseline",
    "grader_best",
    "trials",
    "improved",
    "seconds",
    "notebook",
    "journal",
)
"""What `--json` prints of a run."""
DEMO_SECONDS = 90.0


@click.command()
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), default=Path("demo-out"), show_default=True)
@click.option("--steps", type=click.IntRange(min=1), default=DEMO_STEPS, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--prepare-only", is_flag=True, help="Write the demo's notebook and data, run nothing.")
@common
def demo(output: Path, steps: int, seed: int, prepare_only: bool, as_json: bool) -> None:
    """The main job on real bundled data with the embedded Ideator and Implementer: no key, no network."""
    from mle_ideator_jupyter.bench.demo import NAME, TARGET, write_demo
    from mle_ideator_jupyter.headless import RunOptions

    need_recipe_libraries()
    try:
        output.mkdir(parents=True, exist_ok=True)
        notebook = write_demo(output)
    except OSError as error:
        msg = f"cannot write to {output}: {error.strerror or error}; give another --output"
        raise UsageError(msg) from error
    if prepare_only:
        click.echo(msgspec.json.encode({"notebook": str(notebook)}).decode() if as_json else str(notebook))
        return
    options = RunOptions(
        notebook=notebook,
        target=TARGET,
        metric="rmse",
        budget=Budget(steps=steps, seconds=DEMO_SECONDS),
        limits=Limits(seconds=30),
        seed=seed,
        task_dir=output / NAME,
        fresh=True,
    )
    _run(options, as_json=as_json)


@click.command()
@notebook_argument
@click.option("--steps", type=click.IntRange(min=1), help="Stop after so many trials (10, if no budget is given).")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Stop after so many seconds.")
@click.option("--cost", type=click.FloatRange(min=0, min_open=True), help="Stop after so many US dollars.")
@click.option("--trial-seconds", type=click.FloatRange(min=0, min_open=True), default=600, show_default=True)
@click.option("--trial-memory", type=click.IntRange(min=64), help="Resident memory of one trial, in MiB.")
@binding_options
@agent_options
@implementer_option
@brief_options
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Result notebook [NAME.improved.ipynb]."
)
@click.option("--fresh", is_flag=True, help="Begin anew; an existing journal is renamed and kept.")
@click.option("--rescore", metavar="NAME", help="Trial 0 is your own estimator NAME, scored under the same splitter.")
@click.option("--grade", type=click.Path(path_type=Path, file_okay=False), help="Task folder whose answers grade it.")
@common
def run(notebook: Path, as_json: bool, **given: Any) -> None:
    """Improve the solution in NOTEBOOK within a budget, and write a result notebook, a journal and a page.

    NOTEBOOK itself is never written. Running again goes on where a run was cut short.
    """
    from mle_ideator_jupyter.headless import RunOptions

    steps, seconds, cost = given["steps"], given["seconds"], given["cost"]
    budget = Budget(steps=steps, seconds=seconds, cost=cost)
    options = RunOptions(
        notebook=notebook,
        output=given["output"],
        budget=budget if budget != Budget() else Budget(steps=10),
        limits=Limits(seconds=given["trial_seconds"], memory_mb=given["trial_memory"]),
        data=given["data"],
        test=given["test"],
        target=given["target"],
        metric=given["metric"],
        goal=given["goal"] or "",
        implementer=given["implementer"],
        **who_proposes(given),
        level=given["level"],
        without=given["without"],
        fresh=given["fresh"],
        rescore=given["rescore"],
        task_dir=given["grade"],
    )
    _run(options, as_json=as_json)


def _run(options: Any, *, as_json: bool) -> None:
    from mle_ideator_jupyter.headless import run_headless

    if options.implementer == "recipe":
        need_recipe_libraries()
    _need_place(options)
    if options.task_dir is not None:
        read_task_file(options.task_dir)
    with Progress(options.budget, quiet=as_json) as progress:
        try:
            summary = asyncio.run(run_headless(options, progress.update))
        except KeyboardInterrupt:
            again = "run `demo` again to begin anew" if options.fresh else "give the same command again to go on"
            click.echo(f"the journal has everything so far: {again}", err=True)
            raise
    if as_json:
        click.echo(msgspec.json.encode(_public(summary)).decode())
    else:
        click.echo(f"notebook {summary.notebook}\njournal  {summary.journal}\npage     {summary.page}")
        click.echo(summary_line(summary))
    if summary.baseline is None:
        msg = "the baseline has no score; its section in the result notebook says why"
        raise IdeatorError(msg)


def _need_place(options: Any) -> None:
    """Raise `UsageError` when the result could not be written, before any time is spent on it."""
    folder = options.result_path().parent
    if not options.notebook.is_file():
        return  # the session says what is wrong with it
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        msg = f"cannot write to {folder.resolve()}: {error.strerror}; give an --output in a folder you may write"
        raise UsageError(msg) from error


def _public(summary: Any) -> dict[str, Any]:
    return {k: str(v) if isinstance(v := getattr(summary, k), Path) else v for k in KEYS}


def summary_line(summary: Any) -> str:
    """Return the line that a run ends on."""

    def number(value: float | None) -> str:
        return "—" if value is None else f"{value:.6g}"

    graded = ""
    if summary.grader_baseline is not None or summary.grader_best is not None:
        graded = f" (grader: {number(summary.grader_baseline)} → {number(summary.grader_best)})"
    return (
        f"baseline {summary.metric} {number(summary.baseline)} → best {summary.metric} {number(summary.best)}{graded}, "
        f"{summary.trials} trials, {summary.improved} improved"
    )
