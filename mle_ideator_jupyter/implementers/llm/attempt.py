"""One trial as the model sees it: its numbered cells, the names they leave, and what is still granted."""

from __future__ import annotations

from msgspec.structs import replace

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.implementers.llm import prompt, screening, telling
from mle_ideator_jupyter.implementers.llm.wanting import Wanted
from mle_ideator_jupyter.model import Idea
from mle_ideator_jupyter.protocols import (
    Action,
    Cell,
    CellResult,
    Finish,
    Grants,
    Inspect,
    Observation,
    Refused,
    ReportScore,
    RunCell,
    SeekHelp,
    Seen,
    cell,
)
from mle_ideator_jupyter.touching import bound, touched


class Attempt:
    """Turns what the model wants into actions that may be done, and what came of them into words."""

    def __init__(
        self, brief: Brief, number: int, seen: Seen | None, grants: Grants, *, idea: Idea | None, help_there: bool
    ) -> None:
        self.brief, self.number, self.idea, self.help_there = brief, number, idea, help_there
        self.left = replace(grants, looks=grants.looks - 1)
        self.notebooks = frozenset(seen.names if seen else ())
        """The names that were there before: the notebook's."""
        self.own: set[str] = set()
        self.codes: list[str] = []
        """The model's own source of each cell; the first is number 1."""
        self.cells: list[Cell] = []
        self.good: set[int] = set()
        self._running = 0

    def action(self, wanted: Wanted) -> Action | str:
        """Return the action to yield, or what to tell the model in its place."""
        if wanted.action == "run_cell":
            return self._run(wanted, len(self.codes) + 1, wanted.code)
        if wanted.action == "edit_cell":
            return self._edit(wanted)
        if wanted.action == "inspect":
            return Inspect(name=wanted.text.strip())
        if wanted.action == "seek_help":
            return SeekHelp(question=wanted.text.strip())
        if wanted.action == "report_score":
            return self._report(wanted.text.strip())
        return Finish(reason=f"the model ended it: {wanted.text.strip() or 'it gave no reason'}"[:400])

    def _run(self, wanted: Wanted, number: int, code: str) -> Action | str:
        """Return the cell of this number, where it may run."""
        why = screening.refusal(code)
        if not why and screening.reports(code):
            earlier = [c for n, c in enumerate(self.codes, 1) if n in self.good and n != number]
            why = screening.off_protocol([*earlier, code], self.brief.task.binding)
        if why:
            return f"not run: {why}"
        before = self.cells[number - 1] if number <= len(self.cells) else None
        title = wanted.title or (before.title if before else "") or _first_comment(code)
        title = title or (self.idea.title if self.idea else "A step of its own")
        source = prompt.begin(self.brief.task.binding, code, f"Trial {self.number} · {title}")
        touches = touched(source, self.notebooks - self.own)
        if touches:
            return telling.of_touches(touches)
        self.own |= {name for name in bound(source) if name not in self.notebooks}
        made = cell(source, title, tuple(sorted(self.own)), before.id if before else "", passing=True)
        if before is None:
            self.cells.append(made)
            self.codes.append(code)
        else:
            self.cells[number - 1], self.codes[number - 1] = made, code
        self._running = number
        self.good.discard(number)
        return RunCell(cell=made)

    def _edit(self, wanted: Wanted) -> Action | str:
        number = wanted.cell or len(self.codes)
        if not 1 <= number <= len(self.codes):
            there = f"there are cells 1 to {len(self.codes)}" if self.codes else "no cell has run yet"
            return f"not done: there is no cell {number} in this trial: {there}"
        code = self.codes[number - 1]
        if wanted.code.strip() and not wanted.find:
            return self._run(wanted, number, wanted.code)
        count = code.count(wanted.find)
        if count != 1:
            return f"not done: the text to find occurs {count} times in cell {number}, and must occur once"
        return self._run(wanted, number, code.replace(wanted.find, wanted.replace))

    def _report(self, expression: str) -> Action | str:
        code = f"report_score({expression})"
        good = [c for n, c in enumerate(self.codes, 1) if n in self.good]
        why = screening.refusal(code) or screening.off_protocol([*good, code], self.brief.task.binding)
        if why:
            return f"not done: {why}"
        self._running = 0
        return ReportScore(expression=expression)

    def told(self, action: Action, observation: Observation) -> str:
        """Return what to tell the model of an action that was done, or refused."""
        if isinstance(observation, Refused):
            told = telling.of_refusal(observation)
        elif isinstance(observation, CellResult):
            told = self._ran(observation)
        elif isinstance(observation, Seen):
            told = telling.of_look(observation)
        elif isinstance(observation, Idea):
            told = f"The Ideator says:\n{telling.of_idea(observation)}"
        else:
            told = "there is no help to be had: decide yourself"
        self._count(action, observation)
        return f"{told}\n{telling.left(self.left, help_there=self.help_there)}"

    def _ran(self, result: CellResult) -> str:
        number = self._running
        if number and result.status == "ok":
            self.good.add(number)
        put_back: list[str] = []
        if number:
            data = {self.brief.task.binding.train, self.brief.task.binding.test, "train", "test", "report_score"}
            put_back = [n for n in bound(self.codes[number - 1]) if n in self.notebooks and n not in data]
        return telling.of_cell(number or len(self.codes), result, put_back)

    def _count(self, action: Action, observation: Observation) -> None:
        left = self.left
        if isinstance(observation, CellResult):
            failures = left.failures - (observation.status != "ok")
            self.left = replace(left, cells=left.cells - 1, failures=failures)
        elif isinstance(action, Inspect):
            self.left = replace(left, looks=max(0, left.looks - 1))
        elif isinstance(action, SeekHelp):
            self.left = replace(left, help=max(0, left.help - 1))


def _first_comment(code: str) -> str:
    first = next((text.strip() for text in code.splitlines() if text.strip()), "")
    return first.lstrip("# ").strip()[:120] if first.startswith("#") else ""
