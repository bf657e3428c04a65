"""The target: checked, turned into numbers, described."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import TargetProfile
from mle_ideator_jupyter.metrics import REGRESSION_METRICS
from mle_ideator_jupyter.model import Binding, Struct
from mle_ideator_jupyter.profile.columns import Target, factorize, skew
from mle_ideator_jupyter.profile.reading import Bools, Column, Floats, Ints, Table, read
from mle_ideator_jupyter.profile.relating import aim_from, share_of, tidy
from mle_ideator_jupyter.profile.structure import autocorrelation


class Answers(Struct, frozen=True, kw_only=True):
    """The target at all rows: as numbers (see `relating.Aim`), as class codes, and their labels, most common first."""

    values: Floats
    codes: Ints | None
    labels: tuple[str, ...]
    present: Bools
    integer: bool
    distinct: int


def answers_of(frame: Any, names: dict[str, Any], binding: Binding, note: Callable[[str], None]) -> Answers:
    """Return the target as arrays over all rows. Raises `BindingError` when nothing could be learnt from it."""
    name = binding.target
    if name not in names:
        msg = f"the training data have no column {name!r}: say --target with one of {some(list(names))}"
        raise BindingError(msg)
    table = Table(frame=frame, names=names, rows=len(frame), sample=np.arange(len(frame)), whole=True)
    column = read(table, name, lambda _line: None)
    if column is None:
        msg = f"the target {name!r} holds neither numbers nor labels: choose another with --target"
        raise BindingError(msg)
    _refuse(column, table, binding)
    present = ~column.missing
    codes: Ints | None = None
    labels: tuple[str, ...] = ()
    if not present.all():
        note(f"{int(column.missing.sum())} rows without a target were left out")
    if binding.problem == "regression":
        assert column.numbers is not None
        values = column.numbers[present]
    else:
        values, codes, labels = _classes(column, present, binding)
    return Answers(
        values=values, codes=codes, labels=labels, present=present, integer=column.integer, distinct=column.distinct
    )


def _refuse(column: Column, table: Table, binding: Binding) -> None:
    """Raise `BindingError` for a target that cannot be learnt or does not suit the metric."""
    name, metric = binding.target, binding.metric.name
    if column.missing.all():
        raw = table.frame.get_column(table.names[name])
        kind = "is missing in every row" if raw.is_null().all() else "holds no finite number"
        msg = f"the target {name!r} {kind}: choose another with --target"
        raise BindingError(msg)
    if column.distinct < 2:
        what = "is constant" if binding.problem == "regression" else "has only one class"
        msg = f"the target {name!r} {what}: there is nothing to learn; choose another with --target"
        raise BindingError(msg)
    if column.kind == "number" and not column.integer:
        raw = table.frame.get_column(table.names[name])
        if raw.dtype.is_float() and np.isinf(raw.to_numpy().astype(np.float64)).any():
            msg = f"the target {name!r} holds infinite values: drop or replace those rows first"
            raise BindingError(msg)
    numeric = column.numbers is not None and column.kind != "date"
    if not numeric and (binding.problem in {"regression", "ordinal"} or metric in REGRESSION_METRICS):
        msg = f"the target {name!r} is not numeric, and {metric} needs numbers: convert it, or choose another --metric"
        raise BindingError(msg)
    if metric == "auc" and column.distinct > 2:
        msg = (
            f"auc needs two classes, and the target {name!r} has {column.distinct}: choose --metric logloss or accuracy"
        )
        raise BindingError(msg)
    if metric == "rmsle" and column.numbers is not None and float(np.nanmin(column.numbers)) < 0:
        msg = f"rmsle needs a target that is never negative, and {name!r} is: choose --metric rmse or mae"
        raise BindingError(msg)


def _classes(column: Column, present: Bools, binding: Binding) -> tuple[Floats, Ints, tuple[str, ...]]:
    """Return the target as numbers, as class codes (most common first, then by label) and the labels."""
    if column.numbers is not None:
        numbers = column.numbers[present]
        found, raw = np.unique(numbers, return_inverse=True)
        truth = column.kind == "boolean"
        labels = [str(bool(v)) if truth else f"{v:.15g}" for v in found]
    else:
        first, levels = factorize([v for v in column.strings or [] if v is not None])
        by_label = sorted(range(len(levels)), key=levels.__getitem__)
        place = np.empty(len(levels), dtype=np.int64)
        place[by_label] = np.arange(len(levels))
        raw, labels, numbers = place[first], [levels[i] for i in by_label], np.empty(0)
    raw = np.asarray(raw, dtype=np.int64).reshape(-1)
    order = np.argsort(-np.bincount(raw, minlength=len(labels)), kind="stable")
    place = np.empty(len(labels), dtype=np.int64)
    place[order] = np.arange(len(labels))
    codes = place[raw]
    indicator = (codes == (1 if len(labels) == 2 else 0)).astype(np.float64)
    return numbers if binding.problem == "ordinal" else indicator, codes, tuple(labels[i] for i in order)


def target_of(binding: Binding, answers: Answers, table: Table) -> tuple[Target, Ints | None]:
    """Return the target at the rows that the table reads, and its codes there."""
    values, codes = answers.values, answers.codes
    if table.drawn is not None:
        values, codes = values[table.drawn], None if codes is None else codes[table.drawn]
    sample = values if table.whole else values[table.sample]
    part = codes if codes is None or table.whole else codes[table.sample]
    aim = aim_from(binding.problem, sample, part, len(answers.labels))
    return Target(name=binding.target, values=values, aim=aim), codes


def target_facts(
    binding: Binding, answers: Answers, target: Target, codes: Ints | None, order: Ints | None
) -> TargetProfile:
    """Return what is known of the target; `order` is that of time."""
    facts: dict[str, Any] = {
        "name": binding.target,
        "problem": binding.problem,
        "missing": tidy(1 - share_of(answers.present)),
        "distinct": answers.distinct,
        "integer": answers.integer,
    }
    if answers.codes is not None:
        counts = np.bincount(answers.codes, minlength=len(answers.labels)) / len(answers.codes)
        facts["classes"] = tuple((n, tidy(float(s))) for n, s in zip(answers.labels[:20], counts, strict=False))
    if binding.problem in {"regression", "ordinal"}:
        y = answers.values
        quantiles = np.quantile(y, [0, 0.01, 0.25, 0.5, 0.75, 0.99, 1])
        facts |= {
            "mean": tidy(float(y.mean())),
            "std": tidy(float(y.std())),
            "quantiles": tuple(tidy(float(q)) for q in quantiles),
            "skew": tidy(skew(y)),
            "log_skew": tidy(skew(np.log1p(y))) if float(y.min()) >= 0 else None,
        }
    numbers = None if binding.problem in {"regression", "ordinal"} else codes
    facts["autocorrelation"] = tidy(autocorrelation(target.values, numbers, order))
    return TargetProfile(**facts)


def some(names: Sequence[str]) -> str:
    """Return the first few names as text."""
    shown = ", ".join(repr(n) for n in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
