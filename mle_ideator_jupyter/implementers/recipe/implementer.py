"""The embedded Implementer: edits a Recipe, renders it to one cell, and never edits the user's own code.

An idea without an edit is read: its words become one where they name what a Recipe can do on these data.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.implementers.recipe.keeping import keep_cells
from mle_ideator_jupyter.implementers.recipe.moves import own_move
from mle_ideator_jupyter.implementers.recipe.reading import Mapped, Scene, read_idea
from mle_ideator_jupyter.implementers.recipe.render import render_rescore, render_trial
from mle_ideator_jupyter.implementers.recipe.writing import one_line
from mle_ideator_jupyter.model import Idea, Trial
from mle_ideator_jupyter.protocols import Action, Cell, Finish, Observation, RunCell, cell
from mle_ideator_jupyter.recipe import Recipe, apply_edit, recipe_from


class RecipeImplementer:
    """Turns an idea's Recipe edit, or what its words say of one, into a trial cell."""

    name = "recipe"

    def __init__(self, rescore: str | None = None) -> None:
        """With `rescore`, trial 0 is the user's own estimator of that name instead of the baseline Recipe."""
        self.rescore = rescore

    def plan(self, brief: Brief, idea: Idea | None, parent: Trial | None) -> dict[str, Any] | None:
        """Return the Recipe that the idea makes of the parent's. Raises `EditError` when it does not suit the data."""
        if idea is None and self.rescore is not None:
            return None
        recipe = recipe_from(parent.recipe if parent else None)
        if idea is not None:
            edit = idea.edit
            if edit is None:
                read = _read(brief, idea, parent)
                edit = read.edit
                if edit is None:
                    msg = f"no Recipe can do this: {_joined(read.unmapped[:2])}. The llm Implementer writes code for it"
                    raise EditError(msg)
            recipe = apply_edit(recipe, edit)
        self._render(brief, idea, 0, recipe)
        return recipe.to_dict()

    def omitted(self, brief: Brief, idea: Idea, parent: Trial | None) -> tuple[str, ...]:
        """Return what the idea's words ask for and its Recipe does not do."""
        return () if idea.edit is not None else _read(brief, idea, parent).unmapped

    async def implement(
        self, brief: Brief, idea: Idea | None, number: int, recipe: dict[str, Any] | None
    ) -> AsyncGenerator[Action, Observation]:
        """Yield a sample run where the Brief asks for one, then the trial.

        Nothing is repaired on the way: a trial's score is always that of the Recipe that stands in its record.
        """
        whole = recipe_from(recipe)
        name = _function(number)
        keep = (name, f"{name}_result")
        if idea is None and self.rescore is not None:
            source = render_rescore(brief.task.binding, _profile(brief), self.rescore, name=name)
            yield RunCell(cell=cell(source, keep=keep))
            return
        if brief.screen_rows:
            sampled = self._render(brief, idea, number, whole, sample=brief.screen_rows)
            yield RunCell(cell=cell(sampled, keep=keep), fidelity=f"sample:{brief.screen_rows}")
        yield RunCell(cell=cell(self._render(brief, idea, number, whole), keep=keep))
        yield Finish()

    def own_move(self, brief: Brief) -> Idea | None:
        """Return the next move of the fixed list."""
        return own_move(brief)

    def keep(self, brief: Brief, best: Trial) -> Sequence[Cell]:
        """Return the best Recipe as ordinary cells, the last of which writes `submission.csv`; none without one."""
        if best.recipe is None:
            return ()
        return keep_cells(brief.task.binding, _profile(brief), recipe_from(best.recipe), brief.kernel.libraries)

    def _render(self, brief: Brief, idea: Idea | None, number: int, recipe: Recipe, sample: int | None = None) -> str:
        title = idea.title if idea else "Baseline"
        summary = idea.rationale if idea else "Default boosting on ordinal codes."
        if idea and idea.edit is None and (left := _joined(_read(brief, idea, brief.parent).unmapped)):
            summary = f"{one_line(summary, 180)} Not done: {left}".strip()
        return render_trial(
            brief.task.binding,
            _profile(brief),
            recipe,
            name=_function(number),
            title=f"Trial {number} · {title}",
            summary=summary,
            sample=sample,
            libraries=brief.kernel.libraries,
        )


def _read(brief: Brief, idea: Idea, parent: Trial | None) -> Mapped:
    scene = Scene(
        binding=brief.task.binding,
        profile=_profile(brief),
        recipe=recipe_from(parent.recipe if parent else None),
        libraries=brief.kernel.libraries,
    )
    return read_idea(idea.title, idea.steps, scene)


def _joined(unmapped: Sequence[str]) -> str:
    return "; ".join(unmapped)


def _function(number: int) -> str:
    return f"trial_{number:02d}"


def _profile(brief: Brief) -> Profile:
    if brief.profile is None:
        msg = "the recipe Implementer needs the data's profile"
        raise EditError(msg)
    return brief.profile
