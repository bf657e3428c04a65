"""Fails unless a wheel holds the whole front end; says what it holds."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

NEEDED = (
    "labextensions/mle_ideator_jupyter/package.json",
    "/static/remoteEntry",
    "mle_ideator_jupyter/static/widget.js",
)


def main(path: Path) -> int:
    """Return the exit status for the wheel at `path`."""
    names = zipfile.ZipFile(path).namelist()
    missing = [needed for needed in NEEDED if not any(needed in name for name in names)]
    if missing:
        print(f"{path} lacks the front end: {', '.join(missing)}; run `make clean dist`")
        return 1
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB, {len(names)} files, front end included")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
