"""Plays that set the parameters of boosting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import LEAVES, ROUNDS, View, current, settings, strong
from mle_ideator_jupyter.model import IdeaKind

KIND = IdeaKind.HYPERPARAMETER_TUNING
TUNED = ("hist_boosting", "lightgbm")


@play(
    KIND,
    when="a boosting model learns fast",
    words="learning rate slow iterations trees boosting",
    actions={
        "0.05": "learning rate 0.05 with more trees",
        "0.03": "learning rate 0.03 with many trees",
        "0.02": "learning rate 0.02 with very many trees",
        "0.05_small": "0.05 with small trees",
        "0.03_small": "0.03 with small trees",
    },
)
def slower_boosting(view: View) -> Iterator[Candidate]:
    """Let boosting learn more slowly, in more steps."""
    at = view.first(TUNED)
    if at is None:
        return
    family = view.recipe.models[at].family
    rate, trees = current(view, at, "learning_rate", 0.1), current(view, at, ROUNDS.get(family, "n_estimators"), 100)
    for param in ("0.05", "0.03", "0.02", "0.05_small", "0.03_small"):
        slow = float(param.split("_")[0])
        if slow > rate:
            continue
        wanted = {0.05: 300, 0.03: 500, 0.02: 800}[slow]
        count = wanted if view.classes == 1 else max(100, wanted * 4 // (3 + view.classes))
        small = {LEAVES[family]: 8} if "small" in param else {}
        yield candidate(
            param,
            f"Boost at learning rate {slow} with {count} trees" + (" of 8 leaves" if small else ""),
            because=[f"boosting takes {trees:.0f} steps at rate {rate:g}", f"{view.rows} rows"],
            why="Smaller steps let later trees correct earlier ones finely; the sum generalises better.",
            steps=[
                f"Set the learning rate to {slow} and the number of trees to {count}",
                "Compare with the same folds",
                *(["Keep trees to 8 leaves"] if small else []),
            ],
            strength=(0.8 if rate > 0.06 else 0.35) * (1.0 - 0.3 * (slow == 0.02)),
            edits=settings(at, {"learning_rate": slow, ROUNDS.get(family, "n_estimators"): count, **small}),
        )


@play(
    KIND,
    when="a boosting model is used",
    words="leaves depth capacity size trees complexity",
    actions={
        "8_leaves": "trees of 8 leaves",
        "15_leaves": "trees of 15 leaves",
        "63_leaves": "trees of 63 leaves",
        "depth_3": "trees of depth 3",
        "more_trees": "half as many trees again",
    },
)
def tree_size(view: View) -> Iterator[Candidate]:
    """Change the size or number of the boosted trees."""
    at = view.first(TUNED)
    if at is None:
        return
    family = view.recipe.models[at].family
    leaves, rounds = LEAVES[family], ROUNDS.get(family, "n_estimators")
    now, trees = current(view, at, leaves, 31), current(view, at, rounds, 100)
    large = strong(view.rows, 3000, 30_000)
    options = {
        "8_leaves": ({leaves: 8}, 0.5 * (1 - large)),
        "15_leaves": ({leaves: 15}, 0.5 * (1 - large)),
        "63_leaves": ({leaves: 63}, 0.7 * large),
        "depth_3": ({"max_depth": 3}, 0.35 * (1 - large)),
        "more_trees": ({rounds: int(trees * 1.5)}, 0.25 + 0.3 * large),
    }
    for param, (params, strength) in options.items():
        if params.get(leaves) == now:
            continue
        yield candidate(
            param,
            f"Boosting: {param.replace('_', ' ')}",
            because=[
                f"{trees:.0f} trees of {now:.0f} leaves learn from {view.rows} rows, {view.rows / now:.0f} per leaf"
            ],
            why="Few rows support only small trees; many rows carry larger ones, which find interactions.",
            steps=[f"Set {', '.join(f'{k} = {v}' for k, v in params.items())}", "Keep the learning rate"],
            strength=strength,
            edits=settings(at, params),
        )


@play(
    KIND,
    when="a boosting model is used",
    words="regularise l2 leaf penalty overfit sampling columns",
    actions={
        "leaf_50": "at least 50 rows in a leaf",
        "leaf_10": "at least 10 rows in a leaf",
        "l2": "an L2 penalty of 10",
        "columns_half": "look at half of the columns for each split",
        "firm": "all of them, moderately",
    },
)
def regularise_boosting(view: View) -> Iterator[Candidate]:
    """Hold boosting back."""
    at = view.first(TUNED)
    if at is None:
        return
    light = view.recipe.models[at].family == "lightgbm"
    leaf, l2, columns = (
        ("min_child_samples", "reg_lambda", "colsample_bytree")
        if light
        else ("min_samples_leaf", "l2_regularization", "max_features")
    )
    small = 1.0 - strong(view.rows, 3000, 30_000)
    options: dict[str, tuple[dict[str, Any], float]] = {
        "leaf_50": ({leaf: 50}, 0.3 * small + 0.1),
        "leaf_10": ({leaf: 10}, 0.2),
        "l2": ({l2: 10.0}, 0.3 * small + 0.1),
        "columns_half": ({columns: 0.5}, 0.3 + 0.2 * strong(len(view.columns), 8, 40)),
        "firm": ({leaf: 30, l2: 5.0, columns: 0.4}, 0.45 * small + 0.15),
    }
    for param, (params, strength) in options.items():
        yield candidate(
            param,
            f"Regularise boosting: {param.replace('_', ' ')}",
            because=[
                (
                    f"{view.rows} rows and {len(view.columns)} columns, "
                    f"{view.rows / max(1, len(view.columns)):.0f} rows per column"
                )
            ],
            why="What the trees find in few rows is partly chance; a penalty keeps what many rows support.",
            steps=[f"Set {', '.join(f'{k} = {v}' for k, v in params.items())}", "Compare with the same folds"],
            strength=strength,
            edits=settings(at, params),
        )


@play(
    KIND,
    when="always; costs much time",
    words="tune search optuna hyperparameter",
    actions={"8": "8 settings", "15": "15 settings", "30": "30 settings"},
)
def search(view: View) -> Iterator[Candidate]:
    """Search the parameters of the first model."""
    for trials in (8, 15, 30):
        if view.recipe.tune.trials >= trials:
            continue
        yield candidate(
            str(trials),
            f"Try {trials} settings of {view.recipe.models[0].family}",
            because=[
                f"{len(view.recipe.models[0].params)} of its parameters are set so far",
                f"{view.rows} rows allow a quick search",
            ],
            why="The best setting depends on the data, and a seeded search finds a good one without guessing.",
            steps=[f"Draw {trials} settings", "Judge each on 3 inner folds", "Fit the best one"],
            strength=0.45
            * (1.0 - 0.6 * strong(view.rows, 5000, 40_000))
            * (0.7 if len(view.recipe.models) > 1 else 1.0),
            edits={"tune.trials": trials},
        )
