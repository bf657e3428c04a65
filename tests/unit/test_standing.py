"""Ranks and medals against an independent, brute-force reading of their formulas, and against mlebench where it is."""

from __future__ import annotations

import importlib.util
import math

import numpy as np
import pytest

from mle_ideator_jupyter.bench.boards import medal, medal_positions, percentile, rank, thresholds
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.model import Goal

SIZES = (1, 5, 99, 100, 249, 250, 999, 1000, 5000)
UP, DOWN = Goal.MAXIMIZE, Goal.MINIMIZE


def synthetic(teams: int, goal: Goal, *, ties: bool, nan: bool) -> list[float]:
    rng = np.random.default_rng(teams)
    scores = rng.normal(size=teams)
    if ties:
        scores = np.round(scores, 1)
    if nan:
        scores[rng.permutation(teams)[: teams // 5]] = np.nan
    return scores.tolist()


def asked(board: list[float], goal: Goal) -> list[float]:
    """Scores on, between, beyond the board's own, and none."""
    numbers = sorted(s for s in board if not math.isnan(s))
    picks = numbers[:: max(1, len(numbers) // 25)]
    return [*picks, *(p + 0.013 for p in picks), numbers[0] - 9, numbers[-1] + 9, math.nan]


def brute_rank(score: float, board: list[float], goal: Goal) -> float:
    """The share of teams that are not strictly better; (N - p + 1) / N where p - 1 teams are strictly better."""
    if score != score:
        return 0.0
    better = 0
    for other in board:
        if other == other and (other > score if goal is UP else other < score):
            better += 1
    return (len(board) - better) / len(board)


def brute_medal(score: float, board: list[float], goal: Goal) -> str | None:
    """How many teams are strictly better says the place; whole-number arithmetic says which places win."""
    n = len(board)
    if n < 100:
        places = (n // 10, n * 2 // 10, n * 4 // 10)
    elif n < 250:
        places = (10, n * 2 // 10, n * 4 // 10)
    elif n < 1000:
        places = (10 + n * 2 // 1000, 50, 100)
    else:
        places = (10 + n * 2 // 1000, n * 5 // 100, n // 10)
    numbers = sum(s == s for s in board)
    for name, place in zip(("gold", "silver", "bronze"), places, strict=True):
        last = max(1, place)
        strictly_better = sum(1 for s in board if s == s and (s > score if goal is UP else s < score))
        if score == score and last <= numbers and strictly_better < last:
            return name
    return None


@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("goal", [UP, DOWN])
@pytest.mark.parametrize("teams", SIZES)
def test_rank_and_medal_match_the_formulas(teams, goal, ties, nan):
    board = synthetic(teams, goal, ties=ties, nan=nan)
    won = set()
    for score in asked(board, goal):
        assert rank(score, board, goal) == pytest.approx(brute_rank(score, board, goal))
        assert medal(score, board, goal) == brute_medal(score, board, goal)
        won.add(medal(score, board, goal))
    assert teams < 99 or won == {"gold", "silver", "bronze", None}


@pytest.mark.parametrize(
    ("teams", "positions"),
    [
        (1, (1, 1, 1)),
        (5, (1, 1, 2)),
        (10, (1, 2, 4)),
        (99, (9, 19, 39)),
        (100, (10, 20, 40)),
        (249, (10, 49, 99)),
        (250, (10, 50, 100)),
        (500, (11, 50, 100)),
        (999, (11, 50, 100)),
        (1000, (12, 50, 100)),
        (5000, (20, 250, 500)),
    ],
)
def test_medal_positions(teams, positions):
    assert medal_positions(teams) == positions


def test_the_best_ranks_1_a_tie_shares_the_place_and_the_worst_is_not_0():
    board = [0.9, 0.8, 0.8, 0.1]
    assert [rank(s, board, UP) for s in (0.95, 0.9, 0.8, 0.1, 0.0, math.nan)] == [1.0, 1.0, 0.75, 0.25, 0.0, 0.0]
    assert [rank(s, board, DOWN) for s in (0.0, 0.1, 0.8, 0.9, 0.95)] == [1.0, 1.0, 0.75, 0.25, 0.0]


def test_every_number_ranks_above_a_team_without_one():
    assert rank(-5.0, [0.5, math.nan], UP) == 0.5


def test_an_empty_board_is_refused():
    for function in (lambda: rank(1.0, [], UP), lambda: medal(1.0, [], UP), lambda: percentile([], UP)):
        with pytest.raises(UsageError, match="empty board"):
            function()


@pytest.mark.parametrize("goal", [UP, DOWN])
@pytest.mark.parametrize("teams", [1, 9, 10, 11, 40, 50, 68, 100])
def test_ninety_percent_of_a_board_do_not_beat_its_90th_percentile(teams, goal):
    board = synthetic(teams, goal, ties=False, nan=False)
    bar = percentile(board, goal)
    better = [s for s in board if (s > bar if goal is UP else s < bar)]
    assert bar in board
    assert len(better) * 10 <= teams
    assert (len(better) + 1) * 10 > teams


def test_thresholds_are_the_boards_own_scores_and_its_median():
    board = [float(k) for k in range(100)]
    found = thresholds(board, UP)
    assert (found.gold, found.silver, found.bronze, found.median) == (90.0, 80.0, 60.0, 49.5)
    found = thresholds(board, DOWN)
    assert (found.gold, found.silver, found.bronze, found.median) == (9.0, 19.0, 39.0, 49.5)


@pytest.mark.skipif(importlib.util.find_spec("mlebench") is None, reason="mlebench is not installed: it is on no index")
@pytest.mark.parametrize("goal", [UP, DOWN])
@pytest.mark.parametrize("teams", SIZES[1:])
def test_medals_equal_mlebenchs_own(teams, goal, tmp_path, monkeypatch):
    import pandas as pd

    monkeypatch.chdir(tmp_path)  # importing it may leave a folder behind
    from mlebench.grade_helpers import Grader

    ordered = sorted(synthetic(teams, goal, ties=True, nan=False), reverse=goal is UP)
    board = pd.DataFrame({"score": ordered})
    grader = Grader.__new__(Grader)
    for score in asked(ordered, goal):
        if math.isnan(score):
            continue
        theirs = grader.rank_score(score, board)
        name = next((m for m in ("gold", "silver", "bronze") if theirs[f"{m}_medal"]), None)
        assert medal(score, ordered, goal) == name
        assert thresholds(ordered, goal).gold == theirs["gold_threshold"]
        assert thresholds(ordered, goal).median == pytest.approx(theirs["median_threshold"])
