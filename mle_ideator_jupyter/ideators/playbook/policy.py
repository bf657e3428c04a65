"""Who ranks what the plays found: a policy scores one Candidate at a time."""

from __future__ import annotations

import random
from typing import Protocol, runtime_checkable

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.ideators.playbook.play import Candidate


@runtime_checkable
class Policy(Protocol):
    """Scores Candidates; the highest is proposed first. The same arguments give the same score."""

    name: str

    def score(self, brief: Brief, candidate: Candidate) -> float:
        """Return how good it would be to try this now."""
        ...


def chance(brief: Brief, action: str) -> float:
    """Return a number between 0 and 1 that depends on the seed, the step and the action alone."""
    return random.Random(f"{brief.seed}:{brief.step}:{action}").random()  # noqa: S311 - repeatable, not secret


class RandomOrder:
    """Takes every applicable action with equal chance."""

    name = "random-order"

    def score(self, brief: Brief, candidate: Candidate) -> float:
        """Return a number drawn by seed, step and action."""
        return chance(brief, candidate.action)
