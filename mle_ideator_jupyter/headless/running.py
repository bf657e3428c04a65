"""Runs a notebook unattended: wires it, has the loop improve its solution, and writes the result."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from msgspec.structs import replace

from mle_ideator_jupyter import abilities
from mle_ideator_jupyter.abilities import Checks
from mle_ideator_jupyter.brief import Level
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.events import RunStarted, TaskSet
from mle_ideator_jupyter.exports.notebook import write_result, write_text, written_runs
from mle_ideator_jupyter.exports.page import page
from mle_ideator_jupyter.headless.options import RunOptions, page_path
from mle_ideator_jupyter.headless.summary import RunSummary, summary
from mle_ideator_jupyter.headless.wiring import make_ideator, open_journal, prepared, screened
from mle_ideator_jupyter.journal import Journal, journal_path
from mle_ideator_jupyter.loop import Update, autopilot
from mle_ideator_jupyter.model import Trigger, new_id
from mle_ideator_jupyter.notebooks import read_notebook
from mle_ideator_jupyter.protocols import Ideas, Ideator
from mle_ideator_jupyter.wiring import Wiring


async def run_headless(
    options: RunOptions,
    on_update: Callable[[Update], None],
    ideator: Callable[[Wiring], Ideator] | None = None,
) -> RunSummary:
    """Run the notebook, improve its solution within the budget, and write the result notebook and its journal.

    `ideator`, where given, makes the Ideator once everything else is wired; the options' is not used then.

    Continues an unfinished run of the same options; a finished one is built upon. Raises
    `UsageError` or `BindingError` for arguments that cannot work, `HostError` when no kernel runs.
    """
    began = time.monotonic()
    output = options.result_path()
    if output.resolve() == options.notebook.resolve():
        msg = f"--output {output} is the notebook itself, which is never overwritten; give another name"
        raise UsageError(msg)
    notebook = read_notebook(options.notebook)
    asked = make_ideator(options) if ideator is None else None
    if isinstance(asked, Checks):  # before the notebook's cells take their time; `suggest` can show a Brief without
        asked.check()
    journal = open_journal(options, notebook)
    async with prepared(options, notebook, journal, on_update) as ready:
        if ideator is not None:
            ready.ideator = screened(ideator(ready), options)
        wiring = ready.log_calls()
        _resume_or_start(wiring, options, output)
        reason = ""
        try:
            async with contextlib.aclosing(autopilot(wiring)) as updates:
                async for update in updates:
                    on_update(update)
                    reason = update.message if update.kind == "done" else reason
        finally:
            best = journal.state.best
            keep = wiring.solution(best) if best else ()
            write_text(page_path(options), page(journal.state, options.notebook.name))
            write_result(output, notebook.content, journal, keep)
    return summary(options, wiring, reason, time.monotonic() - began, on_update)


async def suggest(options: RunOptions, n: int, on_update: Callable[[Update], None]) -> Ideas:
    """Return up to `n` ideas for the notebook as it stands; no trial is run and nothing is written."""
    async with _glance(options, on_update) as wiring:
        if wiring.ideator is None:
            msg = "suggest needs an Ideator: leave --no-ideator out"
            raise UsageError(msg)
        return Ideas.of(await wiring.ideator.propose(wiring.brief(trigger=Trigger.HUMAN), n))


async def told(options: RunOptions, n: int, on_update: Callable[[Update], None]) -> str:
    """Return all that `suggest` would send: the Brief's text, and what the Ideator says around it."""
    async with _glance(options, on_update) as wiring:
        return abilities.told(wiring.ideator, wiring.brief(trigger=Trigger.HUMAN), n)


@contextlib.asynccontextmanager
async def _glance(options: RunOptions, on_update: Callable[[Update], None]) -> AsyncIterator[Wiring]:
    """Prepare a notebook for looking only: a journal that is there is read, none is begun."""
    notebook = read_notebook(options.notebook)
    path = journal_path(options.result_path())
    journal = Journal.read(path) if path.exists() else Journal(path)
    async with prepared(options, notebook, journal, on_update) as ready:
        yield ready


def _resume_or_start(wiring: Wiring, options: RunOptions, output: Path) -> None:
    """Take up a run of the same options that is unfinished, or whose result is, or begin one."""
    journal = wiring.journal
    if journal.state.task != wiring.task:
        journal.append(TaskSet(task=wiring.task))
    begun = RunStarted(
        run=new_id(),
        seed=options.seed,
        budget=options.budget,
        limits=options.limits,
        implementer=options.implementer,
        ideator=options.ideator,
        settings={
            "policy": options.policy,
            "rescore": options.rescore,
            "task": wiring.task.binding.describe(),
            **({"level": options.level.value} if options.level is not Level.STANDARD else {}),
            **({"without": list(options.without)} if options.without else {}),
            **({"candidates": options.candidates, "least": options.least} if options.candidates > 1 else {}),
        },
    )
    alike = [r for r in journal.state.runs.values() if _same(r.started, begun)]
    unfinished = next((r for r in alike if r.finished is None), None)
    # Killed after its last trial and before its result was written, a run has nothing left to do but that.
    taken_up = unfinished or next((r for r in alike[-1:] if r.started.run not in written_runs(output)), None)
    if taken_up is not None:
        wiring.run = taken_up.started.run
        return
    journal.append(begun)
    wiring.run = begun.run


def _same(one: RunStarted, other: RunStarted) -> bool:
    """Return whether two runs were begun with the same options."""
    return replace(one, id=other.id, time=other.time, run=other.run) == other
