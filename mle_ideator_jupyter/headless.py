"""Wires a notebook to its seams and runs it headless: notebook → Host → Binding → profile → loop → result notebook."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from mle_ideator_jupyter.binding import infer, settle, setup_cell
from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import BindingError, GradeError, UsageError
from mle_ideator_jupyter.events import RunStarted, TaskSet
from mle_ideator_jupyter.exports.notebook import write_result, write_text, written_runs
from mle_ideator_jupyter.exports.page import page
from mle_ideator_jupyter.facts import Namespace
from mle_ideator_jupyter.hosts.fork import ForkHost
from mle_ideator_jupyter.hosts.scratch import ScratchHost
from mle_ideator_jupyter.ideators.playbook import Prior, RandomOrder
from mle_ideator_jupyter.journal import Journal, journal_path
from mle_ideator_jupyter.loop import Update, autopilot
from mle_ideator_jupyter.metrics import metric_named
from mle_ideator_jupyter.model import Budget, Idea, Limits, Struct, Task, Trial, Trigger, new_id
from mle_ideator_jupyter.notebooks import Notebook, read_notebook
from mle_ideator_jupyter.plugins import IDEATORS, IMPLEMENTERS, load
from mle_ideator_jupyter.protocols import Ideator, Implementer, cell
from mle_ideator_jupyter.scoring.graded import FolderGrader
from mle_ideator_jupyter.trial import Wiring

POLICIES = {"prior": Prior, "random-order": RandomOrder}
"""What may choose among the Playbook's candidates."""
SETUP_LIMITS = Limits(seconds=3600)
"""A notebook's own cells may train for an hour before they are stopped."""


class RunOptions(Struct, frozen=True, kw_only=True):
    """What a headless run is told. `task_dir` is a prepared task folder whose private answers grade the result."""

    notebook: Path
    output: Path | None = None
    budget: Budget = Budget(steps=10)
    limits: Limits = Limits(seconds=600)
    data: str | None = None
    test: str | None = None
    target: str | None = None
    metric: str | None = None
    ideator: str | None = "playbook"
    implementer: str = "recipe"
    policy: str = "prior"
    seed: int = 0
    fresh: bool = False
    rescore: str | None = None
    task_dir: Path | None = None
    host: Literal["scratch", "fork"] = "scratch"
    hint: str = ""

    def result_path(self) -> Path:
        """Return where the result notebook goes: `houses.ipynb` → `houses.improved.ipynb`."""
        return self.output or self.notebook.with_name(f"{self.notebook.stem}.improved.ipynb")


class RunSummary(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What a run came to. Scores are validation scores; `grader_*` are from private answers, where there are any."""

    task: str
    metric: str
    goal: str
    baseline: float | None
    best: float | None
    grader_baseline: float | None
    grader_best: float | None
    trials: int
    improved: int
    seconds: float
    notebook: Path
    journal: Path
    page: Path
    reason: str = ""


async def run_headless(options: RunOptions, on_update: Callable[[Update], None]) -> RunSummary:
    """Run the notebook, improve its solution within the budget, and write the result notebook and its journal.

    Continues an unfinished run of the same options; a finished one is built upon. Raises
    `UsageError` or `BindingError` for arguments that cannot work, `HostError` when no kernel runs.
    """
    began = time.monotonic()
    output = options.result_path()
    if output.resolve() == options.notebook.resolve():
        msg = f"--output {output} is the notebook itself, which is never overwritten; give another name"
        raise UsageError(msg)
    notebook = read_notebook(options.notebook)
    journal = open_journal(options, notebook)
    async with prepared(options, notebook, journal, on_update) as ready:
        wiring = ready
        _resume_or_start(wiring, options, output)
        reason = ""
        try:
            async with contextlib.aclosing(autopilot(wiring)) as updates:
                async for update in updates:
                    on_update(update)
                    reason = update.message if update.kind == "done" else reason
        finally:
            best = journal.state.best
            keep = wiring.implementer.keep(wiring.brief(), best) if best and best.recipe is not None else ()
            write_text(page_path(options), page(journal.state, options.notebook.name))
            write_result(output, notebook.content, journal, keep)
    return _summary(options, wiring, reason, time.monotonic() - began, on_update)


async def suggest(options: RunOptions, n: int, on_update: Callable[[Update], None]) -> list[Idea]:
    """Return up to `n` ideas for the notebook as it stands; no trial is run and nothing is written."""
    async with _glance(options, on_update) as wiring:
        if wiring.ideator is None:
            msg = "suggest needs an Ideator: leave --no-ideator out"
            raise UsageError(msg)
        return list(await wiring.ideator.propose(wiring.brief(trigger=Trigger.HUMAN), n))


async def brief(options: RunOptions, on_update: Callable[[Update], None]) -> Brief:
    """Return the Brief that `suggest` would hand to the Ideator."""
    async with _glance(options, on_update) as wiring:
        return wiring.brief(trigger=Trigger.HUMAN)


@contextlib.asynccontextmanager
async def prepared(
    options: RunOptions, notebook: Notebook, journal: Journal, on_update: Callable[[Update], None]
) -> AsyncIterator[Wiring]:
    """Run the notebook's cells on a Host, bind and profile its task, and wire the seams; closes the Host at the end."""

    def say(message: str) -> None:
        on_update(Update(kind="status", message=message))

    for note in journal.notes:
        say(note)
    if options.metric:
        metric_named(options.metric)
    ideator, implementer = make_ideator(options), make_implementer(options)
    scratch = journal.folder / "submissions"
    host = _make_host(options, notebook, scratch)
    try:
        say(f"running the {len(notebook.sources)} cells of {options.notebook.name}")
        await host.start()
        for message in host.setup_failures:
            say(message)
        namespace = await host.namespace()
        _check_rescore(options, namespace)
        bound = infer(
            namespace,
            notebook.sources,
            options.notebook.parent,
            data=options.data,
            test=options.test,
            target=options.target,
            metric=options.metric,
            metadata=notebook.metadata,
        )
        source = setup_cell(bound)
        if source:
            loaded = await host.run(cell(source, "Load the data"), SETUP_LIMITS)
            if loaded.status != "ok":
                msg = f"the data do not load: {loaded.message}; check --data"
                raise BindingError(msg)
        say("profiling the data")
        profile = await host.profile(bound)
        bound = settle(bound, profile)
        say(bound.describe())
        task = Task(id=options.notebook.stem, binding=bound, limits=options.limits)
        wiring = Wiring(
            task=task,
            host=host,
            implementer=implementer,
            ideator=ideator,
            journal=journal,
            profile=profile,
            kernel=namespace.facts,
            seed=options.seed,
            budget=options.budget,
            hint=options.hint,
        )
        yield wiring
    finally:
        await host.close()
        with contextlib.suppress(OSError):
            scratch.rmdir()


def _make_host(options: RunOptions, notebook: Notebook, submissions: Path) -> ScratchHost | ForkHost:
    folder = options.notebook.resolve().parent
    if options.host == "fork":
        return ForkHost(notebook.sources, cwd=folder, setup_limits=SETUP_LIMITS, submissions=submissions.resolve())
    return ScratchHost(notebook.sources, cwd=folder, setup_limits=SETUP_LIMITS, submissions=submissions.resolve())


def _check_rescore(options: RunOptions, namespace: Namespace) -> None:
    estimators = [v.name for v in namespace.variables if v.type == "estimator"]
    if options.rescore and options.rescore not in estimators:
        there = f"there are {', '.join(estimators)}" if estimators else "it holds none"
        msg = f"--rescore {options.rescore}: the notebook's kernel holds no such estimator; {there}"
        raise UsageError(msg)


def make_ideator(options: RunOptions) -> Ideator | None:
    """Return the Ideator that the options name, or None for implementation only."""
    if options.ideator is None:
        return None
    factory = load(IDEATORS, options.ideator)
    if options.policy not in POLICIES:
        msg = f"no policy is called {options.policy!r}; there are {', '.join(POLICIES)}"
        raise UsageError(msg)
    made: Ideator = factory(POLICIES[options.policy]()) if options.ideator == "playbook" else factory()
    return made


def make_implementer(options: RunOptions) -> Implementer:
    """Return the Implementer that the options name. Raises `UsageError` for `rescore` with one that cannot."""
    factory = load(IMPLEMENTERS, options.implementer)
    if options.rescore and options.implementer != "recipe":
        msg = "--rescore needs the recipe Implementer: leave --implementer out"
        raise UsageError(msg)
    made: Implementer = factory(rescore=options.rescore) if options.rescore else factory()
    return made


def page_path(options: RunOptions) -> Path:
    """Return where the history page of a run goes: beside the result notebook."""
    return options.result_path().with_suffix(".html")


def open_journal(options: RunOptions, notebook: Notebook) -> Journal:
    """Open the journal beside the result; with `fresh`, an existing one is renamed first, with its blobs."""
    path = journal_path(options.result_path())
    if options.fresh and path.exists():
        old = Journal.read(path)
        aside = path.with_name(f"{options.result_path().stem}.{new_id()[:12]}.ideas.jsonl")
        old.move(aside)
    return Journal.open(path, notebook.id)


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
        settings={"policy": options.policy, "rescore": options.rescore, "task": wiring.task.binding.describe()},
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


def _improvements(trials: Sequence[Trial], wiring: Wiring) -> int:
    """Return how many trials were better than everything comparable before them."""
    metric, count = wiring.task.metric, 0
    best: float | None = None
    comparable = {t.id for t in wiring.journal.state.ranked()}
    for trial in trials:
        if trial.score is None or trial.id not in comparable:
            continue
        better = best is None or metric.better(trial.score.value, best)
        count += int(better and best is not None)
        best = trial.score.value if better else best
    return count


def _summary(
    options: RunOptions, wiring: Wiring, reason: str, seconds: float, on_update: Callable[[Update], None]
) -> RunSummary:
    state, metric = wiring.journal.state, wiring.task.metric
    baseline, best = state.baseline, state.best
    mine = [t for t in state.trials if t.id not in state.imported]
    return RunSummary(
        task=wiring.task.id,
        metric=metric.name,
        goal=metric.goal.value,
        baseline=baseline.score.value if baseline and baseline.score else None,
        best=best.score.value if best and best.score else None,
        grader_baseline=_graded(options, wiring, baseline, on_update),
        grader_best=_graded(options, wiring, best, on_update),
        trials=sum(1 for t in mine if t.number > 0),
        improved=_improvements(mine, wiring),
        seconds=round(seconds, 1),
        notebook=options.result_path(),
        journal=wiring.journal.path,
        page=page_path(options),
        reason=reason,
    )


def _graded(
    options: RunOptions, wiring: Wiring, trial: Trial | None, on_update: Callable[[Update], None]
) -> float | None:
    """Return the trial's score on the private answers; it goes to the summary and nowhere else.

    A submission that cannot be graded is said in one line: the run and its summary stand.
    """
    if options.task_dir is None or trial is None or trial.submission is None:
        return None
    path = wiring.journal.blob_path(trial.submission)
    if path is None:
        return None
    try:
        return FolderGrader(options.task_dir).grade(path, wiring.task).value
    except GradeError as error:
        on_update(Update(kind="status", message=f"trial {trial.number} has no grade: {error}"))
        return None
