"""Who ranks what the plays found: a policy scores one Candidate at a time."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.ideators.playbook.play import Candidate

TABLE = Path(__file__).parent / "static_order.json"
"""Made by `jupyter ideate bench --report OUT --play-rewards` from runs in random order on the training tasks."""


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


def play_rewards(path: Path = TABLE) -> dict[str, float]:
    """Return the mean reward of each play on the training tasks, as stored with how it was made.

    Raises `UsageError` where there is no such table yet.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = f"no table of play rewards yet: `jupyter ideate bench --report OUT --play-rewards > {path}` makes it"
        raise UsageError(msg) from None
    return {play: float(told["reward"]) for play, told in stored["plays"].items()}


class StaticOrder:
    """Takes plays by their mean reward on the training tasks and looks at nothing: what learning to ideate must beat.

    A play that the table does not know stands between those that helped and those that did harm.
    """

    name = "static-order"

    def __init__(self, rewards: Mapping[str, float] | None = None) -> None:
        """Without `rewards`, they are the stored ones; raises `UsageError` where there are none."""
        self.rewards = play_rewards() if rewards is None else rewards

    def score(self, brief: Brief, candidate: Candidate) -> float:
        """Return the play's mean reward; among the actions of one play, chance decides by seed and step."""
        return self.rewards.get(candidate.play, 0.0) + 1e-9 * chance(brief, candidate.action)


class RandomOrder:
    """Takes every applicable action with equal chance."""

    name = "random-order"

    def score(self, brief: Brief, candidate: Candidate) -> float:
        """Return a number drawn by seed, step and action."""
        return chance(brief, candidate.action)
