"""Audits what is used: known faults, where advisory databases answer; and without them, that it is what was published.

Fails on a fault, and where a database did not answer: an audit that could not look is not clean.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
OURS = {"mle-ideator-jupyter", "mle_ideator_jupyter"}
ENTRY = re.compile(r'^"?(?P<name>@?[^@"\n]+)@.*:\n(?P<body>(?:  .*\n)+)', re.MULTILINE)


def told_by_pip_audit(text: str) -> tuple[list[str], str]:
    """Return the known faults in what pip-audit printed, and what it could not say, empty for nothing."""
    try:
        listed = json.loads(text)["dependencies"]
    except (ValueError, KeyError):
        return [], "it does not answer"
    faults = [f"{d['name']} {d['version']}: {v['id']}" for d in listed for v in d.get("vulns", ())]
    skipped = [d["name"] for d in listed if "skip_reason" in d and d["name"] not in OURS]
    return faults, f"it knows nothing of {len(skipped)} of {len(listed)} packages" if skipped else ""


def told_by_npm(text: str) -> tuple[list[str], str]:
    """Return the known faults in what npm's audit printed, and what it could not say, empty for nothing."""
    try:
        found = json.loads(text)["advisories"]
    except (ValueError, KeyError):
        return [], "it does not answer"
    return [f"{a['module_name']}: {a['title']}" for a in found.values()], ""


def ask(line: list[str]) -> str:
    """Return what a command printed, whatever its exit status."""
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(line, capture_output=True, text=True, env=env, cwd=ROOT, check=False).stdout


def changed(distribution: metadata.Distribution) -> list[str]:
    """Return the files of an installed package that are no longer what its wheel held."""
    found = []
    for file in distribution.files or ():
        path = Path(str(file.locate()))
        if file.hash is None or file.parts[0] == "..":  # scripts begin with the environment's own path
            continue
        there = path.is_file()
        digest = hashlib.new(file.hash.mode, path.read_bytes()).digest() if there else b""
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != file.hash.value:
            found.append(f"{distribution.name}: {file} is {'changed' if there else 'gone'}")
    return found


def unpinned(lock: str) -> tuple[int, list[str]]:
    """Return how many npm packages a yarn.lock holds, and which of them could become something else unnoticed.

    Those of another system (`conditions`) have a checksum once they are installed there.
    """
    entries = [(m["name"], m["body"]) for m in ENTRY.finditer(lock) if m["name"] != "__metadata"]
    outside = [(name, body) for name, body in entries if "linkType: soft" not in body]
    wrong = [
        name
        for name, body in outside
        if not re.search(r"^  (checksum|conditions): ", body, re.MULTILINE)
        or not re.search(rf'^  resolution: "{re.escape(name)}@(npm:|patch:.*~builtin)', body, re.MULTILINE)
    ]
    return len(outside), [f"{name}: no checksum, or not from the registry" for name in wrong]


def main() -> int:
    """Print a line for each part, and what to do where a database did not answer; return the exit status."""
    audit = [sys.executable, "-m", "pip_audit", "--local", "--format", "json", "--progress-spinner", "off"]
    asked = {
        "PyPI": told_by_pip_audit(ask(audit)),
        "npm": told_by_npm(ask([str(BIN / "jlpm"), "npm", "audit", "--all", "--recursive", "--json"])),
    }
    installed = list(metadata.distributions(path=[str(p) for p in map(Path, sys.path) if p.name == "site-packages"]))
    altered = [line for one in installed if one.name not in OURS for line in changed(one)]
    count, loose = unpinned((ROOT / "yarn.lock").read_text(encoding="utf-8"))
    faults = [line for found, _ in asked.values() for line in found] + altered + loose
    for line in faults:
        print(line)
    print(f"files of {len(installed)} Python packages: {len(altered) or 'none'} changed since they were installed")
    print(f"{count} npm packages in yarn.lock: {len(loose) or 'none'} without a checksum or from elsewhere")
    for name, (found, unsaid) in asked.items():
        if not unsaid:
            print(f"{name}'s advisory database: {len(found) or 'no'} known faults")
    silent = [f"{name}'s advisory database ({unsaid})" for name, (_, unsaid) in asked.items() if unsaid]
    if silent:
        print(f"not audited for known faults: {' and '.join(silent)}; run `make audit` where it can be reached")
    return 1 if faults or silent else 0


if __name__ == "__main__":
    sys.exit(main())
