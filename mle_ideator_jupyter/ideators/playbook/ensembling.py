"""Plays that add, weigh, stack and remove models."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import BOOSTING, LARGEST, View, listed, percent, strong
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Model

KIND = IdeaKind.ENSEMBLING


@play(
    KIND,
    when="a family is missing from the blend",
    words="add blend second model diversity",
    actions={
        "linear": "a linear model",
        "extra_trees": "extra trees",
        "boosting": "slow histogram boosting",
        "lightgbm": "LightGBM on samples of rows and columns",
        "forest": "a random forest",
        "naive_bayes": "naive Bayes",
    },
)
def add_to_blend(view: View) -> Iterator[Candidate]:
    """Add a family to the blend."""
    models = view.recipe.models
    if len(models) >= LARGEST or not view.columns:
        return
    discrete = len(view.categories) + len(view.texts) * (view.recipe.text is not None)
    top = max((c.linear or 0.0 for c in view.numbers), default=0.0)
    tied = len(view.profile.correlated)
    level_share = len(view.categories) / len(view.columns)
    small = 1.0 - strong(view.rows, 2000, 30_000)
    options: dict[str, tuple[bool, float, Model]] = {
        "linear": (True, 0.4 + 0.4 * max(strong(top, 0.2, 0.9), level_share, strong(tied, 0, 10)), view.linear()),
        "extra_trees": (view.texts != view.columns, 0.5 + 0.3 * small, view.bagged()),
        "boosting": (True, 0.6 if view.texts != view.columns else 0.2, view.boosting()),
        "lightgbm": (view.installed("lightgbm"), 0.5, view.sampled_booster()),
        "forest": (
            "extra_trees" not in view.families and view.texts != view.columns,
            0.4 * small,
            view.bagged("forest"),
        ),
        "naive_bayes": (not view.regression and discrete > 0.5 * len(view.columns), 0.6, Model(family="naive_bayes")),
    }
    for param, (applies, strength, model) in options.items():
        if not applies or model.family in view.families:
            continue
        yield candidate(
            param,
            f"Add {listed([model])} to the blend"
            if len(models) > 1
            else f"Blend {listed(models)} with {listed([model])}",
            because=[
                f"{len(models)} model{'s' if len(models) > 1 else ''} so far ({listed(models)}), none of this family",
                f"{view.rows} rows, {len(view.columns)} columns, the straightest relation {top:.2f}",
            ],
            why="A model of another kind errs elsewhere; its share in the mean cancels some of the errors.",
            steps=[f"Fit {listed([model])} on the same folds", "Average its predictions with the others"],
            strength=strength * (1.0 if len(models) == 1 else 0.75),
            append={"models": [model]},
        )


@play(
    KIND,
    when="a blend has numeric columns",
    words="add blend kernel neighbours network process smooth",
    actions={
        "svm": "support vectors",
        "knn": "nearest neighbours",
        "mlp": "a neural network",
        "gaussian_process": "a Gaussian process",
    },
)
def add_smooth_model(view: View) -> Iterator[Candidate]:
    """Add a model of distance or smoothness to the blend."""
    models = view.recipe.models
    share = len(view.numbers) / max(1, len(view.columns))
    if len(models) >= LARGEST or share < 0.3 or len(view.numbers) < 2:
        return
    near = {"n_neighbors": 5 if view.classes > 2 else 20, "weights": "distance"}
    options: dict[str, tuple[bool, float, Model]] = {
        "svm": (view.rows <= 5000, 0.3 + 0.5 * share, Model(family="svm", params={"C": 10 if share > 0.8 else 1})),
        "knn": (view.rows <= 15_000, 0.1 + 0.4 * share, Model(family="knn", params=near)),
        "mlp": (
            500 <= view.rows <= 40_000,
            0.2 + 0.5 * share,
            Model(family="mlp", params={"hidden_layer_sizes": [64], "alpha": 0.01}),
        ),
        "gaussian_process": (
            view.problem == "regression" and view.rows <= 1500,
            0.2 + 0.5 * share,
            Model(family="gaussian_process"),
        ),
    }
    for param, (applies, strength, model) in options.items():
        if not applies or model.family in view.families:
            continue
        yield candidate(
            param,
            f"Add {listed([model])} to {listed(models)}",
            because=[f"{percent(share)} of {len(view.columns)} columns are numbers, in {view.rows} rows"],
            why="Trees step along single columns; a smooth model fills in between, and the two err differently.",
            steps=[
                "Standardise the numbers for it",
                f"Fit {listed([model])} on the same folds",
                "Average its predictions with the others",
            ],
            strength=strength * (1.0 if len(models) <= 2 else 0.7),
            append={"models": [model]},
        )


@play(
    KIND,
    when="several models are blended",
    words="weights blend share heavier",
    actions={
        "boosting": "boosting counts three times",
        "linear": "the linear model counts three times",
        "first": "the first model counts twice",
        "trees_linear_low": "the linear model counts a third",
        "last_low": "the last model counts a third",
    },
)
def blend_weights(view: View) -> Iterator[Candidate]:
    """Let one model of the blend count more."""
    models = view.recipe.models
    if len(models) < 2 or view.recipe.combine == "stack":
        return
    boosted, straight = view.first(BOOSTING), view.first(("linear",))
    top = max((c.linear or 0.0 for c in view.numbers), default=0.0)
    options = {
        "boosting": (boosted, 3.0, 0.45 + 0.2 * strong(view.rows, 3000, 30_000)),
        "linear": (straight, 3.0, 0.2 + 0.4 * strong(top, 0.5, 0.95)),
        "first": (0, 2.0, 0.35),
        "trees_linear_low": (straight, 0.33, 0.4 * (1 - strong(top, 0.3, 0.9)) + 0.1),
        "last_low": (len(models) - 1, 0.33, 0.25),
    }
    for param, (at, weight, strength) in options.items():
        if at is None or models[at].weight == weight:
            continue
        yield candidate(
            param,
            f"Weigh {listed([models[at]])} by {weight:g} in the blend",
            because=[
                f"{len(models)} models count {', '.join(f'{m.weight:g}' for m in models)} so far",
                f"the straightest relation of a column with the target is {top:.2f}",
            ],
            why="Equal weights are safe, and seldom best when one model is clearly stronger.",
            steps=[f"Give {listed([models[at]])} the weight {weight:g}", "Leave the models as they are"],
            strength=strength,
            edits={f"models.{at}.weight": weight},
        )


@play(
    KIND,
    when="several models are blended",
    words="drop remove model simpler blend",
    actions={
        "linear": "without the linear model",
        "bagged": "without bagged trees",
        "last": "without the last model",
        "boosting": "without boosting",
    },
)
def leave_out_model(view: View) -> Iterator[Candidate]:
    """Leave one model out of the blend."""
    models = view.recipe.models
    if len(models) < 3:
        return
    chosen = {
        "linear": view.first(("linear",)),
        "bagged": view.first(("extra_trees", "forest")),
        "last": len(models) - 1,
        "boosting": view.first(BOOSTING),
    }
    told = max((c.association or 0.0 for c in view.columns), default=0.0)
    chances = {"linear": 0.3, "bagged": 0.3, "last": 0.25, "boosting": 0.2 + 0.2 * (view.classes > 2)}
    for param, at in chosen.items():
        if at is None:
            continue
        yield candidate(
            param,
            f"Leave {listed([models[at]])} out of the blend",
            because=[
                f"{len(models)} models share the vote ({listed(models)}), and the best column alone reaches {told:.2f}"
            ],
            why="A weak member pulls the mean down by more than its diversity lifts it.",
            steps=[f"Remove {listed([models[at]])}", "Average the rest"],
            strength=chances[param],
            edits={"models": [m for i, m in enumerate(models) if i != at]},
        )


@play(
    KIND,
    when="several models, or many rows",
    words="stack stacking meta second level",
    actions={
        "blend": "stack the present models",
        "three": "stack boosting, linear, extra trees",
        "two_linear": "stack boosting and linear",
    },
)
def stack_models(view: View) -> Iterator[Candidate]:
    """Let a second model learn how to combine the first ones."""
    models = view.recipe.models
    if view.recipe.combine == "stack" or not view.columns or view.texts == view.columns:
        return
    options: dict[str, tuple[Model, ...]] = {
        "blend": models if len(models) > 1 else (),
        "three": (view.booster(), view.linear(), view.bagged()) if len(models) == 1 else (),
        "two_linear": (view.booster(), view.linear()) if len(models) == 1 else (),
    }
    straight = [c for c in view.numbers if (c.linear or 0) > 0.5]
    for param, several in options.items():
        if not several:
            continue
        yield candidate(
            param,
            f"Stack {listed(several)}",
            because=[
                f"{len(several)} models and {view.rows} rows",
                f"{len(straight)} columns relate to the target in a straight line above 0.5",
            ],
            why="A mean trusts every model alike; a second level learns whom to trust.",
            steps=["Predict the training rows out of fold with each model", "Fit a linear model on those predictions"],
            strength=0.35 + 0.3 * strong(view.rows, 1000, 10_000) + 0.2 * strong(len(straight), 0, 10),
            edits={"combine": "stack", "models": list(several)},
        )
