"""What the cells say in words and names: how solutions are scored, and what sort of model is fitted."""

from __future__ import annotations

import re
from collections import Counter

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.metrics import metric_named

_FUNCTIONS = {
    r"roc_auc_score|RocCurveDisplay|BinaryAUROC": "auc",
    r"log_loss": "logloss",
    r"cohen_kappa_score": "qwk",
    r"f1_score\([^)]*average\s*=\s*[\"']macro": "macro_f1",
    r"(?:root_)?mean_squared_log_error": "rmsle",
    r"root_mean_squared_error|mean_squared_error(?!_)": "rmse",
    r"mean_absolute_error(?!_)": "mae",
    r"accuracy_score": "accuracy",
}
_WORDS = (
    r"rmsle|root mean squared log(?:arithmic)? error|rmse|root mean squared error|mae|mean absolute error|roc[- ]?auc"
    r"|auc|area under the (?:roc|receiver)|log[- ]?loss|quadratic weighted kappa|qwk|macro[- ]?f1|f1[- ]macro|accuracy"
)
_EVALUATED = re.compile(
    rf"(?i)(?:evaluat\w+|metric\w*|scored|judged|measured)\b[^.\n]{{0,80}}?\b({_WORDS})\b|\b({_WORDS})\b[^.\n]{{0,30}}metric"
)
_LONG_NAMES = {
    "root mean squared log error": "rmsle",
    "root mean squared logarithmic error": "rmsle",
    "area under the roc": "auc",
    "area under the receiver": "auc",
    "f1-macro": "macro_f1",
    "roc-auc": "auc",
    "rocauc": "auc",
}


def metrics_named(text: str) -> tuple[str, ...]:
    """Return the metrics that the text names: in words, by `scoring=`, then by functions, most frequent first."""
    found = [_known(a or b) for a, b in _EVALUATED.findall(text)]
    found += [_known(name) for name in re.findall(r"scoring\s*=\s*[\"']([\w]+)[\"']", text)]
    calls: Counter[str] = Counter()
    for pattern, name in _FUNCTIONS.items():
        calls[name] += len(re.findall(rf"\b(?:{pattern})\s*\(?", text))
    found += [name for name, n in calls.most_common() if n]
    return tuple(dict.fromkeys(name for name in found if name))


def _known(name: str) -> str:
    plain = name.lower().strip()
    try:
        return metric_named(_LONG_NAMES.get(plain, plain)).name
    except UsageError:
        return "rmse" if plain == "neg_mean_squared_error" else ""


def fits_regression(text: str) -> bool | None:
    """Return whether the text fits regressors (True), classifiers (False), or neither or both (None)."""
    regressors = re.search(
        r"\b(\w*Regressor|LinearRegression|Ridge(CV)?|Lasso(CV)?|ElasticNet(CV)?|SVR|MSELoss)\(", text
    )
    classifiers = re.search(r"\b(\w*Classifier|LogisticRegression(CV)?|SVC|\w+NB|CrossEntropyLoss|BCE\w*Loss)\(", text)
    if bool(regressors) == bool(classifiers):
        return None
    return regressors is not None
