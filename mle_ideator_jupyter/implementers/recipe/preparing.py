"""What stands before a model: a ColumnTransformer that suits its family, fitted inside the folds with it."""

from __future__ import annotations

from typing import Any

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.classes import need
from mle_ideator_jupyter.implementers.recipe.context import Context, is_number
from mle_ideator_jupyter.implementers.recipe.families import (
    BOOSTED,
    DENSE,
    NATIVE_LEVELS,
    SPARSE,
    native_categories,
    one_hot,
    scaled,
)
from mle_ideator_jupyter.implementers.recipe.features import FITTED, crossed
from mle_ideator_jupyter.implementers.recipe.numbers import chain, median, number_branches
from mle_ideator_jupyter.implementers.recipe.writing import Call, items, names, pair
from mle_ideator_jupyter.recipe import Encoder, Feature, Model


def preparation(context: Context, model: Model) -> Call | None:
    """Return the ColumnTransformer for one model, or None when there is nothing to prepare."""
    if model.family == "torch_cnn":
        context.pixels()
        context.sk("compose", "ColumnTransformer")
        return Call("ColumnTransformer", items(pair(repr("pixels"), repr("passthrough"), "pixels")))
    branches = [
        *_native_branch(context, model),
        *number_branches(context, model),
        *_category_branches(context, model),
        *_text_branches(context, model),
        *_fitted_branches(context, model),
    ]
    if not branches:
        return None
    context.sk("compose", "ColumnTransformer")
    dense: dict[str, Any] = {"sparse_threshold": 0} if model.family in DENSE or _gaussian(context, model) else {}
    return Call("ColumnTransformer", items(*branches), **dense)


def _native_branch(context: Context, model: Model) -> list[Call]:
    native = native_categories(context, model)
    if not native:
        return []
    context.sk("preprocessing", "OrdinalEncoder")
    limit = _merging(context)
    found = {c.name: c.distinct for c in context.columns}
    if any(found.get(name, NATIVE_LEVELS + 1) > NATIVE_LEVELS for name in native):
        limit["max_categories"] = NATIVE_LEVELS
    steps = [*_filled(context), _ordinal(**limit)]
    return [pair(repr("native categories"), chain(context, *steps), _listed(context, native))]


def _listed(context: Context, columns: list[str]) -> Any:
    """Return the columns of a branch: `categories` where that is all of them."""
    if columns != context.all_categories:
        return names(columns)
    context.lists_categories = True
    return "categories"


def _gaussian(context: Context, model: Model) -> bool:
    return model.family == "naive_bayes" and bool(context.all_numbers)


def _category_branches(context: Context, model: Model) -> list[Call]:
    chosen = context.recipe.categories
    for name in (*chosen.columns, *chosen.orders, *chosen.as_category):
        context.column(name)
    for name in chosen.orders:
        if is_number(context.column(name)):
            msg = f"an order is for levels that are text, and {name!r} holds numbers"
            raise EditError(msg)
    ordered = [c for c in context.all_categories if c in chosen.orders]  # a journal keeps no order of names
    native = native_categories(context, model)
    groups: dict[Encoder, list[str]] = {}
    for name in context.all_categories:
        if name not in ordered and name not in native:
            groups.setdefault(chosen.columns.get(name, chosen.encoder), []).append(name)
    branches = []
    for encoder, columns in groups.items():
        label = "categories" if encoder == "auto" else f"{encoder} categories"
        listed = _listed(context, columns)
        branches.append(pair(repr(label), _encoder(context, model, encoder), listed))
    if ordered:
        context.sk("preprocessing", "OrdinalEncoder")
        orders = items(*(names(chosen.orders[c]) for c in ordered))
        steps: list[Any] = [*_filled(context), _ordinal(categories=orders)]
        if scaled(model):
            steps.append(Call(context.sk("preprocessing", "StandardScaler")))
        branches.append(pair(repr("ordered"), chain(context, *steps), names(ordered)))
    return branches


def _ordinal(**keywords: Any) -> Call:
    unknown = repr("use_encoded_value")
    return Call("OrdinalEncoder", **keywords, handle_unknown=unknown, unknown_value=-1, encoded_missing_value=-2)


def _filled(context: Context) -> list[Any]:
    """Return the imputer for categories, where the Recipe asks for one."""
    if context.recipe.missing.categorical != "most_frequent":
        return []
    context.sk("impute", "SimpleImputer")
    return [Call("SimpleImputer", strategy=repr("most_frequent"))]


def _merging(context: Context) -> dict[str, Any]:
    """Return the argument that merges rare levels, where the Recipe asks for it."""
    rare = context.recipe.categories.min_frequency
    return {"min_frequency": rare} if rare else {}


def _encoder(context: Context, model: Model, encoder: Encoder) -> Any:
    if encoder in {"auto", "category"}:
        encoder = "onehot" if one_hot(context, model) else "ordinal"
    steps: list[Any] = _filled(context)
    if encoder == "onehot":
        context.sk("preprocessing", "OneHotEncoder")
        rare = context.recipe.categories.min_frequency or (5 if context.levels > 50 else None)
        limit: dict[str, Any] = {"min_frequency": rare} if rare else {}
        unknown = "infrequent_if_exist" if rare else "ignore"
        return chain(context, *steps, Call("OneHotEncoder", handle_unknown=repr(unknown), **limit))
    if encoder == "count":
        steps = [Call(need(context, "Counter"))]  # nothing to fill: a missing value counts nothing
    else:
        merging = _merging(context)
        if encoder == "ordinal" or merging:
            context.sk("preprocessing", "OrdinalEncoder")
            steps.append(_ordinal(**merging))
        if encoder == "target":
            steps.append(_target_encoder(context))
    if scaled(model):
        steps.append(Call(context.sk("preprocessing", "StandardScaler")))
    return chain(context, *steps)


def _target_encoder(context: Context) -> Call:
    """Return a TargetEncoder with fixed inner folds, in the words of the kernel's scikit-learn."""
    numeric = context.regression or context.recipe.target.as_regression
    kind = repr("continuous" if numeric else "auto")
    context.sk("preprocessing", "TargetEncoder")
    if context.sklearn_version < (1, 9):
        return Call("TargetEncoder", target_type=kind, random_state=0)
    splitter = context.sk("model_selection", "KFold" if numeric else "StratifiedKFold")
    return Call("TargetEncoder", target_type=kind, cv=Call(splitter, 5, shuffle="True", random_state=0))


def _text_branches(context: Context, model: Model) -> list[Call]:
    text = context.recipe.text
    if text is None:
        return []
    if not context.texts or (text.words is None and text.char is None):
        msg = "TF-IDF needs a column of free text, and words or characters to count"
        raise EditError(msg)
    branches = []
    context.sk("feature_extraction.text", "TfidfVectorizer")
    for column in context.texts:
        for label, analyzer, ngrams in (("words", "word", text.words), ("characters", "char_wb", text.char)):
            if ngrams is None:
                continue
            keywords: dict[str, Any] = {"ngram_range": tuple(ngrams), "min_df": text.min_df}
            if analyzer != "word":
                keywords = {"analyzer": repr(analyzer), **keywords}
            if text.max_features:
                keywords["max_features"] = text.max_features
            if text.sublinear:
                keywords["sublinear_tf"] = "True"
            steps: list[Any] = [Call("TfidfVectorizer", **keywords)]
            if model.family not in SPARSE:
                context.sk("decomposition", "TruncatedSVD")
                steps.append(Call("TruncatedSVD", text.svd, random_state=0))
            branches.append(pair(repr(f"{label} of {column}"), chain(context, *steps), repr(column)))
    return branches


def _fitted_branches(context: Context, model: Model) -> list[Call]:
    branches = []
    for number, feature in enumerate(f for f in context.recipe.features if f.op in FITTED):
        for name in feature.columns:
            if name not in context.new_categories and name not in context.new_numbers:
                context.column(name)
        steps = [*_fitted(context, feature)]
        holes = feature.op in {"group_stat", "group_deviation"}
        if holes and (model.family not in BOOSTED or context.recipe.select):
            steps += median(context)
        if scaled(model):
            steps.append(Call(context.sk("preprocessing", "StandardScaler")))
        label = f"{feature.op.replace('_', ' ')} {number + 1}"
        columns = feature.columns or context.all_numbers
        if feature.op == "target_mean" and len(columns) > 1:
            columns = (crossed(feature),)
        branches.append(pair(repr(label), chain(context, *steps), names(columns)))
    return branches


def _fitted(context: Context, feature: Feature) -> list[Any]:
    params = feature.params
    if feature.op == "count":
        return [Call(need(context, "Counter"))]
    if feature.op in {"group_stat", "group_deviation"}:
        keywords: dict[str, Any] = {"stat": repr(str(params.get("stat", "mean")))}
        if feature.op == "group_deviation":
            keywords["deviation"] = "True"
        return [Call(need(context, "GroupStat"), **keywords)]
    if feature.op == "target_mean":
        return [_target_encoder(context)]
    context.sk("preprocessing", "StandardScaler")
    before = [*median(context), Call("StandardScaler")]
    count = int(params.get("n", 8))
    if feature.op == "clusters":
        context.sk("cluster", "KMeans")
        return [*before, Call("KMeans", count, n_init=3, random_state=0)]
    numeric = context.regression or context.recipe.target.as_regression
    classes = not numeric and context.binding.problem != "ordinal"
    flag = {"classes": "True"} if classes else {}
    return [*before, Call(need(context, "NeighbourMean"), n=count, **flag)]
