"""What stands before a model: a ColumnTransformer that suits its family, fitted inside the folds with it."""

from __future__ import annotations

from math import comb
from typing import Any

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.classes import need
from mle_ideator_jupyter.implementers.recipe.context import ONE_HOT_LEVELS, Context, is_number
from mle_ideator_jupyter.implementers.recipe.features import FITTED, crossed
from mle_ideator_jupyter.implementers.recipe.writing import Call, items, names, pair
from mle_ideator_jupyter.recipe import Encoder, Feature, Model

BOOSTED = frozenset({"hist_boosting", "lightgbm", "xgboost", "catboost"})
FORESTS = frozenset({"forest", "extra_trees"})
DENSE = frozenset({"hist_boosting", "gaussian_process", "forest", "extra_trees"})
"""Families that take no sparse columns, or are many times slower on them."""
NATIVE = frozenset({"hist_boosting", "lightgbm"})
"""Families that take categories as such."""
NATIVE_LEVELS = 250
"""Levels of one column that they take; rarer ones are merged."""
SPARSE = frozenset({"linear", "svm", "naive_bayes"})
"""Families that take sparse text as it is; the others get it reduced."""
PRODUCTS = 2000
"""Columns that products of numbers may make."""


def preparation(context: Context, model: Model) -> Call | None:
    """Return the ColumnTransformer for one model, or None when there is nothing to prepare."""
    branches = [
        *_native_branch(context, model),
        *_number_branches(context, model),
        *_category_branches(context, model),
        *_text_branches(context, model),
        *_fitted_branches(context, model),
    ]
    if not branches:
        return None
    context.sk("compose", "ColumnTransformer")
    dense: dict[str, Any] = {"sparse_threshold": 0} if model.family in DENSE or _gaussian(context, model) else {}
    return Call("ColumnTransformer", items(*branches), **dense)


def native_categories(context: Context, model: Model) -> list[str]:
    """Return the categories that this model takes as categories; they stand first, so that their places are known."""
    chosen = context.recipe.categories
    if model.family not in NATIVE or context.recipe.select:
        return []
    wanted = {c: chosen.columns.get(c, chosen.encoder) for c in context.all_categories if c not in chosen.orders}
    return [c for c, encoder in wanted.items() if encoder == "category"]


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
    return [pair(repr("native categories"), _chain(context, *steps), _listed(context, native))]


def _listed(context: Context, columns: list[str]) -> Any:
    """Return the columns of a branch: `categories` where that is all of them."""
    if columns != context.all_categories:
        return names(columns)
    context.lists_categories = True
    return "categories"


def _gaussian(context: Context, model: Model) -> bool:
    return model.family == "naive_bayes" and bool(context.all_numbers)


def scaled(model: Model) -> bool:
    """Return whether this family cares for scale."""
    return model.family not in BOOSTED | FORESTS


def one_hot(context: Context, model: Model) -> bool:
    """Return whether this model's categories become columns of their own, left to itself."""
    return scaled(model) or (model.family in FORESTS and context.levels <= ONE_HOT_LEVELS)


def _chain(context: Context, *steps: Any) -> Any:
    """Return several steps as a pipeline, one as itself."""
    if len(steps) == 1:
        return steps[0]
    context.sk("pipeline", "make_pipeline")
    return Call("make_pipeline", *steps)


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


def _number_branches(context: Context, model: Model) -> list[Call]:
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
    branches = [pair(repr("numbers"), _chain(context, *steps) if steps else repr("passthrough"), "numbers")]
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
        steps = [*_median(context), Call("StandardScaler"), reduced]
        branches.append(pair(repr("components"), _chain(context, *steps), "numbers"))
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
            branches.append(pair(repr(label), _chain(context, *_median(context), made), names(many)))
    return branches


def _median(context: Context) -> list[Call]:
    context.sk("impute", "SimpleImputer")
    return [Call("SimpleImputer", strategy=repr("median"), keep_empty_features="True")]


def _category_branches(context: Context, model: Model) -> list[Call]:
    chosen = context.recipe.categories
    for name in (*chosen.columns, *chosen.orders, *chosen.as_category):
        context.column(name)
    for name in chosen.orders:
        if is_number(context.column(name)):
            msg = f"an order is for levels that are text, and {name!r} holds numbers"
            raise EditError(msg)
    ordered = [c for c in chosen.orders if c in context.all_categories]
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
        branches.append(pair(repr("ordered"), _chain(context, *steps), names(ordered)))
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
        return _chain(context, *steps, Call("OneHotEncoder", handle_unknown=repr(unknown), **limit))
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
    return _chain(context, *steps)


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
            branches.append(pair(repr(f"{label} of {column}"), _chain(context, *steps), repr(column)))
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
            steps += _median(context)
        if scaled(model):
            steps.append(Call(context.sk("preprocessing", "StandardScaler")))
        label = f"{feature.op.replace('_', ' ')} {number + 1}"
        columns = feature.columns or context.all_numbers
        if feature.op == "target_mean" and len(columns) > 1:
            columns = (crossed(feature),)
        branches.append(pair(repr(label), _chain(context, *steps), names(columns)))
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
    before = [*_median(context), Call("StandardScaler")]
    count = int(params.get("n", 8))
    if feature.op == "clusters":
        context.sk("cluster", "KMeans")
        return [*before, Call("KMeans", count, n_init=3, random_state=0)]
    numeric = context.regression or context.recipe.target.as_regression
    classes = not numeric and context.binding.problem != "ordinal"
    flag = {"classes": "True"} if classes else {}
    return [*before, Call(need(context, "NeighbourMean"), n=count, **flag)]
