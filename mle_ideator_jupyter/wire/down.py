"""What goes down from the kernel to the panel: state to draw, and what the front end is asked to do."""

from __future__ import annotations

from typing import Literal, Union

from mle_ideator_jupyter.wire.part import WIRE, Activity, ApprovalMode, Part


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
    number: int = 0
    """Its number in this notebook, by which magics know it; 0 is none."""


class TrialView(Part, frozen=True, kw_only=True):
    """A trial as a row and a dot.

    `delta` is the improvement over the baseline, positive when better; `series` names what its score compares with
    (the task's own series is empty). `cells` are the ids of its cells in the notebook; `omitted` says what of its idea
    was not done; `best` marks the best so far when it was made.
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
    omitted: tuple[str, ...] = ()
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
    """A cell that waits for the user's yes. `action` names what would happen.

    `touches` are the user's own variables that it would change in place, as far as its code shows: name, line, code.
    """

    request: str
    trial: str
    number: int
    title: str
    action: str
    source: str
    touches: tuple[str, ...] = ()


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
    functions: tuple[str, ...] = ()
    """Functions of the kernel that may be a metric."""
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
    estimators: tuple[str, ...] = ()
    """Fitted estimators of the kernel that have no score under the task's splitter yet."""
    brief_level: Literal["full", "standard", "brief"] = "standard"
    brief_parts: tuple[str, ...] = ()
    """What can be left out of what agents are told; `brief_without` is what is."""
    brief_without: tuple[str, ...] = ()
    brief_tokens: int = 0
    brief_sent: float = 0.0
    """When an agent was last told something, in Unix seconds; 0 is never."""
    inserts: bool = False
    """Whether a page is there that can insert cells into the notebook."""
    run_in_cell: str = ""
    """What the user has to run in a cell for what waits to run; empty where nothing waits for that."""


class Growing(Part, frozen=True, kw_only=True, tag_field="type", tag="growing"):
    """What an Ideator has answered so far, as text to be read; empty once it has answered."""

    text: str = ""


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
    """Insert this cell after cell `after` (or at the end) of the notebook that the comm belongs to, and run it.

    `fold` has its code folded away once it has run. Where `replaces` still stands as it was, the cell takes its place.
    """

    request: str
    cell: NewCell
    after: str = ""
    fold: bool = False
    replaces: PlacedCell | None = None


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


Message = Union[PanelState, Growing, Trials, Events, RunCell, InsertCells, RemoveCells, Fetched]
