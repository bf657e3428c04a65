"""Builds reference boards: every applicable solution on every task, graded, stored as soon as it is known.

A build that was killed goes on with the same command: what is stored is not made again. One solution runs at a time,
on one core. Failures are stored as entries without a score.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout

from mle_ideator_jupyter.bench.boards.noise import headroom_counts, measure_noise
from mle_ideator_jupyter.bench.boards.running import BASELINE, Run, run_solution
from mle_ideator_jupyter.bench.boards.solutions import Solution, applicable
from mle_ideator_jupyter.bench.boards.storing import BoardFile, Entry, read_board, write_board
from mle_ideator_jupyter.errors import GradeError, UsageError
from mle_ideator_jupyter.scoring.graded import FolderGrader

CPU_LIMIT = 40.0
"""CPU seconds that one solution may use."""
_LIBRARIES = ("scikit-learn", "lightgbm", "FLAML", "numpy")

Say = Callable[[str, Entry], None]


def build_boards(
    folders: Sequence[Path], out: Path, *, seed: int = 0, cpu_limit: float = CPU_LIMIT, noise: bool = True, say: Say
) -> list[BoardFile]:
    """Build, or go on building, the boards of these task folders in `out`, and return them.

    `say(task, entry)` hears of each new entry. With `noise`, re-splits of the public tasks are measured too. Raises
    `UsageError` for a folder that is no task folder, or where another build is at work in `out`.
    """
    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / ".lock", timeout=0)
    try:
        with lock:
            return [_build(folder, out, seed, cpu_limit, say, noise=noise) for folder in folders]
    except Timeout:
        msg = f"another build is at work in {out}: wait for it, or choose another folder"
        raise UsageError(msg) from None


def _build(folder: Path, out: Path, seed: int, cpu_limit: float, say: Say, *, noise: bool) -> BoardFile:
    grader = FolderGrader(folder)
    file = grader.task_file
    board = read_board(file.id, out) or BoardFile(
        task=file.id,
        metric=grader.metric.name,
        goal=grader.metric.goal,
        seed=seed,
        cpu_limit=cpu_limit,
        libraries=_libraries(),
    )
    with tempfile.TemporaryDirectory(prefix="boards-") as scratch:
        path = Path(scratch) / "submission.csv"
        if board.baseline is None:
            entry = _entry(
                BASELINE, "the default Recipe", grader, run_solution(BASELINE, folder, seed, 600, path), path
            )
            board = _stored(msgspec.structs.replace(board, baseline=entry.score), out)
            say(file.id, entry)
        for solution in _wanted(folder, file.problem):
            if any(e.name == solution.name for e in board.entries):
                continue
            entry = _made(solution, grader, seed, cpu_limit, path)
            entry = msgspec.structs.replace(entry, same_as=_twin(board, entry))
            board = _stored(msgspec.structs.replace(board, entries=(*board.entries, entry)), out)
            say(file.id, entry)
    if noise and board.counts is None and board.baseline is not None and board.scores:
        measured = board.noise or measure_noise(board)
        counts = headroom_counts(board, measured)
        board = _stored(msgspec.structs.replace(board, noise=measured, counts=counts), out)
    return board


def _wanted(folder: Path, problem: str) -> list[Solution]:
    from mle_ideator_jupyter.bench.boards.tables import read_tables

    return applicable(problem, has_text=bool(read_tables(folder).texts))


def _made(solution: Solution, grader: FolderGrader, seed: int, cpu_limit: float, path: Path) -> Entry:
    run = run_solution(solution.name, grader.folder, seed, cpu_limit, path)
    entry = _entry(solution.name, solution.about, grader, run, path)
    return msgspec.structs.replace(entry, rows=solution.rows)


def _entry(name: str, about: str, grader: FolderGrader, run: Run, path: Path) -> Entry:
    if run.failure:
        return Entry(name=name, about=about, seconds=run.seconds, failure=run.failure)
    try:
        score = grader.grade(path).value
    except GradeError as error:
        return Entry(name=name, about=about, seconds=run.seconds, failure=str(error))
    return Entry(name=name, about=about, seconds=run.seconds, score=round(score, 6), digest=_digest(path))


def _digest(path: Path) -> str:
    """Return what names a submission's predictions, to 6 digits: the order in which sums are made says nothing."""
    import pandas as pd

    frame: Any = pd.read_csv(path)
    text = frame.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _twin(board: BoardFile, entry: Entry) -> str:
    """Return the earlier solution with the very same predictions, or nothing."""
    same = (e.name for e in board.entries if e.digest and e.digest == entry.digest and not e.same_as)
    return next(same, "")


def _stored(board: BoardFile, out: Path) -> BoardFile:
    write_board(board, out)
    return board


def _libraries() -> dict[str, str]:
    there = {d.name.lower(): d.version for d in importlib.metadata.distributions()}
    return {name: there[name.lower()] for name in _LIBRARIES if name.lower() in there}
