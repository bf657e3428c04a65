"""What a policy may know of one Candidate: play-local evidence, as a few bounded numbers.

No column, row count or task is named, so that what was learned on some tables can hold on others.
"""

from __future__ import annotations

import math

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.ideators.playbook.past import Past
from mle_ideator_jupyter.ideators.playbook.play import Candidate
from mle_ideator_jupyter.ideators.playbook.prior import FINISHING, OPENED
from mle_ideator_jupyter.model import IdeaKind

STEPS = 10
"""Remaining steps are counted as a share of a run of that many."""
SECONDS = 30.0
"""Guessed seconds are counted against this where a trial has no limit."""
LEAST = 1e-4
"""Prior scores below this are all the same: as good as never."""

NAMES: tuple[str, ...] = (
    "log_prior",
    "strength",
    "log_cost",
    "share_of_limit",
    "over_limit",
    "play_failed",
    "play_won",
    "kind_failed",
    "follows",
    "left",
    "strength_left",
    "log_cost_left",
    "finishing_last",
    "first_step",
    *(f"kind_{kind.value}" for kind in IdeaKind),
    *(f"kind_{kind.value}_left" for kind in IdeaKind),
)
"""The names of the signals, in their order."""


def signals(brief: Brief, past: Past, candidate: Candidate, prior: float) -> list[float]:
    """Return the signals of a Candidate whose prior score is `prior`, in the order of `NAMES`."""
    limits = brief.task.limits
    bounds = [b for b in (limits.cpu_seconds, limits.seconds, brief.left.seconds) if b]
    used = candidate.seconds / (min(bounds) if bounds else SECONDS)
    steps = brief.left.steps
    left = 0.5 if steps is None else min(1.0, steps / STEPS)
    cost = min(2.0, max(-2.0, math.log10(max(candidate.cost, 1e-3))))
    follows = any(candidate.play in OPENED.get(play, ()) for play in past.fruitful)
    kinds = [float(candidate.kind is kind) for kind in IdeaKind]
    return [
        math.log(max(prior, LEAST)),
        candidate.strength,
        cost,
        min(1.0, used),
        float(used > 1.0),
        min(3.0, past.fruitless[candidate.play]) / 3,
        min(3.0, past.fruitful[candidate.play]) / 3,
        min(5.0, past.fruitless_kind(candidate.kind)) / 5,
        float(follows),
        left,
        candidate.strength * left,
        cost * left,
        float(candidate.play in FINISHING and left <= 0.2),
        float(brief.step == 0) * candidate.strength,
        *kinds,
        *(k * left for k in kinds),
    ]
