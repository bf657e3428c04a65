from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mle_ideator_jupyter.model import Goal
from mle_ideator_jupyter.rl.reward import (
    TERMS,
    Change,
    Terms,
    of_change,
    of_group,
    of_outcome,
    over_splits,
    scaled,
    within_split,
)

GAIN = st.floats(-2, 2)
NOISE = st.floats(0, 1)
SECONDS = st.floats(0, 1000)
few = settings(max_examples=60, deadline=None)


@few
@given(GAIN, NOISE, SECONDS, st.floats(0, 300))
def test_it_is_bounded(gain, noise, seconds, left):
    reward = of_change(Change(gain=gain, noise=noise), seconds, left)
    assert TERMS.least - TERMS.cost <= reward <= TERMS.most


@few
@given(GAIN, GAIN, NOISE)
def test_it_is_monotone_in_the_score(one, other, noise):
    low, high = sorted((one, other))
    assert of_change(Change(gain=low, noise=noise), 1, 100) <= of_change(Change(gain=high, noise=noise), 1, 100) + 1e-12


@few
@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_it_is_symmetric_in_direction(scores):
    """A metric to minimise is the same as its negative to maximise."""
    b, room = scores[0], 0.3

    def changed(goal, sign):
        child = [scaled(sign * s, sign * b, room, goal) for s in scores[:3]]
        parent = [scaled(sign * s, sign * b, room, goal) for s in scores[3:]]
        return over_splits(child, parent)

    up, down = changed(Goal.MAXIMIZE, 1), changed(Goal.MINIMIZE, -1)
    assert up.gain == pytest.approx(down.gain)
    assert up.noise == pytest.approx(down.noise)


@few
@given(st.lists(st.floats(0, 1), min_size=6, max_size=6), st.floats(0.01, 1000), st.floats(-100, 100))
def test_it_is_indifferent_to_the_metrics_scale(scores, unit, shift):
    def reward(by, at):
        gains = [scaled(at + by * s, at + by * scores[0], by * 0.25, Goal.MINIMIZE) for s in scores]
        return of_change(over_splits(gains[:3], gains[3:]), 1, 100)

    assert reward(unit, shift) == pytest.approx(reward(1, 0), abs=1e-6)


@few
@given(st.floats(-1, 1), st.floats(0.001, 1))
def test_it_is_zero_inside_the_noise(share, noise):
    assert of_change(Change(gain=share * noise, noise=noise), 0, 100) == pytest.approx(0.0, abs=1e-9)


@few
@given(GAIN, NOISE, SECONDS, SECONDS)
def test_slower_is_never_better_at_equal_gain(gain, noise, one, other):
    fast, slow = sorted((one, other))
    change = Change(gain=gain, noise=noise)
    assert of_change(change, slow, 300) <= of_change(change, fast, 300)


def test_what_is_not_graded_costs_what_the_constants_say():
    assert of_outcome("failed", None, 3, 100) == of_outcome("graded", None, 3, 100) == TERMS.failed
    assert of_outcome("unchanged", None, 0, 100) == TERMS.unchanged
    assert of_outcome("malformed", None, 0, 100) == TERMS.malformed
    assert of_outcome("graded", Change(gain=0.5, noise=0.0), 0, 100) == 0.5


def test_a_score_that_is_none_gains_the_least_and_a_task_without_room_nothing():
    assert scaled(None, 0.5, 0.1, Goal.MAXIMIZE) == -0.5
    assert math.isnan(scaled(0.6, 0.5, 0.0, Goal.MAXIMIZE))
    assert of_change(Change(gain=math.nan, noise=0.0), 0, 100) == 0.0


def test_noise_of_one_split_comes_from_its_blocks():
    change = within_split(0.4, 0.1, [0.4, 0.5, 0.3], [0.1, 0.1, 0.1])
    assert change.gain == pytest.approx(0.3)
    assert change.noise == pytest.approx(math.sqrt(0.02 * 2 / 3))
    assert within_split(0.4, 0.1, [0.4] * 3, [0.1] * 3).noise == pytest.approx(0.0)


def test_near_duplicates_share_what_is_positive():
    assert of_group([0.6, 0.6, 0.4, -0.2], ["a", "a", "b", "b"]) == [0.3, 0.3, 0.2, -0.2]
    assert of_group([0.6, 0.6], ["a", "a"], Terms(share=False)) == [0.6, 0.6]


def test_the_rank_term_orders_without_changing_the_mean():
    plain = [0.1, 0.5, 0.3, 0.3]
    ranked = of_group(plain, range(4), Terms(rank=0.2))
    assert sum(ranked) == pytest.approx(sum(plain))
    assert ranked[1] == pytest.approx(0.6)
    assert ranked[2] == ranked[3] == pytest.approx(0.3)
