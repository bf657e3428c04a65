"""Reads Recipe edits out of free text: an idea's words, where they name what a Recipe can do on these data."""

from __future__ import annotations

from mle_ideator_jupyter.implementers.recipe.reading.reading import Mapped, read_idea
from mle_ideator_jupyter.implementers.recipe.reading.scene import Scene

__all__ = ["Mapped", "Scene", "read_idea"]
