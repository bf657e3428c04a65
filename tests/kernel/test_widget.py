"""The widget's door on a real kernel, with a page that speaks the widget protocol."""

from __future__ import annotations

import time

import pytest

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.journal import Journal
from tests.kernel.page import Page, kernel_in

pytest.importorskip("anywidget")

DATA = """
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
df = pd.DataFrame({"a": rng.random(300), "b": rng.random(300)})
df["price"] = np.exp(3 * df.a) + rng.normal(0, 0.1, 300)
"""

NAMES = "sorted(n for n in globals() if not n.startswith('_'))"
PANEL = """
import pathlib
from mle_ideator_jupyter import widget
widget.STATIC = pathlib.Path()
panel = widget.Panel()
"""


BUSY = """
import time
from mle_ideator_jupyter import kernel, wire
kernel.session_of(get_ipython()).submit(wire.Choose(approval_mode="trial"))
time.sleep(8)
"""
"""A cell of which the page is told something, and which then keeps the kernel busy."""


class WidgetPage(Page):
    """A page that shows the widget, and answers on a subshell as JupyterLab does."""

    subshell: str | None = None

    def open(self) -> None:
        self.comm = self.value("panel.model_id").strip("'")
        request = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(request)
        reply = self.client.control_channel.get_msg(timeout=30)
        self.subshell = reply["content"]["subshell_id"]
        self.send("hello", wire=wire.WIRE)

    def send(self, kind, **fields):
        content = {"method": "custom", "content": {"type": kind, **fields}}
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": content})
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def _told(self, data):
        if data.get("method") == "custom":
            super()._told(data["content"])


@pytest.fixture
def page(tmp_path):
    (tmp_path / "widget.js").write_text("export default {}")
    (tmp_path / "widget.css").write_text("")
    with kernel_in(tmp_path) as kernel:
        page = WidgetPage(kernel)
        page.folder, page.kernel = tmp_path, kernel
        page.run(DATA)
        page.run(PANEL)
        page.open()
        page.until(lambda: page.state.get("task"))
        yield page


def test_an_idea_comes_while_a_cell_runs(page):
    page.send("get_idea")
    page.until(lambda: page.state["ideas"])
    page.idle()
    running = page.execute(BUSY)
    page.until(lambda: page.state["approval_mode"] == "trial")
    for wanted in (2, 3):
        began = time.monotonic()
        page.send("get_idea")
        page.until(lambda wanted=wanted: len(page.state["ideas"]) >= wanted)
        assert time.monotonic() - began < 3, "the click waited for the cell"
    assert running not in page.outputs or page.outputs[running][-1:] != [{"idle": True}]


def idea(page) -> str:
    """Get an idea and return its id."""
    page.send("get_idea")
    page.until(lambda: page.state["ideas"])
    page.idle()
    return page.state["ideas"][0]["id"]


def said(outputs) -> str:
    return "".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in outputs)


def go(page, seconds=60) -> str:
    """Run what waits, and return what the cell shows."""
    return said(page.run("%ideate go", seconds))


def test_a_trial_waits_for_a_cell_and_runs_there(page):
    before = page.value(NAMES)
    card = idea(page)
    page.send("choose", approval_mode="autopilot")
    page.send("try_idea", idea=card)
    page.until(lambda: page.state["run_in_cell"] == "%ideate go")
    assert "%ideate go" in page.state["message"]
    assert page.state["inserts"] is False
    told = go(page)
    page.until(lambda: len(page.scored()) == 2 and page.state["activity"] == "idle")
    assert page.asked == [], "no page was asked for cells"
    assert page.state["run_in_cell"] == ""
    assert "def trial_01" in told
    assert f"rmse {page.scored()[1]['value']:.6g}"[:9] in told
    assert page.value(NAMES) == before
    assert Journal.read(page.folder / "notebook.ideas.jsonl").state.trials[1].idea == card

    page.send("undo_trial", trial=page.scored()[1]["id"])
    page.until(lambda: "nothing to undo" in page.state["error"])
    page.send("keep_trial", trial=page.scored()[1]["id"])
    page.until(lambda: "copy the solution of trial 1" in page.state["error"])
    page.send("fetch", request="s", what="solution", trial=page.scored()[1]["id"])
    page.until(lambda: page.fetched)
    compile(page.fetched["s"]["text"], "kept", "exec")
    assert "nothing waits" in go(page)


def test_no_code_runs_before_it_was_shown_and_approved(page):
    page.send("try_idea", idea=idea(page))
    for number in (0, 1):
        asked = page.until(lambda: page.state["approval"])
        assert (asked["number"], "cell that you start" in asked["action"]) == (number, True)
        assert page.state["run_in_cell"] == ""
        page.send("decide", request=asked["request"], yes=number == 0)
        if number == 0:
            page.until(lambda: page.state["run_in_cell"])
            running = page.execute("%ideate go")
            page.until(page.scored)
    page.wait_for(running)
    page.idle()
    assert [row["message"] for row in page.rows.values() if row["number"] == 1] == ["declined by the user"]


def test_a_page_that_is_heard_between_cells_only_gets_the_kernel_back_for_its_yes(page):
    page.subshell = None  # as in VS Code
    page.send("try_idea", idea=idea(page))
    for _ in range(2):
        asked = page.until(lambda: page.state["approval"])
        page.send("decide", request=asked["request"], yes=True)
        page.until(lambda: page.state["run_in_cell"])
        told = go(page)
    assert "run %ideate go again" not in told
    page.until(lambda: len(page.scored()) == 2 and page.state["activity"] == "idle")


def test_an_autopilot_runs_in_a_cell_and_an_interrupt_ends_it(page):
    page.run("import time\nfrom sklearn.ensemble import HistGradientBoostingRegressor as H\n_fit = H.fit")
    page.send("choose", approval_mode="autopilot")
    page.send("start_autopilot", steps=30)
    page.until(lambda: page.state["run_in_cell"])
    assert page.state["run"]["paused"] is False
    running = page.execute("%ideate go")
    page.until(lambda: len(page.scored()) == 2)
    page.kernel.interrupt_kernel()
    told = page.wait_for(running, 30)
    assert "stopped; what was done is kept" in said(told) + "".join(page.errors)
    page.idle()
    assert page.state["run"] is None
    assert all(row["status"] != "running" for row in page.rows.values())
    journal = Journal.read(page.folder / "notebook.ideas.jsonl")
    assert [r.finished for r in journal.state.runs.values()] == ["stopped"]
    assert len(journal.state.trials) < 10
    assert "nothing waits" in go(page)


def test_a_page_that_can_run_cells_takes_what_waits(page):
    page.send("choose", approval_mode="autopilot")
    page.send("try_idea", idea=idea(page))
    page.until(lambda: page.state["run_in_cell"])
    lab = Page(page.kernel)
    lab.open()
    lab.until(lambda: len(lab.scored()) == 2 and lab.state["activity"] == "idle", 90)
    assert len(lab.cells) == 2
    assert lab.state["inserts"] is True
