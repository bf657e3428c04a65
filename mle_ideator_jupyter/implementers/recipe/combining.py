"""From models to one estimator: pipelines, blend or stack, seeds, target transform, thresholds, calibration, tuning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.classes import need
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.implementers.recipe.models import NUMBERED, SEEDED, WEIGHTED, estimator
from mle_ideator_jupyter.implementers.recipe.numbers import quantiles
from mle_ideator_jupyter.implementers.recipe.preparing import preparation
from mle_ideator_jupyter.implementers.recipe.searching import scoring, searched
from mle_ideator_jupyter.implementers.recipe.writing import Call, assign, items, literal, pair
from mle_ideator_jupyter.recipe import Model, Recipe


def model_lines(context: Context) -> list[str]:
    """Return the lines that build `model`, the whole estimator."""
    recipe = context.recipe
    _check(context)
    bagged = recipe.bags > 1
    indent, seed = (8, "seed") if bagged else (4, "0")
    lines, members = [], []
    for model, name in zip(recipe.models, _member_names(recipe.models), strict=True):
        prepared = preparation(context, model)
        if prepared is None:
            return [assign("model", _constant(context))]
        context.sk("pipeline", "make_pipeline")
        steps: list[Any] = [prepared]
        if recipe.select:
            steps += _selection(context, recipe.select)
        steps.append(estimator(context, model, seed))
        lines.append(assign(name, Call("make_pipeline", *steps), indent))
        members.append((name, model))
    if recipe.tune.trials:
        lines.append(searched(context, members[0][0], recipe.models[0], indent))
    together = members[0][0] if len(members) == 1 else "model"
    if len(members) > 1:
        lines.append(assign("model", _combined(context, members), indent))
    elif not bagged and _classifies(context) and recipe.models[0].family in NUMBERED:
        together = "model"  # a vote of one: it numbers the classes for the model, and names them again
        lines.append(assign("model", _combined(context, members), indent))
    if bagged:
        lines = ["    def build(seed):", *lines, f"        return {together}", "", _seeds(context, recipe.bags)]
        together = "model"
    wrapped = _wrapped(context, together)
    if not wrapped and together != "model":
        wrapped = [f"    model = {together}"]
    return [*lines, *wrapped]


def _check(context: Context) -> None:
    """Raise `EditError` for what would change nothing, or cannot be."""
    recipe = context.recipe
    if not recipe.models:
        msg = "a Recipe needs at least one model"
        raise EditError(msg)
    if any(m.weight < 0 for m in recipe.models) or not any(m.weight for m in recipe.models):
        msg = "weights of a blend are never negative, and one is above 0"
        raise EditError(msg)
    if recipe.bags > 1 and not any(m.family in SEEDED for m in recipe.models):
        msg = "bagging seeds changes nothing: none of the models depends on a seed"
        raise EditError(msg)
    if recipe.class_weight != "none":
        if not _classifies(context):
            msg = "class weights are for classes, and the models predict a number"
            raise EditError(msg)
        if not any(m.family in WEIGHTED for m in recipe.models):
            msg = f"class weights change nothing: {recipe.models[0].family} takes none"
            raise EditError(msg)


def _constant(context: Context) -> Call:
    """Return the model of data that no column of can be used yet (free text alone, say): it predicts one value."""
    if context.recipe != Recipe():
        msg = "no columns are left to learn from: text, dates and ids need an edit that uses them"
        raise EditError(msg)
    name = context.sk("dummy", "DummyRegressor" if context.regression else "DummyClassifier")
    return Call(name)


def _member_names(models: tuple[Model, ...]) -> list[str]:
    short = {"hist_boosting": "boosting", "extra_trees": "extra_trees", "gaussian_process": "process"}
    wanted = [short.get(m.family, m.family) for m in models]
    return [
        name if wanted.count(name) == 1 else f"{name}_{wanted[:k].count(name) + 1}" for k, name in enumerate(wanted)
    ]


def _selection(context: Context, share: float) -> list[Call]:
    if not 0 < share <= 1:
        msg = f"select is the share of the features to keep, above 0 and up to 1, not {share:g}"
        raise EditError(msg)
    numeric = context.regression or context.recipe.target.as_regression
    score = context.sk("feature_selection", "f_regression" if numeric else "f_classif")
    context.sk("feature_selection", "SelectPercentile")
    context.sk("feature_selection", "VarianceThreshold")
    return [Call("VarianceThreshold"), Call("SelectPercentile", score, percentile=max(1, round(100 * share)))]


def _classifies(context: Context) -> bool:
    return not (context.regression or context.recipe.target.as_regression)


def _combined(context: Context, members: list[tuple[str, Model]]) -> Call:
    classify = _classifies(context)
    listed = items(*(pair(repr(name), name) for name, _ in members))
    kind = "Classifier" if classify else "Regressor"
    if context.recipe.combine == "stack" and len(members) > 1:
        context.sk("ensemble", f"Stacking{kind}")
        final = "LogisticRegression" if classify else "RidgeCV"
        context.sk("linear_model", final)
        last = Call(final, max_iter=2000) if classify else Call(final)
        return Call(f"Stacking{kind}", listed, final_estimator=last, cv=3)
    context.sk("ensemble", f"Voting{kind}")
    keywords: dict[str, Any] = {"voting": repr("soft")} if classify else {}
    weights = [m.weight for _, m in members]
    if len(set(weights)) > 1:
        keywords["weights"] = literal(weights)
    return Call(f"Voting{kind}", listed, **keywords)


def _seeds(context: Context, bags: int) -> str:
    classify = _classifies(context)
    name = context.sk("ensemble", "VotingClassifier" if classify else "VotingRegressor")
    soft = ', voting="soft"' if classify else ""
    return f'    model = {name}([(f"seed {{seed}}", build(seed)) for seed in range({bags})]{soft})'


def _wrapped(context: Context, inner: str) -> list[str]:
    """Return the lines that wrap the estimator: target transform, ordinal rounding, calibration, thresholds."""
    recipe = context.recipe
    numeric = context.regression or recipe.target.as_regression
    layers: list[Callable[[str], Call]] = []
    if recipe.target.transform != "none":
        if not numeric:
            msg = "a target transform is for numbers, and this target holds classes"
            raise EditError(msg)
        layers.append(lambda inner: _target_transform(context, inner))
    if recipe.target.as_regression:
        if (
            context.regression
            or context.probabilities
            or context.profile.target.problem not in {"ordinal", "multiclass"}
        ):
            msg = "as_regression is for ordered classes and a metric of labels"
            raise EditError(msg)
        layers.append(lambda inner: _rounded(context, inner))
    if recipe.post.calibrate != "none":
        if numeric:
            msg = "calibration is for class probabilities"
            raise EditError(msg)
        context.sk("calibration", "CalibratedClassifierCV")
        method = repr(recipe.post.calibrate)
        layers.append(lambda inner: Call("CalibratedClassifierCV", inner, method=method, cv=3))
    if recipe.post.thresholds and not recipe.target.as_regression:
        layers.append(lambda inner: _thresholds(context, inner))
    lines = []
    for layer in layers:
        lines.append(assign("model", layer(inner)))
        inner = "model"
    return lines


def _rounded(context: Context, inner: str) -> Call:
    keywords = {}
    if context.recipe.post.thresholds:
        if context.binding.metric.name != "qwk":
            msg = f"cut points are tuned for quadratic kappa, and the metric is {context.binding.metric.name}"
            raise EditError(msg)
        keywords["tune"] = "True"
    return Call(need(context, "Rounded"), inner, **keywords)


def _target_transform(context: Context, inner: str) -> Call:
    transform, target = context.recipe.target.transform, context.profile.target
    if transform in {"log1p", "sqrt"} and target.quantiles and target.quantiles[0] < 0:
        msg = f"{transform} needs a target that is never negative; its least value is {target.quantiles[0]:g}"
        raise EditError(msg)
    context.sk("compose", "TransformedTargetRegressor")
    if transform in {"log1p", "sqrt"}:
        np = context.np
        forth, back = (f"{np}.log1p", f"{np}.expm1") if transform == "log1p" else (f"{np}.sqrt", f"{np}.square")
        return Call("TransformedTargetRegressor", inner, func=forth, inverse_func=back)
    if transform == "power":
        transformer = Call(context.sk("preprocessing", "PowerTransformer"))
    else:
        context.sk("preprocessing", "QuantileTransformer")
        normal, count = repr("normal"), quantiles(context)
        transformer = Call("QuantileTransformer", n_quantiles=count, output_distribution=normal, random_state=0)
    return Call("TransformedTargetRegressor", inner, transformer=transformer)


def _thresholds(context: Context, inner: str) -> Call:
    metric = context.binding.metric.name
    if context.regression or context.probabilities:
        msg = f"thresholds do not matter for {metric}"
        raise EditError(msg)
    if context.classes_known == 2 and metric != "qwk":
        context.sk("model_selection", "TunedThresholdClassifierCV")
        return Call("TunedThresholdClassifierCV", inner, scoring=scoring(context), cv=3)
    return Call(need(context, "WeightedClasses"), inner, "score")
