"""Makes the README's pictures from a real JupyterLab: `python scripts/capture.py` (Chromium, a minute).

docs/images/jupyterlab.png is the panel after some trials; docs/images/idea-to-score.gif the way of one idea from
Get idea to its score.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
IMAGES = ROOT / "docs" / "images"
WINDOW = {"width": 1240, "height": 840}
COLOURS = 96
WIDER = 80
"""Pixels by which the sidebar is made wider."""
ENDED = """() => { const rows = [...document.querySelectorAll('[data-testid=mij-trial-row]')];
    return rows.length === 2 && !rows.some(row => row.innerText.includes('running')); }"""
TOP = "document.querySelector('.mij-scroll').scrollTop = 0"


class Film:
    """Frames and how long each is shown, in milliseconds."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.frames: list[tuple[bytes, int]] = []

    def take(self, milliseconds: int) -> None:
        """Take what is to be seen now."""
        self.frames.append((self.page.screenshot(), milliseconds))

    def write(self, path: Path) -> None:
        """Write the frames as a picture that moves and begins again."""
        from PIL import Image

        pictures = [
            Image.open(io.BytesIO(data)).convert("RGB").resize((992, 672), Image.LANCZOS) for data, _ in self.frames
        ]
        flat = [p.quantize(COLOURS, dither=Image.Dither.NONE) for p in pictures]
        times = [milliseconds for _, milliseconds in self.frames]
        flat[0].save(path, save_all=True, append_images=flat[1:], duration=times, loop=0, optimize=True)


def widen(page: Any) -> None:
    """Make the sidebar wider, as a user does."""
    edge = page.locator(".mij-panel").bounding_box()["x"] - 3
    page.mouse.move(edge, 400)
    page.mouse.down()
    page.mouse.move(edge - WIDER, 400, steps=5)
    page.mouse.up()
    page.evaluate("getSelection().removeAllRanges()")


def main() -> None:
    """Take the pictures."""
    from mle_ideator_jupyter.bench.demo import write_demo
    from tests.browser import server as servers
    from tests.browser.lab import Lab

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "work"
        folder.mkdir()
        write_demo(folder)
        with servers.jupyterlab(Path(place) / "home", folder) as address, servers.chromium() as browser:
            page = browser.new_page(viewport=WINDOW)
            lab = Lab(page, address, folder / "penguins.ipynb")
            lab.open()
            lab.do("application:toggle-left-area")
            lab.run_all()
            lab.show()
            lab.get("get-idea").wait_for()
            widen(page)
            page.wait_for_timeout(2500)
            film = Film(page)
            film.take(1500)
            lab.idea()
            lab.idle()
            film.take(2500)
            lab.get("try").first.click()
            for _ in range(2):  # the baseline's cell, then the idea's
                lab.get("approve").wait_for(timeout=120_000)
                page.wait_for_timeout(300)
                film.take(2000)
                lab.get("approve").click()
                page.wait_for_selector('[data-testid="mij-approve"]', state="detached")
                page.wait_for_timeout(700)
                film.take(900)
            page.wait_for_function(ENDED, timeout=240_000)
            lab.idle()
            page.evaluate(TOP)
            page.wait_for_timeout(800)
            film.take(4500)
            film.write(IMAGES / "idea-to-score.gif")
            for _ in range(2):
                lab.idea()
                lab.idle()
                lab.get("try").first.click()
                page.wait_for_timeout(1500)  # a trial that changes nothing ends at once
                lab.yes()
            page.evaluate(TOP)
            page.wait_for_timeout(800)
            page.screenshot(path=IMAGES / "jupyterlab.png")
            lab.shut()
    for name in ("idea-to-score.gif", "jupyterlab.png"):
        print(f"{name}: {(IMAGES / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a busy machine takes minutes for a trial otherwise
    main()
