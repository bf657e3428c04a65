"""What both killable hosts promise: results as data, limits that hold, nothing left behind."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.errors import BindingError, HostError
from mle_ideator_jupyter.model import Binding, Goal, Limits, Metric, Splitter
from mle_ideator_jupyter.protocols import Host, cell
from tests.kernel.hosting import ALIVE, DATA, HOSTS, KEEP, Marked, text, with_host

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX process groups")
hosts = pytest.mark.parametrize("kind", HOSTS)
BINDING = Binding(
    train="df",
    target="y",
    metric=Metric(name="rmse", goal=Goal.MINIMIZE),
    problem="regression",
    splitter=Splitter(),
)


@hosts
def test_outputs_score_and_submission_come_back(kind, tmp_path):
    source = """\
import sys
from mle_ideator_jupyter import report_score
print("out"); print("err", file=sys.stderr)
kept = df.assign(p=1)
report_score([1.0, 2.0], metric="rmse", submission=kept)
"""

    async def use(host):
        assert isinstance(host, Host)
        return await host.run(cell(source, keep=KEEP))

    result = with_host(kind, use, DATA, submissions=tmp_path / "subs")
    assert result.status == "ok", result
    assert (result.reported.value, result.reported.folds, result.reported.metric) == (1.5, (1.0, 2.0), "rmse")
    assert pd.read_csv(result.reported.submission).shape == (60, 3)
    assert Path(result.reported.submission).parent == tmp_path / "subs"
    streams = {o["name"]: o["text"] for o in result.outputs if o["output_type"] == "stream"}
    assert "out" in streams["stdout"]
    assert "err" in streams["stderr"]
    assert result.seconds > 0


@hosts
def test_a_forged_score_is_no_way_to_files_elsewhere(kind, tmp_path):
    """A cell may say anything: a submission outside the host's folder (the answers, say) is not taken."""
    answers = tmp_path / "answers.csv"
    answers.write_text("id,y\n1,2\n")
    link = tmp_path / "subs" / "link.csv"
    forge = """\
from mle_ideator_jupyter.scoring import reported
from IPython.display import publish_display_data
forged = {{"value": 1.0, "folds": [], "metric": None, "submission": {path!r}}}
reported._sink(forged) if reported._sink else publish_display_data({{reported.MIME: forged, "text/plain": ""}})
"""

    async def use(host):
        first = await host.run(cell(forge.format(path=str(answers)), keep=()))
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(answers)
        return first, await host.run(cell(forge.format(path=str(link)), keep=()))

    for result in with_host(kind, use, DATA, submissions=tmp_path / "subs"):
        assert result.reported is not None, result
        assert result.reported.submission is None


@hosts
def test_what_a_cell_does_wrong_is_data(kind):
    cases = {
        "1 / 0": ("error", "ZeroDivisionError"),
        "def f(:": ("error", "SyntaxError"),
        "raise ValueError('one\\ntwo')": ("error", "ValueError: one"),
        "input('?')": ("error", ""),
        "raise KeyboardInterrupt": ("interrupted", ""),
        "import sys; sys.exit(3)": ("died", "SystemExit"),
        "import os; os._exit(3)": ("died", "3"),
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)": ("died", "SIGSEGV"),
    }

    async def use(host):
        return [(await host.run(cell(source, keep=KEEP)), await host.run(ALIVE)) for source in cases]

    for (status, words), (result, after) in zip(cases.values(), with_host(kind, use, DATA), strict=True):
        assert result.status == status, result
        assert words in result.message
        assert "\n" not in result.message
        assert result.reported is None
        assert after.status == "ok", after
        assert "(60, 2)" in text(after)


@hosts
def test_cpu_time_is_limited_apart_from_the_clock(kind):
    async def use(host):
        await host.start()
        idle = await host.run(cell("import time\ntime.sleep(1)", keep=()), Limits(cpu_seconds=0.8))
        busy = await host.run(cell("while True: pass", keep=()), Limits(cpu_seconds=0.8, seconds=30))
        return idle, busy

    idle, busy = with_host(kind, use, DATA)
    assert idle.status == "ok", idle
    assert busy.status == "timeout"
    assert "CPU" in busy.message
    assert 0.7 < busy.cpu_seconds < 5


@hosts
def test_a_memory_hog_is_a_result_and_the_next_cell_runs(kind):
    hog = "x = []\nwhile True: x.append(b'1' * 10**7)"
    family = f"import os\nfor _ in range(3): os.fork()\n{hog}"

    async def use(host):
        await host.start()
        limits = Limits(memory_mb=700, seconds=60)
        return [(await host.run(cell(s, keep=()), limits), await host.run(ALIVE, limits)) for s in (hog, family)]

    for result, after in with_host(kind, use, DATA):
        assert result.status == "memory", result
        assert "700 MiB" in result.message
        assert after.status == "ok", after


@hosts
def test_a_flood_is_capped_and_says_so(kind):
    flood = "import sys\nfor _ in range(60):\n    print('x' * 10**5)\n    print('y' * 10**5, file=sys.stderr)\nkept = 1"

    async def use(host):
        return await host.run(cell(flood, keep=KEEP)), await host.run(ALIVE)

    result, after = with_host(kind, use, DATA)
    assert result.status == "ok"
    assert 50_000 < len(text(result)) < 250_000
    assert "were cut" in text(result)
    assert after.status == "ok"


@hosts
def test_cancelled_and_interrupted_runs_stop_before_they_return(kind):
    marked = Marked()
    stubborn = marked.children() + "while True:\n    try: time.sleep(600)\n    except KeyboardInterrupt: pass"

    async def cancelled(host, source):
        task = asyncio.ensure_future(host.run(cell(source, keep=KEEP)))
        while not marked.alive():  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # in a hurry
        with pytest.raises(asyncio.CancelledError):
            await task
        assert marked.gone_within(0.5)

    async def use(host):
        await cancelled(host, marked.children() + "time.sleep(600)")
        assert (await host.run(ALIVE)).status == "ok"
        await cancelled(host, stubborn)
        assert (await host.run(ALIVE)).status == "ok"
        task = asyncio.ensure_future(host.run(cell("import time\ntime.sleep(600)", keep=KEEP)))
        await asyncio.sleep(0.5)
        await host.interrupt()
        await asyncio.sleep(0)
        assert task.done()
        await host.interrupt()  # nothing to do
        return await task, await host.run(ALIVE)

    result, after = with_host(kind, use, DATA)
    assert result.status == "interrupted"
    assert after.status == "ok"


@hosts
def test_plain_cells_and_setup_come_back_after_a_kill_but_not_what_killed(kind, tmp_path):
    log = tmp_path / "log"
    first = f"import pathlib, time\nwith pathlib.Path({str(log)!r}).open('a') as f: f.write('first ')\na = 1"
    deadly = f"with pathlib.Path({str(log)!r}).open('a') as f: f.write('deadly ')\ntime.sleep(600)"

    async def use(host):
        await host.start()
        assert [r.status for r in host.setup_results] == ["ok", "timeout", "error", "ok"]
        assert [f.split()[1] for f in host.setup_failures] == ["2", "3"]
        assert (await host.run(cell("late = 5"))).status == "ok"
        assert (await host.run(cell("while True: pass", keep=()), Limits(seconds=0.5))).status == "timeout"
        assert (await host.run(cell("import os; os.kill(os.getppid(), 9)", keep=()))).status == "died"
        return await host.run(cell("print(a, b, late)", keep=()))

    result = with_host(kind, use, first, deadly, "1 / 0", "b = 2", setup_limits=Limits(seconds=2))
    assert text(result).split()[:3] == ["1", "2", "5"], result
    assert log.read_text().split().count("deadly") == 1


@hosts
def test_profile_and_namespace(kind):
    async def use(host):
        names = {v.name for v in (await host.namespace()).variables}
        with pytest.raises(BindingError, match="nowhere"):
            await host.profile(replace(BINDING, train="nowhere"))
        again = {v.name for v in (await host.namespace()).variables}
        return names, again, await host.profile(BINDING)

    names, again, profile = with_host(kind, use, DATA)
    assert "df" in names
    assert names == again
    assert profile.rows == 60


@hosts
@pytest.mark.long
def test_a_folder_full_of_shadows_is_no_trap(kind, tmp_path):
    for name in ("random", "select", "numpy", "mle_ideator_jupyter", "json"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('shadow')")
    (tmp_path / "mine.py").write_text("x = 5")

    async def use(host):
        return await host.run(cell("import os, mine\nprint(mine.x, os.getcwd())", keep=()))

    if kind == "fork":
        result = with_host(kind, use, cwd=tmp_path)
        assert f"5 {tmp_path}" in text(result)
    else:  # a kernel puts the folder first, as the user's own kernel does: one line says what is wrong
        with pytest.raises(HostError) as caught:
            with_host(kind, use, cwd=tmp_path)
        assert "\n" not in str(caught.value)


@hosts
def test_a_working_folder_that_is_not_there_is_one_clear_line(kind, tmp_path):
    async def use(host):
        await host.start()

    with pytest.raises(HostError) as caught:
        with_host(kind, use, cwd=tmp_path / "nowhere")
    assert "nowhere" in str(caught.value)
    assert "\n" not in textwrap.dedent(str(caught.value))
