"""The trained policy: the prior's score, corrected by what executed ideas have taught; plain Python, no library.

Its weights and what is to be known of them (data, settings, curves, limits) are one JSON file, which
`jupyter ideate train playbook` writes.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.ideators.playbook.past import Past
from mle_ideator_jupyter.ideators.playbook.play import Candidate
from mle_ideator_jupyter.ideators.playbook.policy import Policy, chance
from mle_ideator_jupyter.ideators.playbook.prior import Prior
from mle_ideator_jupyter.ideators.playbook.signals import NAMES, signals
from mle_ideator_jupyter.model import Struct

SHIPPED = Path(__file__).with_name("weights.json")
TIE = 1e-6


class Weights(Struct, frozen=True, kw_only=True):
    """A linear policy: a weight for each signal and a bias for each play; an unknown play has none.

    `method` says truthfully how they were fitted: `policy-gradient` or `ridge`. `prior` is the fingerprint of the
    prior that they correct; `card` is the model card. With `offset` added, the scores of a ridge are rewards.
    `default` says that they were shown to be better than the prior on tasks left out, so that they rank where nobody
    says otherwise.
    """

    method: str
    prior: str
    signals: dict[str, float]
    plays: dict[str, float]
    offset: float = 0.0
    default: bool = False
    card: dict[str, Any] = {}

    def score(self, play: str, values: list[float]) -> float:
        """Return the score of a Candidate of this play with these signals (in the order of `signals.NAMES`)."""
        named = zip(NAMES, values, strict=True)
        return math.fsum(self.signals.get(n, 0.0) * v for n, v in named) + self.plays.get(play, 0.0)

    def fingerprint(self) -> str:
        """Return what tells these weights from others: the same scores, the same fingerprint."""
        said = msgspec.json.encode((self.signals, self.plays, self.prior), order="deterministic")
        return hashlib.sha256(said).hexdigest()[:16]

    def expected(self, play: str, values: list[float]) -> float:
        """Return the reward that a ridge expects of a Candidate of this play with these signals."""
        return self.offset + self.score(play, values)


def shipped() -> bool:
    """Return whether this package brings trained weights."""
    return SHIPPED.is_file()


def default_policy() -> Policy:
    """Return what ranks where nobody says otherwise: the shipped policy where it is the better one, else the prior."""
    weights = read_weights(SHIPPED) if shipped() else None
    return Trained(weights) if weights is not None and weights.default else Prior()


def read_weights(path: Path) -> Weights:
    """Return the weights in a file. Raises `UsageError` where they are missing or made for another prior."""
    try:
        weights = msgspec.json.decode(path.read_bytes(), type=Weights)
    except FileNotFoundError:
        missing = f"no weights at {path}: `jupyter ideate train playbook` writes them"
        what = "no trained policy is shipped yet: take --policy prior" if path == SHIPPED else missing
        raise UsageError(what) from None
    except msgspec.MsgspecError as error:
        msg = f"{path} holds no trained policy: {error}"
        raise UsageError(msg) from None
    if weights.prior != Prior.fingerprint():
        msg = f"{path} was trained on another version of the prior: train it anew, or take --policy prior"
        raise UsageError(msg)
    return weights


class Trained:
    """Scores by a linear policy over the prior and play-local evidence."""

    name = "trained"

    def __init__(self, weights: Weights | None = None) -> None:
        """Take the shipped weights where none are given. Raises `UsageError` where none are shipped."""
        self.weights = weights or read_weights(SHIPPED)
        self._prior = Prior()
        self._past: tuple[Brief, Past] | None = None

    def score(self, brief: Brief, candidate: Candidate) -> float:
        """Return the policy's score, on a scale of its own."""
        if self._past is None or self._past[0] is not brief:
            self._past = (brief, Past(brief))
        values = signals(brief, self._past[1], candidate, self._prior.score(brief, candidate))
        return self.weights.score(candidate.play, values) + TIE * chance(brief, candidate.action)
