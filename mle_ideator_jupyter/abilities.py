"""What an Ideator, an Implementer or a Host may be able to do besides: asked by `isinstance`, needed by none.

The seams themselves are in `protocols.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.model import Idea, Trial
from mle_ideator_jupyter.protocols import Ideator


@runtime_checkable
class Tells(Protocol):
    """An agent that can say all that it would send: the Brief's text and what stands around it."""

    def told(self, brief: Brief, n: int = 1) -> str:
        """Return what would be sent to be given `n` ideas, as text to be read."""
        ...


@runtime_checkable
class Streams(Protocol):
    """An agent whose answer can be watched as it comes: `watch` is called with all of it so far, as text to be read."""

    watch: Callable[[str], None] | None


@runtime_checkable
class Logs(Protocol):
    """An agent that asks language models and can write its calls down."""

    def log_calls(self, folder: Path) -> None:
        """Write the calls from now on down in this folder."""
        ...


@runtime_checkable
class Spends(Protocol):
    """An agent whose calls of language models cost money."""

    @property
    def cost(self) -> float:
        """Return what all calls so far came to, in US dollars, as far as prices are known."""
        ...


@runtime_checkable
class Scrubs(Protocol):
    """An agent that knows secrets, which must not stand in what is kept of a trial."""

    def scrub(self, text: str) -> str:
        """Return the text without them."""
        ...


@runtime_checkable
class Checks(Protocol):
    """An agent that can say beforehand that it cannot work."""

    def check(self) -> None:
        """Return if it is set up. Raises `UsageError` with what to do if not."""
        ...


@runtime_checkable
class Improvises(Protocol):
    """An Implementer that without an Ideator takes steps of its own: trials without an idea, as long as the budget."""

    improvises: bool


@runtime_checkable
class Forgets(Protocol):
    """A Host in which nothing that a cell leaves survives: the cells of a trial run anew before each next one."""

    forgets: bool


@runtime_checkable
class Drops(Protocol):
    """A Host that can take names out of its kernel."""

    async def drop(self, names: Sequence[str]) -> None:
        """Take these names out of the kernel, where they are there."""
        ...


@runtime_checkable
class Omits(Protocol):
    """An Implementer that may do less than an idea asks for, and says so before it begins."""

    def omitted(self, brief: Brief, idea: Idea, parent: Trial | None) -> tuple[str, ...]:
        """Return what of an idea that `plan` takes is not done, each in a few words; runs nothing, raises nothing."""
        ...


def told(ideator: Ideator | None, brief: Brief, n: int = 1) -> str:
    """Return all that this Ideator would be sent to be given `n` ideas: by default, the Brief's text."""
    return ideator.told(brief, n) if isinstance(ideator, Tells) else brief.text()
