"""Profiles a task's frames: reads the columns once, then asks the other modules of this room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.model import Binding
from mle_ideator_jupyter.profile.answers import answers_of, some, target_facts, target_of
from mle_ideator_jupyter.profile.columns import Known, Target, describe
from mle_ideator_jupyter.profile.images import image_of
from mle_ideator_jupyter.profile.pairs import PAIR_ROWS, pairs
from mle_ideator_jupyter.profile.reading import Column, Floats, Ints, Table, checked, open_table, read
from mle_ideator_jupyter.profile.relating import tidy
from mle_ideator_jupyter.profile.strings import dates
from mle_ideator_jupyter.profile.structure import group_column, repeated, time_column, timely

_MOST_NOTES = 30
_WIDE = 1_000
"""Beyond this many columns, repeated rows are not searched for."""


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
    answers = answers_of(frame, names, binding, note)
    table = open_table(frame, names, keep=answers.present)
    other = None if test is None else open_table(*checked(test, "test"))
    target, codes = target_of(binding, answers, table)
    known, there = _columns(table, other, target, binding, note)
    time, later = time_column(known, binding.time_column, _later(known, there))
    order = _order(table, known, time)
    facts = pairs(known, target.aim)
    duplicates, twins = _repeated(table, known, binding, note)
    _say_sizes(table, other, note)
    return Profile(
        rows=table.rows,
        test_rows=None if other is None else other.rows,
        target=target_facts(binding, answers, target, codes, order),
        columns=tuple(k.facts for k in known),
        duplicates=duplicates,
        twins=twins,
        **facts,
        group_column=binding.group_column or group_column(known, _test_groups(known, there), target.aim),
        time_column=time,
        test_is_later=later,
        image=image_of(known, frozenset(filter(None, (binding.id_column, binding.group_column, time)))),
        notes=note.all(),
    )


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
            found = read(other, name, lambda _line: None, count=False)
            if found is not None:
                there[name] = found
        elif other is not None:
            absent.append(name)
        pair = there.get(name)
        if pair is not None and (pair.kind == "string") != (column.kind == "string"):
            note(f"column {name!r} is {column.dtype} in the training data and {pair.dtype} in the test data")
            pair = None
        known.append(describe(column, pair, table, other, target, is_id=name == binding.id_column))
    if other is not None and not there:
        msg = "the test data share no column with the training data: say --test with other data, or leave it out"
        raise BindingError(msg)
    if absent:
        note(f"not in the test data: {some(absent)}")
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
