"""Append-only JSON lines of one kind of record, each on the disk before anybody builds on it.

A torn last line (the machine stopped in the middle) is dropped; what it said is done again.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from mle_ideator_jupyter.errors import IdeatorError

Record = TypeVar("Record", bound=msgspec.Struct)


class Store(Generic[Record]):
    """The records of one file; several threads and processes may append."""

    def __init__(self, path: Path, kind: type[Record]) -> None:
        self.path = path
        self._decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(kind)
        self._lock = threading.Lock()
        self._seen = 0

    def news(self) -> list[Record]:
        """Return the whole records that were written since this was last asked, by whichever process."""
        if not self.path.exists():
            return []
        with self._lock, self.path.open("rb") as file:
            file.seek(self._seen)
            whole, line_end, _ = file.read().rpartition(b"\n")
            self._seen += len(whole) + len(line_end)
        return self._decoded(whole)

    def read(self) -> list[Record]:
        """Return all whole records in the order in which they were written."""
        if not self.path.exists():
            return []
        return self._decoded(self.path.read_bytes())

    def _decoded(self, lines: bytes) -> list[Record]:
        found: list[Record] = []
        for line in lines.splitlines():
            with contextlib.suppress(msgspec.MsgspecError):
                found.append(self._decoder.decode(line))
        return found

    def append(self, record: Record) -> None:
        """Write one record for good. It begins a line of its own even after a torn one."""
        line = b"\n" + msgspec.json.encode(record) + b"\n"
        try:
            with self._lock, self.path.open("ab", buffering=0) as file:
                file.write(line)
                os.fsync(file.fileno())
        except OSError as error:
            msg = f"cannot write {self.path}: {error.strerror or error}"
            raise IdeatorError(msg) from error
