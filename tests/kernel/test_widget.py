"""The widget's door on a real kernel, with a page that speaks the widget protocol."""

from __future__ import annotations

import time

import pytest

from mle_ideator_jupyter import wire
from tests.kernel.page import Page, kernel_in

pytest.importorskip("anywidget")

DATA = """
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
df = pd.DataFrame({"a": rng.random(300), "b": rng.random(300)})
df["price"] = np.exp(3 * df.a) + rng.normal(0, 0.1, 300)
"""

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


def test_it_takes_no_cells(page):
    page.send("get_idea")
    page.until(lambda: page.state["ideas"])
    page.send("choose", approval_mode="autopilot")
    page.send("try_idea", idea=page.state["ideas"][0]["id"])
    page.until(lambda: page.state["message"])
    time.sleep(1)
    assert page.asked == []
