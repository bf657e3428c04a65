"""One kernel, several views: two of one notebook in a page, and two notebooks."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

from mle_ideator_jupyter.journal import Journal, journal_path

pytestmark = pytest.mark.timeout(300)
CURRENT = "window.jupyterapp.shell.currentWidget"
VIEWS = "[...window.jupyterapp.shell.widgets('main')].filter(w => w.sessionContext)"
LINKED = '[data-testid="mij-state"][data-link="ready"]'


def turn(lab, number: int) -> None:
    """Look at one of the open notebooks."""
    lab.page.evaluate(f"n => window.jupyterapp.shell.activateById({VIEWS}[n].id)", number)
    lab.page.wait_for_function(f"n => {CURRENT} === {VIEWS}[n]", arg=number)
    lab.page.wait_for_selector(LINKED)


def test_two_views_of_one_notebook_agree(lab):
    lab.run_all()
    lab.show()
    lab.idea()
    lab.idle()
    lab.do("docmanager:clone")
    lab.page.wait_for_function(f"{VIEWS}.length === 2")
    lab.page.wait_for_function(f"{CURRENT} === {VIEWS}[1]")
    lab.page.wait_for_selector(LINKED)
    expect(lab.get("idea-card")).to_have_count(1)
    before = len(lab.cells())
    lab.trial()
    rows = lab.rows(2)
    assert "running" not in "".join(rows)
    assert sorted(c["mark"]["number"] for c in lab.cells() if c["mark"]) == [0, 1]
    assert len(lab.cells()) == before + 2
    turn(lab, 0)
    lab.has_rows(rows)
    assert len(lab.cells()) == before + 2
    lab.idea()  # the first view is still heard, and hears
    lab.idle()
    lab.trial()
    rows = lab.rows(3)
    turn(lab, 1)
    lab.has_rows(rows)
    expect(lab.get("idea-card")).to_have_count(2)
    assert sorted(c["mark"]["number"] for c in lab.cells() if c["mark"]) == [0, 1, 2]
    assert [t.number for t in Journal.read(journal_path(lab.notebook)).state.trials] == [0, 1, 2]
    lab.page.evaluate(f"{VIEWS}[1].close()")
    lab.page.wait_for_function(f"{VIEWS}.length === 1")
    turn(lab, 0)
    lab.idea()  # also when the other one is closed


def test_two_notebooks_on_one_kernel_have_their_own_history(lab):
    lab.run_all()
    lab.show()
    lab.idea()
    lab.idle()
    other = lab.notebook.with_name(f"other-{lab.notebook.name}")
    shutil.copy(lab.notebook.with_name("penguins.ipynb"), other)
    lab.page.evaluate(
        """async path => {
            const first = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.model;
            const made = await window.jupyterapp.commands.execute('docmanager:open', {path, kernel: first});
            await made.context.ready; await made.sessionContext.ready; }""",
        other.name,
    )
    lab.page.wait_for_function(f"{VIEWS}.length === 2")
    turn(lab, 1)
    ids = lab.page.evaluate(f"{VIEWS}.map(w => w.sessionContext.session.kernel.id)")
    assert ids[0] == ids[1], "they share a kernel"
    expect(lab.get("idea-card")).to_have_count(0)
    lab.idea()
    lab.idle()
    lab.trial()
    lab.rows(2)
    lab.add_cell("print('rmse: 400.5')")
    lab.rows(3)
    turn(lab, 0)
    expect(lab.get("idea-card")).to_have_count(1)
    expect(lab.get("trial-row")).to_have_count(0)
    assert [c for c in lab.cells() if c["mark"]] == []
    own, others = (Journal.read(journal_path(path)).state for path in (lab.notebook, other))
    assert (len(own.ideas), len(own.trials)) == (1, 0)
    assert (len(others.ideas), len(others.trials)) == (1, 3)
    lab.page.evaluate(f"{VIEWS}[0].dispose()")
    lab.page.wait_for_function(f"{VIEWS}.length === 1")
    turn(lab, 0)
    lab.rows(3)
    lab.idea()  # its words went through the other's connection, which is gone
    expect(lab.get("idea-card")).to_have_count(2)
