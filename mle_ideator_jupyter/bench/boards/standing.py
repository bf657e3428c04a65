"""Where a score stands on a board: rank, medal and their thresholds, all pure.

The rank is HumanRank's formula, the medals are by MLE-bench's positions. A board is a sequence of scores in any order.
NaN on it is a team worse than all others; where a medal's position falls on one, nobody wins that medal, as in
MLE-bench. Our boards hold reference solutions, so a report calls the rank
`reference_rank`: nobody should take it for a rank among people.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.model import Goal, Struct

Medal = Literal["gold", "silver", "bronze"]


class Thresholds(Struct, frozen=True, kw_only=True):
    """The score that each medal takes on one board, and the board's median."""

    gold: float
    silver: float
    bronze: float
    median: float


def best_first(scores: Iterable[float], goal: Goal) -> list[float]:
    """Return the scores from best to worst, NaN last."""
    found = list(scores)
    numbers = sorted((s for s in found if not math.isnan(s)), reverse=goal is Goal.MAXIMIZE)
    return numbers + [math.nan] * (len(found) - len(numbers))


def at_least(score: float, other: float, goal: Goal) -> bool:
    """Return whether a score ties or beats another; NaN beats nothing, and every number beats NaN."""
    if math.isnan(score):
        return False
    if math.isnan(other):
        return True
    return score >= other if goal is Goal.MAXIMIZE else score <= other


def rank(score: float, board_scores: Sequence[float], goal: Goal) -> float:
    """Return HumanRank's (N - p + 1) / N: 1 for the best, 0 for one worse than all.

    p is the first position, counted from 1, whose board score is tied or beaten, else N + 1. A NaN score ranks 0.
    Source: MLE-Dojo's HumanRank. Raises `UsageError` for an empty board.
    """
    ordered = _ordered(board_scores, goal)
    position = next((k for k, other in enumerate(ordered, 1) if at_least(score, other, goal)), len(ordered) + 1)
    return (len(ordered) - position + 1) / len(ordered)


def medal_positions(teams: int) -> tuple[int, int, int]:
    """Return the last positions, counted from 1, that win gold, silver and bronze among so many teams.

    ======================  ================  ======  ======
    teams                   gold              silver  bronze
    ======================  ================  ======  ======
    fewer than 100          10 %              20 %    40 %
    fewer than 250          10                20 %    40 %
    fewer than 1000         10 + 0.2 %        50      100
    1000 and more           10 + 0.2 %        5 %     10 %
    ======================  ================  ======  ======

    Shares are rounded down, but to no less than 1. Source: MLE-bench, after Kaggle's progression system.
    """
    tenth, fifth, forty = (max(1, int(teams * share)) for share in (0.1, 0.2, 0.4))
    if teams < 100:
        return tenth, fifth, forty
    if teams < 250:
        return 10, fifth, forty
    gold = 10 + int(teams * 0.002)
    if teams < 1000:
        return gold, 50, 100
    return gold, max(1, int(teams * 0.05)), tenth


def thresholds(board_scores: Sequence[float], goal: Goal) -> Thresholds:
    """Return the scores at the medal positions of a board. Raises `UsageError` for an empty board."""
    ordered = _ordered(board_scores, goal)
    gold, silver, bronze = (ordered[p - 1] for p in medal_positions(len(ordered)))
    return Thresholds(gold=gold, silver=silver, bronze=bronze, median=_median(ordered))


def medal(score: float, board_scores: Sequence[float], goal: Goal) -> Medal | None:
    """Return the best medal whose threshold the score ties or beats, or None. NaN wins none."""
    steps = thresholds(board_scores, goal)
    medals: tuple[tuple[Medal, float], ...] = (("gold", steps.gold), ("silver", steps.silver), ("bronze", steps.bronze))
    for name, step in medals:
        if not math.isnan(step) and at_least(score, step, goal):
            return name
    return None


def percentile(board_scores: Sequence[float], goal: Goal, share: float = 0.9) -> float:
    """Return the score that this share of the board does not beat: at most `1 - share` of it is strictly better.

    It is the board's own score at position floor((1 - share) · N) + 1 from the top, so nothing is interpolated.
    """
    ordered = _ordered(board_scores, goal)
    # Rounded first, so that 10 % of 50 is 5 and not 4.999.
    return ordered[min(len(ordered) - 1, math.floor(round((1 - share) * len(ordered), 9)))]


def _ordered(board_scores: Sequence[float], goal: Goal) -> list[float]:
    if not board_scores:
        msg = "an empty board ranks nothing: it needs at least one score"
        raise UsageError(msg)
    return best_first(board_scores, goal)


def _median(ordered: list[float]) -> float:
    numbers = [s for s in ordered if not math.isnan(s)]
    if not numbers:
        return math.nan
    middle = len(numbers) // 2
    return numbers[middle] if len(numbers) % 2 else (numbers[middle - 1] + numbers[middle]) / 2
