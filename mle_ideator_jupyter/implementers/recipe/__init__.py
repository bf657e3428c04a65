"""The embedded Implementer: a declarative Recipe, rendered to readable scikit-learn cells."""

from __future__ import annotations

from mle_ideator_jupyter.implementers.recipe.implementer import RecipeImplementer
from mle_ideator_jupyter.implementers.recipe.render import render_trial

__all__ = ["RecipeImplementer", "render_trial"]
