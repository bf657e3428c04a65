"""Chooses target, problem, metric and id column from what is known of the columns."""

from __future__ import annotations

import difflib
import re

from mle_ideator_jupyter.binding.candidates import Data
from mle_ideator_jupyter.binding.sources import Said
from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import Variable
from mle_ideator_jupyter.metrics import METRICS, REGRESSION_METRICS, default_metric
from mle_ideator_jupyter.model import Metric, Problem

_TARGET_NAMES = (
    "target",
    "label",
    "labels",
    "y",
    "class",
    "outcome",
    "response",
    "is_fraud",
    "survived",
    "saleprice",
    "price",
    "churn",
    "default",
    "diagnosis",
    "species",
    "income",
    "charges",
    "quality",
    "medv",
)
_ID_NAME = re.compile(r"(?i)^(id|index|key|uuid|row_?id|row_?num(ber)?|unnamed: 0)$|[_\s]id$|[a-z](Id|ID)$")
_FEW = 10
"""Whole numbers with at most this many values are taken as classes, unless the cells fit regressors."""
_MANY = 50
"""Labels in more classes than this are no classes."""


# ---------------------------------------------------------------- target


def target_of(data: Data, given: str | None, said: Said, submission: tuple[str, ...]) -> str:
    """Return the target column. Raises `BindingError`, naming the candidates, when nothing tells it.

    In order: the argument, the sample submission, the only column that the test data lack, a column that the cells
    select as what is predicted, a usual name, and the last column where the cells take it by position.
    """
    frame = data.columns
    if frame is None:
        if given is None:
            msg = f"the columns of {data.train} are not known: say --target COLUMN"
            raise BindingError(msg)
        return given
    if given is not None:
        if given not in frame.columns:
            raise _unknown(given, frame)
        return given
    if data.target is not None:
        return data.target
    choice = _told(data, frame, said, submission)
    if choice is not None:
        return choice
    names = [c for c in frame.columns if not _ID_NAME.search(c)][::-1]
    shown = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
    msg = f"which column of {frame.name} is to be predicted? say --target COLUMN: {shown}"
    raise BindingError(msg)


def _unknown(given: str, frame: Variable) -> BindingError:
    near = difflib.get_close_matches(given, frame.columns, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"columns are {', '.join(frame.columns[:8])}"
    return BindingError(f"{frame.name} has no column {given!r}: {hint}")


def _told(data: Data, frame: Variable, said: Said, submission: tuple[str, ...]) -> str | None:
    columns = list(frame.columns)
    absent = [c for c in columns if data.test_columns is not None and c not in data.test_columns.columns]
    if len(submission) == 2 and submission[1] in columns:
        return submission[1]
    if len(absent) == 1:
        return absent[0]
    pool = absent or columns
    for name in said.targets:
        if name in pool:
            return name
    lower = {c.lower().replace(" ", "_"): c for c in reversed(pool)}
    for name in _TARGET_NAMES:
        if name in lower:
            return lower[name]
    return columns[-1] if said.last_column else None


# ---------------------------------------------------------------- problem and metric


def _facts(frame: Variable | None, target: str) -> tuple[str, int, int]:
    """Return the target's type, its number of values (0 where unknown) and the number of rows (0 where unknown)."""
    if frame is None or target not in frame.columns:
        return "", 0, 0
    place = frame.columns.index(target)
    dtype = frame.dtypes[place] if place < len(frame.dtypes) else ""
    distinct = frame.distinct[place] if place < len(frame.distinct) else 0
    return dtype.lower(), distinct, frame.shape[0]


def problem_of(frame: Variable | None, target: str, said: Said, metric: Metric | None) -> Problem:
    """Return the kind of problem that type, number of values, metric and fitted models point to.

    Raises `BindingError` for a target that cannot be learnt or that the metric does not suit.
    """
    dtype, distinct, rows = _facts(frame, target)
    wanted = metric.name if metric and metric.name in METRICS else None
    if frame is not None and rows and distinct == 1:
        msg = f"the target {target!r} is constant: there is nothing to learn; choose another with --target"
        raise BindingError(msg)
    if wanted in REGRESSION_METRICS:
        if dtype and not _numeric(dtype):
            msg = f"the target {target!r} is not numeric, and {wanted} needs numbers: convert it, or choose another"
            raise BindingError(msg)
        return "regression"
    if wanted == "qwk":
        return "ordinal"
    if wanted == "auc" and distinct > 2:
        msg = f"auc needs two classes, and the target {target!r} has {distinct}: choose --metric logloss or accuracy"
        raise BindingError(msg)
    if wanted is not None:
        return "binary" if distinct == 2 or wanted == "auc" else "multiclass"
    if frame is None:
        return _problem_by_words(said)
    return _problem_by_values(dtype, distinct, rows, said)


def _problem_by_words(said: Said) -> Problem:
    """Return the kind of problem that the cells speak of, where nothing is known of the columns."""
    named = next(iter(said.metrics), None)
    if said.regression is True or named in REGRESSION_METRICS:
        return "regression"
    if named is not None or said.regression is False:
        return "binary" if named == "auc" else "multiclass"
    msg = "nothing is known of the target's values: say --metric too"
    raise BindingError(msg)


def _numeric(dtype: str) -> bool:
    return dtype.startswith(("int", "uint", "float", "decimal", "bool", "double", "long"))


def _problem_by_values(dtype: str, distinct: int, rows: int, said: Said) -> Problem:
    if dtype and not _numeric(dtype):
        return "binary" if distinct == 2 else "multiclass"
    if dtype.startswith("bool") or distinct == 2:
        return "binary"
    named = next(iter(said.metrics), None)
    if said.regression is True or (said.regression is None and named in REGRESSION_METRICS):
        return "regression"
    few = 0 < distinct <= (_MANY if said.regression is False else _FEW)
    whole = dtype.startswith(("int", "uint")) or said.regression is False
    if few and whole and (not rows or distinct <= rows / 5):
        return "multiclass"
    return "regression"


def metric_of(given: Metric | None, said: Said, problem: Problem, frame: Variable | None, target: str) -> Metric:
    """Return the metric that was asked for, else the first in the sources that suits, else the usual one."""
    if given is not None:
        return given
    _, distinct, _ = _facts(frame, target)
    for name in said.metrics:
        regression = name in REGRESSION_METRICS
        if regression != (problem == "regression") and not (name == "qwk" and distinct <= _MANY):
            continue
        if name == "auc" and problem != "binary":
            continue
        if name == "qwk" and frame is not None and not _numeric(_facts(frame, target)[0]):
            continue
        return METRICS[name]
    return default_metric(problem)


# ---------------------------------------------------------------- id


def id_column(data: Data, target: str, submission: tuple[str, ...]) -> str | None:
    """Return the column that names the rows: the sample submission's first, or a unique one so named or so placed."""
    frame, test = data.columns, data.test_columns
    if frame is None:
        return None
    shared = [c for c in frame.columns if c != target and (test is None or c in test.columns)]
    if len(submission) >= 2 and submission[0] in shared:
        return submission[0]
    for column in shared:
        if _ID_NAME.search(column) and _unique(frame, column) and (test is None or _unique(test, column)):
            return column
    first = shared[0] if shared else None
    if first is None or test is None or first != frame.columns[0] or frame.shape[0] < 50:
        return None
    place = frame.columns.index(first)
    whole = place < len(frame.dtypes) and frame.dtypes[place].lower().startswith(("int", "uint"))
    return first if whole and _unique(frame, first) and _unique(test, first) else None


def _unique(frame: Variable, column: str) -> bool:
    """Return whether all values differ, as far as they were counted (50,000 rows)."""
    place = frame.columns.index(column)
    return place < len(frame.distinct) and frame.distinct[place] >= 0.99 * min(frame.shape[0], 25_000)
