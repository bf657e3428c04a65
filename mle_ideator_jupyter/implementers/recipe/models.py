"""One model: its family's scikit-learn estimator with sensible defaults for a trial of seconds on one core."""

from __future__ import annotations

from typing import Any

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.implementers.recipe.families import NETWORKS, native_categories
from mle_ideator_jupyter.implementers.recipe.nets import network_estimator
from mle_ideator_jupyter.implementers.recipe.writing import Call
from mle_ideator_jupyter.recipe import Model

SVM_ROWS = 12_000
CHANCES_ROWS = {True: 5_000, False: 7_000}
"""Rows up to which an SVM can give probabilities of many (or two) classes in a trial: that takes four fits for one."""
NEIGHBOUR_ROWS = 200_000
PROCESS_ROWS = 2_500
QUANTILE_ROWS = 3_000
SEEDED = frozenset({"forest", "extra_trees", "hist_boosting", "lightgbm", "xgboost", "catboost", "mlp", *NETWORKS})
"""Families whose fit depends on a seed, so that bagging seeds means something."""
WEIGHTED = frozenset({"linear", "svm", "forest", "extra_trees", "hist_boosting", "lightgbm", "catboost"})
"""Families whose classifiers can weigh classes."""
NUMBERED = frozenset({"xgboost", "catboost"})
"""Families whose classifiers want classes as numbers from 0, or give them back in a shape of their own."""
LOSSES = {
    "linear": {"absolute", "poisson", "quantile"},
    "svm": {"absolute"},
    "forest": {"poisson"},
    "hist_boosting": {"absolute", "poisson", "quantile"},
    "lightgbm": {"absolute", "poisson", "quantile"},
    "xgboost": {"absolute", "poisson"},
    "catboost": {"absolute", "poisson"},
    **{family: {"absolute"} for family in NETWORKS},
}
"""What each family's regressor can minimise instead of squared error."""


def estimator(context: Context, model: Model, seed: str = "0") -> Call:
    """Return the estimator of one model; `seed` is the source of its random state."""
    builder = _BUILDERS[model.family]
    numeric = context.regression or context.recipe.target.as_regression
    _check_loss(context, model, numeric)
    made: Call = builder(context, model, numeric, seed)
    return made


def _check_loss(context: Context, model: Model, numeric: bool) -> None:
    if model.loss in {"auto", "squared"}:
        return
    if not numeric:
        msg = f"{model.loss} loss is for numbers, and this target holds classes"
        raise EditError(msg)
    if model.loss not in LOSSES.get(model.family, ()):
        msg = f"{model.family} has no {model.loss} loss"
        raise EditError(msg)
    target = context.profile.target
    if model.loss == "poisson" and target.quantiles and target.quantiles[0] < 0:
        msg = f"poisson loss needs a target that is never negative; its least value is {target.quantiles[0]:g}"
        raise EditError(msg)
    if model.loss == "poisson" and context.recipe.target.transform in {"power", "quantile"}:
        msg = f"poisson loss needs a target that is never negative, and {context.recipe.target.transform} makes it so"
        raise EditError(msg)


def _unit_target(context: Context, regressor: Call) -> Call:
    """Return a regressor whose own settings suppose a target near 1, with the target brought there."""
    context.sk("compose", "TransformedTargetRegressor")
    context.sk("preprocessing", "StandardScaler")
    return Call("TransformedTargetRegressor", regressor, transformer=Call("StandardScaler"))


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
        huber = _call(context, "linear_model", "HuberRegressor", model, {"epsilon": 1.1, "max_iter": 2000})
        return _unit_target(context, huber)
    if model.loss == "poisson":
        return _call(context, "linear_model", "PoissonRegressor", model, {"max_iter": 1000})
    if model.loss == "quantile":
        _few_rows(context, model, QUANTILE_ROWS)
        return _call(context, "linear_model", "QuantileRegressor", model, {"quantile": 0.5, "alpha": 1e-3})
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
        if wide:
            return _unit_target(context, _call(context, "svm", "LinearSVR", model, {"C": 1.0, "random_state": seed}))
        return _unit_target(context, _call(context, "svm", "SVR", model, {"C": 1.0}))
    inner = _call(context, "svm", "LinearSVC" if wide else "SVC", model, {"C": 1.0, "random_state": seed})
    if not context.probabilities and len(context.recipe.models) == 1 and not context.recipe.post.thresholds:
        return inner
    if not wide:
        _few_rows(context, model, CHANCES_ROWS[context.classes_known > 2])
    context.sk("calibration", "CalibratedClassifierCV")
    return Call("CalibratedClassifierCV", inner, cv=3, ensemble="False")


def _trees(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    kind = "RandomForest" if model.family == "forest" else "ExtraTrees"
    criterion = {"criterion": repr("poisson")} if model.loss == "poisson" else {}
    trees = 200 if context.profile.rows <= 10_000 else 100
    defaults = {"n_estimators": trees, "min_samples_leaf": 2, "n_jobs": 1, "random_state": seed, **criterion}
    if numeric:  # all features for each split, the default, take more seconds than a trial has
        work = 500_000 if model.family == "forest" else 1_000_000
        defaults |= {"n_estimators": min(200, max(50, work // context.profile.rows)), "max_features": 0.4}
    return _call(context, "ensemble", kind + ("Regressor" if numeric else "Classifier"), model, defaults)


def _hist_boosting(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    defaults: dict[str, Any] = {"random_state": seed}
    if numeric and model.loss == "quantile":
        defaults = {"loss": repr("quantile"), "quantile": 0.5, **defaults}
    elif numeric and model.loss in {"absolute", "poisson"}:
        defaults = {"loss": repr({"absolute": "absolute_error", "poisson": "poisson"}[model.loss]), **defaults}
    native = len(native_categories(context, model))
    if native:
        defaults = {"categorical_features": f"list(range({native}))", **defaults}
    name = "HistGradientBoostingRegressor" if numeric else "HistGradientBoostingClassifier"
    return _call(context, "ensemble", name, model, defaults)


def _lightgbm(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    context.require("lightgbm", "LightGBM")
    name = context.imports.name("lightgbm", "LGBMRegressor" if numeric else "LGBMClassifier")
    defaults: dict[str, Any] = {"n_estimators": 300, "learning_rate": 0.05}
    if numeric and model.loss != "auto":
        objective = {"absolute": "mae", "poisson": "poisson", "quantile": "quantile", "squared": "regression"}
        defaults["objective"] = repr(objective[model.loss])
    if numeric and model.loss == "quantile":
        defaults["alpha"] = 0.5
    if context.recipe.class_weight == "balanced" and not numeric:
        defaults["class_weight"] = repr("balanced")
    native = len(native_categories(context, model))
    if native:
        defaults["cat_feature"] = f"list(range({native}))"
    fixed = {"n_jobs": 1, "verbose": -1, "random_state": seed}
    return Call(name, **{**defaults, **_source(model.params), **fixed})


def _xgboost(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    context.require("xgboost", "XGBoost")
    name = context.imports.name("xgboost", "XGBRegressor" if numeric else "XGBClassifier")
    defaults: dict[str, Any] = {"n_estimators": 300, "learning_rate": 0.05, "max_depth": 5}
    if numeric and model.loss in {"absolute", "poisson"}:
        defaults["objective"] = repr({"absolute": "reg:absoluteerror", "poisson": "count:poisson"}[model.loss])
    return Call(name, **{**defaults, **_source(model.params), "n_jobs": 1, "random_state": seed})


def _catboost(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    context.require("catboost", "CatBoost")
    name = context.imports.name("catboost", "CatBoostRegressor" if numeric else "CatBoostClassifier")
    defaults: dict[str, Any] = {"iterations": 400, "learning_rate": 0.05}
    if numeric and model.loss in {"absolute", "poisson"}:
        defaults["loss_function"] = repr({"absolute": "MAE", "poisson": "Poisson"}[model.loss])
    if context.recipe.class_weight == "balanced" and not numeric:
        defaults["auto_class_weights"] = repr("Balanced")
    fixed = {"thread_count": 1, "verbose": 0, "allow_writing_files": "False", "random_seed": seed}
    return Call(name, **{**defaults, **_source(model.params), **fixed})


def _mlp(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    defaults = {  # strong decay instead of early stopping, which some versions refuse for classes that are text
        "hidden_layer_sizes": "(64, 32)",
        "alpha": 1.0,
        "tol": 1e-3,
        "n_iter_no_change": 5,
        "max_iter": 500,
        "random_state": seed,
    }
    made = _call(context, "neural_network", "MLPRegressor" if numeric else "MLPClassifier", model, defaults)
    return _unit_target(context, made) if numeric else made


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


def _network(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    made = network_estimator(context, model, numeric, seed)
    return _unit_target(context, made) if numeric else made


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
    **dict.fromkeys(NETWORKS, _network),
}
