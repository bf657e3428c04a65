"""What each magic does: understand the line, have the session do it, show the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mle_ideator_jupyter import api
from mle_ideator_jupyter.api import NotebookSession
from mle_ideator_jupyter.errors import IdeatorError, NoIdeaError, UsageError
from mle_ideator_jupyter.exports.table import one_line, outcome_text
from mle_ideator_jupyter.magics import showing
from mle_ideator_jupyter.magics.parsing import parse, without_comment
from mle_ideator_jupyter.session.view import task_view

STOPPED = "stopped; what was done is kept, and %ideate history shows it"
Command = Callable[[NotebookSession, str], None]
_METRIC = re.compile(r"\s--metric(?:\s+|=)(\S+)\s*$")


def answer(shell: Any, command: Command, line: str) -> None:
    """Do what a magic says; what cannot work fails the cell with one line."""
    from IPython.core.error import UsageError as OneLine

    __tracebackhide__ = True
    try:
        command(api.of_shell(shell), without_comment(line))
    except NoIdeaError as error:
        showing.say(str(error))
    except IdeatorError as error:
        raise OneLine(one_line(str(error))) from None


def ideate(session: NotebookSession, line: str) -> None:
    """`%ideate`, by itself or with a command."""
    command, given = parse("%ideate", line)
    if command:
        _COMMANDS[command](session, given)
        return
    task = {name: getattr(given, name) for name in ("data", "test", "target", "metric", "goal")}
    if any(task.values()):
        session.setup(**task)
    ideas = session.get_ideas(given.n, " ".join(given.hint), given.kind)
    state = session.state
    showing.say(*session.notes(), state.task.binding.describe() if state.task else "")
    for idea in ideas:
        showing.idea(state, idea, session.number(idea))


def _history(session: NotebookSession, given: Any) -> None:
    if given.format != "table":
        showing.say(session.history(given.format).rstrip("\n"))
        return
    showing.say(*session.notes())
    showing.history(session.state)


def _setup(session: NotebookSession, given: Any) -> None:
    task = session.setup(
        given.data,
        test=given.test,
        target=given.target,
        metric=given.metric,
        goal=given.goal,
        description=given.about,
        watch=given.watch,
        level=given.level,
        without=None if given.leave_out is None else [p for p in given.leave_out.split(",") if p not in {"", "none"}],
        ideator=given.ideator,
        implementer=given.implementer,
    )
    state = session.state
    showing.say(*session.notes())
    said = [f"watched: {state.watching}"] if state.watching else []
    said += [f"told: {state.brief.level}"] if state.brief.level != "standard" else []
    said += [f"left out: {', '.join(state.brief.without)}"] if state.brief.without else []
    showing.task(task_view(task, confirmed=True), "; ".join(said))


def _brief(session: NotebookSession, given: Any) -> None:
    showing.say(session.brief(given.hint, given.kind).rstrip("\n"), plain=False)


def _try(session: NotebookSession, given: Any) -> None:
    trial = session.try_idea(given.idea, show=showing.code)
    showing.say(*session.notes())
    showing.summary(session.state, [trial])


def _go(session: NotebookSession, _: Any) -> None:
    showing.say(*session.notes())
    try:
        showing.say(session.go(showing.code))
    except KeyboardInterrupt:
        raise UsageError(STOPPED) from None


def _unload(session: NotebookSession, _: Any) -> None:
    freed = session.unload()
    showing.say(f"unloaded {', '.join(freed)}" if freed else "no language model is loaded in this kernel")


_COMMANDS: dict[str, Callable[[NotebookSession, Any], None]] = {
    "history": _history,
    "setup": _setup,
    "brief": _brief,
    "try": _try,
    "go": _go,
    "unload": _unload,
}


def autopilot(session: NotebookSession, line: str) -> None:
    """`%autopilot`."""
    given = parse("%autopilot", line)[1]
    runs = len(session.state.runs)
    showing.say(*session.notes())
    try:
        session.autopilot(given.steps, given.minutes, given.cost, seed=given.seed, ideator=not given.no_ideator)
    except KeyboardInterrupt:
        raise UsageError(STOPPED) from None
    finally:
        if len(session.state.runs) > runs:
            showing.summary(session.state, session.last_run())


def score(session: NotebookSession, line: str) -> None:
    """`%score`. The expression may hold spaces and quotes, so only a last `--metric` is an option."""
    found = _METRIC.search(f" {line}")
    text = (f" {line}"[: found.start()] if found else line).strip()
    if not text:
        raise UsageError("%score: say which, as in %score 0.93 or %score scores --metric auc")
    trial = session.score(session.evaluate(text), found[1] if found else None)
    if trial is not None:
        showing.say(*session.notes())


def implement(cell: str) -> Command:
    """Return what `%%implement` does with this body."""

    def command(session: NotebookSession, line: str) -> None:
        __tracebackhide__ = True
        trial = session.implement(parse("%%implement", line)[1].idea, cell)
        showing.say(*session.notes(), f"trial {trial.number}: {outcome_text(trial)}  [{one_line(trial.title)}]")

    return command
