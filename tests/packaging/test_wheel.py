"""The wheel as a user gets it: installed without node, found by JupyterLab, and gone without a trace."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[2]


def run(*words: object, path: str | None = None) -> str:
    env = {**os.environ, "PATH": path if path is not None else os.environ["PATH"], "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    assert done.returncode == 0, f"{words}: {done.stdout[-1500:]} {done.stderr[-1500:]}"
    return done.stdout + done.stderr


def ours(place: Path) -> list[str]:
    return sorted(str(p.relative_to(place)) for p in place.rglob("*mle*ideator*"))


def test_it_installs_without_node_and_leaves_nothing_behind(tmp_path):
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    assert "front end included" in run(sys.executable, ROOT / "scripts" / "wheel.py", wheel)
    place = tmp_path / "env"
    venv.create(place, with_pip=True)
    bin_ = place / "bin"
    run(bin_ / "pip", "install", "--quiet", wheel, "jupyterlab", path=str(bin_))
    listed = run(bin_ / "python", "-m", "jupyter", "labextension", "list", path=str(bin_))
    (line,) = [text for text in listed.splitlines() if "mle_ideator_jupyter" in text]
    assert "enabled" in line
    assert "OK" in line
    assert ours(place)
    run(bin_ / "pip", "uninstall", "--quiet", "--yes", "mle_ideator_jupyter", path=str(bin_))
    assert ours(place) == []
