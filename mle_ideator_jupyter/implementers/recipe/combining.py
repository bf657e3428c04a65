"""From models to one estimator: pipelines, blend or stack, seeds, target transform, thresholds, calibration, tuning."""

from __future__ import annotations

import re
from typing import Any

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.classes import need
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.implementers.recipe.models import SEEDED, estimator, search_space
from mle_ideator_jupyter.implementers.recipe.preparing import preparation
from mle_ideator_jupyter.implementers.recipe.writing import Call, assign, items, literal, pair
from mle_ideator_jupyter.recipe import Model, Recipe


def model_lines(context: Context) -> list[str]:
    """Return the lines that build `model`, the whole estimator."""
    recipe = context.recipe
    if not recipe.models:
        msg = "a Recipe needs at least one model"
        raise EditError(msg)
    bagged = recipe.bags > 1
    if bagged and not any(m.family in SEEDED for m in recipe.models):
        msg = "bagging seeds changes nothing: none of the models depends on a seed"
        raise EditError(msg)
    indent, seed = (8, "seed") if bagged else (4, "0")
    lines, members = [], []
    for model, name in zip(recipe.models, _member_names(recipe.models), strict=True):
        prepared = preparation(context, model)
        if prepared is None:
            return [assign("model", _constant(context))]
        context.sk("pipeline", "make_pipeline")
        steps: list[Any] = [prepared]
        if recipe.select:
            steps.append(_selection(context, recipe.select))
        steps.append(estimator(context, model, seed))
        lines.append(assign(name, Call("make_pipeline", *steps), indent))
        members.append((name, model))
    if recipe.tune.trials:
        lines.append(_tuned(context, members[0][0], recipe.models[0], steps_name(context, recipe.models[0]), indent))
    together = members[0][0] if len(members) == 1 else "model"
    if len(members) > 1:
        lines.append(assign("model", _combined(context, members), indent))
    if bagged:
        lines = ["    def build(seed):", *lines, f"        return {together}", "", _seeds(context, recipe.bags)]
    elif together != "model":
        lines.append(f"    model = {together}")
    return [*lines, *_wrapped(context)]


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


def _selection(context: Context, share: float) -> Call:
    numeric = context.regression or context.recipe.target.as_regression
    score = context.sk("feature_selection", "f_regression" if numeric else "f_classif")
    context.sk("feature_selection", "SelectPercentile")
    return Call("SelectPercentile", score, percentile=round(100 * share))


def _classifies(context: Context) -> bool:
    return not (context.regression or context.recipe.target.as_regression)


def _combined(context: Context, members: list[tuple[str, Model]]) -> Call:
    classify = _classifies(context)
    listed = items(*(pair(repr(name), name) for name, _ in members))
    kind = "Classifier" if classify else "Regressor"
    if context.recipe.combine == "stack":
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


def steps_name(context: Context, model: Model) -> str:
    """Return the name that `make_pipeline` gives the model's step."""
    return re.split(r"\W", estimator(context, model).name)[0].lower()


def _tuned(context: Context, name: str, model: Model, step: str, indent: int) -> str:
    """Return the line that wraps the first model into a randomised search of so many settings."""
    space = search_space(model)
    numeric = not _classifies(context)
    if model.family == "linear" and numeric:
        space = {"alpha": "loguniform(1e-3, 1e3)"}
    if step == "calibratedclassifiercv":
        space = {f"estimator__{k}": v for k, v in space.items()}
    if not space:
        msg = f"{model.family} has nothing to tune"
        raise EditError(msg)
    if any(isinstance(v, str) for v in space.values()):
        context.imports.name("scipy.stats", "loguniform")
    context.sk("model_selection", "RandomizedSearchCV")
    rows = [f'"{step}__{k}": {v if isinstance(v, str) else literal(v)}' for k, v in space.items()]
    inner = " " * (indent + 4)
    body = "".join(f"{inner}    {row},\n" for row in rows)
    tune = context.recipe.tune
    tail = f"n_iter={tune.trials}, cv={max(2, tune.folds)}, scoring={scoring(context)!r}, random_state=0"
    space_text = f"{{\n{body}{inner}}}"
    space_ = " " * indent
    return f"{space_}{name} = RandomizedSearchCV(\n{inner}{name},\n{inner}{space_text},\n{inner}{tail},\n{space_})"


def scoring(context: Context) -> str:
    """Return scikit-learn's name of the scorer that inner searches use."""
    if not _classifies(context) and not context.regression:
        return "neg_mean_squared_error"
    many = len(context.profile.target.classes) > 2
    return {
        "accuracy": "accuracy",
        "auc": "roc_auc_ovr" if many else "roc_auc",
        "logloss": "neg_log_loss",
        "macro_f1": "f1_macro",
        "qwk": "accuracy",
        "rmse": "neg_mean_squared_error",
        "rmsle": "neg_mean_squared_error",
        "mae": "neg_mean_absolute_error",
    }[context.binding.metric.name]


def _wrapped(context: Context) -> list[str]:
    """Return the lines that wrap `model`: target transform, ordinal rounding, calibration, thresholds."""
    recipe, lines = context.recipe, []
    numeric = context.regression or recipe.target.as_regression
    if recipe.target.transform != "none":
        if not numeric:
            msg = "a target transform is for numbers, and this target holds classes"
            raise EditError(msg)
        lines.append(assign("model", _target_transform(context)))
    if recipe.target.as_regression:
        if (
            context.regression
            or context.probabilities
            or context.profile.target.problem not in {"ordinal", "multiclass"}
        ):
            msg = "as_regression is for ordered classes and a metric of labels"
            raise EditError(msg)
        keywords = {"tune": "True"} if recipe.post.thresholds else {}
        lines.append(assign("model", Call(need(context, "Rounded"), "model", **keywords)))
    if recipe.post.calibrate != "none":
        if numeric:
            msg = "calibration is for class probabilities"
            raise EditError(msg)
        context.sk("calibration", "CalibratedClassifierCV")
        method = repr(recipe.post.calibrate)
        lines.append(assign("model", Call("CalibratedClassifierCV", "model", method=method, cv=3)))
    if recipe.post.thresholds and not recipe.target.as_regression:
        lines.append(assign("model", _thresholds(context)))
    return lines


def _target_transform(context: Context) -> Call:
    transform, target = context.recipe.target.transform, context.profile.target
    if transform in {"log1p", "sqrt"} and target.quantiles and target.quantiles[0] < 0:
        msg = f"{transform} needs a target that is never negative; its least value is {target.quantiles[0]:g}"
        raise EditError(msg)
    context.sk("compose", "TransformedTargetRegressor")
    if transform in {"log1p", "sqrt"}:
        np = context.np
        forth, back = (f"{np}.log1p", f"{np}.expm1") if transform == "log1p" else (f"{np}.sqrt", f"{np}.square")
        return Call("TransformedTargetRegressor", "model", func=forth, inverse_func=back)
    if transform == "power":
        transformer = Call(context.sk("preprocessing", "PowerTransformer"))
    else:
        context.sk("preprocessing", "QuantileTransformer")
        count = min(1000, max(10, context.profile.rows // 2))
        normal = repr("normal")
        transformer = Call("QuantileTransformer", n_quantiles=count, output_distribution=normal, random_state=0)
    return Call("TransformedTargetRegressor", "model", transformer=transformer)


def _thresholds(context: Context) -> Call:
    metric = context.binding.metric.name
    if context.regression or context.probabilities:
        msg = f"thresholds do not matter for {metric}"
        raise EditError(msg)
    if len(context.profile.target.classes) == 2 and metric != "qwk":
        context.sk("model_selection", "TunedThresholdClassifierCV")
        name = {"macro_f1": "f1_macro", "accuracy": "accuracy"}[metric]
        return Call("TunedThresholdClassifierCV", "model", scoring=repr(name), cv=3)
    return Call(need(context, "WeightedClasses"), "model", "score")
