"""A play: a strategy that looks at the Brief, decides whether it applies, and says why in numbers it saw.

A play is one function, decorated with `play`. Its actions are fixed and named, so that they can
be counted, listed in the docs and learned about; which of them apply, and to which columns, it
decides from the View.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from mle_ideator_jupyter.ideators.playbook.view import View
from mle_ideator_jupyter.model import IdeaKind, RecipeEdit, Struct


class Candidate(Struct, frozen=True, kw_only=True):
    """One action of a play as it applies here, before it is ranked.

    `strength` says how strong the evidence is (0 to 1), within its play. `rationale` begins with the evidence.
    `words` are what a hint may call the play by.
    """

    param: str
    title: str
    rationale: str
    steps: tuple[str, ...]
    evidence: tuple[str, ...]
    edit: RecipeEdit
    strength: float
    play: str = ""
    kind: IdeaKind = IdeaKind.DATA_PREPARATION
    words: str = ""
    cost: float = 1.0
    """Guessed cost of the resulting Recipe, relative to the parent's."""
    seconds: float = 0.0
    """Guessed CPU-seconds of the trial."""

    @property
    def action(self) -> str:
        """Return the name of what is proposed: the play and its parameter."""
        return f"{self.play}:{self.param}"


def candidate(
    param: str,
    title: str,
    *,
    because: Sequence[str],
    why: str,
    steps: Sequence[str],
    strength: float,
    edits: dict[str, Any] | None = None,
    append: dict[str, list[Any]] | None = None,
) -> Candidate:
    """Return a Candidate whose rationale is its evidence followed by the argument."""
    evidence = tuple(because)
    said = "; ".join(evidence)
    return Candidate(
        param=param,
        title=title,
        rationale=f"{said[:1].upper()}{said[1:]}. {why}",
        steps=tuple(steps),
        evidence=evidence,
        edit=RecipeEdit(set=msgspec.to_builtins(edits or {}), append=msgspec.to_builtins(append or {})),
        strength=min(1.0, max(0.0, strength)),
    )


Applies = Callable[[View], Iterable[Candidate]]


class Play(Struct, frozen=True, kw_only=True):
    """A named strategy of one kind. `actions` maps each parameter to what it does, in a few words."""

    name: str
    kind: IdeaKind
    when: str
    actions: dict[str, str]
    words: str
    applies: Applies

    def candidates(self, view: View) -> list[Candidate]:
        """Return what this play would do here; empty when it does not apply."""
        return [
            msgspec.structs.replace(found, play=self.name, kind=self.kind, words=self.words)
            for found in self.applies(view)
        ]


def play(kind: IdeaKind, *, when: str, words: str, actions: dict[str, str]) -> Callable[[Applies], Play]:
    """Make a play of a function that yields Candidates; `words` are what a hint may call it by."""

    def made(applies: Applies) -> Play:
        name = getattr(applies, "__name__", "")
        return Play(name=name, kind=kind, when=when, words=words, actions=actions, applies=applies)

    return made
