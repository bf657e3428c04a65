"""Profiles of data that are hard: bad, odd, large, and of rare types."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mle_ideator_jupyter import profile
from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.profile.strings import dates, natural_order, separated
from tests.unit.profile_cases import bound, mixed


def test_missing_answers_are_left_out():
    frame = mixed()
    frame.loc[:59, "y"] = np.nan
    p = profile.profile_frames(frame, None, bound())
    assert (p.rows, p.target.missing) == (540, 0.1)
    assert any("without a target" in n for n in p.notes)


def test_many_classes_and_ordinal():
    frame = mixed()
    frame["y"] = pd.qcut(frame["y"], 5, labels=False)
    p = profile.profile_frames(frame, None, bound(metric="qwk", problem="ordinal"))
    assert p.target.mean == 2
    assert p.column("number").association > 0.8
    frame["y"] = frame["y"].map(str)
    q = profile.profile_frames(frame, None, bound(metric="logloss", problem="multiclass"))
    assert q.column("number").association > 0.6
    assert q.column("flag").association < 0.2


@pytest.mark.parametrize(
    ("change", "metric", "says"),
    [
        (lambda d: d.drop(columns="y"), "rmse", "--target"),
        (lambda d: d.assign(y=np.nan), "rmse", "missing in every row"),
        (lambda d: d.assign(y=3.0), "rmse", "constant"),
        (lambda d: d.assign(y="a"), "accuracy", "one class"),
        (lambda d: d.assign(y=d["size"]), "mae", "not numeric"),
        (lambda d: d.assign(y=d["size"]), "auc", "two classes"),
        (lambda d: d.assign(y=d["y"] - 100), "rmsle", "never negative"),
        (lambda d: d.assign(y=d["y"].where(d["y"] > 20, np.inf)), "rmse", "infinite"),
        (lambda d: d.iloc[:0], "rmse", "empty"),
        (lambda d: d[["y", "y", "size"]], "rmse", "more than one column"),
        (lambda d: (d, pd.DataFrame({"z": [1]})), "rmse", "share no column"),
        (lambda d: d.to_dict(), "rmse", "data frame is needed"),
        (lambda d: pl.from_pandas(d).lazy(), "rmse", "collect"),
    ],
)
def test_bad_input_is_one_clear_line(change, metric, says):
    changed = change(mixed(100))
    train, test = changed if isinstance(changed, tuple) else (changed, None)
    with pytest.raises(BindingError) as caught:
        profile.profile_frames(train, test, bound(metric=metric))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_odd_column_names_and_mixed_types():
    frame = mixed(200)
    names = {"number": "class", "holes": 'say "hi"', "size": "two\nlines", "flag": "it's", "code": ""}
    frame = frame.rename(columns=names)
    frame["odd"] = ["a", 1, 2.5, None] * 50
    frame["lists"] = [[1, 2]] * 200
    frame[7] = np.arange(200) % 3
    p = profile.profile_frames(frame, None, bound())
    assert {*names.values(), "odd", "7"} <= {c.name for c in p.columns}
    assert p.column("odd").role == "categorical"
    assert p.column("odd").missing == 0.25
    assert p.column("lists") is None
    assert any("'odd' mixes" in n for n in p.notes)
    assert any("'lists'" in n for n in p.notes)


def test_one_row_and_few_rows():
    frame = mixed(600)
    for n in (2, 3, 7):
        assert profile.profile_frames(frame.iloc[:n], frame.iloc[:1].drop(columns="y"), bound()).rows == n


def test_large_frames_are_sampled_and_say_so():
    r = np.random.default_rng(0)
    n = 60_000
    frame = pd.DataFrame({"x": r.normal(size=n), "c": r.choice(list("abcd"), n), "id": np.arange(n)})
    frame["y"] = frame["x"] + r.normal(size=n)
    p = profile.profile_frames(frame, frame.drop(columns="y").iloc[:30_000], bound())
    assert any("20000 of 60000" in note for note in p.notes)
    assert p.column("x").association == pytest.approx(frame["x"].corr(frame["y"], method="spearman"), abs=0.02)
    assert p.column("x").distinct == n
    assert p.column("id").role == "id"


def test_ten_thousand_columns():
    r = np.random.default_rng(0)
    frame = pd.DataFrame(r.normal(size=(120, 10_000)), columns=[f"x{i}" for i in range(10_000)])
    frame["y"] = frame["x7"] + r.normal(size=120) * 0.1
    p = profile.profile_frames(frame, None, bound())
    assert len(p.columns) == 10_000
    assert max(p.columns, key=lambda c: c.association).name == "x7"
    assert any("not searched" in n for n in p.notes)


def test_hard_types_are_described_or_left_out():
    n = 60
    columns = {
        "zone": pd.date_range("2020", periods=n, tz="Europe/Berlin"),
        "period": pd.period_range("2020-01", periods=n, freq="M"),
        "delta": pd.to_timedelta(np.arange(n), "h"),
        "complex": np.ones(n) * 1j,
        "nothing": [None] * n,
        "huge": [1e308, -1e308, 1.0] * 20,
        "whole": [10**30, 1, 2] * 20,
        "sets": [{1}] * n,
        "truth": [True, False, None] * 20,
    }
    r = np.random.default_rng(0)
    frame = pd.DataFrame({**columns, "y": r.normal(size=n)})
    p = profile.profile_frames(frame, frame.drop(columns="y"), bound())
    roles = {c.name: c.role for c in p.columns}
    assert "sets" not in roles
    assert roles["zone"] == roles["period"] == "date"
    assert roles["delta"] == roles["huge"] == roles["whole"] == "numeric"
    assert roles["nothing"] == "constant"
    assert roles["truth"] == "categorical"


def test_types_of_polars():
    n = 60
    frame = pl.DataFrame({
        "grade": pl.Series(["b", "a", None] * 20, dtype=pl.Enum(["b", "a"])),
        "big": pl.Series([1, 2, 3] * 20, dtype=getattr(pl, "Int128", pl.Int64)),
        "day": pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 2, 29), eager=True),
        "list": [[1]] * n,
        "y": np.random.default_rng(0).normal(size=n),
    })  # fmt: skip
    p = profile.profile_frames(frame, frame.drop("y"), bound())
    assert {c.name: c.role for c in p.columns} == {"grade": "categorical", "big": "numeric", "day": "date"}
    assert p.column("grade").order == ("b", "a")


def test_natural_orders():
    assert natural_order(["high", "low", "medium"]) == ("low", "medium", "high")
    assert natural_order(["Good", "Fair", "Poor"]) == ("Poor", "Fair", "Good")
    assert natural_order(["B1", "A2", "A1"]) == ("A1", "A2", "B1")
    assert natural_order(["65+", "18-25", "<18"]) == ("<18", "18-25", "65+")
    assert natural_order(["Level 10", "Level 2", "Level 1"]) == ("Level 1", "Level 2", "Level 10")
    assert natural_order(["emp_10_plus", "emp_unk", "emp_lt_1", "emp_1"]) == ("emp_lt_1", "emp_1", "emp_10_plus")
    for levels in (
        ["A", "C", "G", "T"],
        ["red", "blue", "green"],
        ["10001", "20002", "30003"],
        ["M", "F"],
        ["route 1", "route 2", "route 3"],
    ):
        assert natural_order(levels) == ()


def test_an_ordered_categorical_keeps_its_order():
    frame = mixed(200)
    frame["grade"] = pd.Categorical(frame["size"], categories=["large", "small", "medium"], ordered=True)
    p = profile.profile_frames(frame, None, bound())
    assert p.column("grade").order == ("large", "small", "medium")


def test_dates_in_text():
    assert dates(["2020-01-05", None, "2020-02-03 12:00"])[2] == pytest.approx(18295.5)
    assert list(dates(["25/3/2020", "1/4/2020"])) == list(dates(["3/25/2020", "4/1/2020"]))
    assert dates(["hello", "2020-01-05"]) is None
    assert dates([None]) is None
    assert separated(["a-b", "c-d", "a-d"]) == ("-", 2)
