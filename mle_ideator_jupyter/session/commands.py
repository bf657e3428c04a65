"""What each command does; one function for each, called on the session's thread."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.brief import level_of, parts_of
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.events import BriefChosen, IdeaMarked, Watching
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Budget, IdeaKind, Trial
from mle_ideator_jupyter.session import bulk, place
from mle_ideator_jupyter.session.ideating import ideas
from mle_ideator_jupyter.session.pages import Door

if TYPE_CHECKING:
    from mle_ideator_jupyter.session.session import Session

Handler = Callable[["Session", Any, "Door | None"], Awaitable[None]]


async def hello(session: Session, command: wire.Hello, door: Door | None) -> None:
    """Take in a page: its notebook's path, sources and mirrored events."""
    if command.wire != wire.WIRE:
        msg = f"this panel speaks version {command.wire}, the kernel's package {wire.WIRE}: install the same in both"
        if door is not None:  # it was not greeted, so it hears of errors only this way
            session.refuse(door, UsageError(msg))
        return
    known = session.journal is not None
    session.path, session.sources = command.path, command.sources
    session.name = Path(command.path).stem or session.name
    journal = session.history(command)
    if known:
        journal.merge(place.events_of(command.events))
    if door is not None:
        session.pages.greet(door, command.page)
        session.publisher.greet(door)
    session.publish()
    with contextlib.suppress(IdeatorError):  # what is lacking is said when an idea is asked for
        await session.ready()


async def set_task(session: Session, command: wire.SetTask, _: Door | None) -> None:
    """Choose the task; one that cannot work leaves the one before."""
    before, session.asked = session.asked, command
    try:
        await session.ready()
    except IdeatorError:
        session.asked = before
        raise


async def get_idea(session: Session, command: wire.GetIdea, _: Door | None) -> None:
    """Ask the Ideator."""
    await ideas(session, command.hint, kinds_of(command.kinds), command.n)


async def mark_idea(session: Session, command: wire.MarkIdea, _: Door | None) -> None:
    """Take down a vote or a dismissal."""
    vote = None if command.vote is None else max(-1, min(1, command.vote))
    session.history().append(IdeaMarked(idea=command.idea, vote=vote, dismissed=command.dismissed))


async def try_idea(session: Session, command: wire.TryIdea, _: Door | None) -> None:
    """Take an idea through a trial."""
    idea = session.history().state.ideas.get(command.idea)
    if idea is None:
        msg = "that idea is not in this notebook's history: ask for another"
        raise UsageError(msg)
    await session.running.try_idea(idea, command.after)


async def rescore(session: Session, command: wire.Rescore, _: Door | None) -> None:
    """Score an estimator of the user's own."""
    await session.running.rescore(command.estimator, command.after)


async def start_autopilot(session: Session, command: wire.StartAutopilot, _: Door | None) -> None:
    """Start an autopilot."""
    await session.running.autopilot(budget_of(command), command.after)


async def control(session: Session, command: wire.Control, _: Door | None) -> None:
    """Pause, resume, stop, look again, trust, unload."""
    if command.what == "stop":
        await session.running.stop()
    elif command.what == "pause":
        session.running.pause()
    elif command.what == "resume":
        session.running.resume()
    elif command.what == "trust":
        session.history().trust()
    elif command.what == "unload":
        from mle_ideator_jupyter.ideators import local

        freed = await asyncio.to_thread(local.unload)
        session.note(f"unloaded {', '.join(freed)}" if freed else "no language model was loaded here")
    else:
        session.looking.changed()
        await session.ready()


async def undo_trial(session: Session, command: wire.UndoTrial, _: Door | None) -> None:
    """Remove a trial's cells."""
    await session.running.undo(_trial(session, command.trial))


async def keep_trial(session: Session, command: wire.KeepTrial, _: Door | None) -> None:
    """Keep a trial's solution."""
    await session.running.keep(_trial(session, command.trial), command.after)


async def decide(session: Session, command: wire.Decide, _: Door | None) -> None:
    """Take the answer to an approval."""
    session.approving.decide(command)


async def choose(session: Session, command: wire.Choose, _: Door | None) -> None:
    """Change a choice of the session."""
    if command.ideator is not None or command.implementer is not None:
        session.choose_agents(command.ideator, command.implementer)
    if command.watch is not None:
        session.history().append(Watching(expression=command.watch.strip()))
    if command.brief_level is not None or command.brief_without is not None:
        choose_brief(session.history(), command.brief_level, command.brief_without)
    if command.approval_mode is not None:
        session.approving.mode = command.approval_mode


def choose_brief(journal: Journal, level: str | None, without: Sequence[str] | None) -> None:
    """Choose how much agents are told, and what not; None leaves it. Raises `UsageError` for a name that is none."""
    before = journal.state.brief
    chosen = level_of(before.level if level is None else level).value
    parts = parts_of(before.without if without is None else without)
    if (chosen, parts) != (before.level, before.without):
        journal.append(BriefChosen(level=chosen, without=parts))


async def fetch(session: Session, command: wire.Fetch, door: Door | None) -> None:
    """Answer a request for bulk."""
    try:
        answer = wire.Fetched(request=command.request, text=await bulk.fetch(session, command))
    except IdeatorError as error:
        answer = wire.Fetched(request=command.request, error=str(error))
    if door is not None:
        session.pages.tell(answer, door)


HANDLERS: dict[type, Handler] = {
    wire.Hello: hello,
    wire.SetTask: set_task,
    wire.GetIdea: get_idea,
    wire.MarkIdea: mark_idea,
    wire.TryIdea: try_idea,
    wire.Rescore: rescore,
    wire.StartAutopilot: start_autopilot,
    wire.Control: control,
    wire.UndoTrial: undo_trial,
    wire.KeepTrial: keep_trial,
    wire.Decide: decide,
    wire.Choose: choose,
    wire.Fetch: fetch,
}
CHANGING = (wire.TryIdea, wire.Rescore, wire.StartAutopilot, wire.UndoTrial, wire.KeepTrial)
"""Commands that change the notebook: they take turns, and Stop ends them."""


def kinds_of(names: tuple[str, ...]) -> tuple[IdeaKind, ...]:
    """Return the kinds of these names. Raises `UsageError` for one that is none."""
    try:
        return tuple(IdeaKind(name) for name in names)
    except ValueError as error:
        msg = f"{error}: kinds are {', '.join(k.value for k in IdeaKind)}"
        raise UsageError(msg) from None


def budget_of(command: wire.StartAutopilot) -> Budget:
    """Return the budget of an autopilot. Raises `UsageError` for none, or one of nothing."""
    amounts = (command.steps, command.minutes, command.cost)
    if all(a is None for a in amounts) or any(a is not None and a <= 0 for a in amounts):
        msg = "an autopilot needs a budget above 0: steps, minutes or money"
        raise UsageError(msg)
    seconds = None if command.minutes is None else command.minutes * 60
    return Budget(steps=command.steps, seconds=seconds, cost=command.cost)


def _trial(session: Session, identity: str) -> Trial:
    trial = session.history().state.trial(identity)
    if trial is None:
        msg = "that trial is not in this notebook's history"
        raise UsageError(msg)
    return trial
