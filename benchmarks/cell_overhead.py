"""Seconds for 50 trivial cells run as a trial's cells are, against the same 50 by Run All.

    python benchmarks/cell_overhead.py

Real JupyterLab, Chromium and kernel. The cells of ours are asked for by the kernel over the comm, all at once as Run
All does, run by the page, and captured in the kernel with their outputs. In the first round the page inserts and draws
them, which is printed apart; from then on they stand there, as Run All's do. Named baseline: JupyterLab's own Run All.
Floor: ratio of medians at most 1.5.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import nbformat

from tests.browser.lab import Lab
from tests.browser.server import chromium, jupyterlab

CELLS, ROUNDS, MOST = 50, 5, 1.5
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
COUNT = "() => window.jupyterapp.shell.currentWidget.content.widgets.filter(c => c.model.executionCount).length"
START = f"""
import asyncio
import time
from mle_ideator_jupyter import kernel
from mle_ideator_jupyter.model import Trial
from mle_ideator_jupyter.protocols import cell

session = kernel.session_of(get_ipython())
session.approving.mode = "autopilot"
session.pages.trial = Trial(id="benchmark", number=1, title="50 cells")
took = []


async def run_all():
    began = time.monotonic()
    await asyncio.gather(*[session.host.run(cell(f"x = {{k}} * 1000")) for k in range({CELLS})])
    took.append(time.monotonic() - began)
"""


def ours(lab: Lab) -> list[float]:
    """Return the seconds of each round through our own host."""
    lab.add_cell(START)
    lab.page.wait_for_timeout(3000)
    for k in range(1 + ROUNDS):
        lab.add_cell("session.call(run_all())")
        for _ in range(40):
            lab.page.wait_for_timeout(1000)
            if lab.ask("len(took)") == str(k + 1):
                break
    return [float(v) for v in lab.ask("took")[1:-1].split(",")]


def theirs(lab: Lab) -> list[float]:
    """Return the seconds of each Run All."""
    found = []
    for _ in range(ROUNDS):
        lab.do("notebook:clear-all-cell-outputs")
        began = time.monotonic()
        lab.do("notebook:run-all-cells")
        lab.page.wait_for_function(f"() => ({COUNT})() >= {CELLS}")
        found.append(time.monotonic() - began)
    return found


def main() -> int:
    """Measure, print, and return the exit status."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name) / "notebooks"
        folder.mkdir()
        sources = [f"x = {k}" for k in range(CELLS)]
        cells = [nbformat.v4.new_code_cell(s) for s in sources]
        for file, some in (("all.ipynb", cells), ("ours.ipynb", cells[:2])):
            nbformat.write(nbformat.v4.new_notebook(cells=some, metadata={"kernelspec": KERNEL}), folder / file)
        with jupyterlab(Path(name) / "home", folder) as address:
            lab = Lab(browser.new_page(), address, folder / "all.ipynb")
            lab.open()
            run_all = theirs(lab)
            lab.shut()
            lab = Lab(browser.new_page(), address, folder / "ours.ipynb")
            lab.open()
            lab.show()
            lab.page.wait_for_selector('[data-testid="mij-state"][data-link="ready"]')
            mine = ours(lab)
            lab.shut()
    print(f"inserted and drawn as well {mine.pop(0):.2f} s, once")
    a, b = statistics.median(mine), statistics.median(run_all)
    print(f"ours    {a:.2f} s for {CELLS} cells (median of {len(mine)})\nRun All {b:.2f} s")
    print(f"ratio {a / b:.2f}, at most {MOST}")
    return int(a / b > MOST)


if __name__ == "__main__":
    sys.exit(main())
