"""What a bench is to do and what came of it: a Plan, its Jobs, and a Row for each run.

Rows hold raw scores only; gains, ranks and medals are computed from them when they are reported, so that a
better reference board needs no new runs.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal

from mle_ideator_jupyter.model import Goal, Struct

Peer = Literal["flaml", "autogluon"]
"""AutoML libraries that runs are compared with."""


class Job(Struct, frozen=True, kw_only=True, order=True):
    """One run: an arm on a task with a seed."""

    task: str
    seed: int
    arm: str

    @property
    def name(self) -> str:
        """Return a name that is a folder's too, different for different runs."""
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", self.arm)
        apart = "" if plain == self.arm else f"-{hashlib.sha256(self.arm.encode()).hexdigest()[:8]}"
        return f"{self.task}/{plain}{apart}-seed{self.seed}"


class Plan(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What all runs of a bench have in common; a bench goes on only with the same.

    `cpu_seconds` limits a trial, `seconds_per_trial` only one that waits for ever; `steps` or `seconds` is the budget
    of a run.
    """

    out: str
    tasks_dir: str
    steps: int | None = 10
    seconds: float | None = None
    cpu_seconds: float = 30.0
    seconds_per_trial: float = 1800.0


class GradedTrial(Struct, frozen=True, kw_only=True):
    """One trial of a run: `validation` is what the run saw, `grade` what the private answers say of it.

    `kind` and `action` are its idea's; `parent` the number of the trial that it was built on.
    """

    number: int
    title: str
    kind: str = ""
    action: str = ""
    parent: int | None = None
    validation: float | None = None
    grade: float | None = None
    seconds: float = 0.0
    failure: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """One run's result.

    `path` is the grade of the best solution (by validation) so far, after trial 0, trial 1 and so on.
    `baseline` is the grade of the fixed default-boosting Recipe on the same split. `notebook`, `page` and `submission`
    are relative to the bench's folder. `flagged` says what a solution reached for that it must not have.
    `fence` is what held it: `landlock`, or `hook` where the system has no Landlock.
    """

    arm: str
    task: str
    seed: int
    metric: str
    goal: Goal
    steps: int | None
    baseline: float | None
    path: tuple[float | None, ...]
    trials: tuple[GradedTrial, ...] = ()
    peer: bool = False
    seconds: float = 0.0
    cost: float = 0.0
    reason: str = ""
    notebook: str = ""
    page: str = ""
    submission: str = ""
    flagged: tuple[str, ...] = ()
    fence: str = ""
    created_at: str = ""
    version: str = ""

    @property
    def job(self) -> Job:
        """Return which run this is."""
        return Job(task=self.task, seed=self.seed, arm=self.arm)

    @property
    def final(self) -> float | None:
        """Return the grade of the run's solution."""
        return self.path[-1] if self.path else None
