from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlebench.grade_helpers import Grader

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Competition:
    id: str
    grader: Grader
    answers: Path
    sample_submission: Path
    prepare_fn: Callable[..., Any]
    raw_dir: Path
    private_dir: Path
    public_dir: Path
    leaderboard: Path


class Registry:
    def __init__(self, data_dir: Path | None = None):
        self._data_dir = (data_dir or Path.home() / ".cache" / "mle-bench" / "data").resolve()

    def get_competition(self, competition_id: str) -> Competition:
        root = self._data_dir / competition_id
        return Competition(
            id=competition_id,
            grader=Grader("accuracy"),
            answers=root / "prepared" / "private" / "answers.csv",
            sample_submission=root / "prepared" / "public" / "sample_submission.csv",
            prepare_fn=print,
            raw_dir=root / "raw",
            private_dir=root / "prepared" / "private",
            public_dir=root / "prepared" / "public",
            leaderboard=_HERE / "competitions" / competition_id / "leaderboard.csv",
        )

    def get_data_dir(self) -> Path:
        return self._data_dir

    def set_data_dir(self, new_data_dir: Path) -> Registry:
        return Registry(new_data_dir)

    def list_competition_ids(self) -> list[str]:
        return sorted(p.name for p in (_HERE / "competitions").iterdir() if p.is_dir())

    def get_lite_competition_ids(self) -> list[str]:
        return ["toy"]


registry = Registry()
