"""A trial that runs out of memory: a Failure of that kind, told in the next Brief, with nothing of it left in memory."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.brief import Brief, HistoryItem, ran_out
from mle_ideator_jupyter.hosts import kernelside
from mle_ideator_jupyter.model import Failure, FailureKind, Trial
from mle_ideator_jupyter.protocols import cell
from tests.doubles import TASK
from tests.kernel.hosting import HOSTS, with_host

SAID = "CUDA out of memory. Tried to allocate 9.00 GiB."
SETUP = f"""\
import sys, types, weakref

class OutOfMemoryError(RuntimeError):
    pass

class Batch:
    pass

held = []

def train_on(batch):
    held.append(weakref.ref(batch))
    raise OutOfMemoryError({SAID!r})
"""
TRIAL = """\
def trial_01():
    batch = Batch()
    train_on(batch)

trial_01()
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX process groups")


@pytest.mark.parametrize("kind", HOSTS)
def test_it_is_a_failure_of_its_kind_that_the_next_brief_names(kind):
    async def use(host):
        return await host.run(cell(TRIAL, keep=("trial_01",)))

    result = with_host(kind, use, SETUP)
    assert result.status == "memory", result
    failure = Failure(kind=FailureKind(result.status), message=result.message)
    trial = Trial(id="a", number=3, title="Train a network", outcome=failure)
    brief = Brief(task=TASK, history=(HistoryItem(trial=trial),))
    assert ran_out(brief) == trial
    assert f"memory last ran out: in trial 3 (Train a network): OutOfMemoryError: {SAID}" in brief.text()


def test_what_the_cell_had_is_not_kept_by_its_error():
    async def use(host):
        await host.run(cell(TRIAL, keep=("trial_01",)))
        return await host.run(cell("print('left:', [r() is not None for r in held])", keep=()))

    result = with_host("scratch", use, SETUP)
    assert "left: [False]" in result.outputs[0]["text"]


def test_an_error_of_the_users_own_can_still_be_looked_into():
    own = "def mine():\n    kept = Batch()\n    held.append(weakref.ref(kept))\n    raise MemoryError\n\nmine()"

    async def use(host):
        await host.run(cell("fine = 1", keep=("fine",)))
        return await host.run(cell("print('left:', [r() is not None for r in held])", keep=()))

    result = with_host("scratch", use, SETUP, own)
    assert "left: [True]" in result.outputs[0]["text"]


class _Cuda:
    """Counts how often blocks are given back, as a GPU's allocator would."""

    def __init__(self, *, used: bool) -> None:
        self.used, self.emptied = used, 0

    def is_initialized(self) -> bool:
        return self.used

    def empty_cache(self) -> None:
        self.emptied += 1


@pytest.mark.parametrize("used", [True, False])
def test_blocks_of_a_gpu_are_given_back_where_one_is_used(used, monkeypatch):
    """Where torch has not touched a GPU, asking it to would take memory there."""
    torch = type(sys)("torch")
    torch.cuda = _Cuda(used=used)
    monkeypatch.setitem(sys.modules, "torch", torch)
    for after in (
        lambda: kernelside.restore({}, ""),
        lambda: kernelside.drop({}, "model"),
    ):
        before = torch.cuda.emptied
        after()
        assert torch.cuda.emptied - before == int(used)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed: pip install torch")
@pytest.mark.timeout(300)
def test_torchs_own_error_is_known():
    """The real class has the name that is looked for."""
    import torch

    assert torch.OutOfMemoryError.__name__ == "OutOfMemoryError"
    failure = Failure(kind=FailureKind.ERROR, message=f"OutOfMemoryError: {SAID}")
    trial = replace(Trial(id="a", number=1, title="t"), outcome=failure)
    assert ran_out(Brief(task=TASK, history=(HistoryItem(trial=trial),))) == trial
