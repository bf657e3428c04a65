from __future__ import annotations

import math
import random
import statistics as plain

import numpy as np
import pytest

from mle_ideator_jupyter.bench.statistics import hierarchical_bootstrap, paired_difference, smallest_detectable
from mle_ideator_jupyter.errors import UsageError

RNG = np.random.default_rng(3)
VALUES = {f"task{k}": (RNG.normal(loc=k, size=2 + k % 3)).tolist() for k in range(8)}


def by_hand(values, draws=4000):
    """The same bootstrap as one would write it down, draw by draw."""
    dice, found = random.Random(5), []
    for _ in range(draws):
        means = []
        for task in dice.choices(list(values), k=len(values)):
            means.append(plain.fmean(dice.choices(values[task], k=len(values[task]))))
        found.append(plain.fmean(means))
    found.sort()
    return found[int(draws * 0.025)], found[int(draws * 0.975)]


def test_the_interval_is_that_of_the_bootstrap_written_draw_by_draw():
    low, high = hierarchical_bootstrap(VALUES)
    slow = by_hand(VALUES)
    assert (low, high) == pytest.approx(slow, abs=0.15)
    assert low < plain.fmean(plain.fmean(v) for v in VALUES.values()) < high


def test_tasks_are_resampled_not_values():
    """Many seeds of two tasks leave the interval as wide as two tasks do."""
    few = {"a": [0.0] * 3, "b": [1.0] * 3}
    many = {"a": [0.0] * 300, "b": [1.0] * 300}
    assert hierarchical_bootstrap(few) == hierarchical_bootstrap(many) == (0.0, 1.0)


def test_seeds_are_resampled_too():
    assert hierarchical_bootstrap({"a": [0.0, 1.0]}) == (0.0, 1.0)
    assert hierarchical_bootstrap({"a": [0.5, 0.5]}) == (0.5, 0.5)


def test_each_task_counts_alike_however_many_seeds_it_has():
    a = {"few": [1.0], "many": [0.0] * 9}
    assert paired_difference(a, {"few": [0.0], "many": [0.0] * 9}).mean == 0.5


def test_it_covers_the_truth_about_as_often_as_it_says():
    covered = 0
    for trial in range(120):
        rng = np.random.default_rng(trial)
        values = {str(k): (rng.normal() + rng.normal(size=3)).tolist() for k in range(18)}
        low, high = hierarchical_bootstrap(values, draws=500)
        covered += low <= 0 <= high
    assert 0.86 <= covered / 120 <= 1


def test_the_same_seed_gives_the_same_interval():
    assert hierarchical_bootstrap(VALUES, seed=1) == hierarchical_bootstrap(VALUES, seed=1)
    assert hierarchical_bootstrap(VALUES, seed=1) != hierarchical_bootstrap(VALUES, seed=2)


@pytest.mark.parametrize(("ahead", "behind", "p"), [(8, 0, 2 / 256), (7, 1, 18 / 256), (4, 4, 1.0), (0, 0, 1.0)])
def test_the_sign_test_is_exact_and_leaves_ties_out(ahead, behind, p):
    signs = [1.0] * ahead + [-1.0] * behind + [0.0] * 3
    a = {str(k): [s, s] for k, s in enumerate(signs)}
    paired = paired_difference(a, {task: [0.0, 0.0] for task in a})
    assert paired.sign_p == pytest.approx(p)
    assert list(paired.per_task.values()) == signs


def test_differences_are_paired_seed_by_seed():
    """Seeds that move both sides alike leave no width: unpaired, they would."""
    a = {"x": [1.0, 5.0, 9.0], "y": [2.0, 4.0, 8.0]}
    b = {"x": [0.0, 4.0, 8.0], "y": [1.0, 3.0, 7.0]}
    paired = paired_difference(a, b)
    assert (paired.mean, paired.low, paired.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ({"x": [1.0]}, {"y": [1.0]}, "pair the same tasks"),
        ({"x": [1.0, 2.0]}, {"x": [1.0]}, "2 seeds on one side and 1"),
        ({"x": []}, {"x": []}, "x has no value"),
        ({}, {}, "no values"),
    ],
)
def test_what_cannot_be_paired_is_refused(a, b, words):
    with pytest.raises(UsageError, match=words):
        paired_difference(a, b)


def test_a_true_difference_of_the_smallest_detectable_size_is_found_four_times_in_five():
    from scipy.stats import ttest_1samp

    rng = np.random.default_rng(0)
    found = 0
    for _ in range(2000):
        noise = rng.normal(size=18)
        size = smallest_detectable({str(k): [v] for k, v in enumerate(noise / noise.std(ddof=1))})
        found += ttest_1samp(rng.normal(size=18) + size, 0).pvalue < 0.05
    assert found / 2000 == pytest.approx(0.8, abs=0.03)


def test_the_smallest_detectable_difference_ignores_the_mean_and_shrinks_with_tasks():
    values = {"a": [0.0, 0.2], "b": [0.5], "c": [0.9]}
    moved = {task: [v + 7 for v in found] for task, found in values.items()}
    assert smallest_detectable(moved) == pytest.approx(smallest_detectable(values))
    assert smallest_detectable(values, tasks=30) < smallest_detectable(values, tasks=10)
    assert math.isnan(smallest_detectable({"a": [1.0, 2.0]}))
