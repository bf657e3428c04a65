"""Milliseconds until the panel of a notebook with 10,000 trials is drawn, and of the frames while its table scrolls.

    python benchmarks/panel_open.py

Real JupyterLab, Chromium and kernel; the trials are those of a real run, repeated with other scores. `open` is from
changing to the notebook's tab until the panel's rows are there, `changing tabs` is the same for a notebook without
trials (the named baseline: what JupyterLab itself needs). `scroll` are frames in which the whole table goes by, some
170 rows in each; `still` the same page's frames without scrolling (the named baseline). Floors: `open` under 300 ms in
the median; of the frames while scrolling 95 % under 34 ms, two of the screen's, and none above 100 ms. `first` is from
asking for the panel on a fresh kernel until its rows are there, with loading the package and reading the journal: said,
not judged, and the frames right after it are not counted, for JupyterLab itself is still busy then.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

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
SCROLLS, SMOOTH, LONGEST = 5, 34.0, 100.0
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
SCROLL = """async moving => {
    const box = document.querySelector('[data-testid=mij-trial-row]').closest('.mij-rows');
    const frames = [];
    for (let k = 0; k <= 60; k++) {
        const began = performance.now();
        if (moving) box.scrollTop = (box.scrollHeight - box.clientHeight) * k / 60;
        await new Promise(go => requestAnimationFrame(() => setTimeout(go, 0)));
        frames.push(performance.now() - began);
    }
    return frames;
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


class Times(NamedTuple):
    """Milliseconds: of the first time, each opening, each change of tabs, each frame still and while scrolling."""

    first: float
    opened: list[float]
    changed: list[float]
    still: list[float]
    scroll: list[float]


def measure(lab: Lab) -> Times:
    """Open the panel, change between two notebooks, and scroll."""
    began = time.monotonic()
    lab.show()
    lab.page.wait_for_function(f"{ROWS} > 5")
    first = 1000 * (time.monotonic() - began)
    lab.page.evaluate("window.jupyterapp.commands.execute('docmanager:open', {path: 'empty.ipynb'})")
    lab.page.wait_for_function(f"{ROWS} === 0")
    lab.page.wait_for_timeout(3000)
    opened, changed = [], []
    for _ in range(ROUNDS):
        opened.append(lab.page.evaluate(TABS, [lab.notebook.name, True]))
        changed.append(lab.page.evaluate(TABS, ["empty.ipynb", False]))
    lab.page.evaluate(TABS, [lab.notebook.name, True])
    lab.page.wait_for_timeout(1000)
    still, scroll = [], []
    for _ in range(SCROLLS):
        still += lab.page.evaluate(SCROLL, False)
        scroll += lab.page.evaluate(SCROLL, True)
    return Times(first, opened, changed, still, scroll)


def main() -> int:
    """Measure, print, and return the exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "notebooks"
        folder.mkdir()
        notebook = prepare(folder)
        with chromium() as browser, jupyterlab(Path(name) / "home", folder) as address:
            lab = Lab(browser.new_page(), address, notebook)
            lab.open()
            times = measure(lab)
            lab.shut()
    a, b = statistics.median(times.opened), statistics.median(times.changed)
    still, scroll = (statistics.quantiles(frames, n=20)[-1] for frames in (times.still, times.scroll))
    print(f"open          {a:.0f} ms (median of {ROUNDS}; worst {max(times.opened):.0f})\nchanging tabs {b:.0f} ms")
    print(f"ratio {a / b:.2f}; {a:.0f} ms, at most {MOST:.0f}")
    print(f"scroll        {scroll:.0f} ms (95 % of {len(times.scroll)} frames; worst {max(times.scroll):.0f})")
    print(f"still         {still:.0f} ms (worst {max(times.still):.0f})")
    print(f"ratio {scroll / still:.2f}; {scroll:.0f} ms, at most {SMOOTH:.0f}; worst at most {LONGEST:.0f}")
    print(f"first         {times.first:.0f} ms")
    print("\n".join(lab.faults))
    slow = a > MOST or scroll > SMOOTH or max(times.scroll) > LONGEST
    return int(slow or bool(lab.faults))


if __name__ == "__main__":
    sys.exit(main())
