"""Plays that set the parameters of linear models, bagged trees, and models of distance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import BAGGED, View, current, percent, settings, strong
from mle_ideator_jupyter.model import IdeaKind

KIND = IdeaKind.HYPERPARAMETER_TUNING


@play(
    KIND,
    when="a linear model is used",
    words="penalty regularisation linear ridge strength",
    actions={"0.01": "a hundredth of the penalty", "0.1": "a tenth", "10": "ten times", "100": "a hundred times"},
)
def linear_penalty(view: View) -> Iterator[Candidate]:
    """Change the penalty of the linear model."""
    at = view.first(("linear",))
    if at is None:
        return
    name = "alpha" if view.regression else "C"
    now = current(view, at, name, 1.0)
    wide = (
        sum(c.distinct for c in view.categories) + len(view.numbers) + (5000 if view.recipe.text and view.texts else 0)
    )
    for factor in (0.01, 0.1, 10.0, 100.0):
        value = now * factor if view.regression else now / factor
        if not 1e-4 <= value <= 1e4:
            continue
        firm = factor > 1
        strength = (
            strong(wide / max(1, view.rows), 0.02, 0.5)
            if firm
            else 0.5 * (1 - strong(wide / max(1, view.rows), 0.02, 0.5))
        )
        if view.texts:  # TF-IDF terms are small numbers, which a penalty holds down more than others
            strength = 0.3 if firm else 0.6
        yield candidate(
            f"{factor:g}",
            f"Linear model: {'firmer' if firm else 'looser'} penalty ({name} = {value:g})",
            because=[f"about {wide} coefficients are fitted to {view.rows} rows", f"{name} is {now:g}"],
            why="Many coefficients on few rows need holding back; few coefficients on many rows do not.",
            steps=[f"Set {name} to {value:g}", "Keep the rest"],
            strength=strength
            * (0.5 if factor in {0.01, 100.0} else 1.0)
            * (0.5 if len(view.recipe.models) > 1 else 1.0),
            edits=settings(at, {name: round(value, 6)}),
        )


@play(
    KIND,
    when="bagged trees are used",
    words="forest extra trees leaf features number",
    actions={
        "leaf_1": "leaves of one row",
        "leaf_5": "leaves of 5 rows",
        "half_columns": "half of the columns per split",
        "all_columns": "all columns per split",
        "400_trees": "400 trees",
    },
)
def bagging_settings(view: View) -> Iterator[Candidate]:
    """Set leaves, columns and number of the bagged trees."""
    at = view.first(BAGGED)
    if at is None:
        return
    now = view.recipe.models[at].params
    options: dict[str, tuple[dict[str, Any], float]] = {
        "leaf_1": ({"min_samples_leaf": 1}, 0.35 * (1 - strong(view.rows, 1000, 10_000)) + 0.1),
        "leaf_5": ({"min_samples_leaf": 5}, 0.3),
        "half_columns": ({"max_features": 0.5}, 0.45),
        "all_columns": ({"max_features": 1.0}, 0.25),
        "400_trees": ({"n_estimators": 400}, 0.25),
    }
    for param, (params, strength) in options.items():
        if all(now.get(k) == v for k, v in params.items()):
            continue
        yield candidate(
            param,
            f"Bagged trees: {param.replace('_', ' ')}",
            because=[
                (
                    f"{now.get('n_estimators', 100)} trees with leaves of {now.get('min_samples_leaf', 1)} rows "
                    f"share {view.rows} rows and {len(view.columns)} columns"
                )
            ],
            why="Larger leaves calm each tree; more columns per split make the trees sharper and more alike.",
            steps=[f"Set {', '.join(f'{k} = {v}' for k, v in params.items())}", "Compare with the same folds"],
            strength=strength,
            edits=settings(at, params),
        )


@play(
    KIND,
    when="a support vector machine or nearest neighbours are used",
    words="svm knn C gamma neighbours kernel width",
    actions={
        "svm_firm": "C divided by 5",
        "svm_loose": "C times 5",
        "svm_narrow": "a kernel half as wide",
        "knn_fewer": "half as many neighbours",
        "knn_more": "twice as many neighbours",
    },
)
def distance_settings(view: View) -> Iterator[Candidate]:
    """Set the parameters of models that measure distance."""
    svm, knn = view.first(("svm",)), view.first(("knn",))
    options: list[tuple[str, int, dict[str, Any], float]] = []
    if svm is not None:
        c = current(view, svm, "C", 1.0)
        options += [("svm_firm", svm, {"C": c / 5}, 0.35), ("svm_loose", svm, {"C": c * 5}, 0.5)]
        options.append(("svm_narrow", svm, {"gamma": round(2.0 / max(1, len(view.columns)), 4)}, 0.5))
    if knn is not None:
        n = int(current(view, knn, "n_neighbors", 5))
        options += [
            ("knn_fewer", knn, {"n_neighbors": max(1, n // 2)}, 0.4),
            ("knn_more", knn, {"n_neighbors": n * 2}, 0.3),
        ]
    share = len(view.numbers) / max(1, len(view.columns))
    for param, at, params, strength in options:
        yield candidate(
            param,
            f"{view.recipe.models[at].family.upper()}: {', '.join(f'{k} = {v:g}' for k, v in params.items())}",
            because=[
                f"{view.rows} rows in {len(view.columns)} columns, {percent(share)} of them numbers",
                f"{view.target.distinct} target values",
            ],
            why="How far the influence of a row reaches decides between a blurred and a ragged boundary.",
            steps=[f"Set {', '.join(f'{k} = {v:g}' for k, v in params.items())}", "Compare with the same folds"],
            strength=strength,
            edits=settings(at, params),
        )
