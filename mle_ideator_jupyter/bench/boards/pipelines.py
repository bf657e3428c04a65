"""From a declared solution to a scikit-learn estimator: columns are encoded, a model fitted, members combined."""

from __future__ import annotations

from typing import Any

import msgspec

from mle_ideator_jupyter.bench.boards.models import DENSE, TAKES_MISSING, make_model
from mle_ideator_jupyter.bench.boards.solutions import POPULATION, Solution
from mle_ideator_jupyter.bench.boards.tables import Tables
from mle_ideator_jupyter.errors import EditError

_CODE_VALUES = 30
"""Whole numbers of no more values than this may be codes."""


class Aim(msgspec.Struct, kw_only=True):
    """What an estimator is built for. `classes` is the number of classes, 0 where a number is predicted."""

    tables: Tables
    classes: int
    seed: int

    @property
    def rows(self) -> int:
        """Return the number of training rows."""
        return len(self.tables.train)


def make_estimator(solution: Solution, aim: Aim) -> Any:
    """Return the unfitted estimator of a solution. Raises `EditError` when no column is left for it."""
    inner = _combined(solution, aim) if solution.members else _pipeline(solution, aim)
    transform = solution.target
    if transform == "metric":
        transform = "log" if aim.tables.file.metric == "rmsle" else "plain"
    if transform == "plain" or aim.classes:
        return inner
    return _on_transformed_target(inner, transform, aim)


def _combined(solution: Solution, aim: Aim) -> Any:
    from sklearn import ensemble
    from sklearn.linear_model import LogisticRegression, RidgeCV

    members = [(name, make_estimator(POPULATION[name], aim)) for name in solution.members]
    if solution.combine == "blend":
        return ensemble.VotingClassifier(members, voting="soft") if aim.classes else ensemble.VotingRegressor(members)
    if aim.classes:
        return ensemble.StackingClassifier(members, LogisticRegression(max_iter=300), cv=3)
    return ensemble.StackingRegressor(members, RidgeCV(), cv=3)


def _on_transformed_target(inner: Any, transform: str, aim: Aim) -> Any:
    import numpy as np
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import QuantileTransformer

    if transform == "log":
        if aim.tables.target.min() <= -1:
            msg = "the target has values of -1 and less: no log"
            raise EditError(msg)
        return TransformedTargetRegressor(inner, func=np.log1p, inverse_func=np.expm1)
    normal = QuantileTransformer(n_quantiles=min(500, aim.rows), output_distribution="normal", random_state=aim.seed)
    return TransformedTargetRegressor(inner, transformer=normal)


def _pipeline(solution: Solution, aim: Aim) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    numbers, categories = _split(solution, aim)
    texts = [] if solution.texts == "drop" else aim.tables.texts
    steps: list[tuple[str, Any, Any]] = []
    if numbers and solution.numbers != "drop":
        steps.append(("numbers", _numbers(solution, aim, len(numbers)), numbers))
    if categories and solution.categories != "drop":
        steps.append(("categories", _categories(solution, aim), categories))
    steps += [(f"text {name}", _text(solution.texts, aim), name) for name in texts]
    if not steps:
        msg = "none of the task's columns is left for it"
        raise EditError(msg)
    native = solution.categories == "native" and categories
    places = range(len(numbers), len(numbers) + len(categories)) if native else None
    model = make_model(solution.model, solution.params, aim.classes, aim.seed, list(places) if places else None)
    threshold = 0 if solution.model in DENSE else 0.3
    return Pipeline([("columns", ColumnTransformer(steps, sparse_threshold=threshold)), ("model", model)])


def _split(solution: Solution, aim: Aim) -> tuple[list[str], list[str]]:
    """Return the columns taken for numbers and for categories."""
    numbers, categories = aim.tables.numbers, aim.tables.categories
    if not solution.codes:
        return numbers, categories
    frame = aim.tables.train[numbers]
    codes = [c for c in numbers if frame[c].nunique() <= _CODE_VALUES and (frame[c].dropna() % 1 == 0).all()]
    return [c for c in numbers if c not in codes], [*categories, *codes]


def _numbers(solution: Solution, aim: Aim, count: int) -> Any:
    from sklearn import preprocessing
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline, make_union

    kind = solution.numbers
    if kind == "plain" and solution.model in TAKES_MISSING:
        return "passthrough"
    fill, scale = SimpleImputer(strategy="median", keep_empty_features=True), preprocessing.StandardScaler()
    quantiles = min(500, aim.rows)
    steps: dict[str, list[Any]] = {
        "plain": [],
        "scaled": [scale],
        "normal": [preprocessing.QuantileTransformer(n_quantiles=quantiles, output_distribution="normal")],
        # On ranks, evenly spaced knots lie at quantiles.
        "splines": [
            preprocessing.QuantileTransformer(n_quantiles=quantiles),
            preprocessing.SplineTransformer(6, include_bias=False),
        ],
        "bins": [preprocessing.KBinsDiscretizer(8, strategy="quantile")],
        "products": [scale, preprocessing.PolynomialFeatures(2, include_bias=False), preprocessing.StandardScaler()],
        "components": [scale, PCA(min(8, count), random_state=aim.seed)],
        "clusters": [make_union("passthrough", make_pipeline(scale, KMeans(12, n_init=1, random_state=aim.seed)))],
    }
    return make_pipeline(fill, *steps[kind])


def _categories(solution: Solution, aim: Aim) -> Any:
    from sklearn import preprocessing

    if solution.categories == "onehot":
        return preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=3, max_categories=200)
    if solution.categories == "target":
        kind = "auto" if aim.classes else "continuous"
        return preprocessing.TargetEncoder(target_type=kind, cv=3, random_state=aim.seed)
    if solution.categories == "native":
        return preprocessing.OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=float("nan"), max_categories=200
        )
    return preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)


def _text(kind: str, aim: Aim) -> Any:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_features=20_000, sublinear_tf=True)
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), min_df=3, max_features=20_000, sublinear_tf=True
    )
    if kind == "svd":
        return make_pipeline(words, TruncatedSVD(50, random_state=aim.seed))
    if kind == "counts":
        return CountVectorizer(min_df=2, max_features=20_000)
    return {"words": words, "characters": characters}.get(kind) or make_union(words, characters)
