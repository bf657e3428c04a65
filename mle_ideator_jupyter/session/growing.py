"""An answer while it comes: told to the pages a few times a second, however often a piece of it comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.abilities import Streams
from mle_ideator_jupyter.protocols import Ideator

if TYPE_CHECKING:
    from mle_ideator_jupyter.session.session import Session

EVERY = 0.15
"""Seconds between two tellings."""
LONGEST = 6_000
"""Characters that are told; an idea is shorter."""


class Growing:
    """What an Ideator has answered so far. Used on the session's thread alone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._text = ""
        self._told = ""
        self._soon: asyncio.TimerHandle | None = None

    def watch(self, ideator: Ideator) -> None:
        """Have an Ideator that can be watched tell of its answer as it comes."""
        if isinstance(ideator, Streams):
            ideator.watch = self.take

    def take(self, text: str) -> None:
        """Take the answer so far."""
        self._text = text[:LONGEST]
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(EVERY, self._tell)

    def clear(self) -> None:
        """Say that nothing is being answered any more."""
        if self._soon is not None:
            self._soon.cancel()
        self._text = ""
        self._tell()

    def _tell(self) -> None:
        self._soon = None
        if self._text != self._told:
            self._told = self._text
            self._session.pages.tell(wire.Growing(text=self._text))
