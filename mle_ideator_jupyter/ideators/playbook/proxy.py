"""The proxy: the reward of an idea predicted from the Brief, without executing it, and an Ideator that chooses by it.

An idea of the Playbook is predicted by its own evidence. One of another Ideator is taken for the action that gives the
same Recipe, else for the one of its kind that shares most words with it, else for an unknown one of its kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import EditError, UsageError
from mle_ideator_jupyter.ideators.playbook.ideator import candidates
from mle_ideator_jupyter.ideators.playbook.past import Past
from mle_ideator_jupyter.ideators.playbook.play import Candidate
from mle_ideator_jupyter.ideators.playbook.prior import Prior, overlap
from mle_ideator_jupyter.ideators.playbook.signals import signals
from mle_ideator_jupyter.ideators.playbook.trained import Weights, read_weights
from mle_ideator_jupyter.model import Idea, RecipeEdit
from mle_ideator_jupyter.protocols import Ideas, Ideator
from mle_ideator_jupyter.recipe import apply_edit, recipe_from

SHIPPED = Path(__file__).with_name("proxy.json")
ALIKE = 2
"""So many words must an idea share with an action to be taken for it."""
MIDDLING = 0.5
"""Strength of the evidence of an idea that is taken for no action."""


class Proxy:
    """Predicts rewards by fitted weights. Raises `UsageError` where a file of weights cannot be read."""

    def __init__(self, path: Path = SHIPPED) -> None:
        if path == SHIPPED and not path.is_file():
            msg = "no proxy is shipped yet: name one with --proxy FILE; `jupyter ideate train proxy` makes it"
            raise UsageError(msg)
        self.weights: Weights = read_weights(path)
        self._prior = Prior()

    def predict(self, brief: Brief, ideas: Sequence[Idea]) -> list[float]:
        """Return the reward that each idea is expected to earn on this Brief, on the scale of `rl.reward`."""
        past = Past(brief)
        known = list(candidates(brief))
        found = [_candidate(idea, known, _key(brief, idea)) for idea in ideas]
        return [self.weights.expected(c.play, signals(brief, past, c, self._prior.score(brief, c))) for c in found]


def _key(brief: Brief, idea: Idea) -> str:
    """Return the key of the Recipe that an idea gives; empty where that is not said, or cannot be."""
    try:
        parent = recipe_from(brief.parent.recipe if brief.parent else None)
        return apply_edit(parent, idea.edit).key() if idea.edit is not None else ""
    except EditError:
        return ""


def _candidate(idea: Idea, known: Sequence[tuple[Candidate, str]], key: str) -> Candidate:
    """Return the action that an idea is taken for; `key` is that of the Recipe it gives."""
    same = [c for c, k in known if c.action == idea.action] or [c for c, k in known if k == key]
    if same:
        return same[0]
    said = " ".join((idea.title, *idea.steps))
    alike = [(overlap(said, c), c.action, c) for c, _ in known if c.kind is idea.kind]
    words, _, closest = max(alike, default=(0, "", None), key=lambda a: a[:2])
    if closest is not None and words >= ALIKE:
        return closest
    return Candidate(
        param="",
        title=idea.title,
        rationale=idea.rationale,
        steps=idea.steps,
        evidence=idea.evidence,
        edit=idea.edit or RecipeEdit(),
        strength=MIDDLING,
        kind=idea.kind,
    )


class BestPredicted:
    """An Ideator that asks another for several ideas and proposes those that the proxy expects most of.

    Args:
        ideator: who is asked.
        proxy: predicts.
        candidates: how many ideas are asked for; more where more are wanted.
        least: where given, ideas that are expected to earn at least this come first, in the order of the asked
            Ideator; the proxy decides only among the others.
    """

    def __init__(self, ideator: Ideator, proxy: Proxy, candidates: int, least: float | None = None) -> None:
        self.ideator, self.proxy, self.candidates, self.least = ideator, proxy, candidates, least
        self.name = ideator.name

    def __getattr__(self, name: str) -> Any:
        """Return what the asked Ideator can do besides (be checked, say what it sends, log its calls)."""
        return getattr(self.ideator, name)

    async def propose(self, brief: Brief, n: int = 1) -> Ideas:
        """Return up to `n` of the ideas, best first."""
        found = Ideas.of(await self.ideator.propose(brief, max(n, self.candidates)))
        expected = self.proxy.predict(brief, found)
        places = sorted(range(len(found)), key=lambda k: (self._turn(expected[k], k), k))
        return Ideas([found[k] for k in places[:n]], cost=found.cost, why=found.why)

    def _turn(self, expected: float, place: int) -> tuple[int, float]:
        passes = self.least is not None and expected >= self.least
        return (0, place) if passes else (1, -expected)
