"""What plays look at: the Brief with its Recipe decoded and the columns that the Recipe still uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Literal

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.facts import ColumnProfile, Profile, TargetProfile
from mle_ideator_jupyter.recipe import Family, Feature, Model, Recipe, recipe_from

Loss = Literal["auto", "squared", "absolute", "poisson", "quantile"]

TREES: tuple[Family, ...] = ("forest", "extra_trees", "hist_boosting", "lightgbm", "xgboost", "catboost")
BOOSTING: tuple[Family, ...] = ("hist_boosting", "lightgbm", "xgboost", "catboost")
BAGGED: tuple[Family, ...] = ("forest", "extra_trees")
NETWORKS: tuple[Family, ...] = ("torch_mlp", "torch_cnn", "torch_bag")
SEEDED: tuple[Family, ...] = (*TREES, "mlp", *NETWORKS)
"""Families whose fit depends on a seed."""
SCALED: tuple[Family, ...] = ("linear", "knn", "svm", "mlp", "gaussian_process", "torch_mlp")
"""Families for which the shape and size of numbers matter."""
LARGEST = 5
"""A blend of more models than this gains little and costs each of them."""
_LEVELS = frozenset({"cross", "split"})
"""Features that are categories; the others are numbers, which counting (naive Bayes) cannot use."""
ROUNDS = {"hist_boosting": "max_iter", "catboost": "iterations"}
LEAVES = {"hist_boosting": "max_leaf_nodes", "lightgbm": "num_leaves", "xgboost": "max_leaves"}


def percent(share: float) -> str:
    """Return a share of rows as people write it."""
    return f"{share:.1%}".replace("%", " %")


def names(columns: Iterable[ColumnProfile | str], most: int = 4) -> str:
    """Return the names of the first few columns, quoted, and how many more there are."""
    every = [c if isinstance(c, str) else c.name for c in columns]
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(f"`{n}`" for n in every[:most]) + more


def listed(models: Sequence[Model]) -> str:
    """Return the families of models, as people write them."""
    return ", ".join(m.family.replace("_", " ") for m in models)


def strong(value: float, at_zero: float, at_one: float) -> float:
    """Return where `value` lies between two anchors, as a strength between 0 and 1."""
    return min(1.0, max(0.0, (value - at_zero) / (at_one - at_zero)))


class View:
    """One Brief as the plays see it. Raises `EditError` when the parent's Recipe cannot be read."""

    def __init__(self, brief: Brief, profile: Profile) -> None:
        self.brief = brief
        self.profile = profile
        self.recipe: Recipe = recipe_from(brief.parent.recipe if brief.parent else None)

    @property
    def target(self) -> TargetProfile:
        """Return what is known of the target."""
        return self.profile.target

    @property
    def problem(self) -> str:
        """Return the kind of problem that the Binding names."""
        return self.brief.task.binding.problem

    @property
    def regression(self) -> bool:
        """Return whether a number is predicted, or an ordinal target is predicted as one."""
        return self.problem == "regression" or self.recipe.target.as_regression

    @property
    def metric(self) -> str:
        """Return the metric's name."""
        return self.brief.task.binding.metric.name

    @property
    def rows(self) -> int:
        """Return the number of training rows."""
        return self.profile.rows

    @property
    def classes(self) -> int:
        """Return how many outputs a classifier has; 1 for two classes and for regression."""
        if self.regression or self.problem == "binary":
            return 1
        return max(2, self.target.distinct)

    # ------------------------------------------------------------ columns

    @cached_property
    def columns(self) -> tuple[ColumnProfile, ...]:
        """Return the columns that the Recipe still uses."""
        binding = self.brief.task.binding
        gone = {*self.recipe.drop, binding.id_column, binding.target}
        return tuple(c for c in self.profile.columns if c.name not in gone and c.role not in {"id", "constant"})

    @cached_property
    def numbers(self) -> tuple[ColumnProfile, ...]:
        """Return the columns used as numbers, strongest relation with the target first."""
        coded = set(self.recipe.categories.as_category)
        return ranked(c for c in self.columns if c.role == "numeric" and c.name not in coded)

    @cached_property
    def categories(self) -> tuple[ColumnProfile, ...]:
        """Return the columns used as categories, strongest relation with the target first."""
        coded = set(self.recipe.categories.as_category)
        return ranked(c for c in self.columns if c.role in {"categorical", "boolean"} or c.name in coded)

    def learnable(self, recipe: Recipe) -> bool:
        """Return whether this Recipe leaves a model anything to learn from."""
        plain = any(c.role in {"numeric", "categorical", "boolean"} and c.name not in recipe.drop for c in self.columns)
        return plain or bool(recipe.features) or (recipe.text is not None and bool(self.texts))

    @cached_property
    def texts(self) -> tuple[ColumnProfile, ...]:
        """Return the free-text columns."""
        return tuple(c for c in self.columns if c.role == "text")

    @cached_property
    def dates(self) -> tuple[ColumnProfile, ...]:
        """Return the date columns."""
        return tuple(c for c in self.columns if c.role == "date")

    @cached_property
    def codes(self) -> tuple[ColumnProfile, ...]:
        """Return whole-number columns with few enough values to be names of something."""
        return tuple(c for c in self.numbers if c.integer and 3 <= c.distinct <= 60)

    def high_cardinality(self, least: int = 15) -> tuple[ColumnProfile, ...]:
        """Return categories of many levels."""
        return tuple(c for c in self.categories if c.distinct >= least)

    # ------------------------------------------------------------ models

    @cached_property
    def families(self) -> frozenset[str]:
        """Return the model families of the Recipe."""
        return frozenset(m.family for m in self.recipe.models)

    def uses(self, families: Sequence[str]) -> bool:
        """Return whether the Recipe has a model of one of these families."""
        return bool(self.families & frozenset(families))

    def first(self, families: Sequence[str]) -> int | None:
        """Return the index of the first model of one of these families, or None."""
        return next((i for i, m in enumerate(self.recipe.models) if m.family in families), None)

    def installed(self, library: str) -> bool:
        """Return whether the kernel has this library."""
        return library in self.brief.kernel.libraries

    @property
    def gpu(self) -> bool:
        """Return whether the kernel's torch can use a GPU that is there."""
        return bool(self.brief.kernel.gpus) and "+cpu" not in self.brief.kernel.libraries.get("torch", "+cpu")

    def single(self) -> float:
        """Return a factor that makes one model in place of a blend that was worked for unlikely."""
        return 1.0 if len(self.recipe.models) == 1 else 0.4

    @property
    def loss(self) -> Loss:
        """Return the loss that fits the metric."""
        return "absolute" if self.regression and self.metric == "mae" else "auto"

    def boosting(self, rate: float = 0.05, trees: int = 300, **params: Any) -> Model:
        """Return histogram boosting at this speed, with fewer trees where many classes multiply them."""
        fewer = max(80, trees * 4 // (3 + self.classes)) if self.classes > 1 else trees
        whole = {"early_stopping": False} if self.rows > 10_000 else {}
        settings = {"learning_rate": rate, "max_iter": fewer, "max_leaf_nodes": 15, **whole, **params}
        return Model(family="hist_boosting", params=settings, loss=self.loss)

    def sampled_booster(self) -> Model:
        """Return LightGBM that draws rows and columns for each tree."""
        drawn = {"subsample": 0.7, "subsample_freq": 1, "colsample_bytree": 0.5}
        params = {"learning_rate": 0.04, "n_estimators": 300, "num_leaves": 15, **drawn}
        return Model(family="lightgbm", params=params, loss=self.loss)

    def booster(self) -> Model:
        """Return the Recipe's own boosting model if it was tuned already, else a slower one than the default."""
        at = self.first(BOOSTING)
        own = self.recipe.models[at] if at is not None else None
        return own if own is not None and own.params else self.boosting()

    def bagged(self, family: Family = "extra_trees", **params: Any) -> Model:
        """Return a bagged-trees model with a size that fits the rows."""
        trees = 200 if self.rows <= 5_000 else 100
        leaf = 1 if self.rows <= 1500 else 3 if self.rows <= 20_000 else 5
        return Model(family=family, params={"n_estimators": trees, "min_samples_leaf": leaf, **params})

    def orders(self) -> dict[str, Any]:
        """Return the edit that tells natural orders of levels, where there are any that the Recipe does not know."""
        known = self.recipe.categories.orders
        found = {c.name: c.order for c in self.categories if len(c.order) >= 3 and c.name not in known}
        return {"categories.orders": {**known, **found}} if found else {}

    def linear(self, strength: float = 1.0, **params: Any) -> Model:
        """Return a linear model; `strength` multiplies its regularisation."""
        own = {"alpha": strength} if self.regression else {"C": round(1 / strength, 6)}
        return Model(family="linear", params={**own, **params})

    # ------------------------------------------------------------ features

    def has_feature(self, op: str, columns: Sequence[str] | None = None) -> bool:
        """Return whether the Recipe has such a feature already."""
        return any(f.op == op and (columns is None or f.columns == tuple(columns)) for f in self.recipe.features)

    def new(self, features: Iterable[Feature]) -> list[Feature]:
        """Return those features that the Recipe does not have yet, and that its models can take."""
        have = set(map(repr, self.recipe.features))
        discrete = "naive_bayes" in self.families and not self.numbers
        return [f for f in features if repr(f) not in have and (f.op in _LEVELS or not discrete)]


def ranked(columns: Iterable[ColumnProfile]) -> tuple[ColumnProfile, ...]:
    """Return columns by their relation with the target, strongest first; equal ones keep their order."""
    return tuple(sorted(columns, key=lambda c: -(c.association or 0.0)))


def settings(at: int, params: dict[str, Any]) -> dict[str, Any]:
    """Return the edits that set these parameters of the model at this place."""
    return {f"models.{at}.params.{name}": value for name, value in params.items()}


def current(view: View, at: int, name: str, default: float) -> float:
    """Return a numeric parameter of the model at this place, or the default."""
    value = view.recipe.models[at].params.get(name)
    return float(value) if isinstance(value, (int, float)) else default
