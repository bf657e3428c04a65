"""What is asked of a session from a cell of its notebook, with or without a page; done on the session's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.abilities import told
from mle_ideator_jupyter.events import Watching
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Idea, Task, Trigger
from mle_ideator_jupyter.session import ideating, place
from mle_ideator_jupyter.session.commands import choose_brief, kinds_of, set_task
from mle_ideator_jupyter.session.session import Session

T = TypeVar("T")


async def opened(session: Session) -> Journal:
    """Return the journal; where no page has told, the shell knows a little of the notebook."""
    names = session.shell.user_ns
    if not session.path and session.journal is None:
        found = place.find_notebook(str(names.get("__vsc_ipynb_file__") or ""))
        if found is not None:
            session.path, session.name = str(found), found.stem
    if not session.pages.doors:
        session.sources = tuple(str(source) for source in names.get("In", ()) if source)
    session.looking.changed()
    return session.history()


async def setup(
    session: Session,
    asked: wire.SetTask,
    watch: str | None,
    *,
    agents: tuple[str, str] = ("", ""),
    level: str | None = None,
    without: Sequence[str] | None = None,
) -> Task:
    """Choose the task, what is watched and told, and the agents.

    New data begin afresh; else what was chosen before stays.
    """
    journal, before = await opened(session), session.asked
    if any(agents):
        session.choose_agents(*agents)
    choose_brief(journal, level, without)
    given = {name: value for name in asked.__struct_fields__ if (value := getattr(asked, name))}
    if given:
        await set_task(session, asked if asked.train or before is None else replace(before, **given), None)
    if watch is not None:
        journal.append(Watching(expression=watch.strip()))
    task = (await session.ready()).task
    session.publish()
    return task


async def ideas(session: Session, n: int, hint: str, kinds: tuple[str, ...]) -> list[Idea]:
    """Return up to `n` new ideas, journalled."""
    await opened(session)
    try:
        return await ideating.ideas(session, hint, kinds_of(kinds), n)
    finally:
        if not session.running.work:
            session.say("idle")


async def brief(session: Session, hint: str, kinds: tuple[str, ...]) -> str:
    """Return exactly what an agent would be told."""
    await opened(session)
    wiring = await session.ready()
    return told(wiring.ideator, replace(wiring.brief(trigger=Trigger.HUMAN), hint=hint, kinds=kinds_of(kinds)))


async def publishing(session: Session, work: Callable[[], T]) -> T:
    """Do work on the journal, and tell the pages."""
    try:
        return work()
    finally:
        session.publish()
