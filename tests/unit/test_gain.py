from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mle_ideator_jupyter.bench.gain import anytime, avg_at_k, best_at_k, best_so_far, gain
from mle_ideator_jupyter.model import Goal

UP, DOWN = Goal.MAXIMIZE, Goal.MINIMIZE


@pytest.mark.parametrize(
    ("score", "baseline", "reference", "goal", "expected"),
    [
        (0.7, 0.6, 0.8, UP, 0.5),
        (0.3, 0.4, 0.2, DOWN, 0.5),
        (0.4, 0.4, 0.2, DOWN, 0.0),
        (0.5, 0.6, 0.8, UP, -0.5),
        (0.1, 0.6, 0.8, UP, -0.5),
        (0.99, 0.6, 0.8, UP, 1.5),
        (None, 0.6, 0.8, UP, -0.5),
        (math.nan, 0.6, 0.8, UP, -0.5),
    ],
)
def test_gain_is_the_share_of_the_way_to_the_reference_clipped(score, baseline, reference, goal, expected):
    assert gain(score, baseline, reference, goal) == pytest.approx(expected)


@pytest.mark.parametrize(("reference", "goal"), [(0.6, UP), (0.5, UP), (0.7, DOWN), (math.nan, UP)])
def test_a_task_without_room_has_no_gain(reference, goal):
    assert math.isnan(gain(0.9, 0.6, reference, goal))


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.1, 3))
def test_both_directions_are_alike(score, baseline, room):
    up = gain(score, baseline, baseline + room, UP)
    assert gain(-score, -baseline, -baseline - room, DOWN) == up
    assert -0.5 <= up <= 1.5


def test_best_so_far_goes_by_validation_and_never_by_grade():
    validations = [0.5, 0.6, None, 0.55, 0.6, 0.7]
    grades = [1.0, 2.0, 9.0, 8.0, 7.0, None]
    assert best_so_far(validations, grades, UP) == [1.0, 2.0, 2.0, 2.0, 2.0, None]
    assert best_so_far(validations, grades, DOWN) == [1.0] * 6
    assert best_so_far([None, 0.5], [3.0, 4.0], UP) == [None, 4.0]


def test_anytime_gain_is_the_mean_over_trials_after_the_baseline():
    assert anytime([0.0, 0.2, 0.4]) == pytest.approx(0.3)
    assert anytime([0.9, 0.2, 0.4], 2) == pytest.approx(0.3)
    assert anytime([0.0, 0.2, 0.4], 4) == pytest.approx(0.35), "a run that ended early keeps its last gain"
    assert anytime([0.7], 10) == 0.7
    assert math.isnan(anytime([]))


def test_avg_and_best_at_k_weigh_tasks_alike_however_many_runs_they_have():
    finals = {"a": [0.0, 1.0, 0.5], "b": [0.3]}
    assert avg_at_k(finals) == pytest.approx(0.4)
    assert best_at_k(finals) == pytest.approx(0.65)
    assert math.isnan(avg_at_k({}))
