"""Both killable hosts: when a cell ends, or its host, nothing that it began is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import cell
from tests.kernel.hosting import ALIVE, DATA, HOSTS, KEEP, Marked, with_host

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX process groups")
hosts = pytest.mark.parametrize("kind", HOSTS)


@hosts
@pytest.mark.long
def test_a_cell_that_kills_its_keeper_gains_nothing(kind):
    marked = Marked()

    async def use(host):
        source = marked.children() + "os.kill(os.getppid(), 9)\ntime.sleep(600)"
        result = await host.run(cell(source, keep=KEEP), Limits(seconds=20))
        left = marked.alive()
        return result, left, await host.run(ALIVE)

    result, left, after = with_host(kind, use, DATA)
    assert result.status == "died"
    assert len(left) <= 2  # those that also cleared their environment and left group and parentage
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert after.status == "ok"


@hosts
def test_over_time_everything_is_gone_within_two_seconds(kind):
    marked = Marked()

    async def use(host):
        await host.start()
        began = time.monotonic()
        result = await host.run(cell(marked.children() + "time.sleep(600)", keep=KEEP), Limits(seconds=1.5))
        took = time.monotonic() - began
        assert marked.gone_within(max(0, 1.5 + 2 - took))
        return result, took, await host.run(ALIVE)

    result, took, after = with_host(kind, use, DATA)
    assert result.status == "timeout"
    assert "1.5 s" in result.message
    assert took < 1.5 + 2
    assert after.status == "ok"


@hosts
def test_what_a_finished_trial_left_running_ends_with_it(kind):
    marked = Marked()

    async def use(host):
        result = await host.run(cell(marked.children() + "time.sleep(0.3)\nkept = 1", keep=KEEP))
        return result, marked.alive(), await host.run(ALIVE)

    result, left, after = with_host(kind, use, DATA)
    assert result.status == "ok", result
    assert left == []
    assert after.status == "ok"


@hosts
def test_one_that_dies_leaves_no_children(kind):
    marked = Marked()

    async def use(host):
        result = await host.run(cell(marked.children() + "time.sleep(0.3)\nos._exit(1)", keep=KEEP))
        assert marked.gone_within(2)
        return result

    assert with_host(kind, use, DATA).status == "died"


@hosts
@pytest.mark.long
def test_closing_ends_everything_and_may_be_repeated(kind):
    marked = Marked()

    async def use(host):
        await host.start()
        await host.run(cell(marked.children()))  # a plain cell's children live on
        await asyncio.sleep(0.3)
        assert marked.alive()
        await host.close()
        assert marked.gone_within(0.5)
        await host.close()
        task = asyncio.ensure_future(host.run(cell("import time\ntime.sleep(600)", keep=())))  # it starts anew
        await asyncio.sleep(4)
        await host.close()
        return await task

    assert with_host(kind, use, DATA).status in {"interrupted", "died"}


ORPHAN = """
import asyncio, sys
from tests.kernel.hosting import HOSTS
from mle_ideator_jupyter.protocols import cell
async def main():
    host = HOSTS[{kind!r}](["x = 1"])
    await host.start()
    await host.run(cell({source!r}, keep={keep!r}))
asyncio.run(main())
"""


@hosts
@pytest.mark.parametrize("where", ["trial", "plain cell"])
def test_a_host_killed_with_9_leaves_nothing(kind, where):
    marked = Marked()
    script = ORPHAN.format(
        kind=kind, source=marked.children() + "time.sleep(600)", keep=() if where == "trial" else None
    )
    host = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "MARK_OF_TEST": marked.word})
    try:
        until = time.monotonic() + 60
        while len(marked.alive()) < 7:  # the host, its keeper, its kernel or server, and four children
            assert host.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        host.send_signal(signal.SIGKILL)
        host.wait()
    assert marked.gone_within(3)
