"""Milliseconds until the panel of a notebook with 10,000 trials is drawn, and until its table has been scrolled.

    python benchmarks/panel_open.py

Real JupyterLab, Chromium and kernel; the trials are those of a real run, repeated with other scores. `open` is from
changing to the notebook's tab until the panel's rows are there, `changing tabs` is the same for a notebook without
trials (the named baseline: what JupyterLab itself needs), `scroll` is the longest of 60 frames in which the whole
table goes by. Floor: `open` under 300 ms in the median. `first` is from asking for the panel on a fresh kernel until
its rows are there, with loading the package and reading the journal: said, not judged.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import nbformat
from msgspec.structs import replace

from mle_ideator_jupyter.events import TrialFinished, TrialStarted
from mle_ideator_jupyter.headless import RunOptions, run_headless
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Budget, Score, new_id
from tests.browser.lab import Lab
from tests.browser.server import chromium, jupyterlab
from tests.kernel.small import SETUP

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
TRIALS, ROUNDS, MOST = 10_000, 9, 300.0
ROWS = "document.querySelectorAll('[data-testid=mij-trial-row]').length"
TABS = f"""async ([to, some]) => {{
    const app = window.jupyterapp, began = performance.now();
    const tab = [...app.shell.widgets('main')].find(w => w.title.label === to);
    app.shell.activateById(tab.id);
    const there = () => some ? {ROWS} > 5 : {ROWS} === 0 && app.shell.currentWidget === tab;
    while (!there()) await new Promise(go => setTimeout(go, 1));
    await new Promise(go => requestAnimationFrame(() => setTimeout(go, 0)));
    return performance.now() - began;
}}"""
SCROLL = """async () => {
    const box = document.querySelector('[data-testid=mij-trial-row]').closest('.mij-rows');
    let longest = 0;
    for (let k = 0; k <= 60; k++) {
        const began = performance.now();
        box.scrollTop = (box.scrollHeight - box.clientHeight) * k / 60;
        await new Promise(go => requestAnimationFrame(() => setTimeout(go, 0)));
        longest = Math.max(longest, performance.now() - began);
    }
    return longest;
}"""


def grow(journal: Journal) -> None:
    """Let the last trial of a real run have been followed by thousands like it."""
    scored = next(t for t in reversed(journal.state.trials) if t.score)
    generator = random.Random(0)
    score = scored.score
    assert isinstance(score, Score)
    for number in range(scored.number + 1, TRIALS):
        trial = replace(scored, id=new_id(), number=number, outcome=None, title=f"{scored.title} ({number})")
        value = score.value * generator.uniform(0.9, 1.5)
        journal.append(TrialStarted(trial=trial))
        journal.append(TrialFinished(trial=trial.id, outcome=replace(score, value=value), seconds=scored.seconds))


def prepare(folder: Path) -> Path:
    """Write a notebook with trials and one without, and return the first."""
    plain = [nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("x")]
    for name, cells in (("n.ipynb", [nbformat.v4.new_code_cell(SETUP)]), ("empty.ipynb", plain)):
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), folder / name)
    options = RunOptions(notebook=folder / "n.ipynb", output=folder / "many.ipynb", budget=Budget(steps=1))
    summary = asyncio.run(run_headless(options, lambda _: None))
    grow(Journal.open(summary.journal))
    return summary.notebook


def measure(lab: Lab) -> tuple[float, float, list[float], list[float]]:
    """Return the milliseconds of the first time, the longest frame, each opening and each change of tabs."""
    began = time.monotonic()
    lab.show()
    lab.page.wait_for_function(f"{ROWS} > 5")
    first = 1000 * (time.monotonic() - began)
    longest = lab.page.evaluate(SCROLL)
    lab.page.evaluate("window.jupyterapp.commands.execute('docmanager:open', {path: 'empty.ipynb'})")
    lab.page.wait_for_function(f"{ROWS} === 0")
    lab.page.wait_for_timeout(3000)
    opened, changed = [], []
    for _ in range(ROUNDS):
        opened.append(lab.page.evaluate(TABS, [lab.notebook.name, True]))
        changed.append(lab.page.evaluate(TABS, ["empty.ipynb", False]))
    return first, longest, opened, changed


def main() -> int:
    """Measure, print, and return the exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "notebooks"
        folder.mkdir()
        notebook = prepare(folder)
        with chromium() as browser, jupyterlab(Path(name) / "home", folder) as address:
            lab = Lab(browser.new_page(), address, notebook)
            lab.open()
            first, longest, opened, changed = measure(lab)
            lab.shut()
    a, b = statistics.median(opened), statistics.median(changed)
    print(f"open          {a:.0f} ms (median of {ROUNDS}; worst {max(opened):.0f})\nchanging tabs {b:.0f} ms")
    print(f"ratio {a / b:.2f}; {a:.0f} ms, at most {MOST:.0f}")
    print(f"scroll        {longest:.0f} ms, the longest of 60 frames; first {first:.0f} ms")
    print("\n".join(lab.faults))
    return int(a > MOST or bool(lab.faults))


if __name__ == "__main__":
    sys.exit(main())
