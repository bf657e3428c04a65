"""A fenced trial reads its data and nothing else, by whatever way it tries, and what it tried is known."""

from __future__ import annotations

import asyncio
import sys

import msgspec
import pytest

from mle_ideator_jupyter.hosts.fence import around, enforced, fence, refusals
from mle_ideator_jupyter.hosts.fork import ForkHost
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import cell

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fork host needs POSIX")
needs_landlock = pytest.mark.skipif(
    not enforced(), reason="this kernel has no Landlock: the audit hook alone is tested"
)
SECRET = "the-answer-is-42"


@pytest.fixture
def place(tmp_path):
    for name in ("data", "work", "private", "library"):
        (tmp_path / name).mkdir()
    (tmp_path / "data" / "train.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "private" / "test.csv").write_text(SECRET, encoding="utf-8")
    return tmp_path


def run(place, *sources, hidden=(), **changed):
    """Run cells in one fenced server; return their results, and what was refused."""
    given = fence(
        [place / "data"],
        [place / "work"],
        hidden=[place / "private", *hidden],
        log=place / "refused.jsonl",
        home=place / "work",
    )
    given = msgspec.structs.replace(given, **changed)

    async def use():
        host = ForkHost(cwd=place / "work", fence=given)
        try:
            await host.start()
            return [await host.run(cell(s, keep=()), Limits(seconds=60)) for s in sources]
        finally:
            await host.close()

    return asyncio.run(use()), refusals(place / "refused.jsonl")


def said(result):
    return f"{result.message} {result.outputs}"


def test_what_a_trial_needs_it_has(place):
    fits = (
        "import numpy as np\nfrom sklearn.ensemble import RandomForestRegressor as R\n"
        "from sklearn.model_selection import cross_val_score\n"
        "print(len(cross_val_score(R(3), np.random.rand(30, 2), np.random.rand(30), cv=3, n_jobs=2)))"
    )
    results, refused = run(
        place,
        f"import pandas as pd; print(pd.read_csv({str(place / 'data' / 'train.csv')!r})['a'].tolist())",
        "open('mine.txt', 'w').write('x'); print(open('mine.txt').read())",
        "import tempfile; print(tempfile.mkstemp())",
        "import subprocess; print(subprocess.run(['/bin/echo', 'hello'], capture_output=True).stdout)",
        fits,
    )
    assert [r.status for r in results] == ["ok"] * 5, results
    assert "[1]" in said(results[0])
    assert "hello" in said(results[3])
    assert "3" in said(results[4])
    assert not [r for r in refused if str(place) in r.path]


@pytest.mark.parametrize(
    "way", ["open({0!r}).read()", "__import__('os').listdir({1!r})", "__import__('pandas').read_csv({0!r})"]
)
def test_python_is_refused_and_noted(place, way):
    answers = str(place / "private" / "test.csv")
    (result,), refused = run(place, f"print({way.format(answers, str(place / 'private'))})")
    assert result.status == "error"
    assert "outside of what a trial may use" in result.message
    assert SECRET not in said(result)
    assert any(r.path.startswith(str(place / "private")) for r in refused)


def test_a_link_is_followed_before_it_is_judged(place):
    source = (
        f"import os; os.symlink({str(place / 'private' / 'test.csv')!r}, 'mine.csv'); print(open('mine.csv').read())"
    )
    (result,), refused = run(place, source)
    assert result.status == "error"
    assert any(r.path == str(place / "private" / "test.csv") for r in refused)


@needs_landlock
def test_what_is_not_python_is_refused_too(place):
    answers = str(place / "private" / "test.csv")
    sources = (
        f"import subprocess; print(subprocess.run(['cat', {answers!r}], capture_output=True))",
        f"import os; print(os.system('cat {answers} > stolen.txt')); print(open('stolen.txt').read())",
        f"import ctypes; print('handle', ctypes.CDLL(None).open({answers.encode()!r}, 0))",
        f"import os; os.rename({answers!r}, 'stolen.csv'); print(open('stolen.csv').read())",
        f"import os; os.link({answers!r}, 'stolen2.csv'); print(open('stolen2.csv').read())",
        f"import os; os.chmod({str(place / 'private')!r}, 0o777); print(open({answers!r}).read())",
    )
    results, refused = run(place, *sources)
    assert all(SECRET not in said(r) for r in results)
    assert "handle -1" in said(results[2])
    assert any(r.event == "subprocess.Popen" and r.path == answers for r in refused)


@needs_landlock
def test_no_connection_and_no_signal_leaves_the_fence(place):
    import os

    results, _ = run(
        place,
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        f"import os; os.kill({os.getpid()}, 0)",
        f"print(open('/proc/{os.getpid()}/mem', 'rb').read(1))",
    )
    assert [r.status for r in results] == ["error"] * 3
    assert all("Permission" in r.message or "not permitted" in r.message for r in results), results


@needs_landlock
@pytest.mark.parametrize("gpu", [True, False])
def test_with_a_gpu_a_trial_may_name_its_own_threads_and_change_no_other_process(place, gpu):
    results, _ = run(
        place,
        "open('/proc/self/task/%d/comm' % __import__('threading').get_native_id(), 'w').write('cuda')",
        "import os; open(f'/proc/{os.getppid()}/oom_score_adj', 'w').write('900')",
        "open('/proc/sys/kernel/core_pattern', 'w').write('core')",
        gpu=gpu,
    )
    assert [r.status for r in results] == ["ok" if gpu else "error", "error", "error"], results
    assert all("Permission" in r.message for r in results if r.status == "error"), results


def test_secrets_of_the_environment_stay_outside(place, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", SECRET)
    (result,), _ = run(place, "import os; print(dict(os.environ), open('/proc/self/environ').read())")
    assert result.status == "ok"
    assert SECRET not in said(result)


def test_around_leaves_out_what_is_hidden_and_keeps_the_rest(tmp_path):
    for name in ("a/b", "a/c/d", "e"):
        (tmp_path / name).mkdir(parents=True)
    hidden = tmp_path / "a" / "c"
    assert around(tmp_path, {hidden}) == [tmp_path / "a" / "b", tmp_path / "e"]
    assert around(tmp_path, {tmp_path.parent / "other"}) == [tmp_path]
    assert around(hidden, {hidden}) == around(hidden / "d", {hidden}) == []
    (tmp_path / "e" / "loop").symlink_to(tmp_path)
    assert around(tmp_path / "e", {tmp_path / "e" / "x"}) == [], "a link to a folder around it leads nowhere"
