from __future__ import annotations

import pytest

from mle_ideator_jupyter.rl.exact import complete
from mle_ideator_jupyter.rl.policy import groups_of
from mle_ideator_jupyter.rl.proxy import best_predicted, judge, rank_correlation, tries_for
from tests.rl.made_up import collected


def test_predictors_are_judged_on_tasks_that_they_have_not_seen():
    found = {p.name: p for p in judge(groups_of(collected(8)), complete(collected(1, every=True)))}
    assert set(found) == {"mean of the play", "ridge", "boosting"}
    for proxied in found.values():
        assert proxied.rank > 0.05
        assert proxied.of_candidates > proxied.random
        assert 0 < proxied.saved < 1
    without = judge(groups_of(collected(4)))
    assert all(p.of_candidates is None and p.saved is None for p in without)


def test_rank_correlation():
    assert rank_correlation([1, 2, 3], [10, 20, 50]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert rank_correlation([1, 1, 1], [3, 2, 1]) == 0
    assert rank_correlation([1, 1, 2], [5, 5, 7]) == pytest.approx(1)


def test_the_best_predicted_and_how_many_tries_that_is_worth():
    assert best_predicted([0.1, 0.9], [0.0, 1.0], 1) == pytest.approx(0.5)
    assert best_predicted([0.1, 0.9], [0.0, 1.0], 2) == pytest.approx(0.75)
    assert tries_for([0.0, 1.0], 0.75) == 2
    assert tries_for([0.0, 1.0], 0.2) == 1
