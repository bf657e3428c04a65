"""Writes files for good, whole or not at all, and never through a symbolic link."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

OWN = 0o600
"""For the user alone, whatever the umask."""
SHARED = 0o666
"""For whoever the umask lets."""


@contextlib.contextmanager
def opened(path: Path, flags: int, mode: int = OWN) -> Iterator[int]:
    """Yield the descriptor of a file, opened with `os.O_…` flags; a new one has this mode. Raises `OSError`."""
    file = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0), mode)
    try:
        yield file
    finally:
        os.close(file)


def write_all(file: int, data: bytes) -> None:
    """Write all of the data to a descriptor, and wait until they are on the disk. Raises `OSError`."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
    os.fsync(file)


def save_whole(path: Path, data: bytes, mode: int = SHARED) -> None:
    """Write beside a file and rename, so that a full disk or a kill leaves the old one whole. Raises `OSError`."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with contextlib.ExitStack() as undo:
        with opened(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode) as file:
            undo.callback(part.unlink, missing_ok=True)
            write_all(file, data)
        part.replace(path)
        undo.pop_all()
