"""The branches of the ColumnTransformer that hold numbers."""

from __future__ import annotations

from math import comb
from typing import Any

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.classes import need
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.implementers.recipe.families import BOOSTED, scaled
from mle_ideator_jupyter.implementers.recipe.writing import Call, names, pair
from mle_ideator_jupyter.recipe import Model

PRODUCTS = 2000
"""Columns that products of numbers may make."""


def number_branches(context: Context, model: Model) -> list[Call]:
    """Return the branches of the numbers for one model, none where there are no numbers."""
    if not context.all_numbers:
        return []
    numbers, dense = context.recipe.numbers, scaled(model)
    steps: list[Any] = []
    if numbers.clip:
        steps.append(Call(need(context, "Clipper"), share=numbers.clip))
    steps += _imputer(context, always=model.family not in BOOSTED)
    if dense:
        steps += _scaler(context)
    if numbers.polynomial:
        context.sk("preprocessing", "PolynomialFeatures")
        wide = comb(len(context.all_numbers) + numbers.polynomial, numbers.polynomial)
        if wide > PRODUCTS:
            msg = f"products of {len(context.all_numbers)} numbers make {wide} columns, too many: name fewer numbers"
            raise EditError(msg)
        steps.append(Call("PolynomialFeatures", numbers.polynomial, include_bias="False"))
        if dense:
            steps.append(Call(context.sk("preprocessing", "StandardScaler")))
    branches = [pair(repr("numbers"), chain(context, *steps) if steps else repr("passthrough"), "numbers")]
    if dense:
        branches += _basis_branches(context)
    if context.recipe.missing.indicator and not _imputer(context, always=model.family not in BOOSTED):
        context.sk("impute", "MissingIndicator")
        branches.append(pair(repr("missing"), Call("MissingIndicator", error_on_new="False"), "numbers"))
    if numbers.pca:
        context.sk("preprocessing", "StandardScaler")
        context.sk("decomposition", "PCA")
        count = min(numbers.pca, len(context.all_numbers))
        reduced = Call("PCA", count, random_state=0)
        steps = [*median(context), Call("StandardScaler"), reduced]
        branches.append(pair(repr("components"), chain(context, *steps), "numbers"))
    return branches


def _basis_branches(context: Context) -> list[Call]:
    """Return splines and bins of the numbers that have enough different values for them."""
    numbers, branches = context.recipe.numbers, []
    for label, count, made in (
        ("splines", numbers.splines, Call("SplineTransformer", n_knots=numbers.splines or 2, knots=repr("quantile"))),
        ("bins", numbers.bins, Call("KBinsDiscretizer", numbers.bins, encode=repr("onehot"), strategy=repr("kmeans"))),
    ):
        many = [c.name for c in context.columns if c.name in context.numbers and count and c.distinct > 4 * count]
        if many:
            context.sk("preprocessing", made.name)
            branches.append(pair(repr(label), chain(context, *median(context), made), names(many)))
    return branches


def _imputer(context: Context, *, always: bool) -> list[Any]:
    """Return the imputer for numbers: as the Recipe says, or the median where the model needs one."""
    missing, numbers = context.recipe.missing, context.recipe.numbers
    kind = missing.numeric
    needed = always or numbers.polynomial or context.recipe.select is not None
    if kind == "auto" and not needed:
        return []
    keywords: dict[str, Any] = {"add_indicator": "True"} if missing.indicator else {}
    if kind == "knn":
        return [Call(context.sk("impute", "KNNImputer"), **keywords)]
    if kind == "iterative":
        context.sk("impute", "IterativeImputer")
        return [Call("IterativeImputer", max_iter=5, random_state=0, **keywords)]
    strategy = "median" if kind == "auto" else kind
    context.sk("impute", "SimpleImputer")
    return [Call("SimpleImputer", strategy=repr(strategy), keep_empty_features="True", **keywords)]


def _scaler(context: Context) -> list[Any]:
    kind = context.recipe.numbers.scale
    if kind == "none":
        return []
    made: dict[str, Call] = {
        "auto": Call("StandardScaler"),
        "standard": Call("StandardScaler"),
        "robust": Call("RobustScaler"),
        "minmax": Call("MinMaxScaler"),
        "power": Call("PowerTransformer"),
        "quantile": Call(
            "QuantileTransformer",
            n_quantiles=quantiles(context),
            output_distribution=repr("normal"),
            random_state=0,
        ),
    }
    return [Call(context.sk("preprocessing", made[kind].name), **dict(_keywords(made[kind])))]


def quantiles(context: Context) -> int:
    """Return how many quantiles the smallest training part of a fold can still tell apart."""
    return min(1000, max(10, context.profile.rows // 20))


def _keywords(call: Call) -> list[tuple[str, Any]]:
    return [(k.rstrip("="), v) for k, v in call.parts]


def chain(context: Context, *steps: Any) -> Any:
    """Return several steps as a pipeline, one as itself."""
    if len(steps) == 1:
        return steps[0]
    context.sk("pipeline", "make_pipeline")
    return Call("make_pipeline", *steps)


def median(context: Context) -> list[Call]:
    """Return the imputer that puts the median in for missing numbers."""
    context.sk("impute", "SimpleImputer")
    return [Call("SimpleImputer", strategy=repr("median"), keep_empty_features="True")]
