"""The seams: who proposes (Ideator), who implements (Implementer), where cells run (Host), who grades (Grader).

Implementations live on higher floors and know nothing of each other; `loop.py` knows only these.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, Union, runtime_checkable

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.facts import Namespace, Profile, Variable
from mle_ideator_jupyter.model import Binding, Graded, Idea, Limits, Struct, Task, Trial, new_id


class Cell(Struct, frozen=True, kw_only=True):
    """Code to run, with a title for people.

    `keep` names the variables that the cell may leave behind; None is a plain cell whose
    every effect stays, and around which nothing is remembered or put back. `replaces` is the id of
    an earlier cell of the same trial, in whose place a front end shows this one. What a `passing` cell leaves is for
    the later cells of its trial, and is taken out of the kernel when the trial ends.
    """

    source: str
    title: str = ""
    id: str = ""
    keep: tuple[str, ...] | None = None
    replaces: str = ""
    passing: bool = False


def cell(
    source: str, title: str = "", keep: tuple[str, ...] | None = None, replaces: str = "", *, passing: bool = False
) -> Cell:
    """Return a Cell with a fresh id."""
    return Cell(source=source, title=title, id=new_id(), keep=keep, replaces=replaces, passing=passing)


class Reported(Struct, frozen=True, kw_only=True):
    """What the cell said through `report_score`: the mean, its folds, and the file of its submission, if any."""

    value: float
    folds: tuple[float, ...] = ()
    metric: str | None = None
    submission: str | None = None


class CellResult(Struct, frozen=True, kw_only=True):
    """How a cell ended. `outputs` are nbformat outputs, capped.

    `changed` names variables that the cell changed in place, or that could not be put back.
    `message` is the last line of the error, or what limit was met. `traceback` is capped plain text.
    """

    status: Literal["ok", "error", "timeout", "memory", "interrupted", "died"]
    reported: Reported | None = None
    outputs: tuple[dict[str, Any], ...] = ()
    message: str = ""
    traceback: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    changed: tuple[str, ...] = ()


# ---------------------------------------------------------------- actions an Implementer yields


class RunCell(Struct, frozen=True, kw_only=True, tag="run_cell"):
    """Run this cell; the observation is its CellResult. `fidelity` is that of a score it reports."""

    cell: Cell
    fidelity: str = "full"


class Inspect(Struct, frozen=True, kw_only=True, tag="inspect"):
    """Look at a variable of the kernel, or with no name at what there is; the observation is what was `Seen`."""

    name: str = ""


class ReportScore(Struct, frozen=True, kw_only=True, tag="report_score"):
    """Report the value of this expression as the trial's score; the observation is that of the cell that does so.

    The expression must read a variable: a number that an agent writes down is no score, and is `Refused`.
    """

    expression: str


class SeekHelp(Struct, frozen=True, kw_only=True, tag="seek_help"):
    """Ask the Ideator; the observation is an Idea, or why there is no help: `Refused`, or None without an Ideator."""

    question: str


class Finish(Struct, frozen=True, kw_only=True, tag="finish"):
    """The trial ends here; a reason is given when it ends without a score."""

    reason: str = ""


Action = Union[RunCell, Inspect, ReportScore, SeekHelp, Finish]


class Seen(Struct, frozen=True, kw_only=True):
    """What was looked at: summaries of variables, never their bulk, and the names of all there are."""

    variables: tuple[Variable, ...] = ()
    names: tuple[str, ...] = ()


class Refused(Struct, frozen=True, kw_only=True):
    """The loop did not do what an action asked for, and why."""

    reason: str


Observation = Union[CellResult, Idea, Seen, Refused, None]


class Grants(Struct, frozen=True, kw_only=True):
    """What an Implementer may do in one trial: cells to run (of them, failed ones), looks, and calls for help.

    With `strict`, a score is only what `report_score` was given by a cell: the task's metric, one value for each fold
    of the Binding's splitter. With `must_seek`, on a plateau it has to seek help before it runs a cell.
    """

    cells: int = 3
    failures: int = 3
    looks: int = 0
    help: int = 2
    strict: bool = False
    must_seek: bool = False


class Ideas(list[Idea]):
    """Ideas with what asking for them cost, in US dollars, and why there are not more; an Ideator may return these."""

    def __init__(self, ideas: Iterable[Idea] = (), *, cost: float = 0.0, why: str = "") -> None:
        super().__init__(ideas)
        self.cost = cost
        self.why = why

    @classmethod
    def of(cls, ideas: Sequence[Idea]) -> Ideas:
        """Return what any Ideator returned as Ideas."""
        return ideas if isinstance(ideas, Ideas) else cls(ideas)


@runtime_checkable
class Ideator(Protocol):
    """Who proposes. Errors of a model are data; only faults of ours are raised."""

    name: str

    async def propose(self, brief: Brief, n: int = 1) -> Sequence[Idea]:
        """Return up to `n` ideas, best first; fewer, or none, when there is nothing new to say."""
        ...


@runtime_checkable
class Implementer(Protocol):
    """Who turns one idea into cells. It yields actions to the loop and has no loop of its own."""

    name: str

    def plan(self, brief: Brief, idea: Idea | None, parent: Trial | None) -> dict[str, Any] | None:
        """Return the Recipe (as plain data) that this idea would give, or None where there is no Recipe.

        Raises `EditError` when the idea does not fit. Runs nothing.
        """
        ...

    def implement(
        self, brief: Brief, idea: Idea | None, number: int, recipe: dict[str, Any] | None
    ) -> AsyncGenerator[Action, Observation]:
        """Yield actions until `Finish`; each is answered by `asend(observation)`.

        No idea: the baseline where the number is 0, else a step of its own. Raises `EndpointError` where a language
        model's endpoint is of no use any more.
        """
        ...

    def own_move(self, brief: Brief) -> Idea | None:
        """Return the next of its own moves as an Idea (for runs without an Ideator), or None when there are no more."""
        ...

    def keep(self, brief: Brief, best: Trial) -> Sequence[Cell]:
        """Return the best solution as ordinary cells; the last one writes `submission.csv` where there is test data.

        The Brief's parent and source are the best trial's. None at all where its own code is the solution.
        """
        ...


@runtime_checkable
class Host(Protocol):
    """Where cells run and data are looked at."""

    name: str

    async def start(self) -> None:
        """Make ready to run cells, with the notebook's own cells already run. Raises `HostError`."""
        ...

    async def run(self, cell: Cell, limits: Limits = ...) -> CellResult:
        """Run one cell within the limits.

        A cell that fails is a result, not an exception. When this returns, nothing of the cell still runs.
        """
        ...

    async def namespace(self) -> Namespace:
        """Return what the kernel holds."""
        ...

    async def profile(self, binding: Binding) -> Profile:
        """Return the profile of the Binding's data. Raises `BindingError` when the data cannot be used."""
        ...

    async def interrupt(self) -> None:
        """Stop the running cell, if any, and return when it has stopped."""
        ...

    async def close(self) -> None:
        """End everything that was started; safe to call twice."""
        ...


class Ran(Struct, frozen=True, kw_only=True):
    """What a front end says of a cell that it was to run.

    `how` says whether it ran, was changed or gone before it could, or could not be inserted; `outputs` are nbformat's.
    """

    how: Literal["ran", "edited", "missing", "refused"]
    outputs: tuple[dict[str, Any], ...] = ()
    message: str = ""


class FrontEnd(Protocol):
    """Whoever shows the notebook and can insert cells into it and run them."""

    async def run_cell(self, cell: Cell) -> Ran:
        """Insert a cell and run it. Raises `PageGoneError` when whoever was asked went away.

        With nobody there, waits for somebody to come; raises `PumpedError` when that is no page, but a pump.
        """
        ...


class Grader(Protocol):
    """Scores a submission from private answers, outside any trial's process."""

    def grade(self, submission: Path, task: Task) -> Graded:
        """Return the graded score. Raises `GradeError` when the file is no valid submission."""
        ...
