"""The best solution as ordinary cells: what a person would have written, in the notebook's own names."""

from __future__ import annotations

from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.implementers.recipe.render import render_trial
from mle_ideator_jupyter.model import Binding
from mle_ideator_jupyter.protocols import Cell, cell
from mle_ideator_jupyter.recipe import Recipe

FUNCTION = "best_solution"


def keep_cells(binding: Binding, profile: Profile, recipe: Recipe, libraries: dict[str, str]) -> list[Cell]:
    """Return the cells: the solution, its validation score, and the submission where there is test data."""
    source = render_trial(
        binding, profile, recipe, name=FUNCTION, summary="The best solution found.", libraries=libraries
    )
    definition, _, call = source.partition(f"\n\n{FUNCTION}_result = ")
    given = call.splitlines()[0].removeprefix(FUNCTION)
    cells = [cell(definition.strip() + "\n", "The best solution")]
    run = f"folds, submission = {FUNCTION}{given}\n"
    shown = f'print("{binding.metric.name}", sum(folds) / len(folds), folds)\n'
    cells.append(cell(run + shown, "Validate, then fit on all rows"))
    if binding.test:
        write = 'submission.to_csv("submission.csv", index=False)\nsubmission.head()\n'
        cells.append(cell(write, "Write the submission"))
    return cells
