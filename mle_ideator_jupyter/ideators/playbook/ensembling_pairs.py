"""Plays that put two models beside each other that complete one another."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import BOOSTING, LARGEST, Loss, View, listed, names, strong
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Model

KIND = IdeaKind.ENSEMBLING


@play(
    KIND,
    when="a boosting model is used",
    words="two boosters seeds depth variety blend",
    actions={
        "small_large": "small and large trees",
        "slow_fast": "a slow and a fast one",
        "losses": "squared and absolute loss",
        "lightgbm": "histogram boosting and LightGBM",
    },
)
def two_boosters(view: View) -> Iterator[Candidate]:
    """Blend two boosting models that differ."""
    at = view.first(BOOSTING)
    models = view.recipe.models
    if at is None or sum(m.family in BOOSTING for m in models) > 1 or len(models) >= LARGEST:
        return
    light = Model(
        family="lightgbm",
        params={"learning_rate": 0.05, "n_estimators": 250, "num_leaves": 31, "colsample_bytree": 0.6},
    )
    other: Loss = "squared" if view.metric == "mae" else "absolute"
    options: dict[str, tuple[bool, float, Model]] = {
        "small_large": (True, 0.3, view.boosting(0.05, 250, max_leaf_nodes=40 if view.rows > 5000 else 6)),
        "slow_fast": (True, 0.25, view.boosting(0.1, 150, max_features=0.4)),
        "losses": (
            view.problem == "regression",
            0.3,
            Model(family="hist_boosting", params=view.boosting().params, loss=other),
        ),
        "lightgbm": (view.installed("lightgbm"), 0.4, light),
    }
    for param, (applies, strength, model) in options.items():
        if not applies:
            continue
        yield candidate(
            param,
            f"Blend two boosters: {param.replace('_', ' and ')}",
            because=[
                f"one of {len(models)} models boosts, with {len(models[at].params)} set parameters, on {view.rows} rows"
            ],
            why="Two boosters of different shape make partly different errors at the same strength.",
            steps=[
                f"Add {listed([model])} with {', '.join(f'{k} = {v}' for k, v in model.params.items())}",
                "Average both",
            ],
            strength=strength * (1.0 if len(models) == 1 else 0.7),
            append={"models": [model]},
        )


@play(
    KIND,
    when="many numeric columns move together with the target",
    words="linear lag time series correlated extrapolate blend",
    actions={
        "linear_boosting": "linear and boosting",
        "linear_trees": "linear and extra trees",
        "linear_kernel": "linear and support vectors",
        "stacked": "boosting over a linear model, stacked",
    },
)
def linear_beside_trees(view: View) -> Iterator[Candidate]:
    """Let a linear model carry a block of lag-like columns."""
    lags = [c for c in view.numbers if (c.linear or 0) > 0.5]
    if len(lags) < 3 or "linear" in view.families:
        return
    options: dict[str, tuple[list[Model], str]] = {
        "linear_boosting": ([view.linear(), view.booster()], "blend"),
        "linear_trees": ([view.linear(), view.bagged(max_features=0.5)], "blend"),
        "linear_kernel": ([view.linear(), Model(family="svm", params={"C": 10})], "blend"),
        "stacked": ([view.linear(), view.booster()], "stack"),
    }
    for param, (models, combine) in options.items():
        if param == "linear_kernel" and view.rows > 6000:
            continue
        yield candidate(
            param,
            f"Let a linear model carry {names(lags, 2)}, beside {models[1].family.replace('_', ' ')}",
            because=[
                (
                    f"{len(lags)} numeric columns follow the target in a straight line, `{lags[0].name}` with "
                    f"{lags[0].linear or 0:.2f}"
                ),
                f"{len(view.profile.correlated)} pairs of them correlate at 0.9 or more",
            ],
            why="Trees cut a straight line into steps and cannot go beyond the seen range; a linear model can.",
            steps=[
                "Standardise the numbers",
                f"Fit {models[0].family} and {models[1].family} on the same folds",
                "Stack them" if combine == "stack" else "Average them",
            ],
            strength=0.4 + 0.5 * strong(len(lags), 2, 12),
            edits={"models": models, "combine": combine},
        )
