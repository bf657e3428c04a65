"""A newcomer's first minutes, from a clean clone, and from the wheel on the oldest and the newest Python at hand."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.newcomer.notebooks import ROOT
from tests.versions.environments import build_wheel, python

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
SCRIPT = ROOT / "tests" / "newcomer" / "newcomer.py"
VERSIONS = ("3.10", "3.13")


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
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_wheel_needs_no_node_on_the_oldest_and_the_newest_python(wheel, version):
    assert first_idea("--wheel", wheel, "--python", python(version)) > 0
