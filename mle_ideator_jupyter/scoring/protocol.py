"""A task's protocol: the code that makes its folds and scores predictions, and what shows that a score is not of it."""

from __future__ import annotations

import math

from mle_ideator_jupyter.model import Binding, Splitter
from mle_ideator_jupyter.protocols import Reported


def splitter_code(binding: Binding) -> tuple[str, str]:
    """Return the class of scikit-learn's `model_selection` that makes the Binding's folds, and the call that does."""
    splitter, seed = binding.splitter, binding.splitter.seed
    group = (
        ("GroupKFold", f"GroupKFold({splitter.folds})")
        if binding.problem == "regression"
        else ("StratifiedGroupKFold", f"StratifiedGroupKFold({splitter.folds}, shuffle=True, random_state={seed})")
    )
    made = {
        "kfold": ("KFold", f"KFold({splitter.folds}, shuffle=True, random_state={seed})"),
        "stratified": ("StratifiedKFold", f"StratifiedKFold({splitter.folds}, shuffle=True, random_state={seed})"),
        "group": group,
        "time": ("TimeSeriesSplit", f"TimeSeriesSplit({splitter.folds})"),
        "holdout": ("ShuffleSplit", f"ShuffleSplit(1, test_size={splitter.fraction:g}, random_state={seed})"),
        "stratified_holdout": (
            "StratifiedShuffleSplit",
            f"StratifiedShuffleSplit(1, test_size={splitter.fraction:g}, random_state={seed})",
        ),
    }
    return made[splitter.kind]


def metric_code(metric: str, *, many: bool) -> tuple[str, str]:
    """Return the function of scikit-learn's `metrics` that a built-in metric is, and its call on `y, prediction`.

    `many` says whether there are more than two classes.
    """
    plain = {
        "accuracy": ("accuracy_score", "accuracy_score(y, prediction)"),
        "macro_f1": ("f1_score", 'f1_score(y, prediction, average="macro")'),
        "qwk": ("cohen_kappa_score", 'cohen_kappa_score(y, prediction, weights="quadratic")'),
        "rmse": ("root_mean_squared_error", "root_mean_squared_error(y, prediction)"),
        "rmsle": ("root_mean_squared_log_error", "root_mean_squared_log_error(y, prediction)"),
        "mae": ("mean_absolute_error", "mean_absolute_error(y, prediction)"),
        "logloss": ("log_loss", "log_loss(y, prediction, labels=model.classes_)"),
        "auc": (
            "roc_auc_score",
            'roc_auc_score(y, prediction, multi_class="ovr", labels=model.classes_)'
            if many
            else "roc_auc_score(y, prediction)",
        ),
    }
    return plain[metric]


def fold_count(splitter: Splitter) -> int:
    """Return how many folds a splitter makes."""
    return 1 if "holdout" in splitter.kind else splitter.folds


def off_protocol(reported: Reported, binding: Binding) -> str:
    """Return what shows that a score was not made under the Binding's protocol; "" where nothing does."""
    metric, splitter = binding.metric.name, binding.splitter
    if reported.metric not in {None, metric}:
        return f"the score is {reported.metric}, and the task's metric is {metric}"
    folds, wanted = len(reported.folds) or 1, fold_count(splitter)
    if folds != wanted:
        return f"report_score was given {folds} values, and {splitter.protocol} has {wanted} folds"
    if reported.folds and not math.isclose(math.fsum(reported.folds) / folds, reported.value, rel_tol=1e-6):
        return "the score is not the mean of its folds"
    return ""
