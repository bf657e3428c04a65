"""An answer that is not whole yet, as text to be read: a title, then why, then the steps, as far as they have come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from mle_ideator_jupyter.brief.wording import line
from mle_ideator_jupyter.endpoint import Fold, Piece, Restarted, TextDelta, TextWasThinking
from mle_ideator_jupyter.ideators.llm.parsing import partial

EVERY = 0.1
"""Seconds between two readings: the whole answer so far is read each time."""
WHY = ("rationale", "reason", "why", "description")


def watching(watch: Callable[[str], None]) -> Callable[[Piece], None]:
    """Return what takes the pieces of an answer and has `watch` called with the text so far."""
    fold, said = Fold(), paced(watch)

    def take(piece: Piece) -> None:
        fold.add(piece)
        if isinstance(piece, Restarted):
            watch("")
        elif isinstance(piece, (TextDelta, TextWasThinking)):
            said(fold.texts()[0])

    return take


def paced(watch: Callable[[str], None]) -> Callable[[str], None]:
    """Return what takes an answer whenever it grows, and has `watch` called a few times a second, with it readable."""
    read = 0.0

    def take(answer: str) -> None:
        nonlocal read
        now = time.monotonic()
        if now - read >= EVERY:
            read = now
            watch(readable(answer))

    return take


def readable(answer: str) -> str:
    """Return what an answer says so far; what is no idea yet is left out."""
    return "\n\n".join(filter(None, (_told(idea) for idea in partial(answer))))


def _told(idea: dict[str, Any]) -> str:
    why = next((idea[name] for name in WHY if idea.get(name)), "")
    steps = idea.get("steps")
    listed = [f"- {text}" for step in steps if (text := _line(step))] if isinstance(steps, list) else []
    return "\n".join(filter(None, (_line(idea.get("title")), _line(why), *listed)))


def _line(value: Any) -> str:
    return line(value, 600) if isinstance(value, str) else ""
