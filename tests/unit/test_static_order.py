from __future__ import annotations

import json

import pytest

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.ideators.playbook import Playbook, Policy, StaticOrder
from mle_ideator_jupyter.ideators.playbook.ideator import candidates
from mle_ideator_jupyter.ideators.playbook.policy import TABLE, PlayRewards, play_rewards
from tests.unit.playbook_cases import CASES, begun


def test_plays_come_by_their_reward_alone_and_unknown_ones_between() -> None:
    brief = begun(next(iter(CASES.values()))())
    plays = sorted({found.play for found, _ in candidates(brief)})
    assert len(plays) > 4
    rewards = {plays[0]: -0.1, plays[1]: 0.3, plays[2]: 0.2}
    policy = StaticOrder(PlayRewards(plays=rewards))
    assert isinstance(policy, Policy)
    order = [found.play for _, found in Playbook(policy).ranked(brief)]
    firsts = list(dict.fromkeys(order))
    assert firsts[:2] == [plays[1], plays[2]]
    assert firsts[-1] == plays[0]


def test_the_stored_table_is_read_or_its_absence_said(tmp_path) -> None:
    with pytest.raises(UsageError, match="train playbook --static-order"):
        play_rewards(tmp_path / "none.json")
    table = tmp_path / "table.json"
    table.write_text(json.dumps({"plays": {"crosses": 0.2}, "unknown": -0.1}), encoding="utf-8")
    assert play_rewards(table).of("crosses") == 0.2
    assert play_rewards(table).of("ratios") == -0.1
    assert TABLE.parent.name == "playbook"
