"""Cells run on the main thread of the notebook's own kernel: in IPython, in a real kernel, in nbconvert's executor."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from msgspec.structs import replace
from nbclient import NotebookClient

from mle_ideator_jupyter.errors import BindingError, HostError
from mle_ideator_jupyter.hosts.inline import InlineHost
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import Host, cell
from tests.kernel.hosting import DATA, KEEP, Marked, text
from tests.kernel.inline_session import run_all
from tests.kernel.test_scratch_and_fork import BINDING

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shell():
    main = sys.modules["__main__"]  # a shell takes this name; processes spawned by later tests need it
    made = InteractiveShell.instance()
    made.reset()
    made.run_cell(DATA, store_history=False)
    yield made
    made.atexit_operations()
    atexit.unregister(made.atexit_operations)
    InteractiveShell.clear_instance()
    sys.modules["__main__"] = main


def test_outputs_score_and_namespace(shell, capsys, tmp_path):
    frame = shell.user_ns["df"]
    good = (
        "import sys\nprint('hi'); print('err', file=sys.stderr)\nfrom mle_ideator_jupyter import report_score\n"
        "kept = df.assign(p=1); df = helper = None\nreport_score([1, 2], metric='rmse', submission=kept)\n%time 1\ndisplay(kept)"
    )
    results = run_all(
        [good, "df['z'] = 1\n1 / 0", "exit_me = 1\nraise SystemExit", "input()", "def f(:"], submissions=tmp_path
    )
    assert [r.status for r in results] == ["ok", "error", "died", "error", "error"]
    assert results[0].reported.value == 1.5
    assert results[0].reported.submission.startswith(str(tmp_path))
    assert "hi" in text(results[0])
    assert "err" in text(results[0])
    assert any("text/html" in o.get("data", {}) for o in results[0].outputs)
    assert [r.changed for r in results] == [(), ("df",), (), (), ()]
    assert shell.user_ns["df"] is frame
    assert "kept" in shell.user_ns
    assert not {"helper", "sys", "exit_me"} & set(shell.user_ns)
    assert capsys.readouterr().out == ""


@pytest.mark.filterwarnings("ignore:subprocess:ResourceWarning")
def test_limits_interrupt_the_main_thread(shell):
    marked = Marked()
    slow = marked.children() + "time.sleep(600)"
    stubborn = (
        "import time\nn = 0\nwhile n < 3:\n    try: time.sleep(600)\n    except KeyboardInterrupt: n += 1\nkept = n"
    )
    began = time.monotonic()
    results = run_all([slow, stubborn], limits=Limits(seconds=1))
    assert [r.status for r in results] == ["timeout", "timeout"]
    assert time.monotonic() - began < 8
    assert marked.gone_within(0.5)
    hog = run_all(["x = []\nwhile True: x.append(b'1' * 10**6)"], limits=Limits(memory_mb=200, seconds=30))
    assert hog[0].status == "memory"
    busy = run_all(["while True: pass"], limits=Limits(cpu_seconds=0.5, seconds=30))
    assert "CPU" in busy[0].message
    assert run_all(["kept = 1"])[0].status == "ok"


def test_cancel_interrupt_and_questions(shell):
    host = InlineHost()
    assert isinstance(host, Host)
    sleep = cell("import time\ntime.sleep(600)", keep=KEEP)

    async def work():
        await host.start()
        task = asyncio.ensure_future(host.run(sleep))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        task = asyncio.ensure_future(host.run(sleep))
        await asyncio.sleep(0.3)
        await host.interrupt()
        stopped = await task
        await host.interrupt()
        with pytest.raises(BindingError):
            await host.profile(replace(BINDING, train="nowhere"))
        profile = await host.profile(BINDING)
        names = [v.name for v in (await host.namespace()).variables]
        where = await host.call(threading.current_thread)
        await host.close()
        return stopped.status, profile.rows, names, where

    before = signal.getsignal(signal.SIGINT)
    status, rows, names, where = host.drive(work())
    assert (status, rows) == ("interrupted", 60)
    assert "df" in names
    assert where is threading.main_thread()
    assert signal.getsignal(signal.SIGINT) is before


def test_the_users_interrupt_ends_the_run_cleanly(shell):
    host, ended = InlineHost(), []
    frame = shell.user_ns["df"]

    async def work():
        if at_once:
            os.kill(os.getpid(), signal.SIGINT)
        try:
            await host.run(cell("df = helper = 1\nimport time\ntime.sleep(600)", keep=KEEP))
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            await asyncio.sleep(0.1)
            ended.append("cleaned up")
            raise

    for at_once in (False, True):
        if not at_once:
            threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            host.drive(work())
    assert len(ended) == 2
    assert shell.user_ns["df"] is frame
    assert "helper" not in shell.user_ns


def test_faults_of_the_session_are_raised_where_it_was_begun(shell):
    host = InlineHost()

    async def work():
        msg = "no data"
        raise BindingError(msg)

    with pytest.raises(BindingError, match="no data"):
        host.drive(work())
    with pytest.raises(HostError, match="begin it again"):
        asyncio.run(host.run(cell("1")))


def test_outside_ipython_it_says_so():
    assert not InteractiveShell.initialized()
    with pytest.raises(HostError, match="scratch host"):
        run_all(["1"])


BODY = """\
from tests.kernel.inline_session import report, run_all
results = run_all(["print('noise')\\nfrom mle_ideator_jupyter import report_score\\nreport_score(0.5)", "1 / 0",
    "df = 1\\nimport matplotlib.pyplot as plt\\nplt.plot([1, 2])", "import os; os.system('true'); kept = 3; df['z'] = 1"])
report(results)"""


def test_in_a_kernel_run_by_nbclient(monkeypatch):
    """As nbconvert and papermill do: an error of a trial is no error of the notebook."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    cells = [nbformat.v4.new_code_cell(s) for s in ("%matplotlib inline\n" + DATA, BODY, "print(df.shape, kept)")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, timeout=60, kernel_name="python3")
    client.execute()
    said = "".join(o.get("text", "") for o in notebook.cells[1].outputs)
    assert said.splitlines()[:2] == ["ok 0.5 [] 3", "error None [] 1"], notebook.cells[1].outputs
    assert said.splitlines()[2].startswith("ok None []")
    assert said.splitlines()[3] == "ok None ['df'] 0"
    assert len(notebook.cells[1].outputs) == 1, "nothing of a trial leaks into the notebook's cell"
    assert notebook.cells[2].outputs[0]["text"] == "(60, 3) 3\n"


def test_interrupting_a_kernel_ends_the_run_and_the_kernel_goes_on(monkeypatch, tmp_path):
    from mle_ideator_jupyter.hosts.scratch import ScratchHost

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    log = tmp_path / "log"

    async def main():
        host = ScratchHost([DATA])
        try:
            await host.start()
            source = f"from tests.kernel.inline_session import run_forever\nrun_forever({str(log)!r})"
            task = asyncio.ensure_future(host.run(cell(source)))
            await asyncio.sleep(3)
            await host.interrupt()
            return await task, await host.run(cell("print(df.shape, 'helper' in globals())"))
        finally:
            await host.close()

    result, after = asyncio.run(main())
    assert result.status == "interrupted"
    assert log.read_text() == "ended"
    assert "noise" not in text(result)
    assert text(after) == "(60, 2) False\n"
