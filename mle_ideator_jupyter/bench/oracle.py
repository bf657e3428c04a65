"""`oracle-greedy`: executes every applicable action at each step and proposes the one with the best grade.

It is the ceiling of choosing one step ahead, on training tasks alone. Nothing that it learns is shown to any agent:
it has a place for itself, and a journal that holds validation scores like any other. What it executes to choose is
graded as fitted on all rows, and validated once instead of in folds, which costs a third; what it chooses is then a
trial like any other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import EditError, GradeError
from mle_ideator_jupyter.ideators.playbook import Playbook, Prior
from mle_ideator_jupyter.model import Idea, Struct
from mle_ideator_jupyter.protocols import CellResult, Observation, RunCell
from mle_ideator_jupyter.recipe import apply_edit, recipe_from
from mle_ideator_jupyter.wiring import Wiring

Grade = Callable[[Path], float]


class Tried(Struct, frozen=True, kw_only=True):
    """A Recipe that was executed, by its key; None as its grade where it has none."""

    key: str
    grade: float | None


class Oracle:
    """Proposes the action whose Recipe has the best private grade; every Recipe is executed once.

    Args:
        wiring: of the run, whose Host and Implementer execute the actions.
        grade: returns a submission's grade, or raises `GradeError`.
        memory: a JSON-lines file that keeps what was executed, so that a run that was cut short goes on.
        cap: actions executed at each step, at most: the first that the prior ranks.
    """

    name = "oracle"

    def __init__(self, wiring: Wiring, grade: Grade, memory: Path, cap: int) -> None:
        self.wiring, self.grade, self.memory, self.cap = wiring, grade, memory, cap
        self._known = {t.key: t.grade for t in self._remembered()}

    async def propose(self, brief: Brief, n: int = 1) -> Sequence[Idea]:
        """Return up to `n` ideas, best grade first; those that have no grade come never."""
        base = recipe_from(brief.parent.recipe if brief.parent else None)
        graded: list[tuple[float, Idea]] = []
        for idea in await Playbook(Prior()).propose(brief, self.cap):
            if idea.edit is None:
                continue
            key = apply_edit(base, idea.edit).key()
            if key not in self._known:
                self._remember(Tried(key=key, grade=await self._executed(brief, idea)))
            found = self._known[key]
            if found is not None:
                graded.append((self.wiring.task.metric.gain(found, 0.0), idea))
        graded.sort(key=lambda pair: (-pair[0], pair[1].action))
        return [msgspec.structs.replace(idea, ideator=self.name) for _, idea in graded[:n]]

    async def _executed(self, brief: Brief, idea: Idea) -> float | None:
        """Execute an idea as a trial would, without one, and return its grade."""
        implementer, brief = self.wiring.implementer, _once(brief)
        try:
            recipe = implementer.plan(brief, idea, brief.parent)
        except EditError:
            return None
        last: CellResult | None = None
        drive = implementer.implement(brief, idea, 0, recipe)
        observation: Observation = None
        try:
            while True:
                action = await drive.asend(observation)
                if not isinstance(action, RunCell):
                    break
                observation = None
                if action.fidelity == "full":
                    observation = last = await self.wiring.host.run(action.cell, self.wiring.task.limits)
        except StopAsyncIteration:
            pass
        finally:
            await drive.aclose()
        return self._graded(last)

    def _graded(self, result: CellResult | None) -> float | None:
        if result is None or result.reported is None or result.reported.submission is None:
            return None
        path = Path(result.reported.submission)
        try:
            return self.grade(path)
        except GradeError:
            return None
        finally:
            path.unlink(missing_ok=True)

    def _remembered(self) -> list[Tried]:
        if not self.memory.exists():
            return []
        found = []
        for line in self.memory.read_bytes().splitlines():
            with contextlib.suppress(msgspec.MsgspecError):  # a torn line: it is executed again
                found.append(msgspec.json.decode(line, type=Tried))
        return found

    def _remember(self, tried: Tried) -> None:
        self._known[tried.key] = tried.grade
        with self.memory.open("ab") as file:
            file.write(b"\n" + msgspec.json.encode(tried))


def _once(brief: Brief) -> Brief:
    """Return the Brief with one holdout in the place of shuffled folds."""
    task = brief.task
    kind = {"kfold": "holdout", "stratified": "stratified_holdout"}.get(task.binding.splitter.kind)
    if kind is None:
        return brief
    splitter = msgspec.structs.replace(task.binding.splitter, kind=kind)
    binding = msgspec.structs.replace(task.binding, splitter=splitter)
    return msgspec.structs.replace(brief, task=msgspec.structs.replace(task, binding=binding))
