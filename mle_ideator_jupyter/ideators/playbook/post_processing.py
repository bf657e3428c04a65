"""Plays that change predictions after the fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import BOOSTING, SEEDED, View, percent, strong
from mle_ideator_jupyter.model import IdeaKind

KIND = IdeaKind.POST_PROCESSING


@play(
    KIND,
    when="probabilities are scored",
    words="calibrate calibration probability sigmoid isotonic",
    actions={
        "sigmoid": "a sigmoid",
        "isotonic": "a rising step function",
        "sigmoid_smooth": "a sigmoid, after stronger regularisation",
    },
)
def calibrate(view: View) -> Iterator[Candidate]:
    """Bend predicted probabilities towards observed frequencies."""
    if view.regression or view.problem == "regression" or view.metric not in {"logloss", "auc"}:
        return
    gain = 0.6 if view.metric == "logloss" else 0.08
    at = view.first(("hist_boosting",))
    for param in ("sigmoid", "isotonic", "sigmoid_smooth"):
        method = param.split("_")[0]
        if (
            view.recipe.post.calibrate == method
            or (param == "isotonic" and view.rows < 1500)
            or (param == "sigmoid_smooth" and at is None)
        ):
            continue
        smooth = {f"models.{at}.params.l2_regularization": 10.0} if "smooth" in param else {}
        yield candidate(
            param,
            f"Calibrate probabilities ({param.replace('_', ', ')})",
            because=[
                f"the metric is {view.metric} over {view.target.distinct} classes",
                f"{view.rows} rows allow a {'free' if method == 'isotonic' else 'two-parameter'} curve",
            ],
            why="Trees and naive Bayes are too sure of themselves, and the metric punishes that.",
            steps=["Predict out of fold", f"Fit a {method} curve to the outcomes", "Bend the test predictions by it"],
            strength=gain
            * (0.8 if method == "isotonic" else 1.0)
            * (1.0 if view.uses([*BOOSTING, "naive_bayes"]) else 0.5),
            edits={"post.calibrate": method, **smooth},
        )


@play(
    KIND,
    when="labels are scored and classes are uneven or ordered",
    words="threshold cut decision label f1 kappa",
    actions={
        "thresholds": "choose cut points",
        "balanced": "and weigh classes equally",
        "bagged": "and average 3 seeds first",
    },
)
def choose_thresholds(view: View) -> Iterator[Candidate]:
    """Choose where one label ends and the next begins."""
    if (
        view.problem == "regression"
        or view.recipe.post.thresholds
        or view.metric not in {"qwk", "macro_f1", "accuracy"}
    ):
        return
    if view.metric == "qwk" and not view.recipe.target.as_regression:
        return
    rarest = min((share for _, share in view.target.classes), default=0.5)
    uneven = strong(1 - rarest * max(1, len(view.target.classes)), 0.0, 0.9)
    gain = {"qwk": 0.9, "macro_f1": 0.4 + 0.5 * uneven, "accuracy": 0.15}[view.metric]
    extras: dict[str, dict[str, Any]] = {
        "thresholds": {},
        "balanced": {} if view.recipe.target.as_regression else {"class_weight": "balanced"},
        "bagged": {"bags": max(3, view.recipe.bags)} if view.uses(SEEDED) else {},
    }
    for param, extra in extras.items():
        if param != "thresholds" and not extra:
            continue
        yield candidate(
            param,
            "Choose cut points for the labels"
            + {"balanced": ", with equal class weights", "bagged": " on the mean of 3 seeds"}.get(param, ""),
            because=[
                f"the rarest of {view.target.distinct} classes holds {percent(rarest)} of the rows",
                f"the metric is {view.metric}",
            ],
            why="The most likely label, or the nearest whole number, is not what this metric rewards most.",
            steps=[
                "Predict the training rows out of fold",
                f"Choose cut points that raise {view.metric}",
                "Apply them to the test rows",
            ],
            strength=gain * (1.0 if param == "thresholds" else 0.8),
            edits={"post.thresholds": True, **extra},
        )


@play(
    KIND,
    when="a number is predicted",
    words="clip range bound round predictions",
    actions={"range": "keep within the seen range", "round": "round to whole numbers", "range_round": "both"},
)
def bound_predictions(view: View) -> Iterator[Candidate]:
    """Keep predictions to what the target can be."""
    target = view.target
    if view.problem != "regression" or len(target.quantiles) < 7:
        return
    low, high = target.quantiles[0], target.quantiles[-1]
    edge = view.uses(("linear", "svm", "mlp", "gaussian_process")) and low >= 0
    whole = target.integer and target.distinct < 50
    options: dict[str, tuple[bool, float, dict[str, Any]]] = {
        "range": (True, 0.35 if edge else 0.08, {"post.clip": True}),
        "round": (whole, 0.4 if view.metric == "mae" else 0.05, {"post.round": True}),
        "range_round": (whole, 0.35 if view.metric == "mae" else 0.05, {"post.clip": True, "post.round": True}),
    }
    for param, (applies, strength, edits) in options.items():
        if not applies:
            continue
        yield candidate(
            param,
            f"Predictions: {param.replace('_', ' and ')}",
            because=[
                f"`{target.name}` runs from {low:.4g} to {high:.4g}"
                + (f" in {target.distinct} whole numbers" if whole else "")
            ],
            why="A prediction that the target can never take is an error known in advance.",
            steps=[
                f"Clip predictions to {low:.4g} … {high:.4g}" if "clip" in str(edits) else "Round predictions",
                "Score them as before",
            ],
            strength=strength,
            edits=edits,
        )
