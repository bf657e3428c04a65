"""A newcomer on a bare machine: `python tests/newcomer/newcomer.py` clones this repository and does what the README says.

HOME is empty, node is not on the PATH. Prints the seconds from `git clone` to the first executed idea; ends with 1 if there is none.
With `--wheel FILE` the wheel is installed instead (`pip install`), and its demo run.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("git", "make", "sh", "bash", "rm", "mkdir", "touch", "ln", "test", "env", "find", "dirname", "tail", "python3")
EXECUTED = re.compile(r"^\s*1\s+\S")
"""The line of trial 1, the first one that comes of an idea."""


def bare(place: Path, python: str) -> dict[str, str]:
    """Return an environment with an empty home and a PATH that has only what a plain machine has."""
    tools, home = place / "tools", place / "home"
    tools.mkdir()
    home.mkdir()
    for name in TOOLS:
        found = python if name == "python3" else shutil.which(name)
        if found:
            (tools / name).symlink_to(found)
    kept = {k: v for k, v in os.environ.items() if k.startswith("PIP_") or k in {"LANG", "LC_ALL", "OMP_NUM_THREADS"}}
    return {**kept, "PATH": str(tools), "HOME": str(home), "PYTHONUNBUFFERED": "1"}


def follow(line: list[str], env: dict[str, str], cwd: Path, began: float) -> float | None:
    """Run a demo, show what it says, and return when the first idea had been executed, in seconds since `began`."""
    first = None
    with subprocess.Popen(
        line, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for said in process.stdout:
            print(f"{time.monotonic() - began:7.1f} s  {said.rstrip()}", flush=True)
            if first is None and EXECUTED.match(said):
                first = time.monotonic() - began
    return first if process.returncode == 0 else None


def main() -> int:
    """Do it, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path)
    parser.add_argument("--python", default=getattr(sys, "_base_executable", sys.executable))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        env, began = bare(place, given.python), time.monotonic()
        if given.wheel:
            subprocess.run([given.python, "-m", "venv", place / "env"], env=env, check=True)
            bin_ = place / "env" / "bin"
            subprocess.run(
                [bin_ / "python", "-m", "pip", "install", "--quiet", f"{given.wheel.resolve()}[recipe]"],
                env=env,
                check=True,
            )
            first = follow([str(bin_ / "jupyter-ideate"), "demo", "--steps", "1"], env, place, began)
        else:
            subprocess.run(["git", "clone", "--quiet", ROOT, place / "clone"], env=env, check=True)
            first = follow(["make", "demo"], env, place / "clone", began)
    if first is None:
        print("no idea was executed")
        return 1
    print(f"first executed idea after {first:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
