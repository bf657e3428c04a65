from __future__ import annotations

import msgspec
import pytest

from mle_ideator_jupyter.bench.arms import arm_named
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.headless import RunOptions
from mle_ideator_jupyter.headless.wiring import make_ideator
from mle_ideator_jupyter.ideators.playbook import Playbook, Prior, Trained, trained
from mle_ideator_jupyter.ideators.playbook.past import Past
from mle_ideator_jupyter.ideators.playbook.policy import play_rewards
from mle_ideator_jupyter.ideators.playbook.proxy import Proxy
from mle_ideator_jupyter.ideators.playbook.signals import NAMES, signals
from mle_ideator_jupyter.ideators.playbook.trained import Weights, read_weights
from tests.unit.playbook_cases import CASES

SAME = Weights(method="ridge", prior=Prior.fingerprint(), signals={"log_prior": 1.0}, plays={})


@pytest.mark.parametrize("name", ["mixed binary", "counts mae", "text"])
def test_without_corrections_it_ranks_as_the_prior_does(name):
    brief = CASES[name]()
    known = [c.action for s, c in Playbook(Prior()).ranked(brief) if s > 1e-3]
    assert [c.action for _, c in Playbook(Trained(SAME)).ranked(brief)][: len(known)] == known


def test_a_bias_moves_its_play_alone():
    brief = CASES["mixed binary"]()
    last = Playbook(Prior()).ranked(brief)[-1][1].play
    moved = Weights(method="ridge", prior=SAME.prior, signals={"log_prior": 1.0}, plays={last: 50.0})
    assert Playbook(Trained(moved)).ranked(brief)[0][1].play == last


def test_signals_are_bounded_and_named():
    for case in CASES.values():
        brief = case()
        for score, found in Playbook(Prior()).ranked(brief):
            values = signals(brief, Past(brief), found, score)
            assert len(values) == len(NAMES)
            assert all(abs(v) <= 10 for v in values)


def test_weights_of_another_prior_are_refused(tmp_path):
    path = tmp_path / "w.json"
    path.write_text('{"method": "ridge", "prior": "other", "signals": {}, "plays": {}}')
    with pytest.raises(UsageError, match="another version of the prior"):
        read_weights(path)
    path.write_text("{")
    with pytest.raises(UsageError, match="no trained policy"):
        read_weights(path)


def test_where_none_are_shipped_it_says_so_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(trained, "SHIPPED", tmp_path / "none.json")
    for call in (Trained, lambda: arm_named("trained")):
        with pytest.raises(UsageError, match="no trained policy is shipped"):
            call()


def test_what_was_shown_to_be_better_ranks_by_default_and_prior_brings_back_the_frozen_order(monkeypatch, tmp_path):
    brief = CASES["mixed binary"]()
    frozen = [c.action for _, c in Playbook(Prior()).ranked(brief)]
    last = Playbook(Prior()).ranked(brief)[-1][1].play
    path = tmp_path / "weights.json"
    moved = Weights(method="ridge", prior=SAME.prior, signals={"log_prior": 1.0}, plays={last: 50.0}, default=True)
    monkeypatch.setattr(trained, "SHIPPED", path)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(moved, default=False)))
    assert Playbook().policy.name == "prior"
    path.write_bytes(msgspec.json.encode(moved))
    assert Playbook().policy.name == "trained"
    assert Playbook().ranked(brief)[0][1].play == last
    prior = make_ideator(RunOptions(notebook=tmp_path / "n.ipynb", policy="prior"))
    assert [c.action for _, c in prior.ranked(brief)] == frozen
    monkeypatch.setattr(trained, "SHIPPED", tmp_path / "none.json")
    assert [c.action for _, c in Playbook().ranked(brief)] == frozen


def test_all_that_ships_can_be_read():
    assert play_rewards().of("no such play") == play_rewards().unknown
    assert Proxy().weights.card["samples"] > 0
    shipped = read_weights(trained.SHIPPED)
    assert shipped.card["chosen"]
    low, _ = shipped.card["left_one_task_out"]["over_prior_interval"]
    assert shipped.default == (low > 0)
