"""The arms: who proposes in a run. All else (deduplication, gates, Implementer, budget, seeds) is the same for all."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from typing import get_args

import msgspec

from mle_ideator_jupyter import plugins
from mle_ideator_jupyter.bench.public import EVALUATION
from mle_ideator_jupyter.bench.rows import Peer
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.headless import POLICIES
from mle_ideator_jupyter.ideators.playbook.proxy import Proxy
from mle_ideator_jupyter.model import Struct
from mle_ideator_jupyter.protocols import Ideator
from mle_ideator_jupyter.wiring import Wiring

NAMES = ("no-ideator", *POLICIES, "llm:MODEL", "local:PATH", "ARM@K", "oracle-greedy[:ACTIONS]", "flaml", "autogluon")

ORACLE_ACTIONS = 40


class Arm(Struct, frozen=True, kw_only=True):
    """One arm: the Ideator by name (None: the Implementer's own moves), the Playbook's policy, or what else it is.

    `oracle` is how many actions the oracle executes at each step, at most.
    With `candidates`, the best predicted of so many ideas is tried at each step.
    """

    name: str
    ideator: str | None = "playbook"
    policy: str = "prior"
    implementer: str = "recipe"
    model: str = ""
    peer: Peer | None = None
    oracle: int | None = None
    candidates: int = 1

    def ideator_of(self) -> Callable[[Wiring], Ideator] | None:
        """Return what makes the Ideator where a name alone does not say it."""
        if self.ideator == "llm":
            return lambda _: _language_model(self.model)
        if self.ideator == "local":
            return lambda _: plugins.load(plugins.IDEATORS, "local")(self.model)
        return None


def arm_named(name: str) -> Arm:
    """Return the arm of this name. Raises `UsageError`, in one line, for one that there is not, or not yet."""
    asked, _, count = name.rpartition("@")
    if count.isdecimal():
        return _of_several(name, arm_named(asked), int(count))
    kind, _, given = name.partition(":")
    if name == "no-ideator":
        return Arm(name=name, ideator=None)
    if name in POLICIES:
        POLICIES[name]()  # one that lacks its table says so now
        return Arm(name=name, policy=name)
    if name == "oracle-greedy" or (kind == "oracle-greedy" and re.fullmatch("[1-9][0-9]{0,3}", given)):
        return Arm(name=name, oracle=int(given or ORACLE_ACTIONS))
    peer = next((p for p in get_args(Peer) if p == name), None)
    if peer is not None:
        if not importlib.util.find_spec(name):
            msg = f"arm {name} is not installed: pip install 'mle_ideator_jupyter[{name}]'"
            raise UsageError(msg)
        return Arm(name=name, ideator=None, peer=peer)
    if kind in {"llm", "local"} and given:
        return _of_a_model(name, kind, given)
    msg = f"no arm is called {name!r}; there are {', '.join(NAMES)}"
    raise UsageError(msg)


def _of_several(name: str, arm: Arm, count: int) -> Arm:
    """Return the arm that tries the best predicted of several ideas of another."""
    if arm.ideator is None or arm.oracle is not None or count < 2:
        msg = f"arm {name}: an arm that proposes, and at least two ideas, as in trained@8"
        raise UsageError(msg)
    Proxy()  # one that is not shipped says so now
    return msgspec.structs.replace(arm, name=name, candidates=count)


def _of_a_model(name: str, kind: str, model: str) -> Arm:
    """Return the arm of a language model. The Recipe reads its words, so that arms differ by the ideas alone."""
    if kind not in plugins.names(plugins.IDEATORS):
        there = ", ".join(plugins.names(plugins.IDEATORS))
        msg = f"arm {name}: no Ideator called {kind!r} is installed; there are {there}"
        raise UsageError(msg)
    return Arm(name=name, ideator=kind, model=model)


def check_tasks(arm: Arm, tasks: list[str]) -> None:
    """Raise `UsageError` where an arm may not run on a task: the oracle sees grades, so evaluation is barred."""
    barred = [t for t in tasks if t in EVALUATION] if arm.oracle is not None else []
    if barred:
        msg = f"arm {arm.name} chooses by private grades and is for training tasks alone: leave out {', '.join(barred)}"
        raise UsageError(msg)


def _language_model(model: str) -> Ideator:
    from mle_ideator_jupyter.endpoint import Client, configured
    from mle_ideator_jupyter.ideators.llm import LlmIdeator

    endpoint = configured()
    settings = msgspec.structs.replace(endpoint.settings, model=model)
    return LlmIdeator(Client(msgspec.structs.replace(endpoint, settings=settings)))
