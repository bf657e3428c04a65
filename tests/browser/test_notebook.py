"""What the panel does with a notebook: what it writes into it, what it believes of it, and what it says in its way."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from mle_ideator_jupyter.journal import Journal, journal_path

MISSING = """
import sys
class Missing:
    @staticmethod
    def find_spec(name, *_):
        if name == "mle_ideator_jupyter":
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, Missing)
"""
OTHER = """
import sys, types
def opened(comm, _):
    comm.on_msg(lambda _: comm.send({"type": "state", "wire": 99, "version": "9.9.9"}))
other = types.ModuleType("mle_ideator_jupyter")
other.load_ipython_extension = lambda shell: shell.kernel.comm_manager.register_target("mle_ideator", opened)
sys.modules[other.__name__] = other
"""
NASTY = (
    '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>[x](javascript:window.hacked=1)\u202e\u0000'
)
LINK = '[data-testid="mij-state"][data-link="{}"]'


def linked(lab, kind="ready"):
    lab.page.wait_for_selector(LINK.format(kind), timeout=30_000)


def metadata(lab):
    return lab.page.evaluate("window.jupyterapp.shell.currentWidget.content.model.getMetadata('mle_ideator') ?? null")


def test_opening_the_panel_changes_nothing_in_the_notebook(lab):
    lab.run_all()
    lab.save()
    lab.show()
    linked(lab)
    lab.page.wait_for_timeout(3000)
    assert metadata(lab) is None
    assert not lab.page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty")


def test_a_kernel_without_the_package_is_offered_it(lab):
    lab.add_cell(MISSING)
    lab.ask("1")
    lab.show()
    linked(lab, "no-package")
    expect(lab.get("state")).to_contain_text("mle_ideator_jupyter[recipe]==")
    expect(lab.get("install")).to_be_enabled()


def test_other_versions_in_kernel_and_panel_are_named(lab):
    lab.add_cell(OTHER)
    lab.ask("1")
    lab.show()
    linked(lab, "mismatch")
    expect(lab.get("state")).to_contain_text("9.9.9")


def test_a_hostile_notebook_shows_as_text_and_runs_nothing(lab):
    notebook = json.loads(lab.notebook.read_text())
    idea = {"id": "i", "title": NASTY, "rationale": NASTY, "kind": NASTY, "steps": [NASTY], "evidence": [NASTY]}
    row = {"id": "t", "number": 1, "title": NASTY, "status": "scored", "value": 0.5, "message": NASTY, "time": 1e300}
    rows = [row, None, {"id": {}}, {**row, "id": "u", "number": "2", "cells": "x", "seconds": -1e308, "value": 1e308}]
    state = {"ideas": [idea, None, 3], "task": {"metric": NASTY, "goal": "sideways"}, "best": {"value": "x"}, "run": []}
    notebook["metadata"]["mle_ideator"] = {
        "notebook_id": NASTY,
        "events": [NASTY, 7, "{}", '{"type":"idea_proposed","idea":{"title":"x"}}'],
        "snapshot": {"state": state, "trials": rows},
    }
    notebook["cells"][0]["metadata"]["mle_ideator"] = {"trial": NASTY, "number": NASTY}
    notebook["cells"][-1]["metadata"]["mle_ideator"] = {"trial": "t", "number": 1}
    hostile = lab.notebook.with_name("hostile.ipynb")
    hostile.write_text(json.dumps(notebook))
    lab.notebook = hostile
    lab.open()
    lab.show()
    lab.page.wait_for_selector('[data-testid="mij-trial-row"], [data-link="ready"]')
    linked(lab)
    lab.page.wait_for_timeout(1000)
    assert not lab.page.evaluate("'hacked' in window")
    assert lab.page.locator(".mij-panel :is(img, script, a, iframe)").count() == 0


def test_history_shows_where_there_is_no_kernel(lab):
    lab.run_all()
    lab.show()
    lab.idea()
    lab.trial()
    rows = lab.rows(2)
    lab.page.wait_for_timeout(1500)
    lab.save()
    lab.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    linked(lab, "no-kernel")
    lab.has_rows(rows)
    expect(lab.get("get-idea")).to_have_count(0)


def test_undo_is_one_step_and_leaves_an_edited_cell(lab):
    lab.run_all()
    lab.show()
    lab.idea()
    lab.trial()
    lab.rows(2)
    before = [c["id"] for c in lab.cells()]
    placed = [c for c in lab.cells() if c["mark"]]
    lab.page.evaluate(
        """id => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
            .find(c => c.id === id).updateSource(0, 0, '# mine\\n')""",
        placed[0]["id"],
    )
    lab.menu(1, "undo")
    lab.page.wait_for_timeout(2000)
    assert [c["id"] for c in lab.cells()] == before, "an edited cell stays"
    lab.menu(0, "undo")
    lab.page.wait_for_function(
        "n => window.jupyterapp.shell.currentWidget.content.widgets.length === n", arg=len(before) - 1
    )
    lab.page.evaluate("window.jupyterapp.shell.currentWidget.content.model.sharedModel.undo()")
    lab.page.wait_for_function(
        "n => window.jupyterapp.shell.currentWidget.content.widgets.length === n", arg=len(before)
    )


def test_a_renamed_notebook_keeps_its_history(lab):
    lab.run_all()
    lab.show()
    lab.idea()
    lab.idle()
    lab.page.wait_for_timeout(1500)
    lab.save()
    lab.page.evaluate("window.jupyterapp.shell.currentWidget.context.rename('renamed.ipynb')")
    lab.page.wait_for_timeout(1500)
    lab.idea()
    lab.idle()
    renamed = lab.notebook.with_name("renamed.ipynb")
    assert renamed.exists()
    lab.notebook = renamed
    lab.restart()
    expect(lab.get("idea-card")).to_have_count(2)
    assert len(Journal.read(journal_path(renamed)).state.ideas) == 2


def test_what_ideate_shows_are_cards_that_work(lab):
    lab.run_all()
    lab.show()
    linked(lab)
    lab.add_cell("%load_ext mle_ideator_jupyter\n%ideate -n 2")
    cards = lab.page.locator(".jp-OutputArea").get_by_test_id("mij-idea-card")
    sidebar = lab.page.locator(".mij-sidebar")
    expect(cards).to_have_count(2)
    expect(sidebar.get_by_test_id("mij-idea-card")).to_have_count(2)
    title = cards.first.locator("h4").inner_text()
    cards.first.get_by_test_id("mij-dismiss").click()
    expect(sidebar.get_by_test_id("mij-idea-card")).to_have_count(1)
    lab.get("dismissed").click()
    expect(sidebar).to_contain_text(title)
    lab.get("bring-back").click()
    expect(sidebar.get_by_test_id("mij-idea-card")).to_have_count(2)
    cards.first.get_by_test_id("mij-try").click()
    lab.yes()
    assert title in lab.rows(2)[0]
