"""What hyperparameter search samples from, and how it judges: a randomised search of so many settings."""

from __future__ import annotations

from typing import Any

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.implementers.recipe.families import NETWORKS
from mle_ideator_jupyter.implementers.recipe.models import estimator
from mle_ideator_jupyter.implementers.recipe.writing import Call, assign, items, literal, mapping
from mle_ideator_jupyter.model import Goal
from mle_ideator_jupyter.recipe import Model

_INSIDE = {"CalibratedClassifierCV": "estimator__", "TransformedTargetRegressor": "regressor__"}
"""Estimators that only wrap another one, and what its parameters are called from outside."""


def searched(context: Context, name: str, model: Model, indent: int) -> str:
    """Return the line that wraps the pipeline of this name into the search."""
    made = estimator(context, model)
    path = made.name.lower() + "__"
    if made.name in _INSIDE:
        path += _INSIDE[made.name]
        made = made.parts[0][1]
    space = _space(model, made.name)
    if not space:
        msg = f"{model.family} has nothing to tune"
        raise EditError(msg)
    if any(isinstance(v, str) for v in space.values()):
        context.imports.name("scipy.stats", "loguniform")
    context.sk("model_selection", "RandomizedSearchCV")
    tune = context.recipe.tune
    search = Call(
        "RandomizedSearchCV",
        name,
        mapping({f"{path}{k}": v if isinstance(v, str) else items(*map(literal, v)) for k, v in space.items()}),
        n_iter=tune.trials,
        cv=_inner_folds(context, max(2, tune.folds)),
        scoring=scoring(context),
        random_state=0,
    )
    return assign(name, search, indent)


def _inner_folds(context: Context, folds: int) -> str:
    """Return the inner folds: in time order where the outer ones are."""
    if context.binding.splitter.kind != "time":
        return str(folds)
    return f"{context.sk('model_selection', 'TimeSeriesSplit')}({folds})"


def scoring(context: Context) -> str:
    """Return the source of the scorer that comes nearest to the metric."""
    metric = context.binding.metric.name
    if context.own_metric:
        better = context.binding.metric.goal is Goal.MAXIMIZE
        return f"{context.sk('metrics', 'make_scorer')}({context.own_metric}, greater_is_better={better})"
    if context.regression or context.recipe.target.as_regression:
        return repr("neg_mean_absolute_error" if metric == "mae" else "neg_mean_squared_error")
    if metric == "qwk":
        context.sk("metrics", "cohen_kappa_score")
        return f"{context.sk('metrics', 'make_scorer')}(cohen_kappa_score, weights='quadratic')"
    auc = "roc_auc_ovr" if context.classes_known > 2 else "roc_auc"
    return repr({"accuracy": "accuracy", "auc": auc, "logloss": "neg_log_loss", "macro_f1": "f1_macro"}[metric])


def _space(model: Model, name: str) -> dict[str, Any]:
    """Return the settings of an estimator: lists, and distributions as source."""
    by_name: dict[str, dict[str, Any]] = {
        "LogisticRegression": {"C": "loguniform(1e-3, 1e2)"},
        "Ridge": {"alpha": "loguniform(1e-2, 1e3)"},
        "HuberRegressor": {"alpha": "loguniform(1e-4, 1e1)"},
        "PoissonRegressor": {"alpha": "loguniform(1e-4, 1e1)"},
        "QuantileRegressor": {"alpha": "loguniform(1e-4, 1e-1)"},
        "GaussianNB": {"var_smoothing": "loguniform(1e-9, 1e-1)"},
        "MultinomialNB": {"alpha": "loguniform(1e-2, 1e1)"},
        "BernoulliNB": {"alpha": "loguniform(1e-2, 1e1)"},
        "LinearSVC": {"C": "loguniform(1e-3, 1e1)"},
        "LinearSVR": {"C": "loguniform(1e-3, 1e1)"},
    }
    trees = {"min_samples_leaf": [1, 2, 3, 5, 10], "max_features": [0.2, 0.3, 0.4, 0.6, 0.8]}
    network = {
        "learning_rate": "loguniform(3e-4, 1e-2)",
        "width": [32, 64, 128, 256],
        "dropout": [0.0, 0.1, 0.3, 0.5],
    }
    by_family: dict[str, dict[str, Any]] = {
        "knn": {"n_neighbors": [3, 5, 8, 12, 20, 35, 60], "weights": ["uniform", "distance"]},
        "svm": {"C": "loguniform(1e-1, 1e2)", "gamma": "loguniform(1e-3, 1)"},
        "forest": trees,
        "extra_trees": trees,
        "hist_boosting": {
            "learning_rate": "loguniform(0.02, 0.2)",
            "max_leaf_nodes": [7, 15, 31, 63],
            "min_samples_leaf": [5, 10, 20, 40, 80],
            "l2_regularization": "loguniform(1e-3, 1e2)",
            "max_iter": [100, 200, 300],
        },
        "lightgbm": {
            "learning_rate": "loguniform(0.02, 0.2)",
            "num_leaves": [7, 15, 31, 63],
            "min_child_samples": [5, 10, 20, 40, 80],
            "reg_lambda": "loguniform(1e-3, 1e2)",
            "colsample_bytree": [0.4, 0.6, 0.8, 1.0],
        },
        "xgboost": {
            "learning_rate": "loguniform(0.02, 0.2)",
            "max_depth": [3, 4, 5, 6, 8],
            "min_child_weight": [1, 3, 10, 30],
            "colsample_bytree": [0.4, 0.6, 0.8, 1.0],
        },
        "catboost": {"learning_rate": "loguniform(0.02, 0.2)", "depth": [4, 5, 6, 7], "l2_leaf_reg": [1, 3, 10, 30]},
        **dict.fromkeys(NETWORKS, network),
        "mlp": {"alpha": "loguniform(1e-3, 1e1)", "learning_rate_init": "loguniform(3e-4, 1e-2)"},
    }
    return by_name.get(name) or by_family.get(model.family, {})
