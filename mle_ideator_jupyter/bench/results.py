"""The results of a bench on the disk: one row a run, appended for good, none twice.

`results.jsonl` is append-only with fsync; a torn last line (the machine stopped in the middle) is dropped and its run
taken from the run's own folder, or done again. A lock keeps a second bench out of the same folder.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from mle_ideator_jupyter.bench.rows import Job, Plan, Row
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.files import SHARED, opened, save_whole, write_all

RESULTS, PLAN, LOCK = "results.jsonl", "bench.json", "bench.lock"
_decoder = msgspec.json.Decoder(Row)


class Results:
    """The rows of one bench folder."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.path = out / RESULTS
        self.rows: dict[Job, Row] = {}
        self.notes: list[str] = []
        self._read()

    def add(self, row: Row) -> bool:
        """Append a row unless its run has one; when this returns, it is on the disk. Return whether it was new."""
        if row.job in self.rows:
            return False
        try:
            with opened(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, SHARED) as file:
                size = os.fstat(file).st_size
                torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
                write_all(file, (b"\n" if torn else b"") + msgspec.json.encode(row) + b"\n")
        except OSError as error:
            msg = f"cannot write {self.path}: {error.strerror or error}"
            raise IdeatorError(msg) from error
        self.rows[row.job] = row
        return True

    def _read(self) -> None:
        if not self.path.exists():
            return
        for number, line in enumerate(self.path.read_bytes().splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = _decoder.decode(line)
            except msgspec.MsgspecError as error:
                self.notes.append(f"line {number} of {self.path} is no row and was left alone: {error}")
                continue
            self.rows.setdefault(row.job, row)


@contextlib.contextmanager
def claimed(plan: Plan) -> Iterator[Results]:
    """Hold a bench's folder and yield its results. Raises `UsageError` where it is held, or of another plan."""
    out = Path(plan.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot write to {out}: {error.strerror or error}; give another --out"
        raise UsageError(msg) from error
    lock = FileLock(out / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        msg = f"another bench works in {out}: wait until it ends, or give another --out"
        raise UsageError(msg) from None
    try:
        path = out / PLAN
        if not path.exists():
            save_whole(path, msgspec.json.format(msgspec.json.encode(plan)) + b"\n")
        begun = saved_plan(out)
        differ = [f for f in Plan.__struct_fields__ if getattr(begun, f) != getattr(plan, f) and f != "out"]
        if differ:
            said = ", ".join(f"{f} {getattr(begun, f)}, not {getattr(plan, f)}" for f in differ)
            msg = f"{out} holds a bench with {said}: give the same, or another --out"
            raise UsageError(msg)
        yield Results(out)
    finally:
        lock.release()


def saved_plan(out: Path) -> Plan:
    """Return the plan that a bench's folder was begun with. Raises `UsageError` where there is none."""
    path = out / PLAN
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except FileNotFoundError:
        msg = f"{out} holds no bench: {path} is missing"
        raise UsageError(msg) from None
    except msgspec.MsgspecError as error:
        msg = f"{path} is malformed: {error}"
        raise UsageError(msg) from None
