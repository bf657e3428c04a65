"""Small mixed frames of every problem, and a wide sweep of Recipes for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import Binding, RecipeEdit, Splitter
from mle_ideator_jupyter.profile import profile_frames

PROBLEMS = {
    "regression": ("rmse", "rmsle", "mae"),
    "binary": ("auc", "accuracy", "macro_f1", "logloss"),
    "multiclass": ("logloss", "macro_f1", "accuracy"),
    "ordinal": ("qwk",),
}
WORDS = ["good", "bad", "fine", "awful", "great", "plain", "late", "early", "warm", "cold", "soft", "hard"]


def frames(problem: str, n: int = 160) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return train and test with numbers (some missing), categories (some unseen), dates, text, a flag and an id."""
    rng = np.random.default_rng(7)
    size, age, hour = rng.normal(size=n), rng.integers(1, 60, n).astype(float), rng.integers(0, 24, n)
    colour = rng.choice(["red", "green", "blue"], n)
    words = [" ".join(rng.choice(WORDS, 6)) for _ in range(n)]
    signal = size + 0.02 * age + (colour == "red") + np.array([w.count("good") for w in words]) * 0.5
    signal = signal + rng.normal(scale=0.3, size=n)
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "size": size,
            "age": age,
            "hour": hour,
            "code": rng.choice([10, 20, 30], n),
            "colour": colour,
            "grade": rng.choice(["low", "mid", "high"], n),
            "flag": rng.random(n) > 0.5,
            "bought": pd.date_range("2020-01-01", periods=n).strftime("%Y-%m-%d"),
            "sent": pd.date_range("2020-01-01", periods=n, freq="7h", tz="Europe/Paris"),
            "note": words,
            "shop": rng.choice(["a-1", "b-2", "c-3"], n),
        }
    )
    frame.loc[::7, "age"] = np.nan
    frame.loc[::11, "colour"] = None
    if problem == "regression":
        frame["y"] = np.exp(signal / 3)
    elif problem == "binary":
        frame["y"] = np.where(signal > np.median(signal), "yes", "no")
    elif problem == "multiclass":
        frame["y"] = np.array(["a", "b", "c"])[np.digitize(signal, np.quantile(signal, [0.33, 0.66]))]
    else:
        frame["y"] = 1 + np.digitize(signal, np.quantile(signal, [0.25, 0.5, 0.75]))
    train, test = frame.iloc[: n - 40].copy(), frame.iloc[n - 40 :].drop(columns="y")
    test.loc[test.index[:3], "colour"] = "violet"
    return train.reset_index(drop=True), test.reset_index(drop=True)


def case(problem: str, metric: str) -> tuple[Binding, Profile, pd.DataFrame, pd.DataFrame]:
    train, test = frames(problem)
    kind = "kfold" if problem == "regression" else "stratified"
    binding = Binding(
        train="train",
        test="test",
        target="y",
        metric=METRICS[metric],
        problem=problem,
        splitter=Splitter(kind=kind, folds=3),
        id_column="id",
        time_column="bought",
    )
    return binding, profile_frames(train, test, binding), train, test


def one(family: str, **params) -> dict:
    return {"models": [{"family": family, "params": params}]}


QUICK = {"max_iter": 15}
BLEND = [
    {"family": "hist_boosting", "params": QUICK},
    {"family": "linear"},
    {"family": "extra_trees", "params": {"n_estimators": 15}, "weight": 0.5},
]
FEATURES = [
    {
        "op": "date_parts",
        "columns": ["bought"],
        "params": {"parts": ["year", "month", "week", "is_weekend", "elapsed"]},
    },
    {"op": "date_parts", "columns": ["sent"], "params": {"parts": ["hour", "elapsed"]}},
    {"op": "cyclic", "columns": ["hour"], "params": {"period": 24}},
    {"op": "ratio", "columns": ["size", "age"]},
    {"op": "difference", "columns": ["size", "age"]},
    {"op": "product", "columns": ["size", "age"]},
    {"op": "sum", "columns": ["size", "age", "hour"]},
    {"op": "row_stats", "columns": ["size", "age", "hour"]},
    {"op": "missing_count"},
    {"op": "text_length", "columns": ["note"]},
    {"op": "cross", "columns": ["colour", "grade"]},
    {"op": "round", "columns": ["size"], "params": {"digits": 1}},
    {"op": "split", "columns": ["shop"], "params": {"sep": "-", "index": 0}},
    {"op": "number_in_text", "columns": ["shop"]},
    {"op": "count", "columns": ["colour"]},
    {"op": "group_stat", "columns": ["grade", "size"], "params": {"stat": "median"}},
    {"op": "group_deviation", "columns": ["grade", "size"]},
    {"op": "target_mean", "columns": ["colour"]},
    {"op": "target_mean", "columns": ["colour", "grade"]},
    {"op": "clusters", "columns": ["size", "age"], "params": {"n": 3}},
    {"op": "neighbours", "columns": ["size", "age"], "params": {"n": 5}},
]

EVERYWHERE: dict[str, RecipeEdit] = {
    "baseline": RecipeEdit(),
    **{
        family: RecipeEdit(set=one(family, **params))
        for family, params in {
            "linear": {},
            "knn": {"n_neighbors": 5},
            "svm": {},
            "forest": {"n_estimators": 10},
            "extra_trees": {"n_estimators": 10},
            "lightgbm": {"n_estimators": 10},
            "mlp": {"hidden_layer_sizes": [8]},
        }.items()
    },
    "blend": RecipeEdit(set={"models": BLEND}),
    "stack": RecipeEdit(set={"models": BLEND[:2], "combine": "stack"}),
    "bags": RecipeEdit(set={"models": BLEND[:1], "bags": 2}),
    "every feature, trees": RecipeEdit(set=one("hist_boosting", **QUICK), append={"features": FEATURES}),
    "every feature, linear": RecipeEdit(set=one("linear"), append={"features": FEATURES}),
    "text": RecipeEdit(set={"text": {"char": [2, 4], "svd": 5}, "models": BLEND}),
    "missing": RecipeEdit(
        set={"missing": {"numeric": "knn", "categorical": "most_frequent", "indicator": True}, **one("linear")}
    ),
    "iterative": RecipeEdit(set={"missing": {"numeric": "iterative", "categorical": "constant"}, **one("knn")}),
    "indicator, trees": RecipeEdit(set={"missing.indicator": True, "missing.sentinels": {"age": -1.0}}),
    "numbers": RecipeEdit(
        set={"numbers": {"scale": "quantile", "clip": 0.02, "log": ["age"], "pca": 2}, **one("linear")}
    ),
    "basis": RecipeEdit(
        set={"numbers": {"scale": "robust", "splines": 4, "bins": 4, "polynomial": 2}, **one("linear")}
    ),
    "power": RecipeEdit(set={"numbers.scale": "power", **one("svm")}),
    "codes": RecipeEdit(
        set={"categories": {"as_category": ["code", "hour"], "orders": {"grade": ["low", "mid", "high"]}}}
    ),
    "ordered, linear": RecipeEdit(set={"categories.orders": {"grade": ["low", "mid", "high"]}, **one("linear")}),
    "encoders": RecipeEdit(
        set={
            "categories": {"encoder": "target", "columns": {"colour": "count", "shop": "onehot"}, "min_frequency": 4},
            "models": BLEND,
        }
    ),
    "one-hot trees": RecipeEdit(set={"categories.encoder": "onehot"}),
    "native categories": RecipeEdit(set={"categories.encoder": "category"}),
    "rows": RecipeEdit(set={"rows": {"drop_duplicates": True, "recent": 0.8}}),
    "drop and select": RecipeEdit(set={"drop": ["flag", "hour"], "select": 0.5}),
    "tuned": RecipeEdit(set={"tune": {"trials": 2, "folds": 2}, "models": BLEND[:2]}),
    "tuned linear": RecipeEdit(set={"tune": {"trials": 2, "folds": 2}, **one("linear")}),
}
BY_PROBLEM: dict[str, dict[str, RecipeEdit]] = {
    "regression": {
        "log target": RecipeEdit(set={"target.transform": "log1p", "models": BLEND}),
        "sqrt target": RecipeEdit(set={"target.transform": "sqrt"}),
        "power target": RecipeEdit(set={"target.transform": "power"}),
        "quantile target": RecipeEdit(set={"target.transform": "quantile", **one("linear")}),
        "absolute": RecipeEdit(
            set={"models": [{"family": f, "loss": "absolute"} for f in ("hist_boosting", "linear", "lightgbm")]}
        ),
        "outliers and clip": RecipeEdit(set={"rows.outliers": 0.02, "post.clip": True, "post.round": True}),
        "process": RecipeEdit(set=one("gaussian_process")),
    },
    "classes": {
        "naive bayes": RecipeEdit(set=one("naive_bayes")),
        "balanced": RecipeEdit(set={"class_weight": "balanced", "models": BLEND}),
        "calibrated": RecipeEdit(set={"post.calibrate": "sigmoid"}),
    },
    "labels": {"thresholds": RecipeEdit(set={"post.thresholds": True, **one("linear")})},
    "ordinal": {
        "as regression": RecipeEdit(set={"target.as_regression": True}),
        "as regression, cuts": RecipeEdit(set={"target.as_regression": True, "post.thresholds": True, "models": BLEND}),
    },
}


def sweep(problem: str, metric: str) -> dict[str, RecipeEdit]:
    """Return the edits that suit this problem and metric."""
    found = dict(EVERYWHERE)
    if problem == "regression":
        return {**found, **BY_PROBLEM["regression"]}
    found |= BY_PROBLEM["classes"]
    if metric in {"accuracy", "macro_f1", "qwk"}:
        found |= BY_PROBLEM["labels"]
    return {**found, **BY_PROBLEM["ordinal"]} if problem == "ordinal" else found
