"""The splitter that suits the data: first by their size, then by what the profile found."""

from __future__ import annotations

import msgspec

from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.model import Binding, Problem, Splitter

HOLDOUT_ROWS = 10_000
"""Above this many rows one validation part is precise enough, and five times as quick."""
_FOLDS = 5
_FEWER_FOLDS = 3


def splitter_for(problem: Problem, rows: int | None) -> Splitter:
    """Return the splitter for rows that do not depend on each other."""
    large = rows is not None and rows > HOLDOUT_ROWS
    if problem == "regression":
        return Splitter(kind="holdout" if large else "kfold", folds=_FOLDS)
    return Splitter(kind="stratified_holdout" if large else "stratified", folds=_FOLDS)


def settle(binding: Binding, profile: Profile) -> Binding:
    """Return the Binding with the splitter that its data need; one from the metadata is left as it was confirmed.

    Test rows that come later than the training rows call for folds in time order, groups that must not be
    split for folds by group; many rows for one holdout; classes too rare to be in every fold for plain folds.
    """
    if binding.source == "metadata":
        return binding
    problem = binding.problem
    if problem in {"binary", "multiclass"} and profile.target.distinct:
        problem = "binary" if profile.target.distinct == 2 else "multiclass"
    group = binding.group_column or profile.group_column
    time = binding.time_column or profile.time_column
    return msgspec.structs.replace(
        binding,
        problem=problem,
        group_column=group,
        time_column=time,
        splitter=_settled(problem, profile, group, time if _in_time(binding, profile) else None),
    )


def _in_time(binding: Binding, profile: Profile) -> bool:
    """Return whether later rows are to be predicted from earlier ones.

    Without test data that says so, only a series does: one row a moment, successive targets alike.
    """
    if profile.time_column is None and binding.time_column is None:
        return False
    if profile.test_rows is not None:
        return profile.test_is_later
    name = binding.time_column or profile.time_column
    column = profile.column(name) if name else None
    series = column is not None and column.distinct >= 0.9 * profile.rows
    return series and abs(profile.target.autocorrelation or 0.0) >= 0.3


def _settled(problem: Problem, profile: Profile, group: str | None, time: str | None) -> Splitter:
    folds = _FOLDS if profile.rows <= HOLDOUT_ROWS else _FEWER_FOLDS
    if time is not None:
        return Splitter(kind="time", column=time, folds=folds)
    if group is not None:
        column = profile.column(group)
        return Splitter(kind="group", column=group, folds=min(folds, column.distinct) if column else folds)
    plain = splitter_for(problem, profile.rows)
    rarest = min((share for _, share in profile.target.classes), default=1.0) * profile.rows
    many = profile.target.distinct > len(profile.target.classes)
    if plain.kind == "stratified" and (many or rarest < _FOLDS - 0.5):
        return msgspec.structs.replace(plain, kind="kfold")
    if plain.kind == "stratified_holdout" and (many or rarest < 2 - 0.5):
        return msgspec.structs.replace(plain, kind="holdout")
    return plain


def setup_cell(binding: Binding) -> str | None:
    """Return the source of the cell that loads the data, or None where the notebook has them already."""
    if not binding.prepare:
        return None
    imports = [s for s in binding.prepare if s.startswith(("import ", "from "))]
    rest = [s for s in binding.prepare if s not in imports]
    blank = [""] if imports and rest else []
    return "\n".join([*dict.fromkeys(imports), *blank, *rest])
