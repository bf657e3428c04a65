"""Makes a release: `python scripts/release.py 0.2.0 --dry-run` says every step and does none.

Refuses, in one line, a tree with changes, a version that is not newer, and a changelog with nothing to say.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from badge import badge

ROOT = Path(__file__).resolve().parent.parent
UNRELEASED = "## Unreleased\n"


def refuse(why: str) -> None:
    """End with one line and status 2."""
    print(f"error: {why}", file=sys.stderr)
    sys.exit(2)


def numbers(version: str) -> tuple[int, ...]:
    """Return a version's three numbers; ends the program for what is none."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        refuse(f"{version!r} is no version such as 0.2.0")
    return tuple(int(part) for part in version.split("."))


def bumped(version: str, root: Path) -> dict[Path, str]:
    """Return the files that a release changes, with their new text."""
    package, changes = root / "package.json", root / "CHANGELOG.md"
    text, log = package.read_text(), changes.read_text()
    now = json.loads(text)["version"]
    if numbers(version) <= numbers(now) and f"## {now} " in log:
        refuse(f"{version} is not newer than {now}, which is released")
    _, head, rest = log.partition(UNRELEASED)
    entries = rest.partition("\n## ")[0].strip()
    if not head or not entries:
        refuse("CHANGELOG.md says nothing under Unreleased")
    day = dt.datetime.now(dt.timezone.utc).date().isoformat()
    readme, said = badge(root)
    print(said)
    return {
        package: text.replace(f'"version": "{now}"', f'"version": "{version}"', 1),
        changes: log.replace(UNRELEASED, f"{UNRELEASED}\n## {version} - {day}\n", 1),
        root / "README.md": readme,
    }


def main() -> None:
    """Do the steps, or say them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do none of it")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    given = parser.parse_args()
    root = given.root
    status = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True)
    if status.stdout.strip():
        refuse("the tree has changes: commit them first")
    files = bumped(given.version, root)
    names = [str(p.relative_to(root)) for p in files]
    steps = [
        ["make", "check"],
        ["make", "dist"],
        ["git", "commit", "--quiet", "-m", f"Release {given.version}", *names],
        ["git", "tag", f"v{given.version}"],
        [sys.executable, "-m", "twine", "upload", "dist/*"],
    ]
    print(f"write {', '.join(names)}: version {given.version}")
    if not given.dry_run:
        for path, text in files.items():
            path.write_text(text)
    for step in steps:
        print("run " + shlex.join(step))
        if not given.dry_run:
            subprocess.run(step, cwd=root, check=True)
    print("nothing was done" if given.dry_run else f"done; push main and v{given.version}")


if __name__ == "__main__":
    main()
