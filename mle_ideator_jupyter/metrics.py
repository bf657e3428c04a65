"""The built-in metrics: names, goals, what they need. No numerical library is imported here."""

from __future__ import annotations

import difflib

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.model import Goal, Metric, Problem

METRICS: dict[str, Metric] = {
    name: Metric(name=name, goal=goal)
    for name, goal in {
        "accuracy": Goal.MAXIMIZE,
        "auc": Goal.MAXIMIZE,
        "logloss": Goal.MINIMIZE,
        "macro_f1": Goal.MAXIMIZE,
        "qwk": Goal.MAXIMIZE,
        "rmse": Goal.MINIMIZE,
        "rmsle": Goal.MINIMIZE,
        "mae": Goal.MINIMIZE,
    }.items()
}

PROBABILITY_METRICS = frozenset({"auc", "logloss"})
"""Metrics whose submissions hold class probabilities, not labels."""

REGRESSION_METRICS = frozenset({"rmse", "rmsle", "mae"})

_ALIASES = {
    "acc": "accuracy",
    "roc_auc": "auc",
    "rocauc": "auc",
    "log_loss": "logloss",
    "neg_log_loss": "logloss",
    "cross_entropy": "logloss",
    "f1": "macro_f1",
    "f1_macro": "macro_f1",
    "quadratic_weighted_kappa": "qwk",
    "kappa": "qwk",
    "root_mean_squared_error": "rmse",
    "neg_root_mean_squared_error": "rmse",
    "root_mean_squared_log_error": "rmsle",
    "mean_absolute_error": "mae",
    "neg_mean_absolute_error": "mae",
}


def metric_named(name: str) -> Metric:
    """Return the built-in metric of this name or a common alias of it.

    Raises `UsageError`, with the nearest name, when there is none.
    """
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    key = _ALIASES.get(key, key)
    if key in METRICS:
        return METRICS[key]
    near = difflib.get_close_matches(key, [*METRICS, *_ALIASES], n=1)
    hint = f"did you mean {_ALIASES.get(near[0], near[0])}? " if near else ""
    msg = f"unknown metric {name!r}: {hint}known are {', '.join(METRICS)}"
    raise UsageError(msg)


def metric_asked(name: str, goal: str = "") -> Metric:
    """Return the built-in metric of this name or, where `goal` is given, the user's own function of this name.

    `goal` is `maximize` or `minimize`. Raises `UsageError` when there is no such metric, or the goal is not its own.
    """
    own = name.strip()
    try:
        metric = metric_named(own)
    except UsageError as error:
        if not all(part.isidentifier() for part in own.split(".")):
            raise
        if not goal:
            msg = f"{error}; for a function of your own say too whether to maximize or minimize it (--goal)"
            raise UsageError(msg) from None
        return Metric(name=own, goal=_goal(goal))
    if goal and _goal(goal) is not metric.goal:
        msg = f"{metric.name} is to {metric.goal.value}: leave the goal out, or name a function of your own"
        raise UsageError(msg)
    return metric


def _goal(word: str) -> Goal:
    try:
        return Goal(word)
    except ValueError:
        msg = f"a goal is maximize or minimize, not {word!r}"
        raise UsageError(msg) from None


def default_metric(problem: Problem) -> Metric:
    """Return the metric used when the user names none: auc, logloss, qwk or rmse."""
    names = {"binary": "auc", "multiclass": "logloss", "ordinal": "qwk", "regression": "rmse"}
    return METRICS[names[problem]]
