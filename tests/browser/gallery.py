"""A page that shows the panel in any of its states, with JupyterLab's own colours and no JupyterLab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
THEMES = Path(sys.prefix) / "share" / "jupyter" / "lab" / "themes" / "@jupyterlab"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
OPEN = ("task-line", "options", "autopilot-toggle", "brief", "choices", "dismissed")
"""What a user may unfold."""


def build(folder: Path) -> Path:
    """Bundle the gallery and write a page for each theme; return the folder."""
    entry = ROOT / "src" / "panel" / "testing" / "gallery.ts"
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    subprocess.run([esbuild, entry, "--bundle", f"--outfile={folder / 'gallery.js'}", "--log-level=error"], check=True)
    for theme in ("light", "dark", "dark-high-contrast"):
        colours = (THEMES / f"theme-{theme}-extension" / "index.css").read_text()
        (folder / f"{theme}.html").write_text(
            f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Panel</title>
            <style>{colours}</style><link rel="stylesheet" href="gallery.css">
            <style>body {{ margin: 0 }} main {{ height: 100vh }}</style></head>
            <body data-jp-theme-light="{"true" if theme == "light" else "false"}"><main id="panel"></main>
            <script src="gallery.js"></script></body></html>""",
            encoding="utf-8",
        )
    return folder


class Gallery:
    """One page of the gallery."""

    def __init__(self, page: Any, folder: Path, theme: str) -> None:
        self.page = page
        page.goto((folder / f"{theme}.html").as_uri())

    def names(self) -> list[str]:
        return self.page.evaluate("gallery.names")

    def show(self, name: str, *, unfolded: bool = False) -> None:
        """Show one state; `unfolded` with all open that a user may open."""
        self.page.evaluate("name => gallery.show(name)", name)
        for part in OPEN if unfolded else ():
            there = self.page.get_by_test_id(f"mij-{part}")
            if there.count() and there.first.is_enabled():
                there.first.click()
        self.page.wait_for_timeout(50)

    def findings(self) -> list[str]:
        """Return what axe-core has to say against what is shown, as far as it is serious."""
        if not self.page.evaluate("'axe' in window"):
            self.page.add_script_tag(path=str(AXE))
        found = self.page.evaluate("axe.run('#panel', {resultTypes: ['violations']})")["violations"]
        return [
            f"{v['id']} ({v['impact']}): {n['html'][:160]} {n['failureSummary'].splitlines()[-1][:160]}"
            for v in found
            if v["impact"] in {"serious", "critical"}
            for n in v["nodes"]
        ]

    def beyond(self) -> list[str]:
        """Return what reaches out of the panel sideways, where nothing scrolls to it."""
        return self.page.evaluate(
            """() => { const panel = document.querySelector('.mij-panel').getBoundingClientRect();
            return [...document.querySelectorAll('.mij-panel *')].filter(e => {
                const box = e.getBoundingClientRect();
                if (!box.width || getComputedStyle(e).visibility === 'hidden' || e.closest('svg, .mij-unseen')) return false;
                for (let up = e.parentElement; up && !up.matches('.mij-scroll'); up = up.parentElement)
                    if (getComputedStyle(up).overflowX !== 'visible') return false;
                return box.right > panel.right + 1 || box.left < panel.left - 1; }).map(e => e.outerHTML.slice(0, 120)); }"""
        )
