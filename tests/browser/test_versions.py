"""The oldest JupyterLab that is supported, and a kernel of ipykernel 6, which knows no subshells: both tell the whole story."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from mle_ideator_jupyter.bench.demo import write_demo
from mle_ideator_jupyter.journal import Journal, journal_path
from tests.browser import server as servers
from tests.browser.lab import Lab
from tests.versions.environments import build_wheel, environment, python, versions

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]
BUSY = "import time; time.sleep(12)"
LAST = "() => window.jupyterapp.shell.currentWidget.content.widgets.at(-1).model.executionState"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "notebooks").mkdir()
    write_demo(tmp_path / "notebooks")
    return tmp_path / "notebooks"


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    yield context.new_page()
    context.close()


def to_a_score(lab: Lab) -> None:
    """Get an idea, try it, and see its score; then it is in the journal."""
    lab.run_all()
    lab.show()
    lab.idea()
    lab.idle()
    lab.trial()
    lab.rows(2)
    expect(lab.get("plot-dot")).to_have_count(2)
    expect(lab.get("best")).not_to_be_empty()
    state = Journal.read(journal_path(lab.notebook)).state
    assert [t.number for t in state.trials] == [0, 1]
    assert all(t.score for t in state.trials)


def with_kernel(home: Path, own: Path, notebook: Path) -> None:
    """Make a kernel of another environment known to a server's home, and a notebook use it."""
    spec = home / "data" / "kernels" / "other"
    spec.mkdir(parents=True)
    argv = [str(own), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Other", "language": "python"}))
    node = nbformat.read(notebook, as_version=4)
    node.metadata.kernelspec = {"name": "other", "display_name": "Other", "language": "python"}
    nbformat.write(node, notebook)


def test_the_oldest_jupyterlab_tells_the_story(wheel, tmp_path, folder, page):
    own = environment(tmp_path / "env", python("3.10"), f"{wheel}[recipe,lab]", constraints="jupyterlab==4.4.*\n")
    assert versions(own, "jupyterlab")[0].startswith("4.4.")
    with servers.jupyterlab(tmp_path / "home", folder, python=own) as address:
        lab = Lab(page, address, folder / "penguins.ipynb")
        lab.open()
        to_a_score(lab)
        assert lab.get("state").get_attribute("data-link") == "ready"
        lab.add_cell(BUSY)
        page.wait_for_timeout(1500)
        lab.idea()
        assert page.evaluate(LAST) == "running", "the kernel has subshells, and this front end uses them"
        lab.shut()
    assert not lab.faults, lab.faults


def test_a_kernel_without_subshells_answers_between_cells_and_says_so(wheel, tmp_path, folder, page):
    own = environment(tmp_path / "env", python("3.11"), f"{wheel}[recipe]", constraints="ipykernel<7\n")
    assert versions(own, "ipykernel")[0].startswith("6.")
    notebook = Path(shutil.copy(folder / "penguins.ipynb", folder / "old.ipynb"))
    with_kernel(tmp_path / "home", own, notebook)
    with servers.jupyterlab(tmp_path / "home", folder) as address:
        lab = Lab(page, address, notebook)
        lab.open()
        to_a_score(lab)
        expect(page.get_by_text("This kernel answers only between cells")).to_be_visible()
        lab.add_cell(BUSY)
        page.wait_for_timeout(1500)
        assert page.evaluate(LAST) == "running"
        lab.idea()
        assert page.evaluate(LAST) == "idle", "the idea came when the cell had ended"
        lab.idle()
        assert lab.ask("1 + 1") == "2"
        lab.shut()
    assert not lab.faults, lab.faults
