"""`tasks list | prepare | check | grade | boards`."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from mle_ideator_jupyter.cli.options import common, need_recipe_libraries
from mle_ideator_jupyter.errors import IdeatorError, UsageError


@click.group()
def tasks() -> None:
    """Task folders in the MLE-bench layout: list the public ones, prepare them, check any."""


@tasks.command("list")
@click.option("--mlebench", "theirs", is_flag=True, help="List the competitions of the mlebench package instead.")
@common
def list_tasks(theirs: bool, as_json: bool) -> None:
    """List the public tasks."""
    from mle_ideator_jupyter.bench import mlebench
    from mle_ideator_jupyter.bench.public import EVALUATION, TRAINING

    if theirs:
        names = mlebench.competitions()
        click.echo(msgspec.json.encode({"competitions": names}).decode() if as_json else "\n".join(names))
        return
    listed = [
        {"name": t.name, "set": name, "metric": t.metric, "problem": t.problem, "about": t.about, "package": t.carrier}
        for name, tasks_of_set in (("train", TRAINING), ("eval", EVALUATION))
        for t in tasks_of_set.values()
    ]
    if as_json:
        click.echo(msgspec.json.encode({"tasks": listed}).decode())
        return
    for row in listed:
        click.echo(f"{row['set']:6s}{row['name']:20s}{row['metric']:10s}{row['about']}")


@tasks.command()
@click.option("--set", "selection", default="train", show_default=True, help="train, eval, all, or names with commas.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where the folders go.")
@click.option("--seed", type=int, default=0, show_default=True, help="Splits the rows.")
@click.option("--competition", help="Let the mlebench package prepare this competition instead.")
@common
def prepare(selection: str, out: Path, seed: int, competition: str | None, as_json: bool) -> None:
    """Write public tasks as folders: description, train, test, sample submission, private answers, metric."""
    from mle_ideator_jupyter.bench import mlebench
    from mle_ideator_jupyter.bench.public import chosen, load_task
    from mle_ideator_jupyter.bench.tasks import write_task

    need_recipe_libraries()
    written = []
    if competition:
        mlebench.prepare(competition, out)
        written.append(str(out / competition))
        if not as_json:
            click.echo(f"{written[-1]}: `jupyter ideate tasks check {written[-1]}` says what else it needs")
    for task in [] if competition else chosen(selection):
        write_task(out / task.name, load_task(task, seed))
        written.append(str(out / task.name))
        if not as_json:
            click.echo(written[-1])
    if as_json:
        click.echo(msgspec.json.encode({"tasks": written}).decode())


@tasks.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@common
def check(folder: Path, as_json: bool) -> None:
    """Say what is wrong with a task folder, or with a folder of them."""
    from mle_ideator_jupyter.bench.tasks import check_task, task_folders

    need_recipe_libraries()
    found = task_folders(folder)
    if not found:
        msg = f"no task folders in {folder}: `jupyter ideate tasks prepare --out {folder}` makes some"
        raise UsageError(msg)
    wrong = {str(path): check_task(path) for path in found}
    if as_json:
        click.echo(msgspec.json.encode({"wrong": wrong}).decode())
    else:
        for path, faults in wrong.items():
            click.echo(f"{path}: {'ok' if not faults else ''}")
            for fault in faults:
                click.echo(f"  {fault}")
    if any(wrong.values()):
        msg = f"{sum(bool(f) for f in wrong.values())} of {len(wrong)} task folders are not usable"
        raise IdeatorError(msg)


@tasks.command()
@click.argument("submission", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--task", "folder", type=click.Path(path_type=Path, file_okay=False), help="The task's folder.")
@click.option("--competition", help="A competition of the mlebench package, graded by its own grader.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where mlebench's data are.")
@common
def grade(
    *, submission: Path, folder: Path | None, competition: str | None, data_dir: Path | None, as_json: bool
) -> None:
    """Grade a submission from the private answers, with medals by the board or by the competition's leaderboard."""
    from mle_ideator_jupyter.bench import mlebench
    from mle_ideator_jupyter.bench.boards.grading import report_on

    need_recipe_libraries()
    if (folder is None) == (competition is None):
        msg = "say either --task FOLDER or --competition NAME"
        raise UsageError(msg)
    report = report_on(submission, folder) if folder else mlebench.grade(submission, competition or "", data_dir)
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
        return
    medals = ("gold", "silver", "bronze")
    won = next((f", {name} medal" for name in medals if getattr(report, f"{name}_medal")), "")
    click.echo(
        f"{report.competition_id}: {'no valid submission' if report.score is None else f'{report.score:g}'}{won}"
    )


@tasks.command()
@click.option("--tasks-dir", type=click.Path(path_type=Path, file_okay=False), required=True, help="Task folders.")
@click.option("--tasks", "selection", default="all", show_default=True, help="Names with commas between, or all.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where the boards go.")
@click.option("--cpu-limit", default=40.0, show_default=True, help="CPU seconds that one solution may use.")
@click.option("--noise/--no-noise", default=True, show_default=True, help="Measure what re-splitting the data changes.")
@common
def boards(*, tasks_dir: Path, selection: str, out: Path, cpu_limit: float, noise: bool, as_json: bool) -> None:
    """Build reference boards: a fixed population of solutions on each task, graded. The same command resumes."""
    from mle_ideator_jupyter.bench.boards.building import build_boards
    from mle_ideator_jupyter.bench.boards.storing import Entry
    from mle_ideator_jupyter.bench.tasks import task_folders

    need_recipe_libraries()
    there = {path.name: path for path in task_folders(tasks_dir)}
    names = list(there) if selection == "all" else [name.strip() for name in selection.split(",") if name.strip()]
    unknown = [name for name in names if name not in there]
    if unknown or not names:
        msg = f"no task folder {unknown[0] if unknown else ''} in {tasks_dir}; there are {', '.join(there) or 'none'}"
        raise UsageError(msg)

    def say(task: str, entry: Entry) -> None:
        if not as_json:
            said = entry.failure or f"{entry.score:.5g}{f' (same as {entry.same_as})' if entry.same_as else ''}"
            click.echo(f"{task:20s}{entry.name:24s}{entry.seconds:7.1f} s  {said}")

    built = build_boards([there[n] for n in names], out, cpu_limit=cpu_limit, noise=noise, say=say)
    rows = [{"task": b.task, "solutions": len(b.scores), "baseline": b.baseline, "counts": b.counts} for b in built]
    if as_json:
        click.echo(msgspec.json.encode({"boards": rows}).decode())
        return
    for row in rows:
        click.echo(f"{row['task']}: {row['solutions']} different solutions, counts: {row['counts']}")
