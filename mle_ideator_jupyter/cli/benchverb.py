"""`bench`: arms × tasks × seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from mle_ideator_jupyter.cli.options import common, need_recipe_libraries
from mle_ideator_jupyter.errors import IdeatorError, UsageError


@click.command()
@click.option("--tasks-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder of prepared task folders.")
@click.option("--tasks", default="all", show_default=True, help="Names with commas, or all.")
@click.option("--arms", default="prior,no-ideator", show_default=True, help="Names with commas.")
@click.option("--seeds", type=click.IntRange(1, 1000), default=3, show_default=True, help="Runs of each arm and task.")
@click.option("--steps", type=click.IntRange(min=1), help="Trials of each run (10, if no budget is given).")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Wall-clock seconds of each run.")
@click.option("--cpu-seconds", type=click.FloatRange(min=1), default=30, show_default=True, help="Limit of one trial.")
@click.option("--engine", default="local", show_default=True, help="local, or a Dask scheduler: tcp://host:port.")
@click.option("--workers", type=click.IntRange(1, 1024), default=1, show_default=True, help="Runs at a time (local).")
@click.option("--gpus", type=click.IntRange(0, 64), default=0, show_default=True, help="GPUs of each run.")
@click.option("--pin/--no-pin", default=True, help="Hold each local run to a core of its own [yes].")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where results go; again goes on.")
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), help="Only report on this --out again.")
@common
def bench(report: Path | None, as_json: bool, **given: Any) -> None:
    """Compare arms (who proposes ideas) on task folders, and report Avg@k, Best@k, anytime gain, rank and medals.

    Each run's row is kept at once; the same command goes on where it was stopped.
    """
    need_recipe_libraries()
    if report is not None:
        _report(report, as_json=as_json)
        return
    if given["tasks_dir"] is None or given["out"] is None:
        msg = "bench needs --tasks-dir and --out (or --report FOLDER alone)"
        raise UsageError(msg)
    _bench(given, as_json=as_json)


def _bench(given: dict[str, Any], *, as_json: bool) -> None:
    from mle_ideator_jupyter.bench.rows import Plan
    from mle_ideator_jupyter.bench.running import arms_in, jobs_of, run_bench, tasks_in
    from mle_ideator_jupyter.cli.benchprogress import BenchProgress

    tasks = tasks_in(given["tasks_dir"], given["tasks"])
    arms = arms_in(given["arms"], tasks)
    steps, seconds = given["steps"], given["seconds"]
    plan = Plan(
        out=str(given["out"].resolve()),
        tasks_dir=str(given["tasks_dir"].resolve()),
        steps=10 if steps is None and seconds is None else steps,
        seconds=seconds,
        cpu_seconds=given["cpu_seconds"],
    )
    with BenchProgress(quiet=as_json) as progress:
        try:
            run_bench(plan, jobs_of(tasks, arms, given["seeds"]), lambda: _engine(given), progress.take)
        except KeyboardInterrupt:
            click.echo("every finished run is kept: give the same command again to go on", err=True)
            raise
    _report(given["out"], as_json=as_json)
    if progress.failed:
        job, why = next(iter(progress.failed.items()))
        msg = f"{len(progress.failed)} runs could not be done ({job.name}: {why}); the same command tries them again"
        raise IdeatorError(msg)


def _engine(given: dict[str, Any]) -> Any:
    if given["engine"] == "local":
        from mle_ideator_jupyter.bench.engines.local import LocalEngine

        return LocalEngine(given["workers"], given["gpus"], pin=given["pin"])
    from mle_ideator_jupyter.bench.engines.cluster import DaskEngine

    return DaskEngine(given["engine"], given["gpus"])


def _report(out: Path, *, as_json: bool) -> None:
    from mle_ideator_jupyter.bench import table
    from mle_ideator_jupyter.bench.report import report_on

    report = report_on(out)
    if as_json:
        click.echo(msgspec.json.encode(report.as_json()).decode())
        return
    click.echo(table.as_text(report.summary))
    click.echo(f"rows   {report.rows}\nreport {report.json}\npage   {report.page}")
