"""Profiles a task's frames: reads the columns once, then asks the other modules of this room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import Profile, TargetProfile
from mle_ideator_jupyter.metrics import REGRESSION_METRICS
from mle_ideator_jupyter.model import Binding, Struct
from mle_ideator_jupyter.profile.columns import Known, Target, describe, factorize, skew
from mle_ideator_jupyter.profile.pairs import PAIR_ROWS, pairs
from mle_ideator_jupyter.profile.reading import Bools, Column, Floats, Ints, Table, checked, open_table, read
from mle_ideator_jupyter.profile.relating import aim_from, share_of, tidy
from mle_ideator_jupyter.profile.strings import dates
from mle_ideator_jupyter.profile.structure import autocorrelation, group_column, repeated, time_column, timely

_MOST_NOTES = 30
_WIDE = 1_000
"""Beyond this many columns, repeated rows are not searched for."""


class _Answers(Struct, frozen=True, kw_only=True):
    """The target at all rows: as numbers (see `relating.Aim`), as class codes, and their labels, most common first."""

    values: Floats
    codes: Ints | None
    labels: tuple[str, ...]
    present: Bools
    integer: bool
    distinct: int


class _Notes:
    """Collects remarks, of which there may be thousands, and keeps the first few."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.more = 0

    def __call__(self, line: str) -> None:
        if line in self.lines:
            return
        if len(self.lines) < _MOST_NOTES:
            self.lines.append(line)
        else:
            self.more += 1

    def all(self) -> tuple[str, ...]:
        return (*self.lines, f"and {self.more} more remarks") if self.more else tuple(self.lines)


def profile_frames(train: Any, test: Any, binding: Binding) -> Profile:
    """Return the profile of a task's frames; see `mle_ideator_jupyter.profile`."""
    note = _Notes()
    frame, names = checked(train, "training")
    answers = _answers(frame, names, binding, note)
    table = open_table(frame, names, keep=answers.present)
    other = None if test is None else open_table(*checked(test, "test"))
    target, codes = _target(binding, answers, table)
    known, there = _columns(table, other, target, binding, note)
    time, later = time_column(known, binding.time_column, _later(known, there))
    order = _order(table, known, time)
    facts = pairs(known, target.aim)
    duplicates, twins = _repeated(table, known, binding, note)
    _say_sizes(table, other, note)
    return Profile(
        rows=table.rows,
        test_rows=None if other is None else other.rows,
        target=_target_facts(binding, answers, target, codes, order),
        columns=tuple(k.facts for k in known),
        duplicates=duplicates,
        twins=twins,
        **facts,
        group_column=binding.group_column or group_column(known, _test_groups(known, there), target.aim),
        time_column=time,
        test_is_later=later,
        notes=note.all(),
    )


# ---------------------------------------------------------------- the target


def _answers(frame: Any, names: dict[str, Any], binding: Binding, note: _Notes) -> _Answers:
    """Return the target as arrays over all rows. Raises `BindingError` when nothing could be learnt from it."""
    name = binding.target
    if name not in names:
        msg = f"the training data have no column {name!r}: say --target with one of {_some(list(names))}"
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
    return _Answers(
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


def _target(binding: Binding, answers: _Answers, table: Table) -> tuple[Target, Ints | None]:
    """Return the target at the rows that the table reads, and its codes there."""
    values, codes = answers.values, answers.codes
    if table.drawn is not None:
        values, codes = values[table.drawn], None if codes is None else codes[table.drawn]
    sample = values if table.whole else values[table.sample]
    part = codes if codes is None or table.whole else codes[table.sample]
    aim = aim_from(binding.problem, sample, part, len(answers.labels))
    return Target(name=binding.target, values=values, aim=aim), codes


def _target_facts(
    binding: Binding, answers: _Answers, target: Target, codes: Ints | None, order: Ints | None
) -> TargetProfile:
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


# ---------------------------------------------------------------- the columns


def _columns(
    table: Table, other: Table | None, target: Target, binding: Binding, note: _Notes
) -> tuple[list[Known], dict[str, Column]]:
    """Return what is known of each feature column, and the columns of the test data."""
    known: list[Known] = []
    there: dict[str, Column] = {}
    absent = []
    for name in table.names:
        if name == binding.target:
            continue
        column = read(table, name, note)
        if column is None:
            continue
        if other is not None and name in other.names:
            found = read(other, name, lambda _line: None)
            if found is not None:
                there[name] = found
        elif other is not None:
            absent.append(name)
        pair = there.get(name)
        if pair is not None and (pair.kind == "string") != (column.kind == "string"):
            note(f"column {name!r} is {column.dtype} in the training data and {pair.dtype} in the test data")
            pair = None
        known.append(describe(column, pair, table, other, target, is_id=name == binding.id_column))
    if absent:
        note(f"not in the test data: {_some(absent)}")
    return known, there


def _later(known: Sequence[Known], there: dict[str, Column]) -> dict[str, bool]:
    """Return for each column that could be time whether all test rows come after all training rows."""
    later = {}
    for k in known:
        if k.numbers is None or k.facts.name not in there or not (k.facts.role == "date" or timely(k)):
            continue
        mine, other = _clock(k.column), _clock(there[k.facts.name])
        if mine is not None and other is not None and len(mine) and len(other):
            later[k.facts.name] = bool(
                other.min() > mine.max() or (k.facts.role == "date" and other.min() == mine.max())
            )
    return later


def _clock(column: Column) -> Floats | None:
    if column.numbers is not None:
        return column.numbers[~column.missing]
    days = dates(column.strings or [])
    return None if days is None else days[~np.isnan(days)]


def _order(table: Table, known: Sequence[Known], time: str | None) -> Ints | None:
    """Return the rows in time order, or None where the order of the file counts."""
    k = next((k for k in known if k.facts.name == time), None)
    if k is None:
        return None
    days = k.column.numbers
    if days is None:  # text, of which only the sample was read
        texts = table.frame.get_column(table.names[k.facts.name]).to_list()
        days = dates([v if isinstance(v, str) else None for v in texts])
    return None if days is None else np.argsort(days, kind="stable")


def _test_groups(known: Sequence[Known], there: dict[str, Column]) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    for k in known:
        column = there.get(k.facts.name)
        if column is None:
            continue
        groups[k.facts.name] = column.numbers if column.numbers is not None else {s for s in column.strings or [] if s}
    return groups


def _repeated(table: Table, known: Sequence[Known], binding: Binding, note: _Notes) -> tuple[float, float]:
    names = [k.facts.name for k in known if k.facts.role not in {"id", "constant"}]
    if len(names) > _WIDE:
        note(f"repeated rows were not searched for: {len(names)} columns")
        return 0.0, 0.0
    if not names:
        return 0.0, 0.0
    duplicates, twins = repeated(table, names, binding.target)
    return tidy(duplicates) or 0.0, tidy(twins) or 0.0


def _say_sizes(table: Table, other: Table | None, note: _Notes) -> None:
    if len(table.frame) < table.rows:
        note(f"{len(table.frame)} of {table.rows} training rows were read")
    if not table.whole:
        note(f"relations and levels come from a sample of {len(table.sample)} of {table.rows} training rows")
    if other is not None and not other.whole:
        note(f"levels of the test data come from a sample of {len(other.sample)} of {other.rows} rows")
    if len(table.sample) > PAIR_ROWS:
        note(f"pairs of columns come from a sample of {PAIR_ROWS} rows")


def _some(names: Sequence[str]) -> str:
    """Return the first few names as text."""
    shown = ", ".join(repr(n) for n in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
