"""What can happen to a notebook's ideas: the events that its journal is made of.

Events are facts and never change. Local events say something about *this copy* of the
journal (which events were imported, which of them the user trusts) and are not merged into others.
"""

from __future__ import annotations

import time
from typing import Any, Union

import msgspec

from mle_ideator_jupyter.model import Budget, Idea, Limits, Outcome, Score, Struct, Task, Trial, Trigger, new_id


class Event(Struct, frozen=True, kw_only=True):
    """Base of all events: a unique time-ordered id, and Unix seconds for people."""

    id: str = msgspec.field(default_factory=new_id)
    time: float = msgspec.field(default_factory=lambda: round(time.time(), 3))


class Opened(Event, frozen=True, kw_only=True, tag="opened"):
    """The journal was begun for this notebook, in this format."""

    notebook_id: str
    format: int


class TaskSet(Event, frozen=True, kw_only=True, tag="task_set"):
    """From here on the notebook's task is this."""

    task: Task


class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
    """An autopilot run began. `settings` holds whatever else is needed to resume it alike."""

    run: str
    seed: int
    budget: Budget
    limits: Limits
    implementer: str
    ideator: str | None = None
    settings: dict[str, Any] = {}


class IdeaProposed(Event, frozen=True, kw_only=True, tag="idea_proposed"):
    """An Ideator (or a person) proposed an idea; `cost` is what that cost in US dollars."""

    idea: Idea
    run: str = ""
    cost: float = 0.0


class HelpSought(Event, frozen=True, kw_only=True, tag="help_sought"):
    """The Implementer asked for help in the middle of a trial; `idea` is the answer, `why` says why there is none.

    `trigger` is `plateau` where the loop had it ask. `cost` is what a question without an answer cost, in US dollars.
    """

    trial: str
    question: str
    idea: str | None = None
    trigger: Trigger = Trigger.IMPLEMENTER
    why: str = ""
    cost: float = 0.0


class TrialStarted(Event, frozen=True, kw_only=True, tag="trial_started"):
    """A trial began; it has no outcome yet."""

    trial: Trial


class TrialFinished(Event, frozen=True, kw_only=True, tag="trial_finished"):
    """A trial ended with an outcome; the other fields complete the Trial, `title` only where there is one.

    `cost` is what the Implementer's calls of language models came to in US dollars.
    """

    trial: str
    outcome: Outcome
    title: str = ""
    cost: float = 0.0
    seconds: float = 0.0
    screen: Score | None = None
    source: str | None = None
    outputs: str | None = None
    submission: str | None = None
    changed: tuple[str, ...] = ()


class Spent(Event, frozen=True, kw_only=True, tag="spent"):
    """A trial that was cut short had cost so much, in US dollars."""

    trial: str
    cost: float


class RunFinished(Event, frozen=True, kw_only=True, tag="run_finished"):
    """The run ended by itself, and why (`steps`, `seconds`, `cost`, `no ideas`)."""

    run: str
    reason: str


class Kept(Event, frozen=True, kw_only=True, tag="kept"):
    """The user kept this trial's solution as ordinary cells."""

    trial: str


class IdeaMarked(Event, frozen=True, kw_only=True, tag="idea_marked"):
    """The user voted on an idea (-1, 0, 1) or dismissed it; None leaves that as it was."""

    idea: str
    vote: int | None = None
    dismissed: bool | None = None


class TrialPlaced(Event, frozen=True, kw_only=True, tag="trial_placed"):
    """A cell of a trial stands in the notebook.

    `digest` is the SHA-256 of the source we gave it; `names` are the variables that it leaves in the kernel.
    """

    trial: str
    cell: str
    digest: str
    names: tuple[str, ...] = ()


class TrialUndone(Event, frozen=True, kw_only=True, tag="trial_undone"):
    """The user took a trial's cells out of the notebook; those in `left` stayed, because they were edited."""

    trial: str
    left: tuple[str, ...] = ()


class Watching(Event, frozen=True, kw_only=True, tag="watching"):
    """From here on this expression is evaluated after each cell of the user's as a score; empty for none."""

    expression: str


class BriefChosen(Event, frozen=True, kw_only=True, tag="brief_chosen"):
    """From here on agents are told so much (`full`, `standard`, `brief`), without these parts."""

    level: str = "standard"
    without: tuple[str, ...] = ()


class Paused(Event, frozen=True, kw_only=True, tag="paused"):
    """A run waits, and why."""

    run: str
    reason: str


class Imported(Event, frozen=True, kw_only=True, tag="imported"):
    """Local: these events came in by merging and are not trusted yet."""

    events: tuple[str, ...]


class Trusted(Event, frozen=True, kw_only=True, tag="trusted"):
    """Local: the user trusts all events imported before this one."""


AnyEvent = Union[
    Opened,
    TaskSet,
    RunStarted,
    IdeaProposed,
    HelpSought,
    TrialStarted,
    TrialFinished,
    Spent,
    RunFinished,
    Kept,
    IdeaMarked,
    TrialPlaced,
    TrialUndone,
    Watching,
    BriefChosen,
    Paused,
    Imported,
    Trusted,
]
LOCAL = (Imported, Trusted)
TAGS = frozenset(str(kind.__struct_config__.tag) for kind in AnyEvent.__args__)  # type: ignore[attr-defined]  # a union's members
