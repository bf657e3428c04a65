"""The magics where nobody watches: nbconvert, papermill, plain IPython; and in a kernel that pages show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from mle_ideator_jupyter.events import RunFinished
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.magics.showing import CARD
from mle_ideator_jupyter.model import FailureKind
from tests.kernel.page import LOAD, Page, kernel_in
from tests.kernel.small import SETUP, write_notebook

ROOT = Path(__file__).parents[2]
IMPLEMENT = "%%implement 1\nmine = 7\nprint('rmse: 0.75')"
KEPT = (
    "import gc\n"
    "def held():\n"
    "    return {k: id(v) for k, v in globals().items() if not k.startswith('_') and k not in {'In', 'Out', 'before'}}\n"
    "before = held()"
)
SAME = "assert held() == before, set(held()) ^ set(before)\nprint('the same', mine)"
CELLS = (
    LOAD,
    SETUP,
    "%ideate 'something with trees' -n 2 --metric rmse",
    "%score 0.875",
    IMPLEMENT,
    KEPT,
    "%autopilot --steps 2 --seed 3",
    SAME,
    "%ideate history",
)


def run(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess:
    """Run a command on its own, with no settings of this machine's user."""
    given = {k: v for k, v in os.environ.items() if not k.startswith(("JPY_", "PYDEVD", "COLUMNS"))}
    homes = {name: str(folder / name) for name in ("HOME", "IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**given, **homes, **more, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def check_history(folder: Path, name: str = "notebook") -> None:
    """Look at what is journalled when `CELLS` have run."""
    state = Journal.read(folder / f"{name}.ideas.jsonl").state
    own, mine, baseline, first, second = state.trials
    assert (own.score.value, own.score.protocol) == (0.875, "own")
    assert (mine.score.value, mine.idea) == (0.75, next(iter(state.ideas)))
    assert [t.number for t in state.trials] == [1, 2, 0, 3, 4]
    assert all(t.outcome is not None for t in (baseline, first, second))
    assert baseline.score.protocol == state.task.binding.splitter.protocol
    assert [r.finished for r in state.runs.values()] == ["steps"]
    assert state.task.metric.name == "rmse"


@pytest.mark.parametrize("tool", ["nbconvert", "papermill"])
def test_a_notebook_runs_unattended(tmp_path, tool):
    write_notebook(tmp_path / "n.ipynb", *CELLS)
    pytest.importorskip(tool)
    commands = {
        "nbconvert": ("nbconvert", "--to", "notebook", "--execute", "n.ipynb", "--output", "out.ipynb"),
        "papermill": ("papermill", "n.ipynb", "out.ipynb", "--kernel", "python3"),
    }
    outer = write_notebook(tmp_path / "outer.ipynb")  # from whose cell this was begun: not the notebook that runs
    done = run(tmp_path, *commands[tool], JPY_SESSION_NAME=str(outer))
    assert done.returncode == 0, done.stderr[-3000:]
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    outputs = [cell.outputs for cell in cells]
    ideas = [o.data for o in outputs[2] if o.output_type == "display_data"]
    assert [set(data) for data in ideas] == [{"text/plain", "text/html", CARD}] * 2
    said = "".join(o.text for o in outputs[2] if o.output_type == "stream")
    assert str(tmp_path / "notebook.ideas.jsonl") in said
    lines = "".join(o.text for o in outputs[6]).splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["0", "3", "4"]
    assert "baseline rmse" in lines[3]
    assert "the same 7" in outputs[7][0].text
    check_history(tmp_path)
    if tool == "nbconvert":
        done = run(tmp_path, "nbconvert", "--to", "html", "out.ipynb")
        assert done.returncode == 0
        assert "%ideate try 1" in (tmp_path / "out.html").read_text()


def test_plain_ipython_runs_them(tmp_path):
    script = "\n".join(f"get_ipython().run_cell({source!r}).raise_error()" for source in CELLS)
    (tmp_path / "n.py").write_text(script)
    done = run(tmp_path, "IPython", "--colors=nocolor", "n.py")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "the same 7" in done.stdout
    check_history(tmp_path)


def test_an_unattended_run_stops_where_a_magic_cannot_work(tmp_path):
    write_notebook(tmp_path / "n.ipynb", LOAD, SETUP, "%ideate --target nope", "print('not reached')")
    done = run(tmp_path, "nbconvert", "--to", "notebook", "--execute", "n.ipynb", "--output", "out.ipynb")
    assert done.returncode != 0
    assert "no data frame has a column 'nope'" in done.stderr


@pytest.fixture
def page(tmp_path):
    with kernel_in(tmp_path) as kernel:
        (tmp_path / "n.ipynb").write_text("{}")
        page = Page(kernel)
        page.run(LOAD)
        page.run(SETUP)
        page.folder, page.kernel = tmp_path, kernel
        page.open()
        page.until(lambda: page.state.get("task"))
        yield page


def said(outputs: list[dict]) -> str:
    return "".join(o.get("text", "") + o.get("evalue", "") for o in outputs)


def test_magics_and_panel_share_one_history(page):
    page.run("%ideate -n 2 --metric rmse")
    page.until(lambda: len(page.state["ideas"]) == 2)
    page.send("get_idea")
    page.until(lambda: len(page.state["ideas"]) == 3)
    third = page.state["ideas"][0]["id"]
    page.run("%%implement 3\nprint('rmse: 0.5')")
    page.until(page.scored)
    (row,) = page.scored()
    assert (row["idea"], row["value"], row["series"]) == (third, 0.5, "rmse · own · full")
    assert row["cells"] == [page.cells[-1][0]], "a click on the row finds the cell"
    page.run("print('rmse: 0.25')")
    page.until(lambda: len(page.scored()) == 2)
    page.run("%autopilot --steps 1")
    page.until(lambda: len(page.scored()) == 4 and page.state["activity"] == "idle")
    assert not page.asked, "no cell was asked of the page"
    assert (page.folder / "n.ideas.jsonl").exists()


def test_an_interrupt_ends_an_autopilot_cleanly(page):
    slow = "import time\nfrom sklearn.linear_model import Ridge\nfrom sklearn.ensemble import HistGradientBoostingRegressor as H\n"
    page.run(slow + "Ridge.fit = H.fit = lambda *a, **k: time.sleep(60)")
    before = page.value("sorted(globals())")
    cell = page.execute("%autopilot --steps 20")
    page.until(lambda: page.rows)
    page.until(lambda: "Baseline" in said(page.outputs.get(cell, [])))
    page.kernel.interrupt_kernel()
    told = said(page.wait_for(cell, 20))
    assert "stopped; what was done is kept" in told + "".join(page.errors)
    page.idle()
    journal = Journal.read(page.folder / "n.ideas.jsonl")
    assert [t.outcome.kind for t in journal.state.trials] == [FailureKind.INTERRUPTED]
    assert [e.reason for e in journal.events if isinstance(e, RunFinished)] == ["stopped"]
    assert page.value("sorted(n for n in globals() if not n.startswith('_'))") == page.value(
        f"sorted(n for n in {before} if not n.startswith('_'))"
    )
    assert "41" in said([{"text": page.value("40 + 1")}])


def test_stop_in_the_panel_ends_an_autopilot_in_a_cell(page):
    cell = page.execute("%autopilot --steps 50")
    page.until(page.scored)
    page.send("control", what="stop")
    told = said(page.wait_for(cell, 30))
    assert "stopped" in told + "".join(page.errors)
    page.idle()
    assert all(row["status"] != "running" for row in page.rows.values())


def test_an_autopilot_in_a_cell_does_not_wait_for_the_panels(page):
    page.send("choose", approval_mode="cell")
    page.send("start_autopilot", steps=1)
    page.until(lambda: page.state["approval"])
    told = said(page.run("%autopilot --steps 1", 20))
    assert "under way" in told + "".join(page.errors)
    page.send("control", what="stop")
    page.idle()
