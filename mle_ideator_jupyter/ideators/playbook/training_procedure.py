"""Plays that change what the fit aims at, and on what it is fitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import (
    BOOSTING,
    LEAVES,
    NETWORKS,
    SEEDED,
    Loss,
    View,
    percent,
    strong,
)
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Model

KIND = IdeaKind.TRAINING_PROCEDURE


@play(
    KIND,
    when="the target is positive and skewed, or errors count relatively",
    words="log target transform skew sqrt",
    actions={
        "log1p": "its logarithm",
        "log1p_clip": "its logarithm, predictions kept in range",
        "log1p_slow": "its logarithm, and slower boosting",
        "sqrt": "its square root",
        "power": "a power that makes it near normal",
        "quantile": "its ranks, made normal",
    },
)
def transform_target(view: View) -> Iterator[Candidate]:
    """Fit a transformed target."""
    target = view.target
    if view.problem != "regression" or view.recipe.target.transform != "none":
        return
    positive = bool(target.quantiles) and target.quantiles[0] >= 0
    relative = view.metric == "rmsle"
    skew, after = target.skew or 0.0, target.log_skew
    because = [f"`{target.name}` has skew {skew:.2f}" + (f", its logarithm {after:.2f}" if after is not None else "")]
    if relative:
        because.append(f"{view.metric} compares logarithms over {target.distinct} values")
    calmer = abs(after) < abs(skew) if after is not None else True
    log = 1.0 if relative else (0.7 * strong(skew, 0.5, 2.5) if calmer else 0.1)
    fits: dict[str, tuple[bool, float, dict[str, Any]]] = {
        "log1p": (positive, 0.9 * log, {"target.transform": "log1p"}),
        "log1p_clip": (positive, 0.85 * log, {"target.transform": "log1p", "post.clip": True}),
        "log1p_slow": (positive, log, {"target.transform": "log1p", "models": [view.boosting()]}),
        "sqrt": (positive, 0.55 * strong(skew, 0.3, 2), {"target.transform": "sqrt"}),
        "power": (True, 0.4 * strong(abs(skew), 0.5, 3), {"target.transform": "power"}),
        "quantile": (True, 0.25 * strong(abs(skew), 0.5, 3), {"target.transform": "quantile"}),
    }
    for param, (applies, strength, edits) in fits.items():
        if not applies or strength <= 0.05 or ("slow" in param and len(view.recipe.models) > 1):
            continue
        yield candidate(
            param,
            f"Model {param.split('_')[0]}({target.name}), not {target.name}",
            because=because,
            why="On that scale errors are even, and a few large values no longer rule the fit.",
            steps=[
                f"Fit on the {param.split('_')[0]} of the target",
                "Turn predictions back",
                *(["Boost in smaller steps"] if "slow" in param else []),
            ],
            strength=strength,
            edits=edits,
        )


@play(
    KIND,
    when="the metric is not what the fit minimises",
    words="loss absolute poisson objective",
    actions={
        "absolute": "absolute error for every model that can",
        "absolute_slow": "absolute error with slower boosting",
        "absolute_large": "absolute error with larger trees, more of them",
        "squared": "squared error",
        "poisson": "Poisson deviance, for counts",
    },
)
def fit_the_loss(view: View) -> Iterator[Candidate]:
    """Minimise what is measured."""
    if view.problem != "regression":
        return
    target = view.target
    models = view.recipe.models
    mean, middle = target.mean or 0.0, target.quantiles[3] if len(target.quantiles) > 3 else 0.0
    because = [f"the metric is {view.metric}", f"`{target.name}` averages {mean:.4g} with median {middle:.4g}"]
    counts = target.integer and bool(target.quantiles) and target.quantiles[0] >= 0
    able = {*BOOSTING, "linear"} if view.rows <= 5000 else {*BOOSTING}  # linear programs are slow on many rows

    def losing(loss: Loss) -> list[Model]:
        return [
            Model(family=m.family, params=m.params, weight=m.weight, loss=loss if m.family in able else m.loss)
            for m in models
        ]

    mae = view.metric == "mae"
    fits: dict[str, tuple[bool, float, list[Model]]] = {
        "absolute": (mae, 0.6, losing("absolute")),
        "absolute_slow": (mae and len(models) == 1, 0.8, [view.boosting(0.05, 400, max_leaf_nodes=31)]),
        "absolute_large": (
            mae and len(models) == 1,
            0.8 * strong(view.rows, 5000, 20_000),
            [view.boosting(0.1, 500, max_leaf_nodes=63)],
        ),
        "squared": (mae and any(m.loss == "absolute" for m in models), 0.3, losing("squared")),
        "poisson": (counts and view.recipe.target.transform == "none" and view.uses(BOOSTING), 0.35, losing("poisson")),
    }
    for param, (applies, strength, new) in fits.items():
        if not applies or strength < 0.05:
            continue
        loss = param.split("_")[0]
        yield candidate(
            param,
            f"Fit with {loss} loss"
            + {"absolute_slow": ", slowly", "absolute_large": ", with larger trees"}.get(param, ""),
            because=because,
            why="A model is best at what it was fitted for: absolute loss aims at the median, squared at the mean.",
            steps=[f"Set the loss to {loss} where the model offers it", "Keep features and folds as they are"],
            strength=strength,
            edits={"models": new},
        )


@play(
    KIND,
    when="one class is rare",
    words="imbalance class weight balanced rare minority",
    actions={
        "balanced": "weigh classes equally",
        "balanced_thresholds": "weigh them equally and choose thresholds",
        "balanced_small": "weigh them equally, with small slow trees",
    },
)
def balance_classes(view: View) -> Iterator[Candidate]:
    """Give rare classes more weight."""
    classes = view.target.classes
    if view.regression or not classes or view.recipe.class_weight == "balanced":
        return
    rarest = min(share for _, share in classes)
    even = 1.0 / len(classes)
    if rarest > 0.7 * even:
        return
    gain = {"macro_f1": 0.9, "qwk": 0.4, "auc": 0.3, "accuracy": 0.1, "logloss": 0.05}.get(view.metric, 0.2)
    label = min(classes, key=lambda c: c[1])[0]
    extras: dict[str, dict[str, Any]] = {
        "balanced": {},
        "balanced_thresholds": {"post.thresholds": True},
        "balanced_small": {"models": [view.boosting(0.03, 300, max_leaf_nodes=8, min_samples_leaf=20)]},
    }
    for param, extra in extras.items():
        if param == "balanced_thresholds" and view.metric not in {"macro_f1", "qwk"}:
            continue
        if param == "balanced_small" and len(view.recipe.models) > 1:
            continue
        yield candidate(
            param,
            "Weigh classes equally"
            + {"balanced_thresholds": " and choose thresholds", "balanced_small": ", with small slow trees"}.get(
                param, ""
            ),
            because=[
                f"class {label!r} holds only {percent(rarest)} of the rows",
                f"the metric is {view.metric}, over {len(classes)} classes",
            ],
            why="An unweighted fit can afford to overlook a rare class; the metric cannot.",
            steps=["Weigh each row by the inverse share of its class", "Leave validation rows unweighted"],
            strength=gain * strong(1 - rarest / even, 0.0, 0.9),
            edits={"class_weight": "balanced", **extra},
        )


@play(
    KIND,
    when="always; costs several fits",
    words="seed bag average variance",
    actions={"3": "3 seeds", "5": "5 seeds", "8": "8 seeds"},
)
def average_seeds(view: View) -> Iterator[Candidate]:
    """Fit with several seeds and average."""
    if not view.uses(SEEDED):
        return
    noise = view.brief.noise
    drawn = any(
        "max_features" in m.params or "subsample" in m.params or "colsample_bytree" in m.params
        for m in view.recipe.models
    )
    useful = drawn or bool(view.families & {"mlp", "extra_trees", "forest", *NETWORKS})
    for n in (3, 5, 8):
        if view.recipe.bags >= n:
            continue
        yield candidate(
            str(n),
            f"Average {n} fits with different seeds",
            because=[
                f"{view.rows} rows make one fit depend on chance" + (f": scores vary by {noise:.3g}" if noise else ""),
                f"{view.recipe.bags} fit so far",
            ],
            why="What differs between seeds is noise, and averaging removes it.",
            steps=[f"Fit the solution with {n} seeds", "Average the predictions"],
            strength=(0.45 if useful else 0.12) * (1.0 - 0.4 * strong(view.rows, 3000, 30_000)),
            edits={"bags": n},
        )


@play(
    KIND,
    when="a boosting model is used",
    words="early stopping subsample stochastic rows columns sampling",
    actions={
        "columns": "draw 40 % of the columns for each split",
        "columns_slow": "the same at a learning rate of 0.03",
        "rows": "draw 70 % of the rows for each tree",
        "rows_columns": "draw rows and columns",
        "stop_early": "stop when a tenth of the rows no longer gains",
    },
)
def sample_while_boosting(view: View) -> Iterator[Candidate]:
    """Draw rows or columns at random while boosting, or stop early."""
    lightgbm = view.first(("lightgbm",))
    at = lightgbm if lightgbm is not None else view.first(("hist_boosting",))
    if at is None:
        return
    light = lightgbm is not None
    columns = "colsample_bytree" if light else "max_features"
    slow = {
        "learning_rate": 0.03,
        ("n_estimators" if light else "max_iter"): 500 if view.classes == 1 else 200,
        LEAVES["lightgbm" if light else "hist_boosting"]: 15,
    }
    drawn = {"subsample": 0.7, "subsample_freq": 1}
    wide = strong(len(view.columns), 5, 30)
    fits: dict[str, tuple[bool, float, dict[str, Any]]] = {
        "columns": (True, 0.25 + 0.35 * wide, {columns: 0.4}),
        "columns_slow": (True, 0.3 + 0.4 * wide, {columns: 0.4, **slow}),
        "rows": (light, 0.4, drawn),
        "rows_columns": (light, 0.5, {**drawn, columns: 0.5}),
        "stop_early": (not light, 0.2, {"early_stopping": True, "n_iter_no_change": 20, "max_iter": 600}),
    }
    for param, (applies, strength, params) in fits.items():
        if not applies:
            continue
        yield candidate(
            param,
            f"Boosting: {param.replace('_', ' ')}",
            because=[f"{len(view.columns)} columns and {view.rows} rows feed every tree"],
            why="Trees grown on different draws make different errors, which cancel in the sum.",
            steps=[f"Set {', '.join(f'{k} = {v}' for k, v in params.items())}", "Keep the rest"],
            strength=strength,
            edits={f"models.{at}.params.{k}": v for k, v in params.items()},
        )
