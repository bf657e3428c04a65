"""Asks advisory databases about all that is installed; fails on a known fault, and where nobody could be asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def python() -> str:
    """Return what is wrong with the Python packages of this environment, empty for nothing."""
    line = [sys.executable, "-m", "pip_audit", "--local", "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    try:
        listed = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return "could not be asked: " + (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
    ours = {"mle-ideator-jupyter", "mle_ideator_jupyter"}
    skipped = [d["name"] for d in listed if "skip_reason" in d and d["name"] not in ours]
    bad = [f"{d['name']} {d['version']}: {v['id']}" for d in listed for v in d.get("vulns", ())]
    if bad:
        return "; ".join(bad)
    return f"could not be asked about {len(skipped)} of {len(listed)} packages" if skipped else ""


def node() -> str:
    """Return what is wrong with the npm packages of the lock file, empty for nothing."""
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    line = [str(BIN / "jlpm"), "npm", "audit", "--all", "--recursive", "--json"]
    done = subprocess.run(line, capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    try:
        found = json.loads(done.stdout)["advisories"]
    except (ValueError, KeyError):
        return "could not be asked: npm's advisory database does not answer"
    return "; ".join(f"{a['module_name']}: {a['title']}" for a in found.values())


def main() -> int:
    """Print one line for each, and return the exit status."""
    said = {"python": python(), "npm": node()}
    for name, wrong in said.items():
        print(f"{name}: {wrong or 'no known fault'}")
    return 1 if any(said.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
