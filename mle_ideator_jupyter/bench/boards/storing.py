"""Boards as files: one small JSON for each task, one entry for each solution, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.files import save_whole
from mle_ideator_jupyter.model import Goal, Struct

DATA = Path(__file__).parent / "data"
"""The boards that come with the package."""


class Entry(Struct, frozen=True, kw_only=True):
    """One solution on one task: how it was made and what it scored.

    `score` is the grader's, None where `failure` says why there is none. `same_as` names an earlier solution whose
    predictions are the very same; such an entry has its score but no place on the board. `seconds` are CPU seconds.
    """

    name: str
    about: str
    seconds: float
    score: float | None = None
    failure: str = ""
    same_as: str = ""
    rows: int | None = None
    """The most training rows that it may see, drawn at random where there are more; None is no limit."""
    digest: str = ""
    """Names its predictions, so that equal ones are found."""


class Noise(Struct, frozen=True, kw_only=True):
    """What re-splitting the data does to the difference between default boosting and a good solution.

    `sd` is the standard deviation, over splits, of `solution`'s score minus default boosting's on the same split.
    """

    solution: str
    sd: float
    differences: tuple[float, ...]


class BoardFile(Struct, frozen=True, kw_only=True):
    """The board of one task as it is stored. `seed` split the data and seeded the solutions."""

    task: str
    metric: str
    goal: Goal
    seed: int
    cpu_limit: float
    baseline: float | None = None
    entries: tuple[Entry, ...] = ()
    noise: Noise | None = None
    libraries: dict[str, str] = {}
    counts: bool | None = None
    """Whether the task counts in averages: its headroom is 2 `noise.sd` or more. None where that was not measured."""

    @property
    def scores(self) -> tuple[float, ...]:
        """Return the scores of all different solutions, in the order in which they were made."""
        return tuple(e.score for e in self.entries if e.score is not None and not e.same_as)


def read_board(task_id: str, folder: Path = DATA) -> BoardFile | None:
    """Return a task's stored board, or None where there is none. Raises `IdeatorError` when the file is damaged."""
    path = board_path(task_id, folder)
    try:
        return msgspec.json.decode(path.read_bytes(), type=BoardFile)
    except OSError:
        return None
    except msgspec.DecodeError as error:
        msg = f"{path} is no board ({error}): delete it and build it again"
        raise IdeatorError(msg) from None


def write_board(board: BoardFile, folder: Path) -> Path:
    """Store a board and return its path; a reader sees the old file or the new one, whatever happens meanwhile."""
    path = board_path(board.task, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_whole(path, msgspec.json.format(msgspec.json.encode(board), indent=1) + b"\n")
    except OSError as error:
        msg = f"cannot write the board {path}: {error.strerror or error}"
        raise IdeatorError(msg) from error
    return path


def board_path(task_id: str, folder: Path) -> Path:
    """Return where a task's board is, or would be. The id cannot lead out of the folder."""
    return folder / f"{Path(task_id).name}.json"
