"""`suggest`, `history` and `doctor`: verbs that look and run no trial."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import click
import msgspec

from mle_ideator_jupyter.cli.options import (
    agent_options,
    binding_options,
    brief_options,
    common,
    notebook_argument,
    who_proposes,
)
from mle_ideator_jupyter.cli.progress import Progress
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.model import Budget

FILE_WIDTH = 140
"""How wide a table is that goes to a file."""


@click.command()
@notebook_argument
@click.option("-n", "count", type=click.IntRange(1, 50), default=3, show_default=True, help="How many ideas.")
@click.option("--hint", default="", help="What to think about.")
@click.option("--show-brief", is_flag=True, help="Print exactly what an agent would be told, and nothing else.")
@binding_options
@agent_options
@brief_options
@common
def suggest(notebook: Path, count: int, hint: str, show_brief: bool, as_json: bool, **given: Any) -> None:
    """Say what to try next in NOTEBOOK: its cells run in a kernel of their own, no trial does, nothing is written."""
    from mle_ideator_jupyter import headless
    from mle_ideator_jupyter.brief import estimate_tokens
    from mle_ideator_jupyter.exports.table import one_line

    options = headless.RunOptions(
        notebook=notebook,
        data=given["data"],
        test=given["test"],
        target=given["target"],
        metric=given["metric"],
        goal=given["goal"] or "",
        **who_proposes(given),
        hint=hint,
        level=given["level"],
        without=given["without"],
    )
    with Progress(Budget(), quiet=as_json or show_brief) as progress:
        if show_brief:
            text = asyncio.run(headless.told(options, count, progress.update))
            told = msgspec.json.encode({"tokens": estimate_tokens(text), "text": text}).decode() if as_json else text
            click.echo(told, nl=as_json)
            return
        ideas = asyncio.run(headless.suggest(options, count, progress.update))
    if as_json:
        click.echo(msgspec.json.encode({"ideas": ideas}).decode())
        return
    for number, idea in enumerate(ideas, 1):
        click.echo(f"\n{number}. {one_line(idea.title)}  [{idea.kind.value.replace('_', ' ')}]")
        click.echo(f"   {one_line(idea.rationale)}")
        for step in idea.steps:
            click.echo(f"   - {one_line(step)}")
    if not ideas:
        click.echo(f"no idea: {ideas.why}" if ideas.why else "no idea applies that was not tried already")


@click.command()
@notebook_argument
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv", "html"]), default="table", show_default=True
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@common
def history(notebook: Path, form: str, output: Path | None, as_json: bool) -> None:
    """Show what was tried in NOTEBOOK (or its headless run) and what came of it."""
    from mle_ideator_jupyter.exports import page, table
    from mle_ideator_jupyter.journal import Journal

    journal = Journal.read(_journal_of(notebook))
    for note in journal.notes:
        click.echo(note, err=True)
    state = journal.state
    form = "json" if as_json else form
    texts = {
        "json": lambda: msgspec.json.encode(table.as_json(state)).decode() + "\n",
        "csv": lambda: table.as_csv(state),
        "html": lambda: page.page(state, notebook.name),
        "table": lambda: _table_text(state, to_file=output is not None),
    }
    if output is None:
        click.echo(texts[form](), nl=False)
        return
    try:
        output.write_text(texts[form](), encoding="utf-8")
    except OSError as error:
        msg = f"cannot write {output}: {error.strerror or error}"
        raise IdeatorError(msg) from error
    click.echo(str(output), err=True)


def _journal_of(notebook: Path) -> Path:
    from mle_ideator_jupyter.journal import journal_path

    if notebook.suffix == ".jsonl":
        return notebook
    own, result = journal_path(notebook), journal_path(notebook.with_name(f"{notebook.stem}.improved.ipynb"))
    if not notebook.exists() and not own.exists():
        msg = f"no notebook at {notebook}"
        raise UsageError(msg)
    return result if result.exists() and not own.exists() else own


def _table_text(state: Any, *, to_file: bool) -> str:
    """Return the history drawn as a table, as wide as the terminal; coloured where it shows colours."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from mle_ideator_jupyter.exports.table import one_line, rows

    console = Console(width=FILE_WIDTH, file=io.StringIO()) if to_file else Console()
    drawn = Table(box=None, pad_edge=False)
    for name, right in (
        ("trial", True),
        ("kind", False),
        ("idea", False),
        ("score", True),
        ("gain", True),
        ("s", True),
    ):
        drawn.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows(state):
        failed = row.score is None
        score = Text(one_line(row.failure or "") if failed else f"{row.score:.6g}", style="red" if failed else "")
        gain = Text("" if row.gain is None else f"{row.gain:+.4g}", style="green" if row.improved else "dim")
        kind = row.kind.replace("_", " ")
        title = Text(one_line(row.title))
        if row.omitted:
            title.append(one_line(f" — not done: {row.omitted}"), style="dim")
        drawn.add_row(str(row.number), Text(kind, style="dim"), title, score, gain, f"{row.seconds:.1f}")
    with console.capture() as captured:
        console.print(drawn)
    return captured.get()


@click.command()
@click.option("--quick", is_flag=True, help="Do not start a kernel.")
@common
def doctor(quick: bool, as_json: bool) -> None:
    """Say what is installed, what is missing, and how to get it."""
    from mle_ideator_jupyter.cli.checking import check

    found = check(start_kernel=not quick)
    if as_json:
        click.echo(msgspec.json.encode({"ok": all(f.ok or f.optional for f in found), "checks": found}).decode())
    else:
        for finding in found:
            mark = "ok" if finding.ok else ("-" if finding.optional else "MISSING")
            click.echo(f"{mark:8s}{finding.name:22s}{finding.said}")
    if not all(f.ok or f.optional for f in found):
        msg = "something that is needed is missing; the lines above say how to get it"
        raise IdeatorError(msg)
