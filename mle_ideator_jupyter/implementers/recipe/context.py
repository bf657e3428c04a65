"""What rendering a Recipe knows: which columns play which part, and what the cell needs besides."""

from __future__ import annotations

import importlib.metadata
import re
from functools import cached_property

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.facts import ColumnProfile, Image, Profile
from mle_ideator_jupyter.implementers.recipe.writing import Imports
from mle_ideator_jupyter.metrics import METRICS, PROBABILITY_METRICS
from mle_ideator_jupyter.model import Binding
from mle_ideator_jupyter.recipe import Recipe

LOCALS = frozenset(
    {"X", "categories", "cv", "fit", "folds", "high", "known", "low", "model", "numbers", "prediction", "prepare"}
) | {
    "pixels",
    "score",
    "submission",
    "test",
    "train",
    "y",
}
"""Names that a trial's function uses itself, so that the user's own function of that name is reached by another way."""

ONE_HOT_LEVELS = 300
"""Levels over all columns up to which forests get one-hot columns rather than codes."""


class Context:
    """One rendering: Binding, profile, Recipe, the imports so far, and the local classes that are needed."""

    def __init__(self, binding: Binding, profile: Profile, recipe: Recipe, libraries: dict[str, str] | None) -> None:
        self.binding, self.profile, self.recipe = binding, profile, recipe
        self.libraries = libraries
        self.imports = Imports()
        self.classes: dict[str, str] = {}
        self.new_numbers: list[str] = []
        self.new_categories: list[str] = []
        self.texts: list[str] = []
        self.lists_categories = False

    def sk(self, module: str, name: str) -> str:
        """Import a name of scikit-learn and return it."""
        return self.imports.name(f"sklearn.{module}", name)

    @property
    def np(self) -> str:
        """Import numpy and return its alias."""
        return self.imports.module("numpy", "np")

    @property
    def pd(self) -> str:
        """Import pandas and return its alias."""
        return self.imports.module("pandas", "pd")

    @cached_property
    def regression(self) -> bool:
        """Whether the model predicts a number."""
        return self.binding.problem == "regression"

    @cached_property
    def probabilities(self) -> bool:
        """Whether the metric reads class probabilities."""
        return self.binding.metric.name in PROBABILITY_METRICS

    @cached_property
    def own_metric(self) -> str:
        """The expression of the user's own metric in the kernel; empty for a built-in one."""
        name = self.binding.metric.name
        if name in METRICS:
            return ""
        if not all(part.isidentifier() for part in name.split(".")):  # it becomes code
            msg = f"the metric {name!r} is neither a built-in one nor the name of a function"
            raise EditError(msg)
        return f"globals()[{name!r}]" if name in LOCALS else name

    @cached_property
    def columns(self) -> tuple[ColumnProfile, ...]:
        """The feature columns that are used at all."""
        binding = self.binding
        for name in self.recipe.drop:
            self.column(name)
        out = {binding.target, binding.id_column, *self.recipe.drop}
        group = binding.group_column  # a name says nothing of rows to come; a number (a day, say) may
        return tuple(
            c
            for c in self.profile.columns
            if c.name not in out and c.role != "constant" and (c.name != group or c.role == "numeric")
        )

    @cached_property
    def coded(self) -> frozenset[str]:
        """Columns that the Recipe treats as categories, whatever they hold."""
        chosen = self.recipe.categories
        return frozenset((*chosen.as_category, *chosen.columns, *chosen.orders))

    @cached_property
    def numbers(self) -> list[str]:
        """Names of numeric columns of the data (new ones are in `new_numbers`)."""
        return [c.name for c in self.columns if is_number(c) and c.name not in self.coded and c.role != "id"]

    @cached_property
    def categories(self) -> list[str]:
        """Names of categorical columns of the data."""
        return [
            c.name
            for c in self.columns
            if c.name in self.coded or (not is_number(c) and c.role in {"categorical", "boolean", "numeric"})
        ]

    @cached_property
    def all_numbers(self) -> list[str]:
        """Numeric columns, engineered ones included."""
        return [*self.numbers, *self.new_numbers]

    @cached_property
    def all_categories(self) -> list[str]:
        """Categorical columns, engineered ones included."""
        return [*self.categories, *self.new_categories]

    @cached_property
    def levels(self) -> int:
        """About how many levels all categories have together."""
        found = {c.name: c.distinct for c in self.columns}
        return sum(found.get(name, 30) for name in self.all_categories)

    @cached_property
    def classes_known(self) -> int:
        """How many classes the target has, as far as the profile tells."""
        return max(len(self.profile.target.classes), self.profile.target.distinct)

    def pixels(self) -> Image:
        """Return the images that the columns are. Raises `EditError` where they are none, or a pixel is dropped."""
        image = self.profile.image
        if image is None:
            msg = "torch_cnn needs images, and the columns are not known as pixels"
            raise EditError(msg)
        dropped = sorted(set(image.columns) & set(self.recipe.drop))
        if dropped or self.recipe.select:
            what = f"{dropped[0]!r} is dropped" if dropped else "a share of the columns is selected"
            msg = f"torch_cnn needs every pixel, and {what}"
            raise EditError(msg)
        return image

    @cached_property
    def order_column(self) -> str | None:
        """The column that orders rows in time, if there is one."""
        splitter = self.binding.splitter
        return splitter.column if splitter.kind == "time" and splitter.column else self.binding.time_column

    def free_name(self, name: str) -> str:
        """Return a name for a new column that neither the data nor another feature has."""
        taken = {c.name for c in self.profile.columns} | {*self.new_numbers, *self.new_categories}
        found, count = name, 1
        while found in taken:
            count += 1
            found = f"{name} ({count})"
        return found

    def column(self, name: str) -> ColumnProfile:
        """Return the profile of a column. Raises `EditError` when the data have none of this name."""
        found = self.profile.column(name)
        if found is None:
            msg = f"the Recipe names column {name!r}, which the data do not have"
            raise EditError(msg)
        return found

    @cached_property
    def sklearn_version(self) -> tuple[int, ...]:
        """The kernel's scikit-learn version; this environment's where the kernel's is not known."""
        known = (self.libraries or {}).get("scikit-learn")
        if known is None:
            try:
                known = importlib.metadata.version("scikit-learn")
            except importlib.metadata.PackageNotFoundError:
                known = "1.5"
        return tuple(int(part) for part in re.findall(r"\d+", known)[:2])

    def require(self, package: str, module: str) -> None:
        """Raise `EditError` when the kernel is known to lack a package."""
        if self.libraries and package not in self.libraries:
            msg = f"{module} is not installed in the kernel: pip install {package}"
            raise EditError(msg)


def is_number(column: ColumnProfile) -> bool:
    """Return whether a column holds numbers (booleans count) by its dtype."""
    return column.role in {"numeric", "boolean", "id"} and bool(
        re.match(r"u?int|float|bool|decimal|duration", column.dtype.lower())
    )
