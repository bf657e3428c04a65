"""Two people on one notebook, through jupyter-collaboration."""

from __future__ import annotations

import pytest

from mle_ideator_jupyter.bench.demo import write_demo
from mle_ideator_jupyter.journal import Journal, journal_path
from tests.browser import server as servers
from tests.browser.lab import Lab

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
METADATA = "window.jupyterapp.shell.currentWidget.content.model.getMetadata('mle_ideator')"


def pages(chromium, address, notebook, count):
    found = []
    for number in range(count):
        lab = Lab(chromium.new_context().new_page(), address, notebook)
        lab.open(f"{notebook.stem}-{number}")
        found.append(lab)
    return found


def test_two_pages_on_a_shared_notebook_agree(chromium, tmp_path):
    folder = tmp_path / "notebooks"
    notebook = write_demo(folder)
    with servers.jupyterlab(tmp_path / "home", folder, others=True) as address:
        labs = one, two = pages(chromium, address, notebook, 2)
        one.run_all()
        for lab in labs:
            lab.show()
            lab.page.wait_for_selector('[data-testid="mij-state"][data-link="ready"]')
        one.idea()
        one.idle()
        two.get("idea-card").wait_for()
        one.trial()
        two.trial()
        two.has_rows(one.rows(3))
        assert one.cells() == two.cells()
        assert sorted(c["mark"]["number"] for c in one.cells() if c["mark"]) == [0, 1, 2]
        assert [t.number for t in Journal.read(journal_path(notebook)).state.trials] == [0, 1, 2]
        one.page.wait_for_timeout(1500)
        held = [lab.page.evaluate(METADATA) for lab in labs]
        assert held[0] == held[1]
        assert len(set(held[0]["events"])) == len(held[0]["events"])
        assert not [*one.faults, *two.faults]
        one.shut()
