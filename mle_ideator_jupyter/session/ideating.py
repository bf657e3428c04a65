"""Asks the Ideator for the user: what is sent can be seen, what comes back is journalled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mle_ideator_jupyter.abilities import told
from mle_ideator_jupyter.errors import NoIdeaError
from mle_ideator_jupyter.events import IdeaProposed
from mle_ideator_jupyter.model import Idea, IdeaKind, Trigger
from mle_ideator_jupyter.protocols import Ideas

if TYPE_CHECKING:
    from mle_ideator_jupyter.session.session import Session

IDEAS_AT_ONCE = 20


async def ideas(session: Session, hint: str = "", kinds: tuple[IdeaKind, ...] = (), n: int = 1) -> list[Idea]:
    """Return up to `n` ideas of the Ideator, journalled. Raises `NoIdeaError` when there are none."""
    if not session.running.work:
        session.say("thinking", "asking for an idea")
    wiring = await session.ready()
    brief = replace(wiring.brief(trigger=Trigger.HUMAN), hint=hint, kinds=kinds)
    n = max(1, min(n, IDEAS_AT_ONCE))
    session.sent.keep(told(wiring.ideator, brief, n))
    try:
        found = Ideas.of(await wiring.ideator.propose(brief, n)) if wiring.ideator else Ideas()
    finally:
        session.growing.clear()
    if not found:
        why = f"nothing new to propose ({found.why})" if found.why else "nothing new to propose"
        msg = f"{why}: loosen the hint or the kinds, or try what was proposed"
        raise NoIdeaError(msg)
    for number, idea in enumerate(found):
        wiring.journal.append(IdeaProposed(idea=idea, cost=0.0 if number else found.cost))
    return found
