"""A newcomer's first minutes, from a clean clone, and from the wheel on the oldest and the newest Python at hand."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.newcomer.notebooks import ROOT

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
SCRIPT = ROOT / "tests" / "newcomer" / "newcomer.py"
VERSIONS = ("3.10", "3.13")


def python(version: str) -> str:
    """Return an interpreter of this version, where there is one."""
    there = [
        shutil.which(f"python{version}"),
        *sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")),
    ]
    for one in filter(None, there):  # one on the PATH may be a stand-in that finds no interpreter
        asked = subprocess.run(
            [one, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=False
        )
        if asked.returncode == 0:
            return asked.stdout.strip()
    return pytest.skip(f"no Python {version} here")


def first_idea(*words: object) -> float:
    done = subprocess.run([sys.executable, SCRIPT, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = re.search(r"first executed idea after (\d+) s", done.stdout)
    assert found
    return float(found[1])


def test_a_clean_clone_reaches_its_first_executed_idea():
    assert first_idea() > 0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", place, ROOT], check=True, capture_output=True)
    return next(place.glob("*.whl"))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_wheel_needs_no_node_on_the_oldest_and_the_newest_python(wheel, version):
    assert first_idea("--wheel", wheel, "--python", python(version)) > 0
