"""Small hand-written doubles for the seams; the Host's scores come from the Recipe, so that the loop has something to climb."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Sequence

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.facts import Namespace, Profile, TargetProfile
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import (
    Binding,
    Idea,
    IdeaKind,
    Limits,
    RecipeEdit,
    Splitter,
    Task,
    Trial,
    Trigger,
    new_id,
)
from mle_ideator_jupyter.protocols import Action, Cell, CellResult, Finish, Observation, Reported, RunCell, cell
from mle_ideator_jupyter.recipe import apply_edit, recipe_from

BINDING = Binding(
    train="train", target="y", metric=METRICS["rmse"], problem="regression", splitter=Splitter(kind="kfold")
)
TASK = Task(id="t", binding=BINDING)
PROFILE = Profile(rows=100, target=TargetProfile(name="y", problem="regression"))


class FakeHost:
    """Answers each cell with what `answer` says of its source."""

    name = "fake"

    def __init__(self, answer: Callable[[str], CellResult] | None = None) -> None:
        self.answer = answer or (lambda source: CellResult(status="ok", reported=score_of(source), seconds=0.01))
        self.ran: list[str] = []
        self.limits: list[Limits] = []

    async def start(self) -> None: ...

    async def run(self, cell: Cell, limits: Limits | None = None) -> CellResult:
        self.ran.append(cell.source)
        self.limits.append(limits)
        return self.answer(cell.source)

    async def namespace(self) -> Namespace:
        return Namespace()

    async def profile(self, binding: Binding) -> Profile:
        return PROFILE

    async def interrupt(self) -> None: ...

    async def close(self) -> None: ...


def score_of(source: str) -> Reported:
    """Return a score that depends on the source alone, in five folds."""
    folds = tuple(round(1 + random.Random(source + str(k)).random(), 6) for k in range(5))
    return Reported(value=sum(folds) / 5, folds=folds)


class FakeImplementer:
    """Renders the Recipe's key as its cell; screens on a sample first when the Brief says so."""

    name = "fake"

    def plan(self, brief: Brief, idea: Idea | None, parent: Trial | None) -> dict | None:
        recipe = recipe_from(parent.recipe if parent else None)
        return (apply_edit(recipe, idea.edit) if idea and idea.edit else recipe).to_dict()

    async def implement(
        self, brief: Brief, idea: Idea | None, number: int, recipe: dict | None
    ) -> AsyncGenerator[Action, Observation]:
        key = recipe_from(recipe).key()
        if brief.screen_rows:
            yield RunCell(cell=cell(f"{key} sample"), fidelity=f"sample:{brief.screen_rows}")
        yield RunCell(cell=cell(key))
        yield Finish()

    def own_move(self, brief: Brief) -> Idea | None:
        return idea_number(brief.step) if brief.step < 3 else None

    def keep(self, brief: Brief, best: Trial) -> Sequence[Cell]:
        return [cell("keep")]


def idea_number(n: int, trigger: Trigger = Trigger.AUTOPILOT) -> Idea:
    return Idea(
        id=new_id(),
        kind=IdeaKind.HYPERPARAMETER_TUNING,
        title=f"idea {n}",
        rationale="because",
        ideator="fake",
        trigger=trigger,
        edit=RecipeEdit(set={"models.0.params.max_iter": 100 + n}),
        action=f"fake:{n}",
    )


class FakeIdeator:
    """Proposes idea after idea; the number is the Brief's step, so that it is repeatable."""

    name = "fake"

    def __init__(self, last: int = 1000) -> None:
        self.last = last
        self.briefs: list[Brief] = []

    async def propose(self, brief: Brief, n: int = 1) -> Sequence[Idea]:
        self.briefs.append(brief)
        return [idea_number(brief.step, brief.trigger)] if brief.step < self.last else []
