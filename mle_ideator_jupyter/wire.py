"""What crosses between a notebook's kernel and its panel: commands go up, messages come down, and nothing else.

`src/protocol.ts` is generated from this module. Every field is written, defaults too, so that TypeScript sees no
optional ones. State carries summaries; code, outputs and Briefs travel when they are fetched.
Text in it may come from anywhere (a hostile notebook too): a front end shows it as text.
"""

from __future__ import annotations

from typing import Any, Literal, Union

import msgspec

from mle_ideator_jupyter.errors import UsageError

WIRE = 1
"""Both ends say it first. When they differ, the panel says so and nothing else happens."""
TARGET = "mle_ideator"
"""The comm target's name."""
TEXT_CAP = 20_000
"""Characters of one text in a message; longer ones are cut, and say so."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything on the wire."""


# ---------------------------------------------------------------- down: what the panel draws


class FrameView(Part, frozen=True, kw_only=True):
    """Data in the kernel that a task could be made of. `columns` are at most 2,000."""

    expression: str
    rows: int
    columns: tuple[str, ...] = ()


class TaskView(Part, frozen=True, kw_only=True):
    """The notebook's task. `line` is what the panel shows; `confirmed` says whether the user chose it."""

    line: str
    train: str
    test: str
    target: str
    metric: str
    goal: Literal["maximize", "minimize"]
    problem: str
    protocol: str
    description: str = ""
    confirmed: bool = False


class IdeaView(Part, frozen=True, kw_only=True):
    """An idea as a card. `vote` is -1, 0 or 1; `trial` is the number of the latest trial that took it up."""

    id: str
    kind: str
    title: str
    rationale: str
    ideator: str
    trigger: str
    steps: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    vote: int = 0
    dismissed: bool = False
    trial: int | None = None


class TrialView(Part, frozen=True, kw_only=True):
    """A trial as a row and a dot.

    `delta` is the improvement over the baseline, positive when better; `series` names what its score compares with
    (the task's own series is empty). `cells` are the ids of its cells in the notebook; `best` marks the best so far
    when it was made.
    """

    id: str
    number: int
    title: str
    status: Literal["running", "scored", "failed"]
    kind: str = ""
    value: float | None = None
    delta: float | None = None
    best: bool = False
    series: str = ""
    message: str = ""
    seconds: float = 0.0
    parent: int | None = None
    idea: str | None = None
    cells: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept: bool = False
    undone: bool = False
    imported: bool = False
    time: float = 0.0


class RunView(Part, frozen=True, kw_only=True):
    """An autopilot run under way. What is None has no limit. `percent` is how far the budget is spent."""

    steps_done: int
    percent: float
    steps: int | None = None
    seconds_left: float | None = None
    cost_left: float | None = None
    paused: bool = False
    reason: str = ""


class ApprovalView(Part, frozen=True, kw_only=True):
    """A cell that waits for the user's yes. `action` names what would happen."""

    request: str
    trial: str
    number: int
    title: str
    action: str
    source: str


class AgentsView(Part, frozen=True, kw_only=True):
    """Who proposes and who implements, and who else could."""

    ideator: str
    implementer: str
    ideators: tuple[str, ...] = ()
    implementers: tuple[str, ...] = ()


class BestView(Part, frozen=True, kw_only=True):
    """The best trial. `delta` is its improvement over the baseline."""

    trial: str
    number: int
    value: float
    delta: float | None = None


ApprovalMode = Literal["cell", "trial", "autopilot"]
Activity = Literal["idle", "looking", "thinking", "running", "approval", "paused", "stopping"]


class PanelState(Part, frozen=True, kw_only=True, tag_field="type", tag="state"):
    """All that the panel draws but for the trials, which come as `Trials`.

    `empty` says that the kernel holds no data; `error` is one line that says what to do; `notes` are lines to know.
    """

    wire: int = WIRE
    version: str = ""
    notebook_id: str = ""
    journal: str = ""
    activity: Activity = "idle"
    message: str = ""
    error: str = ""
    notes: tuple[str, ...] = ()
    empty: bool = False
    task: TaskView | None = None
    frames: tuple[FrameView, ...] = ()
    metrics: tuple[str, ...] = ()
    watch: str = ""
    baseline: float | None = None
    best: BestView | None = None
    improved: int = 0
    trials: int = 0
    imported: int = 0
    ideas: tuple[IdeaView, ...] = ()
    run: RunView | None = None
    approval: ApprovalView | None = None
    approval_mode: ApprovalMode = "cell"
    agents: AgentsView | None = None
    brief_tokens: int = 0
    brief_sent: float = 0.0
    """When an agent was last told something, in Unix seconds; 0 is never."""


class Trials(Part, frozen=True, kw_only=True, tag_field="type", tag="trials"):
    """Rows that are new or have changed; with `all`, they are all there are."""

    rows: tuple[TrialView, ...]
    all: bool = False


class Events(Part, frozen=True, kw_only=True, tag_field="type", tag="events"):
    """Journal lines for the notebook's metadata. The front end keeps them as they are and adds none of its own."""

    lines: tuple[str, ...]
    all: bool = False


class NewCell(Part, frozen=True, kw_only=True):
    """A cell to insert. `trial` and `number` mark it as belonging to a trial."""

    source: str
    title: str = ""
    markdown: bool = False
    trial: str = ""
    number: int | None = None


class PlacedCell(Part, frozen=True, kw_only=True):
    """A cell of ours in the notebook. `digest` is the SHA-256 of the source we gave it: another one was edited."""

    cell: str
    digest: str


class RunCell(Part, frozen=True, kw_only=True, tag_field="type", tag="run_cell"):
    """Insert this cell after cell `after` (or at the end) of the notebook that the comm belongs to, and run it."""

    request: str
    cell: NewCell
    after: str = ""


class InsertCells(Part, frozen=True, kw_only=True, tag_field="type", tag="insert_cells"):
    """Insert these cells, in one undo step; run none."""

    request: str
    cells: tuple[NewCell, ...]
    after: str = ""


class RemoveCells(Part, frozen=True, kw_only=True, tag_field="type", tag="remove_cells"):
    """Remove these cells in one undo step, but none whose source is not ours any more."""

    request: str
    cells: tuple[PlacedCell, ...]


class Fetched(Part, frozen=True, kw_only=True, tag_field="type", tag="fetched"):
    """The answer to `Fetch`; `error` says why there is none."""

    request: str
    text: str = ""
    error: str = ""


Message = Union[PanelState, Trials, Events, RunCell, InsertCells, RemoveCells, Fetched]

# ---------------------------------------------------------------- up: what the user, or the notebook, asks


class Hello(Part, frozen=True, kw_only=True, tag_field="type", tag="hello"):
    """A page opened the notebook. `events` are the metadata's; `sources` are the code cells'."""

    wire: int
    path: str = ""
    notebook_id: str = ""
    events: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


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
    """Pause, resume or stop what runs; look at the kernel again; trust imported events."""

    what: Literal["pause", "resume", "stop", "look", "trust"]


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
    """Change a choice of the session; None leaves it as it is. `watch` is an expression, empty for none."""

    approval_mode: ApprovalMode | None = None
    ideator: str | None = None
    implementer: str | None = None
    watch: str | None = None


class Fetch(Part, frozen=True, kw_only=True, tag_field="type", tag="fetch"):
    """Ask for bulk.

    The Brief as it would be sent or was last sent, a trial's source or its diff against the best, or the whole
    history as a file's text.
    """

    request: str
    what: Literal["brief", "brief_sent", "source", "diff", "csv", "json"]
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


Command = Union[
    Hello,
    SetTask,
    GetIdea,
    TryIdea,
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
]


def decode(data: Any) -> Command:
    """Return the command that a front end sent. Raises `UsageError` for anything else, forged shapes too."""
    try:
        command: Command = msgspec.convert(data, Command)
    except msgspec.ValidationError as error:
        msg = f"the panel sent what this version does not know ({error}); install the same version in both"
        raise UsageError(msg) from None
    return command


def encode(message: Message) -> dict[str, Any]:
    """Return a message as plain data, texts cut to `TEXT_CAP`."""
    plain: dict[str, Any] = msgspec.to_builtins(message)
    return plain


def schema() -> dict[str, Any]:
    """Return the JSON schema of all messages and commands, which `src/protocol.ts` is made of."""
    _, commands = msgspec.json.schema_components([Command], ref_template="#/definitions/{name}")
    both, parts = msgspec.json.schema_components([Message, Command], ref_template="#/definitions/{name}")
    for name, part in parts.items():
        if name not in commands:  # what goes down is written in full
            part["required"] = list(part["properties"])
    return {"definitions": {**parts, **dict(zip(("Message", "Command"), both, strict=True))}}
