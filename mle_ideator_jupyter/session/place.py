"""Where a notebook's journal is: beside the notebook where the kernel can see it, else in the user's data folder.

Where nobody says which notebook it is (nbconvert, papermill, a terminal), it is in the working folder.
A notebook's id, kept in its metadata, names its journal. After a rename the journal goes along; a copy, which has the
same id while its original still exists, begins a journal of its own with the same events.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Container
from pathlib import Path, PurePosixPath

import msgspec

from mle_ideator_jupyter.errors import JournalError
from mle_ideator_jupyter.events import AnyEvent, Opened
from mle_ideator_jupyter.journal import Journal, journal_path
from mle_ideator_jupyter.model import new_id

UNNAMED = "notebook.ideas.jsonl"
LINES_CAP = 20_000
"""Events taken in from a notebook's metadata at once."""


class Placed(msgspec.Struct):
    """A journal and the line, if any, that says where it is and why."""

    journal: Journal
    note: str = ""


def open_for(path: str, notebook_id: str, lines: tuple[str, ...] = (), taken: Container[Path] = ()) -> Placed:
    """Open the journal of the notebook at `path` (the server's word for it), and take in the metadata's events.

    A journal that is `taken` is another notebook's on this kernel: one of the same name, or the original of this copy.
    """
    notebook = find_notebook(path)
    if notebook is not None and journal_path(notebook) in taken:
        notebook, notebook_id = None, ""
    if notebook is None and notebook_id and _named_elsewhere(notebook_id) in taken:
        notebook_id = ""
    if notebook is None and not path and not notebook_id:
        placed = _in_working_folder()
    elif notebook is None:
        identity = notebook_id or new_id()
        place = _named_elsewhere(identity)
        place.parent.mkdir(parents=True, exist_ok=True)
        placed = Placed(
            Journal.open(place, identity), f"the journal is kept in {place}: this kernel cannot see the notebook"
        )
    else:
        placed = _beside(notebook, notebook_id, taken)
    placed.journal.merge(events_of(lines))
    return placed


def _in_working_folder() -> Placed:
    """Open the journal of a notebook whose name is not known; one for all such of a folder."""
    place = Path.cwd() / UNNAMED
    try:
        journal = Journal.open(place)
    except JournalError:  # a folder that may not be written, most often
        place = _data_folder() / UNNAMED
        place.parent.mkdir(parents=True, exist_ok=True)
        journal = Journal.open(place)
    return Placed(journal, f"ideas and scores are kept in {place}: the notebook's own name is not known here")


def find_notebook(path: str) -> Path | None:
    """Return the notebook's file where this process can see it, or None."""
    name = PurePosixPath(path).name
    named = _session_name()
    whole = Path(path) if path.endswith(".ipynb") and Path(path).is_absolute() else None
    for candidate in (whole, Path(named) if named else None, Path.cwd() / name if name else None):
        if candidate is not None and (not name or candidate.name == name) and candidate.is_file():
            return candidate
    return None


def _session_name() -> str:
    """Return the notebook that a server says this kernel is for.

    A kernel that was started from a notebook's cell (by nbconvert, say) inherits the name of that notebook.
    """
    named = os.environ.get("JPY_SESSION_NAME", "")
    if not named:
        return ""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        if psutil.Process(os.getppid()).environ().get("JPY_SESSION_NAME") == named:
            return ""
    return named


def _beside(notebook: Path, notebook_id: str, taken: Container[Path]) -> Placed:
    path = journal_path(notebook)
    if path.exists():
        try:
            return Placed(Journal.open(path, notebook_id or None))
        except JournalError:
            if _first_id(path) in {"", notebook_id}:
                raise
            own = Journal.open(path)  # the notebook there is another one by now; the file's own events are kept
            return Placed(own, f"{path.name} was begun for another notebook of this name; it is used as it is")
    elsewhere = _named(notebook, notebook_id) if notebook_id else None
    if elsewhere is None:
        return Placed(Journal.open(path, notebook_id or new_id()))
    original = elsewhere.with_name(f"{elsewhere.name.removesuffix('.ideas.jsonl')}.ipynb")
    if not original.exists() and elsewhere not in taken:
        moved = Journal.read(elsewhere)
        moved.move(path)
        return Placed(Journal.open(path), f"the journal of {original.name} came along as {path.name}")
    copy = Journal.open(path, new_id())
    copy.merge((e for e in Journal.read(elsewhere).events if not isinstance(e, Opened)), trusted=True)
    return Placed(copy, f"this is a copy of {original.name}: its history so far came along")


def _named(notebook: Path, notebook_id: str) -> Path | None:
    """Return the journal in the notebook's folder that was begun for this id, or None."""
    return next((p for p in sorted(notebook.parent.glob("*.ideas.jsonl")) if _first_id(p) == notebook_id), None)


def _first_id(path: Path) -> str:
    try:
        with path.open("rb") as file:
            first = msgspec.json.decode(file.readline(1 << 16), type=Opened)
    except (OSError, msgspec.DecodeError, RecursionError):
        return ""
    return first.notebook_id


def events_of(lines: tuple[str, ...]) -> list[AnyEvent]:
    """Return the events that these lines hold; lines that are none are left out, and so is what opened another file."""
    decoder = msgspec.json.Decoder(AnyEvent)
    found = []
    for line in lines[:LINES_CAP]:
        try:
            event = decoder.decode(line)
        except (msgspec.DecodeError, RecursionError):
            continue
        if not isinstance(event, Opened):
            found.append(event)
    return found


def _named_elsewhere(identity: str) -> Path:
    """Return where the journal of this notebook is kept when the notebook cannot be seen."""
    return _data_folder() / f"{_safe(identity)}.ideas.jsonl"


def _safe(identity: str) -> str:
    return "".join(c for c in identity if c.isalnum() or c in "-_")[:64] or new_id()


def _data_folder() -> Path:
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "mle_ideator"
