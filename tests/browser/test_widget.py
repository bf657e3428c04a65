"""The widget in Jupyter Notebook 7, without our extension: cells are the user's to run."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from mle_ideator_jupyter.bench.demo import write_demo
from mle_ideator_jupyter.journal import Journal, journal_path
from tests.browser import server as servers
from tests.browser.lab import KERNEL, Lab

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.widgets.at(-1).outputArea.node.innerText"""


class Notebook(Lab):
    """One page of Jupyter Notebook. What it complains of itself is not our fault: a widget's script is a blob."""

    def _fault(self, text: str) -> None:
        if "blob:" in text or "ideator" in text:
            super()._fault(text)

    def open(self, workspace: str = "") -> None:
        self.page.goto(f"{self.address}/notebooks/{self.notebook.name}")
        self.page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 1", timeout=60_000
        )
        self.page.wait_for_function(f"{KERNEL}?.connectionStatus === 'connected'", timeout=60_000)


def test_what_is_asked_for_in_a_widget_runs_in_a_cell(chromium, tmp_path):
    notebook = write_demo(tmp_path / "n")
    with servers.notebook(tmp_path / "home", notebook.parent) as address:
        context = chromium.new_context(viewport={"width": 1200, "height": 1300})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        lab = Notebook(context.new_page(), address, notebook)
        lab.open()
        assert not lab.page.evaluate("window.jupyterapp.hasPlugin('mle_ideator_jupyter:panel')")
        lab.run_all()
        lab.add_cell("import mle_ideator_jupyter as mij\nmij.Panel()")
        lab.get("get-idea").wait_for(timeout=60_000)
        lab.idea()
        lab.idle()
        lab.get("try").first.click()
        lab.get("approval-source").wait_for()
        lab.get("approve").click()
        lab.get("copy-run").click()
        go = lab.page.evaluate("navigator.clipboard.readText()")
        assert go == "%ideate go"
        count = len(lab.cells())
        lab.add_cell(go)
        lab.get("approve").wait_for(timeout=60_000)  # the trial's own cell, while the baseline's ran
        lab.get("approve").click()
        lab.idle()
        rows = lab.rows(2)
        assert "better" in rows[0]
        assert len(lab.cells()) == count + 1
        shown = lab.page.evaluate(OUTPUTS)
        assert "trial 1:" in shown
        expect(lab.get("run-in-cell")).to_have_count(0)
        lab.menu(0, "keep-trial")
        expect(lab.get("detail")).to_contain_text("train")
        lab.get("detail-copy").click()
        kept = lab.page.evaluate("navigator.clipboard.readText()")
        lab.add_cell(kept)
        lab.page.wait_for_function("window.jupyterapp.shell.currentWidget.content.widgets.at(-1).model.executionCount")
        assert lab.page.evaluate(
            "window.jupyterapp.shell.currentWidget.content.widgets.at(-1).model.outputs.toJSON()"
            ".every(output => output.output_type !== 'error')"
        )
        lab.has_rows(rows)
        lab.shut()
        assert not lab.faults, "\n".join(lab.faults)
    assert [t.number for t in Journal.read(journal_path(notebook)).state.trials][:2] == [0, 1]
