"""The words of this package as frozen structs, linked by id and never by object.

`docs/architecture.md` has the glossary. Everything here is plain data: it can be
written to a journal line, sent over a wire, and compared.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal, Union

import msgspec
import uuid6


def new_id() -> str:
    """Return a new time-ordered id (UUID version 7, 32 hex digits)."""
    return uuid6.uuid7().hex


class Goal(str, Enum):
    """Which way a metric improves."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


class IdeaKind(str, Enum):
    """What part of a solution an idea changes."""

    DATA_PREPARATION = "data_preparation"
    FEATURE_ENGINEERING = "feature_engineering"
    MODEL_SELECTION = "model_selection"
    HYPERPARAMETER_TUNING = "hyperparameter_tuning"
    TRAINING_PROCEDURE = "training_procedure"
    ENSEMBLING = "ensembling"
    POST_PROCESSING = "post_processing"


class Trigger(str, Enum):
    """Who asked for an idea."""

    HUMAN = "human"
    IMPLEMENTER = "implementer"
    PLATEAU = "plateau"
    AUTOPILOT = "autopilot"


class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all structs: frozen, keyword-only, defaults left out when written."""


Problem = Literal["regression", "binary", "multiclass", "ordinal"]


class Metric(Struct, frozen=True, kw_only=True):
    """A metric's name and the way it improves."""

    name: str
    goal: Goal

    def better(self, a: float, b: float) -> bool:
        """Return whether score `a` is strictly better than score `b`."""
        return a > b if self.goal is Goal.MAXIMIZE else a < b

    def gain(self, new: float, old: float) -> float:
        """Return the improvement of `new` over `old`, positive when better, in the metric's unit."""
        return new - old if self.goal is Goal.MAXIMIZE else old - new


class Splitter(Struct, frozen=True, kw_only=True):
    """How validation folds are made; its `protocol` names scores that may be compared.

    `kfold` and `stratified` shuffle by `seed`; `group` keeps the rows of one value of
    `column` together; `time` trains on earlier and validates on later rows, ordered by
    `column`; `holdout` and `stratified_holdout` validate once on `fraction` of the rows.
    """

    kind: Literal["kfold", "stratified", "group", "time", "holdout", "stratified_holdout"] = "kfold"
    folds: int = 5
    fraction: float = 0.25
    seed: int = 0
    column: str | None = None

    @property
    def protocol(self) -> str:
        """Return the name that scores made by this splitter carry."""
        size = f"{self.fraction:g}" if "holdout" in self.kind else str(self.folds)
        column = f"[{self.column}]" if self.column else ""
        return f"{self.kind}{column}-{size}-seed{self.seed}"


class Binding(Struct, frozen=True, kw_only=True):
    """Where a task's data are in one notebook.

    `train` and `test` are Python expressions that give a data frame in the notebook's
    kernel; `target` is a column of `train`. `source` says how the Binding was found:
    `metadata`, `arguments`, `kernel` or `files`. `prepare` holds statements (file reads,
    imports) that must have run before the expressions work; often none.
    """

    train: str
    target: str
    metric: Metric
    problem: Problem
    splitter: Splitter
    test: str | None = None
    id_column: str | None = None
    group_column: str | None = None
    time_column: str | None = None
    prepare: tuple[str, ...] = ()
    source: Literal["metadata", "arguments", "kernel", "files"] = "kernel"

    def describe(self) -> str:
        """Return the one line that is shown before the Binding is used."""
        data = f"{self.train} + {self.test}" if self.test else self.train
        arrow = "↑" if self.metric.goal is Goal.MAXIMIZE else "↓"
        return f"{data} → {self.target} · {self.metric.name} {arrow} · {self.splitter.protocol}"


class Limits(Struct, frozen=True, kw_only=True):
    """What one cell may use: wall-clock seconds, CPU seconds, resident memory in MiB. None is no limit."""

    seconds: float | None = None
    cpu_seconds: float | None = None
    memory_mb: int | None = None


class Budget(Struct, frozen=True, kw_only=True):
    """What a run may spend: trials, wall-clock seconds, money in US dollars. None is no limit."""

    steps: int | None = None
    seconds: float | None = None
    cost: float | None = None


class Task(Struct, frozen=True, kw_only=True):
    """What is to be solved."""

    id: str
    binding: Binding
    description: str = ""
    limits: Limits = Limits()

    @property
    def metric(self) -> Metric:
        """Return the Binding's metric."""
        return self.binding.metric


class RecipeEdit(Struct, frozen=True, kw_only=True):
    """A change of a Recipe: fields set by dotted path, items appended to lists by dotted path.

    `set={"target.transform": "log1p", "models.0.params.max_depth": 6}`,
    `append={"features": [{...}]}`. Applied by `recipe.apply_edit`.
    """

    set: dict[str, Any] = {}
    append: dict[str, list[Any]] = {}


class Idea(Struct, frozen=True, kw_only=True):
    """One strategic proposal.

    `action` names what was proposed so that it is never proposed twice unchanged
    (a play's name and parameters, for the Playbook). `expected_gain` is relative to the
    parent's score and unitless; None when the Ideator does not say.
    """

    id: str
    kind: IdeaKind
    title: str
    rationale: str
    ideator: str
    trigger: Trigger
    steps: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    parent: str | None = None
    edit: RecipeEdit | None = None
    action: str = ""
    expected_gain: float | None = None


class Score(Struct, frozen=True, kw_only=True, tag="score"):
    """A validation score. Scores compare only at equal metric, protocol and fidelity.

    `value` is the mean of `folds` where there are folds, in the metric's unit;
    `fidelity` is `full` or `sample:N` (N rows).
    """

    value: float
    metric: str
    protocol: str
    folds: tuple[float, ...] = ()
    fidelity: str = "full"

    def comparable(self, other: Score) -> bool:
        """Return whether the two scores were made in the same way."""
        mine = (self.metric, self.protocol, self.fidelity)
        return mine == (other.metric, other.protocol, other.fidelity)


class FailureKind(str, Enum):
    """Why a trial has no score."""

    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    NO_SCORE = "no_score"
    UNCHANGED = "unchanged"
    INTERRUPTED = "interrupted"
    DIED = "died"
    ENDPOINT = "endpoint"
    """The language model's endpoint gave no answer; such a trial spends no step and says nothing of its idea."""


class Failure(Struct, frozen=True, kw_only=True, tag="failure"):
    """A trial that ended without a score, and why, in one line."""

    kind: FailureKind
    message: str


Outcome = Union[Score, Failure]


class Graded(Struct, frozen=True, kw_only=True):
    """A score from private answers; it never enters a notebook's journal or a Brief."""

    value: float
    metric: str


class Trial(Struct, frozen=True, kw_only=True):
    """One idea (or none: the baseline, or the Implementer's own move) implemented and run.

    `number` is for people: 0 is the baseline. `recipe` is the Recipe as plain data where the
    Implementer keeps one; `omitted` says what of the idea was not done. `source`, `outputs` and
    `submission` are blob ids in the journal's blob folder. `screen` is the score of the cheap first
    run on a sample of the rows. `seconds` is wall-clock time in the host.
    """

    id: str
    number: int
    title: str
    run: str = ""
    idea: str | None = None
    parent: str | None = None
    recipe: dict[str, Any] | None = None
    omitted: tuple[str, ...] = ()
    source: str | None = None
    outcome: Outcome | None = None
    screen: Score | None = None
    seconds: float = 0.0
    outputs: str | None = None
    submission: str | None = None
    changed: tuple[str, ...] = ()

    @property
    def score(self) -> Score | None:
        """Return the outcome if it is a score."""
        return self.outcome if isinstance(self.outcome, Score) else None
