"""What goes up from the panel to the kernel: what the user, or the notebook, asks and answers."""

from __future__ import annotations

from typing import Any, Literal, Union

from mle_ideator_jupyter.wire.part import ApprovalMode, Part


class Hello(Part, frozen=True, kw_only=True, tag_field="type", tag="hello"):
    """A page opened the notebook.

    `events` are the metadata's; `sources` are the code cells'. `page` stays the same when the page is reloaded;
    `client` is under what name it sends the notebook's cells, where that is another than for its words to us.
    """

    wire: int
    path: str = ""
    notebook_id: str = ""
    events: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    page: str = ""
    client: str = ""


class SetTask(Part, frozen=True, kw_only=True, tag_field="type", tag="set_task"):
    """What is to be solved; what is empty is found. `goal` is needed for a metric that is not built in."""

    train: str = ""
    test: str = ""
    target: str = ""
    metric: str = ""
    goal: Literal["", "maximize", "minimize"] = ""
    description: str = ""


class GetIdea(Part, frozen=True, kw_only=True, tag_field="type", tag="get_idea"):
    """Propose `n` ideas of these kinds (none: of any)."""

    hint: str = ""
    kinds: tuple[str, ...] = ()
    n: int = 1


class TryIdea(Part, frozen=True, kw_only=True, tag_field="type", tag="try_idea"):
    """Implement this idea in cells after cell `after`."""

    idea: str
    after: str = ""


class Rescore(Part, frozen=True, kw_only=True, tag_field="type", tag="rescore"):
    """Score this estimator of the kernel under the task's splitter, in a cell after cell `after`."""

    estimator: str
    after: str = ""


class MarkIdea(Part, frozen=True, kw_only=True, tag_field="type", tag="mark_idea"):
    """Vote on an idea (-1, 0, 1), or dismiss it; None leaves it as it is."""

    idea: str
    vote: int | None = None
    dismissed: bool | None = None


class StartAutopilot(Part, frozen=True, kw_only=True, tag_field="type", tag="start_autopilot"):
    """Try idea after idea within a budget; money in US dollars."""

    steps: int | None = None
    minutes: float | None = None
    cost: float | None = None
    after: str = ""


class Control(Part, frozen=True, kw_only=True, tag_field="type", tag="control"):
    """Pause, resume or stop what runs; look at the kernel again; trust imported events.

    `unload` frees the memory of a language model on this machine.
    """

    what: Literal["pause", "resume", "stop", "look", "trust", "unload"]


class UndoTrial(Part, frozen=True, kw_only=True, tag_field="type", tag="undo_trial"):
    """Remove a trial's cells; its row stays."""

    trial: str


class KeepTrial(Part, frozen=True, kw_only=True, tag_field="type", tag="keep_trial"):
    """Put a trial's solution into the notebook as ordinary cells."""

    trial: str
    after: str = ""


class Decide(Part, frozen=True, kw_only=True, tag_field="type", tag="decide"):
    """Answer an approval: run it or not; with `rest`, the further cells of this trial too."""

    request: str
    yes: bool
    rest: bool = False


class Choose(Part, frozen=True, kw_only=True, tag_field="type", tag="choose"):
    """Change a choice of the session; None leaves it as it is. `watch` is an expression, empty for none.

    `brief_level` is how much agents are told, `brief_without` which parts they are not.
    """

    approval_mode: ApprovalMode | None = None
    ideator: str | None = None
    implementer: str | None = None
    watch: str | None = None
    brief_level: Literal["full", "standard", "brief"] | None = None
    brief_without: tuple[str, ...] | None = None


class Fetch(Part, frozen=True, kw_only=True, tag_field="type", tag="fetch"):
    """Ask for bulk.

    The Brief as it would be sent or was last sent, a trial's source, its diff against the best or its solution as
    ordinary code, or the whole history as a file's text.
    """

    request: str
    what: Literal["brief", "brief_sent", "source", "diff", "solution", "csv", "json"]
    trial: str = ""


class Ran(Part, frozen=True, kw_only=True, tag_field="type", tag="ran"):
    """The answer to `RunCell`.

    `cell` is the id it got; `how` says whether it ran (`ran`), was changed or gone before it could (`edited`,
    `missing`), or could not be inserted (`refused`). `outputs` are nbformat outputs.
    """

    request: str
    how: Literal["ran", "edited", "missing", "refused"]
    cell: str = ""
    outputs: tuple[dict[str, Any], ...] = ()
    message: str = ""


class Placed(Part, frozen=True, kw_only=True, tag_field="type", tag="placed"):
    """A `RunCell` has been inserted, as this cell, and is about to run."""

    request: str
    cell: str


class Changed(Part, frozen=True, kw_only=True, tag_field="type", tag="changed"):
    """The answer to `InsertCells` and `RemoveCells`: the cells inserted or removed, and those left because edited."""

    request: str
    cells: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    message: str = ""


class Answers(Part, frozen=True, kw_only=True, tag_field="type", tag="answers"):
    """What a page answered within a moment, in its order: JupyterLab takes milliseconds for each message."""

    answers: tuple[Union[Placed, Ran, Changed], ...]


Command = Union[
    Hello,
    SetTask,
    GetIdea,
    TryIdea,
    Rescore,
    MarkIdea,
    StartAutopilot,
    Control,
    UndoTrial,
    KeepTrial,
    Decide,
    Choose,
    Fetch,
    Placed,
    Ran,
    Changed,
    Answers,
]
