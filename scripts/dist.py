"""Fails unless sdist and wheel in a folder are what a user should get; says their sizes."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

LARGEST = 3_000_000
SDIST = (
    "/pyproject.toml",
    "/package.json",
    "/src/index.ts",
    "/README.md",
    "/LICENSE",
    "/hatch_build.py",
    "/static/remoteEntry",
)
"""What an sdist needs to be built again, without node: the front end as it was built among it."""
UNWANTED = ("node_modules/", ".venv/", ".ideas", "docs/build/")


def sdist(path: Path) -> list[str]:
    """Return what is wrong with a source distribution."""
    with tarfile.open(path) as archive:
        names = archive.getnames()
    lacks = [f"lacks {needed}" for needed in SDIST if not any(needed in name for name in names)]
    return lacks + [f"holds {name}" for name in names if any(part in name for part in UNWANTED)][:3]


def main(folder: Path) -> int:
    """Return the exit status for what was built into a folder."""
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    wrong = sdist(source)
    wrong += [f"{p.name} has {p.stat().st_size} bytes" for p in (wheel, source) if p.stat().st_size > LARGEST]
    here = Path(__file__).parent
    for line in (
        [sys.executable, here / "wheel.py", wheel],
        [sys.executable, "-m", "twine", "check", "--strict", wheel, source],
        [Path(sys.executable).with_name("check-wheel-contents"), "--ignore", "W004,W008", wheel],
    ):
        done = subprocess.run([str(w) for w in line], capture_output=True, text=True, check=False)
        if done.returncode:
            wrong.append((done.stdout + done.stderr).strip())
    for text in wrong:
        print(text)
    sizes = ", ".join(f"{p.name} {p.stat().st_size / 1000:.0f} kB" for p in (wheel, source))
    if not wrong:
        print(f"{sizes}: as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
