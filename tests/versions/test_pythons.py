"""The wheel on every Python that it is made for, and on the oldest of all that it asks for."""

from __future__ import annotations

import re
import sys

import pytest
from packaging.version import Version

from tests.versions.environments import ROOT, build_wheel, environment, python, run_tests, versions

if sys.version_info >= (3, 11):
    import tomllib

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
NEEDS = ("hypothesis", "nbconvert", "polars", "pyarrow", "pytest>=8.2", "pytest-timeout")
TELLING = (
    "unit/test_journal.py",
    "unit/test_brief.py",
    "unit/test_binding.py",
    "unit/test_profile.py",
    "unit/test_playbook.py",
    "unit/test_recipe_render.py",
    "unit/test_recipe_runs.py",
    "unit/test_guard.py",
    "unit/test_loop.py",
    "unit/test_plugins.py",
    "unit/test_magics.py",
    "kernel/test_magics.py::test_a_notebook_runs_unattended[nbconvert]",
    "kernel/test_magics.py::test_magics_and_panel_share_one_history",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_a_telling_part_passes(wheel, tmp_path, version):
    own = environment(tmp_path / "env", python(version), f"{wheel}[recipe,boost]", *NEEDS)
    assert run_tests(own, tmp_path, *TELLING) > 200


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_the_oldest_of_what_it_asks_for_will_do(wheel, tmp_path):
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*told["dependencies"], *told["optional-dependencies"]["recipe"], *told["optional-dependencies"]["boost"]]
    floors = dict(re.fullmatch(r"([\w-]+)>=([\w.]+)", need).groups() for need in asked)
    pinned = "".join(f"{name}=={floor}\n" for name, floor in floors.items())
    own = environment(tmp_path / "env", python("3.10"), f"{wheel}[recipe,boost]", *NEEDS, constraints=pinned)
    assert [Version(v) for v in versions(own, *floors)] == [Version(v) for v in floors.values()]
    assert run_tests(own, tmp_path, *TELLING) > 200
