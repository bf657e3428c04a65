"""The models that the population uses, by name: a classifier and a regressor for each, one core, seeded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mle_ideator_jupyter.errors import UsageError

TAKES_MISSING = frozenset({"boosting", "lightgbm", "lightgbm_bags"})
"""Models that take missing numbers as they are."""
DENSE = frozenset({
    "boosting", "tree", "forest", "extra_trees", "bagging", "adaboost", "bayes", "discriminant", "mlp", "svm", "knn",
    "nystroem",
})  # fmt: skip
"""Models that get dense columns."""
_ROUNDS = {"boosting": "max_iter", "lightgbm": "n_estimators"}
_FULL_ROUNDS = 3
"""Up to so many classes a boosted model makes all its rounds; beyond, so many in all, as each class costs a tree."""


def make_model(name: str, params: Mapping[str, Any], classes: int, seed: int, native: list[int] | None = None) -> Any:
    """Return the unfitted model of this name; `classes` is 0 for a regressor, `native` places of categorical columns.

    Raises `UsageError` when the library it needs is not installed.
    """
    settings = dict(params)
    if name in _ROUNDS:
        key = _ROUNDS[name]
        settings[key] = rounds(settings.get(key, 100), classes)
    if "penalty" in settings:
        penalty = settings.pop("penalty")
        settings |= penalty_as(penalty, classes)
    if name in {"lightgbm", "lightgbm_bags"}:
        return _lightgbm(name, settings, classes, seed)
    if name == "boosting" and native is not None:
        settings["categorical_features"] = native
    if name == "constant":
        return _constant(settings, classes)
    return (_classifier if classes else _regressor)(name, settings, seed)


def rounds(wanted: int, classes: int) -> int:
    """Return how many rounds a boosted model makes: fewer where each round grows a tree for many classes."""
    return wanted if classes <= _FULL_ROUNDS else max(30, wanted * _FULL_ROUNDS // classes)


def penalty_as(penalty: float, classes: int) -> dict[str, float]:
    """Return a linear model's L2 penalty under scikit-learn's name for it."""
    return {"C": 1 / penalty} if classes else {"alpha": penalty}


def _constant(settings: dict[str, Any], classes: int) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    other = settings.get("strategy") == "other"
    if classes:
        return DummyClassifier(strategy="most_frequent" if other else "prior")
    return DummyRegressor(strategy="median" if other else "mean")


def _lightgbm(name: str, settings: dict[str, Any], classes: int, seed: int) -> Any:
    try:
        import lightgbm
    except ImportError:
        msg = "LightGBM is not installed: pip install 'mle_ideator_jupyter[boost]'"
        raise UsageError(msg) from None
    kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
    single = kind(random_state=seed, n_jobs=1, verbose=-1, **settings)
    if name == "lightgbm":
        return single
    from sklearn.ensemble import BaggingClassifier, BaggingRegressor

    single.set_params(num_leaves=15, learning_rate=0.05, n_estimators=rounds(200, classes))
    bags = BaggingClassifier if classes else BaggingRegressor
    return bags(single, n_estimators=5, max_samples=0.7, bootstrap=False, random_state=seed)


def _classifier(name: str, given: dict[str, Any], seed: int) -> Any:
    from sklearn import discriminant_analysis, ensemble, linear_model, naive_bayes, neighbors, svm, tree
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.kernel_approximation import Nystroem
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline

    logistic = linear_model.LogisticRegression
    makers: dict[str, Any] = {
        "linear": lambda: logistic(max_iter=200, **given),
        "sgd": lambda: linear_model.SGDClassifier(
            "log_loss", penalty="elasticnet", alpha=1e-3, l1_ratio=0.5, random_state=seed
        ),
        "counts": naive_bayes.MultinomialNB,
        "bayes": naive_bayes.GaussianNB,
        "discriminant": lambda: discriminant_analysis.LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
        "nystroem": lambda: make_pipeline(Nystroem(n_components=200, random_state=seed), logistic(max_iter=200)),
        "svm": lambda: CalibratedClassifierCV(svm.SVC(**given), cv=3, ensemble=False),
        "knn": lambda: neighbors.KNeighborsClassifier(**given),
        "mlp": lambda: MLPClassifier(hidden_layer_sizes=(64,), max_iter=40, early_stopping=True, random_state=seed),
        "tree": lambda: tree.DecisionTreeClassifier(random_state=seed, **given),
        "forest": lambda: ensemble.RandomForestClassifier(100, random_state=seed, **given),
        "extra_trees": lambda: ensemble.ExtraTreesClassifier(150, random_state=seed, **given),
        "bagging": lambda: ensemble.BaggingClassifier(
            tree.DecisionTreeClassifier(max_depth=12), n_estimators=20, random_state=seed
        ),
        "adaboost": lambda: ensemble.AdaBoostClassifier(
            tree.DecisionTreeClassifier(max_depth=2), n_estimators=60, random_state=seed
        ),
        "boosting": lambda: ensemble.HistGradientBoostingClassifier(early_stopping=False, random_state=seed, **given),
    }
    return makers[name]()


def _regressor(name: str, given: dict[str, Any], seed: int) -> Any:
    from sklearn import ensemble, linear_model, neighbors, svm, tree
    from sklearn.kernel_approximation import Nystroem
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline

    makers: dict[str, Any] = {
        "linear": lambda: linear_model.Ridge(**given),
        "sgd": lambda: _on_scaled_target(
            linear_model.SGDRegressor(penalty="elasticnet", alpha=1e-3, l1_ratio=0.5, random_state=seed)
        ),
        "counts": linear_model.Ridge,
        "bayes": linear_model.BayesianRidge,
        "discriminant": lambda: linear_model.HuberRegressor(max_iter=300),
        "nystroem": lambda: make_pipeline(Nystroem(n_components=200, random_state=seed), linear_model.Ridge()),
        "svm": lambda: _on_scaled_target(svm.SVR(**given)),
        "knn": lambda: neighbors.KNeighborsRegressor(**given),
        "mlp": lambda: _on_scaled_target(
            MLPRegressor(hidden_layer_sizes=(64,), max_iter=60, early_stopping=True, random_state=seed)
        ),
        "tree": lambda: tree.DecisionTreeRegressor(random_state=seed, **given),
        "forest": lambda: ensemble.RandomForestRegressor(100, random_state=seed, **{"max_features": 0.5, **given}),
        "extra_trees": lambda: ensemble.ExtraTreesRegressor(150, random_state=seed, **given),
        "bagging": lambda: ensemble.BaggingRegressor(
            tree.DecisionTreeRegressor(max_depth=12), n_estimators=20, random_state=seed
        ),
        "adaboost": lambda: ensemble.AdaBoostRegressor(
            tree.DecisionTreeRegressor(max_depth=6), n_estimators=60, random_state=seed
        ),
        "boosting": lambda: ensemble.HistGradientBoostingRegressor(early_stopping=False, random_state=seed, **given),
    }
    return makers[name]()


def _on_scaled_target(model: Any) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler

    return TransformedTargetRegressor(model, transformer=StandardScaler())
