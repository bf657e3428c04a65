"""The guides say what works: each piece of code that a reader would copy is run, or its options are looked up."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import nbformat
import pytest

from mle_ideator_jupyter.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


def commands() -> list[tuple[str, list[str]]]:
    """Return every `jupyter ideate …` in a shell block, with its page."""
    found = []
    for page in PAGES:
        for text in blocks(page, "sh"):
            for line in text.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words[:2] == ["jupyter", "ideate"]:
                    found.append((page.name, words[2:]))
    return found


@pytest.mark.parametrize(("page", "words"), commands())
def test_every_command_in_the_docs_has_the_verbs_and_options_that_it_uses(page, words):
    command: click.Command = app
    while isinstance(command, click.Group):
        assert words[0] in command.commands, f"{page}: no verb {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    used = [w.partition("=")[0] for w in words if w.startswith("-") and len(w) > 1]
    assert [w for w in used if w not in known] == [], page


def test_the_ideator_of_the_guide_proposes(tmp_path):
    page = ROOT / "docs" / "guides" / "own-ideator.md"
    (code,) = [b for b in blocks(page, "python") if "class Skewed" in b]
    (project,) = blocks(page, "toml")
    assert 'skewed = "my_ideator:Skewed"' in project
    (tmp_path / "my_ideator.py").write_text(code)
    info = tmp_path / "my_ideator-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-ideator\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[mle_ideator_jupyter.ideators]\nskewed = my_ideator:Skewed\n")
    cells = ["import numpy as np, pandas as pd", "a = np.exp(2 * np.random.RandomState(0).normal(size=200))"]
    cells += ["train = pd.DataFrame({'area': a, 'price': np.log(a) + np.arange(200) % 7})"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(cells))])
    nbformat.write(notebook, tmp_path / "houses.ipynb")
    line = ["suggest", "houses.ipynb", "--target", "price", "--metric", "rmse", "--ideator", "skewed"]
    done = subprocess.run(
        [sys.executable, "-m", "mle_ideator_jupyter.cli", *line],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Take the logarithm of area" in done.stdout


def test_a_page_that_leads_nowhere_breaks_the_build(tmp_path):
    """`make check` builds the site strictly: this is what makes that a check of links."""
    pytest.importorskip("sphinx", reason="extra [docs] is not installed")
    (tmp_path / "conf.py").write_text('extensions = ["myst_parser"]\n')
    (tmp_path / "index.md").write_text("# Home\n\n[gone](nowhere.md)\n")
    line = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", tmp_path, tmp_path / "out"]
    assert subprocess.run(line, capture_output=True, check=False).returncode != 0
    assert " -W " in (ROOT / "Makefile").read_text()
