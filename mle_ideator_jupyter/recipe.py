"""The Recipe: a declarative solution, and the edits that change it.

A Recipe says *what* a solution does; the Recipe Implementer renders it to scikit-learn cells.
Ideators propose `RecipeEdit`s against it. Everything that depends on the model family
(one-hot or ordinal codes, scaling or not) is `auto` until an edit says otherwise, so that
several models in a blend each get what suits them.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.model import RecipeEdit, Struct

Family = Literal[
    "linear",
    "naive_bayes",
    "knn",
    "svm",
    "forest",
    "extra_trees",
    "hist_boosting",
    "lightgbm",
    "xgboost",
    "catboost",
    "mlp",
    "gaussian_process",
    "torch_mlp",
    "torch_cnn",
    "torch_bag",
]
Encoder = Literal["auto", "ordinal", "onehot", "target", "count", "category"]


class Rows(Struct, frozen=True, kw_only=True):
    """Which training rows are used. `outliers` drops rows whose target lies beyond that quantile on either side."""

    drop_duplicates: bool = False
    outliers: float | None = None
    recent: float | None = None
    """Train on this most recent share of the rows only (time order)."""


class Missing(Struct, frozen=True, kw_only=True):
    """How missing values are filled; `auto` leaves them to models that take them, else median."""

    numeric: Literal["auto", "median", "mean", "constant", "knn", "iterative"] = "auto"
    categorical: Literal["auto", "constant", "most_frequent"] = "auto"
    indicator: bool = False
    sentinels: dict[str, float] = {}
    """Column → number that really means missing (-1, 999)."""


class Categories(Struct, frozen=True, kw_only=True):
    """How categories are encoded. `columns` overrides `encoder` for single columns.

    `orders` gives the natural order of a column's levels (ordinal codes follow it);
    `min_frequency` merges levels rarer than that many rows; `as_category` names numeric
    columns whose numbers are codes.
    """

    encoder: Encoder = "auto"
    columns: dict[str, Encoder] = {}
    orders: dict[str, tuple[str, ...]] = {}
    min_frequency: int | None = None
    as_category: tuple[str, ...] = ()


class Numbers(Struct, frozen=True, kw_only=True):
    """How numeric columns are transformed, for models that care.

    `scale="auto"` standardises for linear models, kNN, SVM and MLP only. `log` applies a
    sign-safe log1p to the named columns; `clip` winsorises at that quantile on either side;
    `splines` and `bins` give a piecewise basis (for linear models); `polynomial` adds products
    up to that degree.
    """

    scale: Literal["auto", "none", "standard", "robust", "quantile", "power", "minmax"] = "auto"
    log: tuple[str, ...] = ()
    clip: float | None = None
    splines: int | None = None
    bins: int | None = None
    polynomial: int | None = None
    pca: int | None = None
    """Append that many principal components."""


class Text(Struct, frozen=True, kw_only=True):
    """TF-IDF of free-text columns.

    `char` adds character n-grams; `svd` reduces to that many dimensions (for trees).
    """

    words: tuple[int, int] | None = (1, 2)
    char: tuple[int, int] | None = None
    min_df: int = 2
    max_features: int | None = 20000
    sublinear: bool = True
    svd: int = 50


FeatureOp = Literal[
    # of each row alone
    "date_parts",  # params.parts: year, month, day, dayofweek, dayofyear, hour, week, is_weekend, elapsed (days)
    "cyclic",  # columns; params.period: number → sine and cosine
    "ratio",  # columns: [a, b] → a / b
    "difference",  # columns: [a, b] → a - b
    "product",  # columns: [a, b] → a * b
    "sum",  # columns → row sum
    "row_stats",  # columns → mean, std, min, max over the columns of a row
    "missing_count",  # → number of missing values in the row
    "text_length",  # columns → characters and words
    "cross",  # columns: categories joined to one category
    "round",  # columns; params.digits
    "split",  # columns: [a]; params.sep, params.index → part of a string as a category
    "number_in_text",  # columns: first number in a string
    # fitted on the training part of a fold
    "count",  # columns → how often the value occurs
    "group_stat",  # columns: [category, number]; params.stat: mean, median, std, max, min
    "group_deviation",  # columns: [category, number] → number minus its group's mean
    "target_mean",  # columns: (crossed) categories → smoothed mean of the target
    "clusters",  # columns; params.n → k-means label and distances
    "neighbours",  # columns; params.n → mean target of the n nearest training rows
]


class Feature(Struct, frozen=True, kw_only=True):
    """One engineered feature (or family of them): an operation on columns with parameters."""

    op: FeatureOp
    columns: tuple[str, ...] = ()
    params: dict[str, Any] = {}


class Target(Struct, frozen=True, kw_only=True):
    """How the target is transformed before fitting and back after predicting.

    `as_regression` predicts an ordinal target as a number.
    """

    transform: Literal["none", "log1p", "sqrt", "power", "quantile"] = "none"
    as_regression: bool = False


class Model(Struct, frozen=True, kw_only=True):
    """One model: a family and its own parameters, in scikit-learn's names.

    `weight` counts in a blend, in the arithmetic mean of predictions.
    `loss` picks what the fit minimises: `auto` follows the metric's best fit.
    """

    family: Family
    params: dict[str, Any] = {}
    weight: float = 1.0
    loss: Literal["auto", "squared", "absolute", "poisson", "quantile"] = "auto"


class Tune(Struct, frozen=True, kw_only=True):
    """Hyperparameter search: `trials` sampled settings of the first model, judged on `folds` inner folds.

    A count, never a clock, so that the same seed gives the same result.
    """

    trials: int = 0
    folds: int = 3


class Post(Struct, frozen=True, kw_only=True):
    """What happens to predictions: probability calibration, decision thresholds, clipping to the training range."""

    calibrate: Literal["none", "sigmoid", "isotonic"] = "none"
    thresholds: bool = False
    clip: bool = False
    round: bool = False


class Recipe(Struct, frozen=True, kw_only=True):
    """A whole solution, declaratively. The default is the baseline: default boosting on ordinal codes."""

    drop: tuple[str, ...] = ()
    rows: Rows = Rows()
    missing: Missing = Missing()
    categories: Categories = Categories()
    numbers: Numbers = Numbers()
    text: Text | None = None
    """None leaves free-text columns out."""
    features: tuple[Feature, ...] = ()
    select: float | None = None
    """Keep this share of the features, by univariate score."""
    target: Target = Target()
    models: tuple[Model, ...] = (Model(family="hist_boosting"),)
    combine: Literal["blend", "stack"] = "blend"
    """How several models become one; with one model it means nothing."""
    bags: int = 1
    """Fit that many times with other seeds and average."""
    class_weight: Literal["none", "balanced"] = "none"
    tune: Tune = Tune()
    post: Post = Post()

    def key(self) -> str:
        """Return a short hash that is equal for equal Recipes and differs otherwise."""
        return hashlib.sha256(msgspec.json.encode(_defaults(self), order="sorted")).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """Return the Recipe as plain JSON data; parts that are as in the baseline are left out."""
        baseline = Recipe()
        changed = [f for f in self.__struct_fields__ if getattr(self, f) != getattr(baseline, f)]
        data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({f: getattr(self, f) for f in changed}))
        return data


def recipe_from(data: dict[str, Any] | None) -> Recipe:
    """Return the Recipe that `to_dict` wrote; None gives the baseline. Raises `EditError`."""
    return _convert(data or {})


def apply_edit(recipe: Recipe, edit: RecipeEdit) -> Recipe:
    """Return a new Recipe with the edit applied; the result may equal the old one.

    Raises `EditError` when a path does not exist or a value does not fit.
    """
    data = _defaults(recipe)
    for path, value in edit.set.items():
        parent, last = _walk(data, path)
        if isinstance(parent, list) and int(last) >= len(parent):
            msg = f"edit sets {path!r}, and that list has {len(parent)} items"
            raise EditError(msg)
        parent[int(last) if isinstance(parent, list) else last] = value
    for path, items in edit.append.items():
        parent, last = _walk(data, path)
        target = parent[int(last) if isinstance(parent, list) else last]
        if not isinstance(target, list):
            msg = f"edit appends to {path!r}, which is no list"
            raise EditError(msg)
        target.extend(item for item in items if item not in target)
    return _convert(data)


def _defaults(value: Any) -> Any:
    """Return a struct as plain data with every default written out."""
    if type(value) in _PLAIN:  # most are, and each click on "Get idea" comes here thousands of times
        return value
    if isinstance(value, msgspec.Struct):
        return {f: _defaults(getattr(value, f)) for f in value.__struct_fields__}
    if isinstance(value, (tuple, list)):
        return [_defaults(v) for v in value]
    if isinstance(value, dict):
        return {k: _defaults(v) for k, v in value.items()}
    return value


_PLAIN = frozenset({str, int, float, bool, type(None)})

_FREE = frozenset({"params", "columns", "orders", "sentinels"})
"""Fields whose keys are names of the user's or of a library, so that any may be set."""


def _walk(data: Any, path: str) -> tuple[Any, str]:
    """Return the container that holds the last part of the path, and that part."""
    *parts, last = path.split(".")
    here = data
    try:
        for part in parts:
            here = here[int(part)] if isinstance(here, list) else here[part]
        free = parts[-1:] and parts[-1] in _FREE
        known = isinstance(here, list) or (isinstance(here, dict) and (free or last in here))
    except (KeyError, IndexError, ValueError, TypeError):
        known = False
    if not known:
        msg = f"edit names {path!r}, which no Recipe has"
        raise EditError(msg)
    return here, last


def _convert(data: Any) -> Recipe:
    try:
        return msgspec.convert(data, Recipe)
    except msgspec.ValidationError as error:
        msg = f"edit does not fit the Recipe: {error}"
        raise EditError(msg) from None
