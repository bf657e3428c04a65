"""One solution on one task: fitted on the public files, its test predictions returned as a submission."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.bench.boards.models import penalty_as, rounds
from mle_ideator_jupyter.bench.boards.pipelines import Aim, make_estimator
from mle_ideator_jupyter.bench.boards.solutions import Solution
from mle_ideator_jupyter.bench.boards.tables import Tables, read_tables
from mle_ideator_jupyter.metrics import PROBABILITY_METRICS
from mle_ideator_jupyter.scoring.graded import TaskFile

FLOOR = 1e-3
"""Class probabilities are no smaller than this before they are scaled to 1."""
_HELD_OUT = 0.25
FLAML_TRIALS = 30


def solve(solution: Solution, folder: Path, seed: int = 0) -> Any:
    """Return the submission, a frame, that a solution makes for a task folder; the answers are not read.

    Raises whatever the libraries raise where the solution does not suit the data.
    """
    warnings.simplefilter("ignore")  # a population's models may well fail to converge
    tables = _capped(read_tables(folder), solution.rows, seed)
    if solution.model == "flaml":
        return _flaml(tables, seed)
    if tables.file.problem == "regression":
        return submission(tables, _numbers(solution, tables, seed))
    if solution.as_number:
        return submission(tables, _cut_numbers(solution, tables, seed))
    return submission(tables, _chances(solution, tables, seed))


def submission(tables: Tables, predicted: Any) -> Any:
    """Return predictions in the task's format: numbers, or one column of probabilities for each class.

    Class probabilities become labels where the metric takes labels.
    """
    import numpy as np
    import pandas as pd

    file, classes = tables.file, sorted(tables.target.dropna().unique())
    frame = pd.DataFrame({file.id_column: tables.ids.to_numpy()})
    values = np.asarray(predicted)
    if values.ndim == 1:
        clipped = file.metric == "rmsle"
        frame[file.target] = np.maximum(values, 0) if clipped else values
        return frame
    if file.metric not in PROBABILITY_METRICS:
        frame[file.target] = np.asarray(classes, dtype=object)[values.argmax(axis=1)]
    elif file.metric == "auc" and len(classes) == 2:
        frame[file.target] = values[:, 1]
    else:
        floored = np.maximum(values, FLOOR)
        for label, chances in zip(classes, (floored / floored.sum(axis=1, keepdims=True)).T, strict=True):
            frame[str(label)] = chances
    return frame


def _capped(tables: Tables, rows: int | None, seed: int) -> Tables:
    """Return the tables with at most so many random training rows."""
    import numpy as np

    if rows is None or len(tables.train) <= rows:
        return tables
    kept = np.sort(np.random.RandomState(seed).permutation(len(tables.train))[:rows])
    return msgspec.structs.replace(
        tables,
        train=tables.train.iloc[kept].reset_index(drop=True),
        target=tables.target.iloc[kept].reset_index(drop=True),
        moments=None if tables.moments is None else tables.moments[kept],
    )


def _flaml(tables: Tables, seed: int) -> Any:
    from mle_ideator_jupyter.bench import peers

    ordered = peers.in_time_order(tables)
    train, test = peers.with_vectors(ordered, seed)
    return submission(tables, peers.flaml_predictions(ordered, train, test, seed, trials=FLAML_TRIALS))


def _numbers(solution: Solution, tables: Tables, seed: int) -> Any:
    target = tables.target.to_numpy(float)
    return _fitted(solution, Aim(tables=tables, classes=0, seed=seed), target).predict(tables.test)


def _chances(solution: Solution, tables: Tables, seed: int) -> Any:
    import numpy as np

    classes, codes = np.unique(tables.target.to_numpy(), return_inverse=True)
    return _fitted(solution, Aim(tables=tables, classes=len(classes), seed=seed), codes).predict_proba(tables.test)


def _cut_numbers(solution: Solution, tables: Tables, seed: int) -> Any:
    """Return labels: a number predicted, cut where the cross-validated numbers agreed best with the training labels."""
    import numpy as np
    from sklearn.model_selection import cross_val_predict

    classes, codes = np.unique(tables.target.to_numpy(), return_inverse=True)
    model = make_estimator(solution, Aim(tables=tables, classes=0, seed=seed))
    known = cross_val_predict(model, tables.train, codes.astype(float), cv=3)
    cuts = best_cuts(codes, known)
    guessed = model.fit(tables.train, codes.astype(float)).predict(tables.test)
    return classes[np.digitize(guessed, cuts)]


def best_cuts(codes: Any, known: Any) -> Any:
    """Return ascending cut points of numbers that agree best, by quadratic weighted kappa, with class codes 0, 1, ….

    They start where the classes' own shares put them; then each is moved in turn among nearby quantiles.
    """
    import numpy as np
    from sklearn.metrics import cohen_kappa_score

    shares = np.cumsum(np.bincount(codes))[:-1] / len(codes)
    levels = shares.copy()

    def agreement(at: Any) -> float:
        return float(cohen_kappa_score(codes, np.digitize(known, np.quantile(known, at)), weights="quadratic"))

    best = agreement(levels)
    for _ in range(2):
        for place in range(len(levels)):
            for step in (-0.08, -0.04, -0.02, 0.02, 0.04, 0.08):
                moved = levels.copy()
                moved[place] = min(1.0, max(0.0, moved[place] + step))
                if (np.diff(moved) > 0).all() and (value := agreement(moved)) > best:
                    best, levels = value, moved
    return np.quantile(known, levels)


def _fitted(solution: Solution, aim: Aim, target: Any) -> Any:
    estimator = make_estimator(solution, aim)
    if solution.search:
        estimator = _search(estimator, solution, aim, target)
    return estimator.fit(aim.tables.train, target)


def _search(estimator: Any, solution: Solution, aim: Aim, target: Any) -> Any:
    from sklearn.model_selection import RandomizedSearchCV

    return RandomizedSearchCV(
        estimator,
        _grid(solution, aim.classes, "model__" if hasattr(estimator, "steps") else "regressor__model__"),
        n_iter=solution.draws,
        scoring=scorer(aim.tables.file),
        cv=[held_out(aim, target)],
        random_state=aim.seed,
        error_score="raise",
    )


def _grid(solution: Solution, classes: int, place: str) -> dict[str, list[Any]]:
    """Return the parameters searched, under their names in the estimator."""
    grid: dict[str, list[Any]] = {}
    for key, values in solution.search.items():
        if key == "penalty":
            for value in values:
                for name, own in penalty_as(value, classes).items():
                    grid.setdefault(f"{place}{name}", []).append(own)
        elif key in {"max_iter", "n_estimators"}:
            grid[f"{place}{key}"] = [rounds(value, classes) for value in values]
        else:
            grid[f"{place}{key}"] = list(values)
    return grid


def held_out(aim: Aim, target: Any) -> tuple[Any, Any]:
    """Return the rows to fit and to validate on: the last quarter where test rows come later, else a random one."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    rows, moments = np.arange(aim.rows), aim.tables.moments
    if moments is not None:
        order = np.argsort(moments, kind="stable")
        cut = round(len(order) * (1 - _HELD_OUT))
        return order[:cut], order[cut:]
    alike = target if aim.classes and np.bincount(target).min() >= 2 else None
    fit, validate = train_test_split(rows, test_size=_HELD_OUT, random_state=aim.seed, stratify=alike)
    return fit, validate


def scorer(file: TaskFile) -> Any:
    """Return scikit-learn's scorer of a task's metric, on class codes where classes are predicted."""
    import numpy as np
    from sklearn.metrics import cohen_kappa_score, make_scorer, root_mean_squared_log_error

    def log_error(true: Any, given: Any) -> float:
        return float(root_mean_squared_log_error(true, np.maximum(given, 0)))

    names = {
        "auc": "roc_auc" if file.problem == "binary" else "roc_auc_ovr",
        "logloss": "neg_log_loss",
        "accuracy": "accuracy",
        "macro_f1": "f1_macro",
        "rmse": "neg_root_mean_squared_error",
        "mae": "neg_mean_absolute_error",
    }
    if file.metric == "qwk":
        return make_scorer(cohen_kappa_score, weights="quadratic")
    return names.get(file.metric) or make_scorer(log_error, greater_is_better=False)
