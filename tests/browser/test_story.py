from __future__ import annotations

from playwright.sync_api import expect

from mle_ideator_jupyter.journal import Journal, journal_path

NAMES = "sorted(n for n in globals() if not n.startswith('_'))"


def test_from_an_idea_to_a_kept_solution(lab):
    lab.run_all()
    lab.show()
    lab.idea()
    lab.idle()
    names, cells = lab.ask(NAMES), lab.cells()
    lab.trial()
    _, baseline = lab.rows(2)
    assert "Baseline" in baseline
    expect(lab.get("plot-dot")).to_have_count(2)
    placed = [c for c in lab.cells() if c["mark"]]
    assert [c["mark"]["number"] for c in placed] == [0, 1]
    assert all(c["count"] for c in placed)
    expect(lab.page.locator(".mij-badge")).to_have_count(2)
    expect(lab.get("best")).not_to_be_empty()

    lab.menu(0, "undo")
    lab.page.wait_for_function("document.querySelectorAll('.mij-badge').length === 1")
    lab.menu(1, "undo")
    lab.page.wait_for_function("document.querySelectorAll('.mij-badge').length === 0")
    assert [c["id"] for c in lab.cells()] == [c["id"] for c in cells]
    for row in range(2):  # the cells go first, then the kernel's names, and then the row says so
        expect(lab.get("trial-row").nth(row)).to_contain_text("undone")
    lab.idle()
    assert lab.ask(NAMES) == names

    lab.get("keep").click()
    lab.page.wait_for_function("n => window.jupyterapp.shell.currentWidget.content.widgets.length > n", arg=len(cells))
    kept = [c for c in lab.cells() if c["id"] not in {old["id"] for old in cells}]
    assert "submission.csv" in kept[-1]["source"]

    lab.page.wait_for_timeout(1500)  # the snapshot is written once nothing has changed for a second
    saved = lab.save()["metadata"]["mle_ideator"]
    journal = Journal.read(journal_path(lab.notebook))
    assert saved["notebook_id"] == journal.state.notebook_id
    assert set(saved["events"]) == set(journal.lines().values())

    history = lab.rows(2)
    lab.reload()
    lab.show()
    lab.has_rows(history)
    lab.restart()
    lab.has_rows(history)
    expect(lab.get("trust")).to_have_count(0)
