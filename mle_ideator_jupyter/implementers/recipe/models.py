"""One model: its family's scikit-learn estimator with sensible defaults for a trial of seconds on one core."""

from __future__ import annotations

from typing import Any

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.implementers.recipe.writing import Call
from mle_ideator_jupyter.recipe import Model

SVM_ROWS = 12_000
NEIGHBOUR_ROWS = 200_000
PROCESS_ROWS = 2_500
SEEDED = frozenset({"forest", "extra_trees", "hist_boosting", "lightgbm", "xgboost", "catboost", "mlp"})
"""Families whose fit depends on a seed, so that bagging seeds means something."""
WEIGHTED = frozenset({"linear", "svm", "forest", "extra_trees", "hist_boosting", "lightgbm"})
"""Families whose classifiers take `class_weight`."""


def estimator(context: Context, model: Model, seed: str = "0") -> Call:
    """Return the estimator of one model; `seed` is the source of its random state."""
    builder = _BUILDERS[model.family]
    numeric = context.regression or context.recipe.target.as_regression
    made: Call = builder(context, model, numeric, seed)
    return made


def _call(context: Context, module: str, name: str, model: Model, defaults: dict[str, Any]) -> Call:
    """Return a call with the defaults and over them the model's own parameters."""
    context.sk(module, name)
    numeric = context.regression or context.recipe.target.as_regression
    if context.recipe.class_weight == "balanced" and not numeric and model.family in WEIGHTED:
        defaults = {**defaults, "class_weight": repr("balanced")}
    return Call(name, **{**defaults, **_source(model.params)})


def _source(params: dict[str, Any]) -> dict[str, str]:
    """Return parameters as source; lists become tuples, as scikit-learn writes them."""
    for name in params:
        if not name.isidentifier():
            msg = f"{name!r} is no parameter name"
            raise EditError(msg)
    return {k: repr(tuple(v)) if isinstance(v, list) else repr(v) for k, v in params.items()}


def _few_rows(context: Context, model: Model, limit: int) -> None:
    if context.profile.rows > limit:
        msg = f"{model.family} suits up to {limit} rows, these are {context.profile.rows}"
        raise EditError(msg)


def _linear(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    del seed
    if not numeric:
        return _call(context, "linear_model", "LogisticRegression", model, {"C": 1.0, "max_iter": 2000})
    if model.loss == "absolute":
        return _call(context, "linear_model", "HuberRegressor", model, {"epsilon": 1.1, "max_iter": 2000})
    if model.loss == "poisson":
        return _call(context, "linear_model", "PoissonRegressor", model, {"max_iter": 1000})
    return _call(context, "linear_model", "Ridge", model, {"alpha": 1.0})


def _naive_bayes(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    del seed
    if numeric:
        msg = "naive Bayes is for classes, and this target is a number"
        raise EditError(msg)
    if context.all_numbers:
        return _call(context, "naive_bayes", "GaussianNB", model, {})
    if context.texts and not context.all_categories:
        return _call(context, "naive_bayes", "MultinomialNB", model, {"alpha": 0.1})
    return _call(context, "naive_bayes", "BernoulliNB", model, {"alpha": 0.5})


def _knn(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    del seed
    _few_rows(context, model, NEIGHBOUR_ROWS)
    name = "KNeighborsRegressor" if numeric else "KNeighborsClassifier"
    return _call(context, "neighbors", name, model, {"n_neighbors": 15, "weights": repr("distance")})


def _svm(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    wide = bool(context.texts)
    if not wide:
        _few_rows(context, model, SVM_ROWS)
    if numeric:
        name = "LinearSVR" if wide else "SVR"
        return _call(context, "svm", name, model, {"C": 1.0})
    inner = _call(context, "svm", "LinearSVC" if wide else "SVC", model, {"C": 1.0, "random_state": seed})
    if not context.probabilities and len(context.recipe.models) == 1 and not context.recipe.post.thresholds:
        return inner
    context.sk("calibration", "CalibratedClassifierCV")
    return Call("CalibratedClassifierCV", inner, cv=3, ensemble="False")


def _trees(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    kind = "RandomForest" if model.family == "forest" else "ExtraTrees"
    trees = 200 if context.profile.rows <= 10_000 else 100
    defaults = {"n_estimators": trees, "min_samples_leaf": 2, "n_jobs": 1, "random_state": seed}
    return _call(context, "ensemble", kind + ("Regressor" if numeric else "Classifier"), model, defaults)


def _hist_boosting(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    defaults: dict[str, Any] = {"random_state": seed}
    if numeric and model.loss in {"absolute", "poisson"}:
        defaults = {"loss": repr({"absolute": "absolute_error", "poisson": "poisson"}[model.loss]), **defaults}
    if context.recipe.categories.encoder == "category" and context.all_categories:
        first = len(context.all_numbers)
        last = first + len(context.all_categories)
        defaults = {"categorical_features": f"list(range({first}, {last}))", **defaults}
    name = "HistGradientBoostingRegressor" if numeric else "HistGradientBoostingClassifier"
    return _call(context, "ensemble", name, model, defaults)


def _lightgbm(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    context.require("lightgbm", "LightGBM")
    name = context.imports.name("lightgbm", "LGBMRegressor" if numeric else "LGBMClassifier")
    defaults: dict[str, Any] = {"n_estimators": 300, "learning_rate": 0.05}
    if numeric and model.loss in {"absolute", "poisson"}:
        defaults["objective"] = repr({"absolute": "mae", "poisson": "poisson"}[model.loss])
    if context.recipe.class_weight == "balanced" and not numeric:
        defaults["class_weight"] = repr("balanced")
    fixed = {"n_jobs": 1, "verbose": -1, "random_state": seed}
    return Call(name, **{**defaults, **_source(model.params), **fixed})


def _xgboost(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    context.require("xgboost", "XGBoost")
    name = context.imports.name("xgboost", "XGBRegressor" if numeric else "XGBClassifier")
    defaults: dict[str, Any] = {"n_estimators": 300, "learning_rate": 0.05, "max_depth": 5}
    if numeric and model.loss == "absolute":
        defaults["objective"] = repr("reg:absoluteerror")
    return Call(name, **{**defaults, **_source(model.params), "n_jobs": 1, "random_state": seed})


def _catboost(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    context.require("catboost", "CatBoost")
    name = context.imports.name("catboost", "CatBoostRegressor" if numeric else "CatBoostClassifier")
    defaults: dict[str, Any] = {"iterations": 400, "learning_rate": 0.05}
    if numeric and model.loss == "absolute":
        defaults["loss_function"] = repr("MAE")
    fixed = {"thread_count": 1, "verbose": 0, "allow_writing_files": "False", "random_seed": seed}
    return Call(name, **{**defaults, **_source(model.params), **fixed})


def _mlp(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    defaults = {
        "hidden_layer_sizes": "(64, 32)",
        "alpha": 1e-3,
        "early_stopping": "True",
        "max_iter": 1000,
        "random_state": seed,
    }
    return _call(context, "neural_network", "MLPRegressor" if numeric else "MLPClassifier", model, defaults)


def _gaussian_process(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    _few_rows(context, model, PROCESS_ROWS)
    kernels = "gaussian_process.kernels"
    matern, white = context.sk(kernels, "Matern"), context.sk(kernels, "WhiteKernel")
    kernel = f"{matern}(length_scale=3.0, nu=1.5)" + (f" + {white}(0.1)" if numeric else "")
    defaults = {"kernel": kernel, "random_state": seed}
    if numeric:
        defaults["normalize_y"] = "True"
    name = "GaussianProcessRegressor" if numeric else "GaussianProcessClassifier"
    return _call(context, "gaussian_process", name, model, defaults)


_BUILDERS = {
    "linear": _linear,
    "naive_bayes": _naive_bayes,
    "knn": _knn,
    "svm": _svm,
    "forest": _trees,
    "extra_trees": _trees,
    "hist_boosting": _hist_boosting,
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "catboost": _catboost,
    "mlp": _mlp,
    "gaussian_process": _gaussian_process,
}


def search_space(model: Model) -> dict[str, Any]:
    """Return the settings that tuning samples from, as source, for one family."""
    spaces: dict[str, dict[str, Any]] = {
        "linear": {"C": "loguniform(1e-3, 1e2)"},
        "knn": {"n_neighbors": [3, 5, 8, 12, 20, 35, 60], "weights": ["uniform", "distance"]},
        "svm": {"C": "loguniform(1e-1, 1e3)", "gamma": "loguniform(1e-3, 1)"},
        "forest": {"min_samples_leaf": [1, 2, 3, 5, 10], "max_features": [0.2, 0.3, 0.5, 0.7, 1.0]},
        "extra_trees": {"min_samples_leaf": [1, 2, 3, 5, 10], "max_features": [0.2, 0.3, 0.5, 0.7, 1.0]},
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
        "mlp": {"alpha": "loguniform(1e-5, 1e-1)", "learning_rate_init": "loguniform(3e-4, 1e-2)"},
        "naive_bayes": {},
        "gaussian_process": {},
    }
    return spaces[model.family]
