"""Cells keep working, and keep their promises, on the frames that people really have."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.implementers.recipe import render_trial
from mle_ideator_jupyter.implementers.recipe.classes import need
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import Binding, RecipeEdit, Splitter
from mle_ideator_jupyter.profile import profile_frames
from mle_ideator_jupyter.recipe import Recipe, apply_edit
from tests.unit.recipe_cases import FEATURES, QUICK, case, one
from tests.unit.test_recipe_runs import run

FRAMES = {
    "nullable": lambda d: d.convert_dtypes(),
    "arrow": lambda d: d.convert_dtypes(dtype_backend="pyarrow"),
    "categories": lambda d: d.astype({"colour": "category", "grade": "category", "shop": "category"}),
    "mixed types": lambda d: d.assign(colour=[1, "a", 2.5, None] * (len(d) // 4)),
    "flags with holes": lambda d: d.assign(flag=[True, False, None, True] * (len(d) // 4)),
    "codes become floats": lambda d: d if "y" in d else d.assign(code=[np.nan, *d["code"].astype(float)[1:]]),
    "infinite": lambda d: d.assign(size=d["size"].where(d["size"] < 1, np.inf)),
    "durations": lambda d: d.assign(wait=pd.to_timedelta(range(len(d)), unit="h")),
}
WHOLE = {
    "baseline": RecipeEdit(),
    "linear": RecipeEdit(set=one("linear")),
    "features": RecipeEdit(set=one("linear"), append={"features": FEATURES}),
    "codes": RecipeEdit(set={"categories.as_category": ["code", "hour"], **one("linear")}),
    "native": RecipeEdit(set={"categories.encoder": "category", "missing.indicator": True, **one("lightgbm")}),
}


def scored(train, test, edit=None, problem="regression", form=None, **more):
    binding, *_ = case(problem, "rmse" if problem == "regression" else "logloss")
    binding = replace(binding, **more)
    recipe = apply_edit(Recipe(), edit or RecipeEdit(set=one("hist_boosting", **QUICK)))
    profile = profile_frames(train, test, binding)
    if form:
        dated = [replace(c, form=form) if c.name == "bought" else c for c in profile.columns]
        profile = replace(profile, columns=tuple(dated))
    return run(render_trial(binding, profile, recipe, name="trial_01"), train, test)


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("name", WHOLE)
def test_every_kind_of_column(kind, name, capsys):
    _, _, train, test = case("regression", "rmse")
    report, submission = scored(FRAMES[kind](train), FRAMES[kind](test), WHOLE[name])
    assert np.isfinite(report["value"])
    assert submission.notna().all().all()


def test_more_levels_than_boosting_takes(capsys):
    _, _, train, test = case("regression", "rmse")
    train = pd.concat([train] * 4, ignore_index=True)
    train["colour"] = [f"level {k % 300}" for k in range(len(train))]
    report, _ = scored(train, test, RecipeEdit(set={"categories.encoder": "category", **one("hist_boosting", **QUICK)}))
    assert np.isfinite(report["value"])


def test_rows_are_left_out_of_fits_and_never_of_validation(monkeypatch, capsys):
    import sklearn.metrics

    _, _, train, test = case("regression", "rmse")
    train = pd.concat([train, train], ignore_index=True).assign(id=range(2 * len(train)))
    plain, _ = scored(train, test)
    seen, real = [], sklearn.metrics.root_mean_squared_error
    monkeypatch.setattr(
        sklearn.metrics, "root_mean_squared_error", lambda y, prediction: seen.append(len(y)) or real(y, prediction)
    )
    edit = RecipeEdit(set={"rows.drop_duplicates": True, "rows.outliers": 0.05, **one("hist_boosting", **QUICK)})
    fewer, _ = scored(train, test, edit)
    assert sum(seen) == len(train)
    assert fewer["folds"] != plain["folds"], "repeats that differ in their ids alone are repeats"


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%d.%m.%Y"])
def test_time_runs_forward_however_dates_are_written(form, capsys):
    _, _, train, test = case("regression", "rmse")
    train = train.sample(frac=1, random_state=1, ignore_index=True)
    time = Splitter(kind="time", folds=3, column="bought")

    def written(frame):
        return frame.assign(bought=pd.to_datetime(frame["bought"]).dt.strftime(form))

    parts = RecipeEdit(
        set=one("hist_boosting", **QUICK),
        append={
            "features": [{"op": "date_parts", "columns": ["bought"], "params": {"parts": ["dayofweek", "elapsed"]}}]
        },
    )
    iso, _ = scored(train, test, parts, splitter=time)
    other, _ = scored(written(train), written(test), parts, form=form, splitter=time)
    assert other["folds"] == iso["folds"]


def test_recent_rows_are_the_latest_also_of_a_shuffled_holdout(monkeypatch, capsys):
    from sklearn.ensemble import HistGradientBoostingRegressor

    _, _, train, test = case("regression", "rmse")
    train = train.assign(size=np.arange(len(train), dtype=float))
    least, real = [], HistGradientBoostingRegressor.fit
    monkeypatch.setattr(
        HistGradientBoostingRegressor, "fit", lambda self, X, y: least.append(X[:, 0].min()) or real(self, X, y)
    )
    edit = RecipeEdit(set={"rows.recent": 0.3, **one("hist_boosting", **QUICK)})
    scored(train.sample(frac=1, random_state=0), test, edit, splitter=Splitter(kind="holdout"))
    assert min(least) > 0.6 * len(train)


def test_a_row_is_no_neighbour_of_itself():
    binding, profile, *_ = case("regression", "rmse")
    context = Context(binding, profile, Recipe(), None)
    need(context, "NeighbourMean")
    scope: dict = {}
    exec(context.imports.write(0) + "\n" + context.classes["NeighbourMean"], scope)
    X, y = np.zeros((4, 1)), np.array([1.0, 2.0, 4.0, 8.0])
    near = scope["NeighbourMean"](n=3).fit_transform(X, y).ravel()
    assert np.allclose(near, (y.sum() - y) / 3)
    shares = scope["NeighbourMean"](n=3, classes=True).fit_transform(X, np.array(["a", "b", "b", "c"]))
    assert shares.shape == (4, 2)


@pytest.mark.parametrize("labels", [["no", "yes"], [0, 1], [False, True]])
def test_every_classifier_takes_every_kind_of_label(labels, capsys):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=120), "b": rng.normal(size=120)})
    frame["y"] = np.array(labels)[(frame["a"] + rng.normal(size=120) > 0).astype(int)]
    train, test = frame.iloc[:90], frame.iloc[90:].drop(columns="y").reset_index(drop=True)
    binding = Binding(
        train="train", test="test", target="y", metric=METRICS["auc"], problem="binary", splitter=Splitter(folds=3)
    )
    profile = profile_frames(train, test, binding)
    extra = [name for name in ("xgboost", "catboost") if importlib.util.find_spec(name)]
    for family in ("linear", "naive_bayes", "knn", "svm", "forest", "hist_boosting", "lightgbm", "mlp", *extra):
        recipe = apply_edit(Recipe(), RecipeEdit(set=one(family)))
        report, submission = run(render_trial(binding, profile, recipe, name="trial_01"), train, test)
        assert report["value"] > 0.7, family
        assert list(submission.columns) == ["id", "y"]
