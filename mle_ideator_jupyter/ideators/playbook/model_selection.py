"""Plays that put another family of model in place of the present ones."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import BOOSTING, View, strong
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Model

KIND = IdeaKind.MODEL_SELECTION


@play(
    KIND,
    when="the columns are numbers and the rows are few",
    words="svm kernel rbf support vector",
    actions={
        "1": "RBF kernel, C = 1",
        "10": "RBF kernel, C = 10",
        "100": "RBF kernel, C = 100",
        "10_narrow": "C = 10, a kernel half as wide",
    },
)
def kernel_machine(view: View) -> Iterator[Candidate]:
    """Use a support vector machine with an RBF kernel."""
    numbers, every = len(view.numbers), len(view.columns)
    if view.rows > 6000 or numbers < 2 or numbers < 0.5 * every:
        return
    many = view.problem == "multiclass"
    for param, c, narrow in (("1", 1, False), ("10", 10, False), ("100", 100, False), ("10_narrow", 10, True)):
        gamma = {"gamma": round(2.0 / max(1, every), 4)} if narrow else {}
        yield candidate(
            param,
            f"Use a support vector machine (RBF kernel, C = {c})" + (", with a narrow kernel" if narrow else ""),
            because=[f"{numbers} of {every} columns are numbers, in only {view.rows} rows"]
            + ([f"{view.target.distinct} classes have to be told apart"] if many else []),
            why="A smooth boundary in all columns at once needs far fewer rows than boxes cut along single columns.",
            steps=["Standardise the numbers", f"Fit an RBF support vector machine with C = {c}"],
            strength=(0.5 + 0.5 * many)
            * view.single()
            * (numbers / every)
            * (1.0 - 0.5 * strong(view.rows, 2000, 6000))
            * {"10": 1.0, "100": 0.9}.get(param, 0.8),
            edits={"models": [Model(family="svm", params={"C": c, **gamma})], "combine": "blend"},
        )


@play(
    KIND,
    when="the columns are numbers and the rows are few",
    words="knn nearest neighbours",
    actions={"3": "3 neighbours", "7": "7 neighbours", "15": "15 neighbours", "40": "40 neighbours"},
)
def nearest_neighbours(view: View) -> Iterator[Candidate]:
    """Predict from the nearest rows."""
    numbers, every = len(view.numbers), len(view.columns)
    if view.rows > 15_000 or numbers < 2 or numbers < 0.6 * every:
        return
    for n in (3, 7, 15, 40):
        yield candidate(
            str(n),
            f"Predict from the {n} nearest rows",
            because=[
                f"{numbers} of {every} columns are numbers, in {view.rows} rows",
                f"the target has {view.target.distinct} values",
            ],
            why="Where classes lie in clumps, the rows nearby say it best.",
            steps=["Standardise the numbers", f"Average the {n} nearest rows, weighted by distance"],
            strength=(0.6 if view.problem == "multiclass" and n <= 7 else 0.25) * view.single(),
            edits={
                "models": [Model(family="knn", params={"n_neighbors": n, "weights": "distance"})],
                "combine": "blend",
            },
        )


@play(
    KIND,
    when="relations with the target are straight, or columns outnumber what the rows allow",
    words="linear ridge logistic regression",
    actions={
        "plain": "default penalty",
        "firm": "ten times the penalty",
        "loose": "a tenth of the penalty",
        "splines": "with splines of 5 knots",
    },
)
def linear_model(view: View) -> Iterator[Candidate]:
    """Use a linear model alone."""
    if not view.columns:
        return
    told = [c for c in view.numbers if (c.association or 0) > 0.1]
    straight = sum((c.linear or 0) > 0.9 * (c.association or 0) for c in told) / max(1, len(told))
    tied = len(view.profile.correlated)
    top = max((c.linear or 0.0 for c in view.numbers), default=0.0)
    strength = (0.2 + 0.4 * straight * strong(top, 0.2, 0.9) + 0.2 * strong(tied, 0, 15)) * view.single()
    for param, penalty in (("plain", 1.0), ("firm", 10.0), ("loose", 0.1), ("splines", 1.0)):
        if param == "splines" and not told:
            continue
        yield candidate(
            param,
            "Use a linear model"
            + {"firm": " with a firm penalty", "loose": " with a loose penalty", "splines": " on splines"}.get(
                param, ""
            ),
            because=[
                f"{straight:.0%} of the {len(told)} telling columns relate in a straight line, the best with {top:.2f}",
                f"{tied} pairs of columns correlate at 0.9 or more",
            ],
            why="Where effects add up in straight lines, a linear model is steadier than trees, and extrapolates.",
            steps=[
                "One-hot the categories and standardise the numbers",
                f"Fit a linear model with penalty × {penalty:g}",
            ],
            strength=strength * (1.0 if param == "plain" else 0.8),
            edits={
                "models": [view.linear(penalty)],
                "combine": "blend",
                **({"numbers.splines": 5} if param == "splines" else {}),
            },
        )


@play(
    KIND,
    when="always",
    words="extra trees random forest bagging",
    actions={
        "extra_trees": "extra trees",
        "forest": "a random forest",
        "extra_trees_wide": "extra trees that look at half of the columns",
        "forest_leaf": "a random forest with leaves of 5 rows",
    },
)
def bagged_trees(view: View) -> Iterator[Candidate]:
    """Use bagged trees alone."""
    if not view.columns or view.texts == view.columns:
        return
    small = 1.0 - strong(view.rows, 1000, 20_000)
    models = {
        "extra_trees": view.bagged(),
        "forest": view.bagged("forest"),
        "extra_trees_wide": view.bagged(max_features=0.5),
        "forest_leaf": view.bagged("forest", min_samples_leaf=5),
    }
    for param, model in models.items():
        yield candidate(
            param,
            f"Use {'extra trees' if 'extra' in param else 'a random forest'}",
            because=[f"{view.rows} rows with {len(view.columns)} columns"],
            why="Averaging many independent trees is hard to overfit, which counts where rows are few.",
            steps=[
                f"Grow {model.params['n_estimators']} trees, {model.params['min_samples_leaf']} rows or more in a leaf",
                "Average their predictions",
            ],
            strength=(0.2 + 0.3 * small) * view.single() * (0.9 if "forest" in param else 1.0),
            edits={"models": [model], "combine": "blend"},
        )


@play(
    KIND,
    when="another boosting library is installed",
    words="lightgbm xgboost catboost boosting library",
    actions={
        "lightgbm": "LightGBM",
        "lightgbm_slow": "LightGBM at a low learning rate",
        "xgboost": "XGBoost",
        "catboost": "CatBoost",
    },
)
def other_booster(view: View) -> Iterator[Candidate]:
    """Put another boosting library in the place of the present one."""
    at = view.first(BOOSTING)
    if at is None:
        return
    slow = {
        "learning_rate": 0.03,
        "n_estimators": 400,
        "num_leaves": 15,
        "min_child_samples": 10,
        "colsample_bytree": 0.6,
    }
    slow |= {"subsample": 0.8, "subsample_freq": 1, "reg_lambda": 1.0}
    models = {
        "lightgbm": Model(
            family="lightgbm", params={"learning_rate": 0.05, "n_estimators": 300, "num_leaves": 31}, loss=view.loss
        ),
        "lightgbm_slow": Model(family="lightgbm", params=slow, loss=view.loss),
        "xgboost": Model(
            family="xgboost",
            params={
                "learning_rate": 0.05,
                "n_estimators": 300,
                "max_depth": 5,
                "subsample": 0.8,
                "colsample_bytree": 0.7,
            },
        ),
        "catboost": Model(family="catboost", params={"learning_rate": 0.05, "iterations": 400, "depth": 6}),
    }
    levels = sum(c.distinct for c in view.categories)
    for param, model in models.items():
        if not view.installed(model.family):
            continue
        yield candidate(
            param,
            f"Boost with {model.family}" + (", slowly and on samples" if "slow" in param else ""),
            because=[
                f"{model.family} {view.brief.kernel.libraries[model.family]} is installed",
                f"{view.rows} rows, {len(view.columns)} columns, {levels} levels of categories",
            ],
            why="It can draw rows and columns at random for each tree, which makes the sum of trees steadier.",
            steps=[f"Replace {view.recipe.models[at].family} by {model.family}", "Keep the rest of the solution"],
            strength=0.4 if "slow" not in param else 0.5,
            edits={f"models.{at}": model},
        )
