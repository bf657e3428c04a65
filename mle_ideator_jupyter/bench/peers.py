"""Peers: AutoML libraries on the same tasks, treated fairly, each run in a process of its own.

Fair treatment: the same roles of columns as a Recipe sees, dates as calendar parts, text vectorised as a Recipe does it
for trees, the log of the target for RMSLE, the task's own metric, whatever boosting libraries are installed, one core.
Only a task folder's public files are read. Seconds are on the clock, and imports are not counted.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

from mle_ideator_jupyter.bench.boards.solving import submission
from mle_ideator_jupyter.bench.boards.tables import Tables, read_tables
from mle_ideator_jupyter.bench.rows import Peer
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.hosts.processes import python

SUBMISSION, LOG = "submission.csv", "peer.log"
GRACE = 120.0
"""Seconds beyond its budget after which a peer is ended: imports, the last fit, prediction."""
_FLAML_METRICS = {"auc": "roc_auc", "logloss": "log_loss", "rmsle": "rmse"}
_AUTOGLUON_METRICS = {
    "auc": "roc_auc",
    "logloss": "log_loss",
    "macro_f1": "f1_macro",
    "qwk": "quadratic_kappa",
    "rmse": "root_mean_squared_error",
    "rmsle": "root_mean_squared_error",
    "mae": "mean_absolute_error",
}


def run_peer(name: Peer, task_folder: Path, seconds: float, seed: int, out: Path) -> Path:
    """Let a peer work on a task folder for so many seconds, and return the submission.csv that it left in `out`.

    It runs in a process group of its own, which is ended `GRACE` seconds after its budget at the latest; what it says
    is kept in `out/peer.log`. Raises `UsageError` when its library is not installed, `IdeatorError` when it leaves no
    submission.
    """
    _need(name)
    out.mkdir(parents=True, exist_ok=True)
    path, log = out.resolve() / SUBMISSION, out.resolve() / LOG
    path.unlink(missing_ok=True)
    told = [name, str(task_folder.resolve()), str(seconds), str(seed), str(path)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with log.open("wb") as said:
        process = subprocess.Popen(
            python("mle_ideator_jupyter.bench.peers", *told),
            cwd=out,
            env={**os.environ, **threads},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(seconds + GRACE)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(process)
    if status != 0 or not path.is_file():
        why = f"was ended {GRACE:.0f} s after its {seconds:g} s" if status is None else f"failed: {_last_line(log)}"
        msg = f"{name} left no submission for {task_folder.name}: it {why}; see {log}"
        raise IdeatorError(msg)
    return path


def solve_with(name: Peer, task_folder: Path, seconds: float, seed: int) -> Any:
    """Return the submission, a frame, that a peer makes for a task folder in this process.

    Raises `UsageError` when its library is not installed.
    """
    _need(name)
    tables = in_time_order(read_tables(task_folder))
    train, test = with_vectors(tables, seed)
    if name == "flaml":
        return submission(tables, flaml_predictions(tables, train, test, seed, seconds=seconds))
    return submission(tables, _autogluon(tables, train, test, seconds, seed))


def in_time_order(tables: Tables) -> Tables:
    """Return the tables with the training rows from earliest to latest, where that matters."""
    import msgspec
    import numpy as np

    if tables.moments is None:
        return tables
    order = np.argsort(tables.moments, kind="stable")
    return msgspec.structs.replace(
        tables,
        train=tables.train.iloc[order].reset_index(drop=True),
        target=tables.target.iloc[order].reset_index(drop=True),
        moments=tables.moments[order],
    )


def with_vectors(tables: Tables, seed: int) -> tuple[Any, Any]:
    """Return train and test features with categories as such and each text as 50 numbers, fitted on train alone."""
    import pandas as pd
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    train, test = tables.train.drop(columns=tables.texts), tables.test.drop(columns=tables.texts)
    for name in tables.categories:
        levels = sorted(train[name].unique())
        train[name] = pd.Categorical(train[name], categories=levels)
        test[name] = pd.Categorical(test[name].where(test[name].isin(levels)), categories=levels)
    for name in tables.texts:
        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_features=20_000, sublinear_tf=True)
        counted = words.fit_transform(tables.train[name])
        few = TruncatedSVD(min(50, counted.shape[1] - 1), random_state=seed).fit(counted)
        names = [f"{name} {k}" for k in range(few.n_components)]
        train[names] = few.transform(counted)
        test[names] = few.transform(words.transform(tables.test[name]))
    return train, test


def flaml_predictions(
    tables: Tables, train: Any, test: Any, seed: int, *, seconds: float = -1, trials: int | None = None
) -> Any:
    """Return what FLAML predicts for the test rows within so many seconds or trials: numbers or class probabilities.

    A budget in trials alone gives the same predictions on a busy machine.
    """
    import numpy as np
    from flaml import AutoML

    file, number = tables.file, tables.file.problem == "regression"
    logged = file.metric == "rmsle"
    target = tables.target.to_numpy() if number else np.unique(tables.target, return_inverse=True)[1]
    metric: Any = _flaml_kappa if file.metric == "qwk" else _FLAML_METRICS.get(file.metric, file.metric)
    if file.metric == "auc" and file.problem != "binary":
        metric = "roc_auc_ovr"
    learners = ["lgbm", "rf", "extra_tree", *([] if number else ["lrl1"])]
    learners += ["xgboost", "xgb_limitdepth"] if importlib.util.find_spec("xgboost") else []
    learners += ["catboost"] if importlib.util.find_spec("catboost") else []
    model = AutoML()
    model.fit(
        train,
        np.log1p(target) if logged else target,
        task="regression" if number else "classification",
        metric=metric,
        time_budget=seconds,
        max_iter=trials,
        estimator_list=learners,
        split_type="time" if tables.moments is not None else "auto",
        n_jobs=1,
        seed=seed,
        verbose=0,
    )
    if number:
        return np.expm1(model.predict(test)) if logged else model.predict(test)
    return model.predict_proba(test)


def _flaml_kappa(test: Any, truth: Any, estimator: Any, *_: Any, **__: Any) -> tuple[float, dict[str, float]]:
    """Return 1 minus quadratic weighted kappa, as FLAML asks its own metrics."""
    from sklearn.metrics import cohen_kappa_score

    agreement = float(cohen_kappa_score(truth, estimator.predict(test), weights="quadratic"))
    return 1 - agreement, {"qwk": agreement}


def _autogluon(tables: Tables, train: Any, test: Any, seconds: float, seed: int) -> Any:
    import tempfile

    import numpy as np
    from autogluon.tabular import TabularPredictor

    file, number = tables.file, tables.file.problem == "regression"
    logged = file.metric == "rmsle"
    classes = 0 if number else tables.target.nunique()
    metric = _AUTOGLUON_METRICS.get(file.metric, file.metric)
    label = "target of the task"
    target = tables.target if number else np.unique(tables.target, return_inverse=True)[1]
    data = train.assign(**{label: np.log1p(target) if logged else target})
    with tempfile.TemporaryDirectory(prefix="autogluon-") as folder:
        predictor = TabularPredictor(
            label=label,
            problem_type="regression" if number else "binary" if classes == 2 else "multiclass",
            eval_metric="roc_auc_ovr" if metric == "roc_auc" and classes > 2 else metric,
            path=folder,
            verbosity=0,
            learner_kwargs={"random_state": seed},
        ).fit(
            data,
            time_limit=seconds,
            presets="medium_quality",
            num_cpus=1,
            num_gpus=0,
        )
        if number:
            predicted = predictor.predict(test).to_numpy()
            return np.expm1(predicted) if logged else predicted
        return predictor.predict_proba(test).sort_index(axis=1).to_numpy()


def _need(name: str) -> None:
    """Raise `UsageError` when no peer has this name or its library is missing."""
    if name not in get_args(Peer):
        msg = f"no peer is called {name!r}; there are {', '.join(get_args(Peer))}"
        raise UsageError(msg)
    module = {"flaml": "flaml.automl", "autogluon": "autogluon.tabular"}[name]
    try:
        found = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        found = False
    if not found:
        msg = f"{name} is not installed: pip install 'mle_ideator_jupyter[{name}]'"
        raise UsageError(msg)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the peer's whole process group."""
    import contextlib

    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"


def main() -> int:
    """Solve one task in this process: NAME FOLDER SECONDS SEED FILE."""
    import warnings

    given, folder, seconds, seed, path = sys.argv[1:]
    name: Peer = next(peer for peer in get_args(Peer) if peer == given)
    warnings.simplefilter("ignore")
    begun = Path(f"{path}.begun")
    solve_with(name, Path(folder), float(seconds), int(seed)).to_csv(begun, index=False)
    begun.replace(path)
    return 0
