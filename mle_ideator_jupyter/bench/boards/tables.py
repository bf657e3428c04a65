"""A task folder read for plain scikit-learn pipelines: every column is a number, a category or a text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.binding.settling import splitter_for
from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.metrics import metric_named
from mle_ideator_jupyter.model import Binding
from mle_ideator_jupyter.profile import profile_frames
from mle_ideator_jupyter.scoring.graded import TaskFile, public, read_task_file

MISSING = "missing"
"""The level that stands for a missing category."""
_DATE_PARTS = ("year", "month", "day", "day_of_week", "day_of_year", "hour")


class Tables(msgspec.Struct, kw_only=True):
    """What a solver may see of a task, ready for pipelines.

    `train` and `test` are frames of features alone: `numbers` are floats (missing ones NaN; dates became calendar
    parts and days since 1970), `categories` strings (missing ones a level of their own), `texts` strings.
    `target` is the target as it stands in train.csv, `ids` the ids of the test rows. `moments` says when each training
    row was, in days, where the test rows come later than all of them; else None.
    """

    file: TaskFile
    train: Any
    test: Any
    target: Any
    ids: Any
    numbers: list[str]
    categories: list[str]
    texts: list[str]
    moments: Any = None


def read_tables(folder: Path) -> Tables:
    """Return the public files of a task folder, ready for pipelines; the answers are not read.

    What a column is, the profile says, from the public files; identifiers and constant columns are left out.
    Raises `UsageError` when the folder is no task folder.
    """
    import pandas as pd

    file = read_task_file(folder)
    train, test = (pd.read_csv(public(folder) / name) for name in ("train.csv", "test.csv"))
    profile = profile_frames(train, test, binding_of(file, len(train)))
    dates = [c.name for c in profile.by_role("date") if c.name in test]
    numbers = [c.name for c in profile.by_role("numeric", "boolean")]
    categories = [c.name for c in profile.by_role("categorical")]
    texts = [c.name for c in profile.by_role("text")]
    both = [_features(frame, numbers, categories, texts, dates) for frame in (train, test)]
    plain = {*categories, *texts}
    return Tables(
        file=file,
        train=both[0],
        test=both[1],
        target=train[file.target],
        ids=test[file.id_column],
        numbers=[str(c) for c in both[0].columns if c not in plain],
        categories=categories,
        texts=texts,
        moments=_moments(train, profile),
    )


def binding_of(file: TaskFile, rows: int) -> Binding:
    """Return the Binding of a task folder's frames, called `train` and `test`."""
    return Binding(
        train="train",
        test="test",
        target=file.target,
        metric=metric_named(file.metric),
        problem=file.problem,
        splitter=splitter_for(file.problem, rows),
        id_column=file.id_column,
    )


def _features(frame: Any, numbers: list[str], categories: list[str], texts: list[str], dates: list[str]) -> Any:
    import pandas as pd

    parts: dict[str, Any] = {name: pd.to_numeric(frame[name], errors="coerce").astype(float) for name in numbers}
    for name in dates:
        moments = _dates(frame[name])
        parts |= {f"{name} {part}": getattr(moments.dt, part).astype(float) for part in _DATE_PARTS}
        parts[f"{name} days"] = _days(moments)
    for name in categories:
        parts[name] = frame[name].map(str, na_action="ignore").astype(object).where(frame[name].notna(), MISSING)
    for name in texts:
        parts[name] = frame[name].map(str, na_action="ignore").astype(object).where(frame[name].notna(), "")
    return pd.DataFrame(parts)


def _dates(values: Any) -> Any:
    import pandas as pd

    return pd.to_datetime(values, errors="coerce", utc=True, format="mixed")


def _days(moments: Any) -> Any:
    import pandas as pd

    return (moments - pd.Timestamp("1970-01-01", tz="UTC")) / pd.Timedelta(days=1)


def _moments(train: Any, profile: Profile) -> Any:
    """Return the training rows' moments in days, where the test rows come later."""
    if not profile.test_is_later or profile.time_column is None:
        return None
    column = train[profile.time_column]
    return column.to_numpy(float) if column.dtype.kind in "iuf" else _days(_dates(column)).to_numpy()
