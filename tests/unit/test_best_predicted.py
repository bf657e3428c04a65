from __future__ import annotations

import asyncio
import subprocess
import sys

import msgspec
import pytest

from mle_ideator_jupyter.bench.arms import arm_named
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.headless import RunOptions
from mle_ideator_jupyter.headless.wiring import make_ideator
from mle_ideator_jupyter.ideators.playbook import Playbook, Prior, proxy
from mle_ideator_jupyter.ideators.playbook.proxy import BestPredicted, Proxy
from mle_ideator_jupyter.ideators.playbook.trained import Weights
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.protocols import Ideas
from tests.unit.playbook_cases import CASES


class Said:
    """An Ideator that says what it was given, and remembers how many ideas it was asked for."""

    name = "said"

    def __init__(self, ideas):
        self.ideas, self.asked = ideas, []

    def check(self):
        return "checked"

    async def propose(self, brief, n=1):
        self.asked.append(n)
        return Ideas(self.ideas[:n], cost=0.5)


@pytest.fixture
def brief():
    return CASES["mixed binary"]()


@pytest.fixture
def ideas(brief):
    return list(asyncio.run(Playbook(Prior()).propose(brief, 6)))


def predicting(tmp_path, **plays):
    """A proxy that expects this of these plays, and -1 of all others."""
    path = tmp_path / "proxy.json"
    weights = Weights(
        method="ridge", prior=Prior.fingerprint(), signals={}, plays={p: v + 1.0 for p, v in plays.items()}, offset=-1.0
    )
    path.write_bytes(msgspec.json.encode(weights))
    return Proxy(path)


def play(idea):
    return idea.action.partition(":")[0]


def test_the_best_predicted_of_several_is_proposed(tmp_path, brief, ideas):
    said = Said(ideas)
    best = BestPredicted(said, predicting(tmp_path, **{play(ideas[4]): 0.5, play(ideas[2]): 0.2}), 5)
    found = asyncio.run(best.propose(brief))
    assert said.asked == [5]
    assert [i.id for i in found] == [ideas[4].id]
    assert found.cost == 0.5, "the ideas that were not chosen were paid for too"
    assert [i.id for i in asyncio.run(best.propose(brief, 3))] == [ideas[k].id for k in (4, 2, 0)]
    assert best.check() == "checked"
    assert best.name == "said"


def test_with_a_least_reward_the_ideators_own_order_stands_among_those_that_pass(tmp_path, brief, ideas):
    expected = {play(ideas[4]): 0.5, play(ideas[2]): 0.2}
    best = BestPredicted(Said(ideas), predicting(tmp_path, **expected), 5, least=0.1)
    assert [i.id for i in asyncio.run(best.propose(brief, 2))] == [ideas[2].id, ideas[4].id]
    none_passes = BestPredicted(Said(ideas), predicting(tmp_path, **expected), 5, least=0.9)
    assert asyncio.run(none_passes.propose(brief))[0].id == ideas[4].id


def test_ideas_of_others_are_taken_for_the_action_that_they_are(tmp_path, brief, ideas):
    told = ideas[0]
    expects = predicting(tmp_path, **{play(told): 0.5})
    same_recipe = msgspec.structs.replace(told, action="", title="Something else", steps=())
    same_words = msgspec.structs.replace(told, action="", edit=None)
    unknown = msgspec.structs.replace(told, action="", edit=None, title="Xyzzy", steps=(), kind=IdeaKind.ENSEMBLING)
    assert expects.predict(brief, [told, same_recipe, same_words, unknown]) == pytest.approx([0.5, 0.5, 0.5, -1.0])


def test_options_and_arms_ask_for_several(tmp_path, monkeypatch):
    predicting(tmp_path)
    path = tmp_path / "proxy.json"
    plain = make_ideator(RunOptions(notebook=tmp_path / "n.ipynb", policy="prior", proxy=path))
    assert isinstance(plain, Playbook)
    several = make_ideator(
        RunOptions(notebook=tmp_path / "n.ipynb", policy="prior", proxy=path, candidates=4, least=0.0)
    )
    assert isinstance(several, BestPredicted)
    assert (several.candidates, several.least, several.ideator.policy.name) == (4, 0.0, "prior")
    monkeypatch.setattr(proxy, "SHIPPED", path)
    monkeypatch.setattr(Proxy.__init__, "__defaults__", (path,))
    arm = arm_named("random-order@4")
    assert (arm.name, arm.policy, arm.candidates) == ("random-order@4", "random-order", 4)
    for name in ("no-ideator@4", "oracle-greedy@4", "prior@1", "@4"):
        with pytest.raises(UsageError):
            arm_named(name)


def test_without_a_shipped_proxy_it_says_how_to_name_one(tmp_path, monkeypatch):
    monkeypatch.setattr(proxy, "SHIPPED", tmp_path / "none.json")
    with pytest.raises(UsageError, match="--proxy FILE"):
        Proxy(tmp_path / "none.json")


def test_predicting_needs_no_library():
    code = (
        "import sys; import mle_ideator_jupyter.ideators.playbook.proxy;"
        "print([m for m in ('numpy', 'pandas', 'sklearn', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
