"""The README, word for word: what it has a reader type is typed here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from mle_ideator_jupyter.journal import Journal
from tests.kernel.small import SETUP, write_notebook
from tests.newcomer.notebooks import ROOT

README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def block(heading: str, language: str, place: int = 0) -> str:
    """Return a block of code below a heading."""
    part = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [text for kind, text in BLOCK.findall(part) if kind == language][place]


@pytest.mark.parametrize(("where", "most"), [(("In cells", "python"), 15), (("Headless", "sh"), 15)])
def test_a_quickstart_is_short(where, most):
    assert len(block(*where).splitlines()) <= most


def test_every_file_it_points_to_is_there():
    found = [link for link in re.findall(r"\]\(([^)#]+)", README) if "://" not in link]
    assert len(found) > 10
    assert [link for link in found if not (ROOT / link).exists()] == []


def test_the_pictures_are_small():
    moving, still = ROOT / "docs" / "images" / "idea-to-score.gif", ROOT / "docs" / "images" / "jupyterlab.png"
    assert moving.stat().st_size < 1_500_000
    assert moving.read_bytes()[:6] == b"GIF89a"
    assert still.stat().st_size < 500_000


def test_every_make_target_it_names_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"\bmake ([a-z-]+)\b", block("See it work", "sh"))
    assert named[:2] == ["demo", "test"], "the two commands that set everything up come first"
    assert set(named) <= targets


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_cells_run(tmp_path):
    cells = [SETUP, block("In cells", "python"), block("In cells", "python", 1)]
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(node, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    state = Journal.read(tmp_path / "notebook.ideas.jsonl").state
    assert [t.number for t in state.trials] == [0, 1, 2, 3, 4]
    assert len(state.ideas) >= 3


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_headless_commands_run(tmp_path):
    write_notebook(tmp_path / "houses.ipynb")
    before = (tmp_path / "houses.ipynb").read_bytes()
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", block("Headless", "sh")], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "houses.ipynb").read_bytes() == before
    assert (tmp_path / "houses.improved.ipynb").exists()
    assert (tmp_path / "history.html").read_text().startswith("<!doctype html>")
