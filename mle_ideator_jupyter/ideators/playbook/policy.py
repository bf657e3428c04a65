"""Who ranks what the plays found: a policy scores one Candidate at a time."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.ideators.playbook.play import Candidate
from mle_ideator_jupyter.model import Struct

TABLE = Path(__file__).parent / "static_order.json"
"""Made by `jupyter ideate train playbook --static-order` from ideas that were executed on the training tasks."""


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


class PlayRewards(Struct, frozen=True, kw_only=True):
    """What each play earned on average when it was executed on training tasks, whatever the profile said.

    `unknown` is the reward of a play that is not among them, `made` how and on what it was measured.
    """

    plays: dict[str, float]
    unknown: float = 0.0
    made: dict[str, Any] = {}

    def of(self, play: str) -> float:
        """Return the reward of a play."""
        return self.plays.get(play, self.unknown)


def play_rewards(path: Path = TABLE) -> PlayRewards:
    """Return the stored table. Raises `UsageError` where there is none yet."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=PlayRewards)
    except FileNotFoundError:
        msg = "no table of play rewards yet: `jupyter ideate train playbook --static-order FILE` makes one"
        raise UsageError(msg) from None


class StaticOrder:
    """Takes plays by what they earned on training tasks and looks at nothing: what learning to ideate must beat."""

    name = "static-order"

    def __init__(self, rewards: PlayRewards | None = None) -> None:
        """Without `rewards`, they are the stored ones; raises `UsageError` where there are none."""
        self.rewards = rewards or play_rewards()

    def score(self, brief: Brief, candidate: Candidate) -> float:
        """Return the play's mean reward; among the actions of one play, chance decides by seed and step."""
        return self.rewards.of(candidate.play) + 1e-9 * chance(brief, candidate.action)


class RandomOrder:
    """Takes every applicable action with equal chance."""

    name = "random-order"

    def score(self, brief: Brief, candidate: Candidate) -> float:
        """Return a number drawn by seed, step and action."""
        return chance(brief, candidate.action)
