"""The `mlebench` package, where it is installed: its competitions, its grading, its own report.

Everything of it runs in a process of its own, in an empty working folder and with nothing to type into: importing it
may leave a `cache` folder where one stands, and preparing a competition may ask a question. Its leaderboards come by
Git LFS; a pointer in the place of one is said to be one.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.hosts.processes import python
from mle_ideator_jupyter.model import Goal, Struct

_POINTER = b"version https://git-lfs"
_ANSWER = "answer.json"


class Report(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """MLE-bench's report of one submission, under its own keys; `score` is None for an invalid one."""

    competition_id: str
    score: float | None
    gold_threshold: float
    silver_threshold: float
    bronze_threshold: float
    median_threshold: float
    any_medal: bool
    gold_medal: bool
    silver_medal: bool
    bronze_medal: bool
    above_median: bool
    submission_exists: bool
    valid_submission: bool
    is_lower_better: bool
    created_at: str
    submission_path: str


class Leaderboard(Struct, frozen=True, kw_only=True):
    """A competition's public leaderboard: scores as they stand there, best first."""

    scores: tuple[float, ...]
    goal: Goal


def installed() -> bool:
    """Return whether the package is there."""
    return importlib.util.find_spec("mlebench") is not None


def competitions(*, lite: bool = False) -> list[str]:
    """Return the ids of all competitions in its registry, or of its lite set."""
    return [str(name) for name in _ask("competitions", lite=lite)]


def is_prepared(competition: str, data_dir: Path | None = None) -> bool:
    """Return whether a competition can be graded from `data_dir` (without it, from MLE-bench's own data folder)."""
    return bool(_ask("is_prepared", competition=competition, data_dir=_text(data_dir)))


def leaderboard(competition: str) -> Leaderboard:
    """Return a competition's leaderboard. Raises `UsageError` when only a Git LFS pointer is there."""
    return msgspec.convert(_ask("leaderboard", competition=competition), Leaderboard)


def grade(submission: Path, competition: str, data_dir: Path | None = None) -> Report:
    """Return MLE-bench's own report of a submission.

    Raises `UsageError` for an unknown or unprepared competition, or where its leaderboard is a Git LFS pointer.
    """
    path = str(submission.resolve())
    return msgspec.convert(_ask("grade", submission=path, competition=competition, data_dir=_text(data_dir)), Report)


def prepare(competition: str, data_dir: Path | None = None) -> None:
    """Let MLE-bench download and prepare a competition; a question that it asks is a failure, not a wait.

    Raises `IdeatorError` with what it said last.
    """
    _ask("prepare", competition=competition, data_dir=_text(data_dir))


def _text(data_dir: Path | None) -> str | None:
    return str(data_dir.resolve()) if data_dir else None


def _ask(what: str, **told: Any) -> Any:
    """Return what one request answers, asked in a process of its own in an empty folder."""
    if not installed():
        msg = "mlebench is not installed, and on no index: pip install git+https://github.com/openai/mle-bench"
        raise UsageError(msg)
    with tempfile.TemporaryDirectory(prefix="mlebench-") as folder:
        done = subprocess.run(
            python("mle_ideator_jupyter.bench.mlebench", what, json.dumps(told)),
            cwd=folder,
            env={**os.environ, "MLE_IDEATOR_ANSWER": str(Path(folder) / _ANSWER)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            answer = json.loads((Path(folder) / _ANSWER).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            said = (done.stderr or done.stdout).strip().splitlines()
            msg = f"mlebench ended with status {done.returncode}: {said[-1][:300] if said else 'it said nothing'}"
            raise IdeatorError(msg) from None
    if "usage" in answer:
        raise UsageError(answer["usage"])
    if "error" in answer:
        raise IdeatorError(answer["error"])
    return answer["result"]


# ---------------------------------------------------------------- in the process that has mlebench


def main() -> int:
    """Answer one request: WHAT and its arguments as JSON; the answer is left in a file, as mlebench prints and logs."""
    what, told = sys.argv[1], json.loads(sys.argv[2])
    answers: dict[str, Callable[..., Any]] = {
        "competitions": _competitions,
        "is_prepared": _is_prepared,
        "leaderboard": _leaderboard,
        "grade": _grade,
        "prepare": _prepare,
    }
    try:
        answer = {"result": answers[what](**told)}
    except UsageError as error:
        answer = {"usage": str(error)}
    except EOFError:
        answer = {
            "error": "mlebench asked a question that nobody could answer (the competition's rules, mostly): "
            "accept them on its page, or run `mlebench prepare` in a terminal once"
        }
    except Exception as error:  # noqa: BLE001 - whatever it does, the answer is one line
        answer = {"error": f"mlebench failed: {type(error).__name__}: {error}".splitlines()[0][:300]}
    Path(os.environ["MLE_IDEATOR_ANSWER"]).write_text(json.dumps(answer), encoding="utf-8")
    return 0


def _registry(data_dir: str | None = None) -> Any:
    from mlebench.registry import registry

    return registry.set_data_dir(Path(data_dir)) if data_dir else registry


def _competition(name: str, data_dir: str | None = None) -> Any:
    registry = _registry(data_dir)
    known = registry.list_competition_ids()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        msg = f"mlebench has no competition {name!r}{f': did you mean {near[0]}?' if near else ''}"
        raise UsageError(msg)
    return registry.get_competition(name)


def _competitions(*, lite: bool) -> list[str]:
    registry = _registry()
    if not lite:
        return list(registry.list_competition_ids())
    if not hasattr(registry, "get_lite_competition_ids"):
        msg = "this mlebench knows no lite set: install a newer one"
        raise UsageError(msg)
    return list(registry.get_lite_competition_ids())


def _is_prepared(competition: str, data_dir: str | None) -> bool:
    from mlebench.data import is_dataset_prepared

    return bool(is_dataset_prepared(_competition(competition, data_dir), grading_only=True))


def _leaderboard(competition: str) -> dict[str, Any]:
    from mlebench.data import get_leaderboard

    found = _competition(competition)
    _need_leaderboard(found)
    board = get_leaderboard(found)
    lower = bool(found.grader.is_lower_better(board))
    return {"scores": [float(s) for s in board["score"]], "goal": "minimize" if lower else "maximize"}


def _grade(submission: str, competition: str, data_dir: str | None) -> dict[str, Any]:
    from mlebench.data import is_dataset_prepared
    from mlebench.grade import grade_csv

    found = _competition(competition, data_dir)
    if not is_dataset_prepared(found, grading_only=True):
        msg = f"{competition} is not prepared in {found.private_dir.parent}: mlebench prepare -c {competition}"
        raise UsageError(msg)
    _need_leaderboard(found)
    report: dict[str, Any] = grade_csv(Path(submission), found).to_dict()
    return report


def _prepare(competition: str, data_dir: str | None) -> None:
    from mlebench.data import download_and_prepare_dataset

    with contextlib.redirect_stdout(sys.stderr):
        download_and_prepare_dataset(_competition(competition, data_dir))


def _need_leaderboard(competition: Any) -> None:
    """Raise `UsageError` where the leaderboard is missing, or is the pointer that Git LFS leaves in its place."""
    path = Path(competition.leaderboard)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        msg = f"{competition.id} has no leaderboard: {path} is missing"
        raise UsageError(msg) from None
    if head.startswith(_POINTER):
        msg = f"{path} is a Git LFS pointer, not the leaderboard: run `git lfs pull` in the mle-bench checkout"
        raise UsageError(msg)
    columns = head.split(b"\n", 1)[0].decode(errors="replace").strip().replace('"', "").split(",")
    if "score" not in columns:
        msg = f"{path} has no column `score`; it has {', '.join(columns[:5])}"
        raise UsageError(msg)
