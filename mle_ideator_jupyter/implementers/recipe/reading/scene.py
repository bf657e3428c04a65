"""What the words of an idea are read against: the data, the Recipe that is to be changed, and what one change is."""

from __future__ import annotations

from typing import Any, Literal

from mle_ideator_jupyter.facts import ColumnProfile, Profile
from mle_ideator_jupyter.implementers.recipe.context import is_number
from mle_ideator_jupyter.model import Binding, RecipeEdit, Struct
from mle_ideator_jupyter.recipe import Recipe, apply_edit


class Scene(Struct, frozen=True, kw_only=True):
    """The task's Binding, its data's profile, and the Recipe that the idea builds on."""

    binding: Binding
    profile: Profile
    recipe: Recipe
    libraries: dict[str, str] = {}

    @property
    def numeric(self) -> bool:
        """Whether the model predicts a number."""
        return self.binding.problem == "regression"

    def column(self, name: str) -> ColumnProfile:
        """Return the profile of a column that is known to be there."""
        found = self.profile.column(name)
        if found is None:
            raise KeyError(name)
        return found

    def number(self, name: str) -> bool:
        """Return whether a column holds numbers."""
        return is_number(self.column(name))

    def category(self, name: str) -> bool:
        """Return whether a column holds levels: text, or numbers that the Recipe reads as codes."""
        chosen = self.recipe.categories
        coded = name in (*chosen.as_category, *chosen.columns)
        return coded or (self.column(name).role in {"categorical", "boolean"})

    def dates(self) -> tuple[str, ...]:
        """Return the names of the date columns."""
        return tuple(c.name for c in self.profile.by_role("date"))

    def texts(self) -> tuple[str, ...]:
        """Return the names of the free-text columns."""
        return tuple(c.name for c in self.profile.by_role("text"))


class Piece(Struct, frozen=True, kw_only=True):
    """One change of a Recipe.

    `put` replaces the value at a path, `merge` adds keys to the mapping there, `add` appends to the list there.
    A `loose` piece says something of no column or number that was named: a precise one on the same path stands above
    it.
    """

    path: str
    value: Any
    how: Literal["put", "merge", "add"] = "put"
    loose: bool = False

    @property
    def key(self) -> str:
        """What the piece is about: its path, and for a feature its operation."""
        return f"features {self.value[0]['op']}" if self.path == "features" else self.path

    def edit(self, recipe: Recipe) -> RecipeEdit:
        """Return the piece as an edit of this Recipe."""
        if self.how == "add":
            return RecipeEdit(append={self.path: list(self.value)})
        if self.how == "put":
            return RecipeEdit(set={self.path: self.value})
        here: Any = recipe
        for part in self.path.split("."):
            here = getattr(here, part)
        known = {f: getattr(here, f) for f in here.__struct_fields__} if isinstance(here, Struct) else dict(here or {})
        return RecipeEdit(set={self.path: {**known, **self.value}})

    def applied(self, recipe: Recipe) -> Recipe:
        """Return the Recipe with this piece in it."""
        return apply_edit(recipe, self.edit(recipe))


def feature(op: str, columns: tuple[str, ...] = (), **params: Any) -> Piece:
    """Return the piece that appends one feature."""
    made = {"op": op, "columns": list(columns), "params": params}
    return Piece(path="features", value=[made], how="add")
