"""Environments of other versions: a Python at hand, and in it the wheel as a user gets it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUMMARY = re.compile(r"(\d+) passed")


def python(version: str) -> str:
    """Return an interpreter of this version; skips the test where there is none."""
    there = [
        shutil.which(f"python{version}"),
        *map(str, sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))),
    ]
    for one in filter(None, there):  # one on the PATH may be a stand-in that finds no interpreter
        asked = subprocess.run(
            [one, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=False
        )
        if asked.returncode == 0:
            return asked.stdout.strip()
    return pytest.skip(f"no Python {version} here")


def build_wheel(folder: Path) -> Path:
    """Build the wheel into a folder and return it; the front end must be built."""
    run([sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT], ROOT)
    return next(folder.glob("*.whl"))


def run(line: list[object], folder: Path) -> str:
    """Run a command with no settings of this environment's, and return what it said; it must end well."""
    hidden = ("JPY_", "PYTHON", "VIRTUAL_ENV", "JUPYTER_", "PYDEVD")
    env = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
    given = {"OMP_NUM_THREADS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "JUPYTER_PLATFORM_DIRS": "1"}
    done = subprocess.run(
        [str(word) for word in line], cwd=folder, env={**env, **given}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}: {done.stdout[-4000:]} {done.stderr[-2000:]}"
    return done.stdout


def environment(place: Path, interpreter: str, *needs: object, constraints: str = "") -> Path:
    """Make an environment of an interpreter with these needs, and return its own interpreter."""
    run([interpreter, "-m", "venv", place], place.parent)
    pinned = place / "constraints.txt"
    pinned.write_text(constraints)
    own = place / "bin" / "python"
    run([own, "-m", "pip", "install", "--quiet", "--constraint", pinned, *needs], place)
    return own


def versions(own: Path, *names: str) -> list[str]:
    """Return the versions of installed packages."""
    said = "import sys\nfrom importlib.metadata import version\nprint(*map(version, sys.argv[1:]))"
    return run([own, "-c", said, *names], own.parent).split()


def run_tests(own: Path, folder: Path, *which: str) -> int:
    """Run tests on the wheel, not on the checkout beside it, and return how many passed; none may fail."""
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("build", "images"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    where = run([own, "-c", "import mle_ideator_jupyter as m; print(m.__file__)"], folder)
    assert where.startswith(str(own.parent.parent))
    said = run([own, "-m", "pytest", "-q", *(f"tests/{name}" for name in which)], folder)
    found = SUMMARY.search(said)
    assert found, said
    return int(found[1])
