"""Wires a notebook to its seams: notebook → Host → Binding → profile."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from mle_ideator_jupyter.abilities import Checks
from mle_ideator_jupyter.binding import infer, settle, setup_cell
from mle_ideator_jupyter.errors import BindingError, UsageError
from mle_ideator_jupyter.facts import Namespace
from mle_ideator_jupyter.headless.options import POLICIES, RunOptions
from mle_ideator_jupyter.hosts.fork import ForkHost
from mle_ideator_jupyter.hosts.scratch import ScratchHost
from mle_ideator_jupyter.journal import Journal, journal_path
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.metrics import metric_asked
from mle_ideator_jupyter.model import Limits, Task, new_id
from mle_ideator_jupyter.notebooks import Notebook
from mle_ideator_jupyter.plugins import IDEATORS, IMPLEMENTERS, load
from mle_ideator_jupyter.protocols import Ideator, Implementer, cell
from mle_ideator_jupyter.wiring import Wiring

SETUP_LIMITS = Limits(seconds=3600)
"""A notebook's own cells may train for an hour before they are stopped."""


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
        metric_asked(options.metric, options.goal)
    ideator, implementer = make_ideator(options), make_implementer(options)
    if isinstance(implementer, Checks):
        implementer.check()
    scratch = journal.folder / "submissions"
    host = _make_host(options, notebook, scratch)
    try:
        say(f"running the cells of {options.notebook.name}")
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
            goal=options.goal,
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
            level=options.level,
            without=options.without,
        )
        yield wiring
    finally:
        await host.close()
        with contextlib.suppress(OSError):
            scratch.rmdir()


def _make_host(options: RunOptions, notebook: Notebook, submissions: Path) -> ScratchHost | ForkHost:
    folder = options.notebook.resolve().parent
    if options.host == "fork":
        return ForkHost(
            notebook.sources,
            cwd=folder,
            setup_limits=SETUP_LIMITS,
            submissions=submissions.resolve(),
            fence=options.fence,
        )
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
    return screened(made, options)


def screened(ideator: Ideator, options: RunOptions) -> Ideator:
    """Return the Ideator as it is, or one that proposes the best predicted of several ideas of it."""
    if options.candidates < 2:
        return ideator
    from mle_ideator_jupyter.ideators.playbook.proxy import SHIPPED, BestPredicted, Proxy

    return BestPredicted(ideator, Proxy(options.proxy or SHIPPED), options.candidates, options.least)


def make_implementer(options: RunOptions) -> Implementer:
    """Return the Implementer that the options name. Raises `UsageError` for `rescore` with one that cannot."""
    factory = load(IMPLEMENTERS, options.implementer)
    if options.rescore and options.implementer not in {"recipe", "llm"}:
        msg = "--rescore needs the recipe or the llm Implementer: leave --implementer out"
        raise UsageError(msg)
    made: Implementer = factory(rescore=options.rescore) if options.rescore else factory()
    return made


def open_journal(options: RunOptions, notebook: Notebook) -> Journal:
    """Open the journal beside the result; with `fresh`, an existing one is renamed first, with its blobs."""
    path = journal_path(options.result_path())
    if options.fresh and path.exists():
        old = Journal.read(path)
        aside = path.with_name(f"{options.result_path().stem}.{new_id()[:12]}.ideas.jsonl")
        old.move(aside)
    return Journal.open(path, notebook.id)
