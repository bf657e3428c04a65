"""The only writer and reader of a journal: `<notebook>.ideas.jsonl` beside the notebook.

One immutable event a line, appended with fsync under a lock, so that an event that was
reported is on the disk. A journal is the union of its events: merging copies in any order
gives the same State. Bulk (sources, outputs, submissions) goes to content-addressed blobs in the
folder `<notebook>.ideas/`. What cannot be read is never overwritten: a torn last line moves
to that folder, an unknown event stays in the file as it is.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from mle_ideator_jupyter.errors import JournalError, JournalFullError
from mle_ideator_jupyter.events import LOCAL, TAGS, AnyEvent, Imported, Opened, Trusted
from mle_ideator_jupyter.files import OWN, opened, save_whole, write_all
from mle_ideator_jupyter.model import new_id
from mle_ideator_jupyter.state import State, fold

FORMAT = 1
EVENT_CAP = 1 << 20
"""Largest event, in bytes; bulk belongs in blobs."""
JOURNAL_CAP = 1 << 30
"""Largest file, in bytes, that is read: a journal of a hundred thousand trials is smaller."""
LOCK_SECONDS = 20.0

_decoder = msgspec.json.Decoder(AnyEvent)
_encoder = msgspec.json.Encoder(order="deterministic")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BLOB = re.compile(r"[0-9a-f]{64}")


class _Peek(msgspec.Struct):
    type: str = ""
    format: int = 0


def journal_path(notebook: Path) -> Path:
    """Return where the journal of this notebook is: `houses.ipynb` → `houses.ideas.jsonl`."""
    return notebook.with_name(f"{notebook.stem}.ideas.jsonl")


class Journal:
    """The journal of one notebook, open for reading and appending.

    `notes` says in words what was found and left alone (a torn line, unknown events).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.with_name(path.name.removesuffix(".jsonl"))
        self.notes: list[str] = []
        self.pending: list[AnyEvent] = []
        self._events: dict[str, AnyEvent] = {}
        self._lines: dict[str, str] = {}
        self._size = 0
        self._state: State | None = None

    @classmethod
    def open(cls, path: Path, notebook_id: str | None = None) -> Journal:
        """Open the journal, begin it when it is not there yet, and read it.

        Raises `JournalError` when it is of a newer format, or of another notebook than
        `notebook_id` (None accepts any).
        """
        journal = cls(path)
        journal._refresh()
        if not journal._events:
            journal.append(Opened(notebook_id=notebook_id or new_id(), format=FORMAT))
        elif notebook_id and journal.state.notebook_id not in {"", notebook_id}:
            msg = f"{path} belongs to another notebook; move it away, or give another --output"
            raise JournalError(msg)
        return journal

    @classmethod
    def read(cls, path: Path) -> Journal:
        """Open an existing journal for reading; nothing is written. Raises `JournalError` when there is none."""
        if not path.exists():
            msg = f"no journal at {path}; `jupyter ideate run` makes one"
            raise JournalError(msg)
        journal = cls(path)
        journal._refresh()
        return journal

    @property
    def events(self) -> list[AnyEvent]:
        """Return all known events in the order of their ids."""
        return [self._events[k] for k in sorted(self._events)]

    def lines(self) -> dict[str, str]:
        """Return the events that may travel, as lines by id in their order: all but the local ones."""
        return {k: line for k in sorted(self._lines) if (line := self._lines[k])}

    @property
    def state(self) -> State:
        """Return the fold over all events."""
        if self._state is None:
            self._state = fold(self._events.values())
        return self._state

    def append(self, *events: AnyEvent) -> None:
        """Write events for good; when this returns, they are on the disk.

        Raises `JournalFullError` when the disk refuses; what did not fit then waits in `pending`
        and is written before the next one. Raises `JournalError` for an event over the size cap.
        """
        if any(len(_encoder.encode(event)) > EVENT_CAP for event in events):
            msg = f"event of over {EVENT_CAP >> 20} MiB refused: keep bulk in blobs"
            raise JournalError(msg)
        self.pending += events
        self._flush()

    def merge(self, other: Iterable[AnyEvent], *, trusted: bool = False) -> int:
        """Take in the events of another copy and return how many were new.

        Unless `trusted`, they are marked imported: they neither rank nor count until `trust()`.
        """
        self._refresh()
        new = [e for e in other if self._is_new(e) and not isinstance(e, LOCAL)]
        self.pending += new
        if new and not trusted:
            self.pending.append(Imported(events=tuple(e.id for e in new)))
        self._flush()
        return len(new)

    def trust(self) -> None:
        """Let everything imported so far count like the notebook's own events."""
        self.append(Trusted())

    def put_blob(self, data: bytes) -> str:
        """Store bulk under its SHA-256 and return that; the same data are stored once."""
        name = hashlib.sha256(data).hexdigest()
        path = self.folder / name
        if not path.exists():
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                save_whole(path, data, OWN)
            except OSError as error:
                raise _refused(self.folder, error) from error
        return name

    def get_blob(self, name: str) -> bytes | None:
        """Return the bulk stored under this name, or None: blobs may stay behind when a journal travels."""
        path = self.blob_path(name)
        return path.read_bytes() if path else None

    def blob_path(self, name: str) -> Path | None:
        """Return the file that holds the bulk of this name, or None where there is none."""
        path = self.folder / name
        return path if _BLOB.fullmatch(name) and path.is_file() and not path.is_symlink() else None

    def move(self, path: Path) -> None:
        """Rename the journal and its blobs, to begin anew beside them; nothing is lost."""
        with self._locked():
            self.path.rename(path)
            target = path.with_name(path.name.removesuffix(".jsonl"))
        self.folder.rename(target)
        self.path, self.folder = path, target

    # ------------------------------------------------------------ the file

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.folder / "lock", timeout=LOCK_SECONDS, mode=0o600):
                yield
        except Timeout:
            msg = f"{self.path} is locked by another process for over {LOCK_SECONDS:.0f} s; stop that one first"
            raise JournalError(msg) from None
        except OSError as error:
            raise _refused(self.path, error) from error

    def _flush(self) -> None:
        """Write what is pending; the file ends after a whole line whatever happens."""
        with self._locked():
            self._read(repair=True)
            if len(self.pending) > 1:
                with contextlib.suppress(OSError):  # where not all of them fit, those that do are written
                    self._write(self.pending)
            while self.pending:
                self._write(self.pending[:1])

    def _write(self, events: list[AnyEvent]) -> None:
        """Write events that are pending, each on a line of its own, all of them or none."""
        lines = b"".join(dict.fromkeys(_encoder.encode(event) + b"\n" for event in events if self._is_new(event)))
        with opened(self.path, os.O_WRONLY | os.O_CREAT) as file:
            end = os.lseek(file, 0, os.SEEK_END)
            try:
                write_all(file, lines)
            except BaseException:
                os.ftruncate(file, end)
                raise
        self._size = end + len(lines)
        for event in events:
            self._keep(event)
        del self.pending[: len(events)]

    def _refresh(self) -> None:
        """Read what others have appended since; the file is not touched."""
        try:
            self._read(repair=False)
        except OSError as error:
            msg = f"cannot read {self.path}: {error.strerror or error}"
            raise JournalError(msg) from error

    def _read(self, *, repair: bool) -> None:
        try:
            with self.path.open("rb") as file:
                file.seek(self._size)
                data = file.read(JOURNAL_CAP + 1)
        except FileNotFoundError:
            return
        if len(data) > JOURNAL_CAP:
            msg = f"{self.path} has over {JOURNAL_CAP >> 20} MiB: no journal is so large; move it away"
            raise JournalError(msg)
        whole, newline, torn = data.rpartition(b"\n")
        for line in whole.split(b"\n"):
            if line.strip():
                self._take(line)
        if torn:
            if repair:
                self._set_aside(torn)
            else:
                self._note("its last line is torn (a write was cut short) and was left out")
        self._size += len(whole) + len(newline)

    def _take(self, line: bytes) -> None:
        """Understand one line, or note that it was not understood and leave it in the file."""
        try:
            peek = msgspec.json.decode(line, type=_Peek)
            if peek.type == "opened" and peek.format > FORMAT:
                msg = f"{self.path} has format {peek.format}, newer than {FORMAT}: pip install -U mle_ideator_jupyter"
                raise JournalError(msg)
            if peek.type not in TAGS:
                self._note("it holds events that this version does not know; they are kept as they are")
                return
            event = _decoder.decode(line)
        except (msgspec.DecodeError, RecursionError):
            self._note("it holds lines that are no events; they are kept as they are")
            return
        self._keep(event)

    def _is_new(self, event: AnyEvent) -> bool:
        """Return whether this event says something; of two that claim one id, the same one wins in any order."""
        known = self._events.get(event.id)
        return known is None or _encoder.encode(event) < _encoder.encode(known)

    def _keep(self, event: AnyEvent) -> None:
        if self._is_new(event):
            self._events[event.id] = event
            self._lines[event.id] = "" if isinstance(event, LOCAL) else _encoder.encode(event).decode()
            self._state = None

    def _set_aside(self, torn: bytes) -> None:
        """Move a torn last line into the folder, so that the next event begins on a line of its own."""
        aside = self.folder / f"torn-{new_id()}"
        with opened(aside, os.O_WRONLY | os.O_CREAT) as file:
            write_all(file, torn)
        with opened(self.path, os.O_WRONLY) as file:
            os.ftruncate(file, os.fstat(file).st_size - len(torn))
        self._note(f"its last line was torn (a write was cut short); it was moved to {aside}")

    def _note(self, text: str) -> None:
        note = f"{self.path.name}: {text}"
        if note not in self.notes:
            self.notes.append(note)


def _refused(path: Path, error: OSError) -> JournalFullError | JournalError:
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return JournalFullError(
            f"cannot write {path}: {reason}; nothing that was reported is lost; free space and run again"
        )
    return JournalError(f"cannot write {path}: {reason}; give an --output in a folder you may write")
