"""What a profile says of frames, that pandas and polars agree, and that nothing is changed."""

import pickle

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

from mle_ideator_jupyter import profile
from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.metrics import METRICS, REGRESSION_METRICS
from mle_ideator_jupyter.model import Binding, Splitter
from mle_ideator_jupyter.profile.strings import dates, natural_order, separated


def bound(target="y", metric="rmse", problem=None, **more):
    problem = problem or ("regression" if metric in REGRESSION_METRICS else "binary")
    return Binding(train="train", target=target, metric=METRICS[metric], problem=problem, splitter=Splitter(), **more)


def mixed(n=600, seed=0):
    """A frame with a column of every sort."""
    r = np.random.default_rng(seed)
    size = r.choice(["small", "medium", "large"], n)
    number = r.normal(10, 3, n)
    holes = np.where(r.random(n) < 0.2, np.nan, r.normal(size=n))
    y = number * 2 + pd.Series(size).map({"small": 0, "medium": 3, "large": 6}).to_numpy() + np.isnan(holes) * 5
    return pd.DataFrame(
        {
            "row_id": np.arange(n),
            "number": number,
            "holes": holes,
            "size": size,
            "flag": r.random(n) < 0.3,
            "day": pd.Series(pd.Timestamp("2021-03-01") + pd.to_timedelta(r.integers(0, 300, n), "D")).dt.strftime(
                "%Y-%m-%d"
            ),
            "text": [" ".join(r.choice(["red", "green", "old", "new", "big", "car"], 8)) + f" {i}" for i in range(n)],
            "code": [f"{a}/{b}" for a, b in zip(r.choice(list("ABF"), n), r.integers(0, 40, n), strict=True)],
            "same": "x",
            "hour": r.integers(0, 24, n),
            "y": y + r.normal(size=n),
        }
    )


def test_roles():
    p = profile.profile_frames(mixed(), None, bound())
    roles = {c.name: c.role for c in p.columns}
    assert roles == {
        "row_id": "id",
        "number": "numeric",
        "holes": "numeric",
        "size": "categorical",
        "flag": "boolean",
        "day": "date",
        "text": "text",
        "code": "categorical",
        "same": "constant",
        "hour": "numeric",
    }


def test_column_facts():
    p = profile.profile_frames(mixed(), None, bound())
    assert p.column("size").order == ("small", "medium", "large")
    assert p.column("hour").period == 24
    assert p.column("code").parts == ("/", 2)
    assert p.column("text").words == pytest.approx(9)
    assert p.column("number").association > 0.8
    assert p.column("flag").association < 0.2
    holes = p.column("holes")
    assert holes.missing == pytest.approx(0.2, abs=0.05)
    gone, here = holes.missing_effect
    assert gone > here + 3
    assert p.target.problem == "regression"
    assert p.target.distinct == 600
    assert p.time_column == "day"


def test_pandas_and_polars_agree():
    frame = mixed()
    one = profile.profile_frames(frame, frame.drop(columns="y"), bound())
    other = profile.profile_frames(pl.from_pandas(frame), pl.from_pandas(frame.drop(columns="y")), bound())
    assert one == other


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_text_types_of_pandas_agree(dtype):
    frame = mixed()[["number", "size", "y"]]
    plain = profile.profile_frames(frame, None, bound()).column("size")
    other = profile.profile_frames(frame.astype({"size": dtype}), None, bound()).column("size")
    assert (other.role, other.distinct, other.top, other.association) == (
        plain.role,
        plain.distinct,
        plain.top,
        plain.association,
    )


def test_nullable_types():
    frame = mixed()
    frame["n"] = pd.array([None if i % 5 == 0 else i % 9 for i in range(len(frame))], dtype="Int64")
    frame["b"] = pd.array([None if i % 5 == 0 else bool(i % 2) for i in range(len(frame))], dtype="boolean")
    p = profile.profile_frames(frame, None, bound())
    assert p.column("n").missing == p.column("b").missing == pytest.approx(0.2)
    assert (p.column("n").distinct, p.column("b").role) == (9, "boolean")


def test_the_frames_are_left_as_they_were():
    train = mixed()
    train.attrs["note"] = "mine"
    test = mixed(seed=1).drop(columns="y")
    before = pickle.dumps((train, test))
    profile.profile_frames(train, test, bound())
    assert pickle.dumps((train, test)) == before


def test_a_read_only_array_is_enough():
    values = np.random.default_rng(0).normal(size=(200, 3))
    values[::7, 1] = np.inf
    values.setflags(write=False)
    p = profile.profile_frames(pd.DataFrame(values, columns=["a", "b", "y"]), None, bound())
    assert p.column("b").missing == 0.145
    assert any("infinite" in n for n in p.notes)


def test_a_profile_travels_as_json():
    frame = mixed()
    p = profile.profile_frames(frame, frame.drop(columns="y"), bound())
    assert msgspec.json.decode(msgspec.json.encode(p), type=Profile) == p


def test_the_same_twice():
    assert profile.profile_frames(mixed(), None, bound()) == profile.profile_frames(mixed(), None, bound())


def test_drift_and_unseen_levels():
    train, test = mixed(), mixed(seed=1).drop(columns="y")
    test["number"] += 10
    test.loc[:99, "size"] = "giant"
    p = profile.profile_frames(train, test, bound())
    assert p.column("number").drift > 0.7
    assert p.column("hour").drift < 0.15
    assert p.column("size").unseen == pytest.approx(1 / 6, abs=1e-4)
    assert p.column("size").drift == pytest.approx(1 / 6, abs=0.06)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda d: d["y"], "equals"),
        (lambda d: d["y"] * 3 + 1, "multiple"),
        (lambda d: np.exp(d["y"] / 5), "almost perfectly"),
    ],
)
def test_leaks(make, words):
    frame = mixed()
    frame["copy"] = make(frame)
    p = profile.profile_frames(frame, None, bound())
    assert words in p.column("copy").leak
    assert [c.name for c in p.columns if c.leak] == ["copy"]


def test_leak_of_classes():
    frame = mixed()
    frame["y"] = (frame["y"] > frame["y"].median()).map({True: "yes", False: "no"})
    r = np.random.default_rng(0)
    frame["risk"] = (frame["y"] == "yes") * 5 + r.normal(size=len(frame)) * 0.5
    frame["group"] = np.where(frame["y"] == "yes", r.choice(["a", "b"], len(frame)), "c")
    p = profile.profile_frames(frame, None, bound(metric="auc"))
    assert {c.name for c in p.columns if c.leak} == {"risk", "group"}
    assert p.target.classes == (("no", 0.5), ("yes", 0.5))


def test_sentinels():
    r = np.random.default_rng(0)
    n = 500
    frame = pd.DataFrame({
        "minus": np.where(r.random(n) < 0.1, -1, r.integers(0, 60, n)),
        "nines": np.where(r.random(n) < 0.05, 999.0, r.normal(50, 9, n)),
        "zero": np.where(r.random(n) < 0.1, 0.0, r.uniform(60, 160, n)),
        "counts": r.poisson(1, n),
        "signed": r.integers(-5, 5, n),
        "y": r.normal(size=n),
    })  # fmt: skip
    p = profile.profile_frames(frame, None, bound())
    assert [p.column(c).sentinel for c in frame.columns[:-1]] == [-1, 999, 0, None, None]


def test_repeated_rows():
    r = np.random.default_rng(0)
    base = pd.DataFrame({"a": r.normal(size=80), "b": r.choice(["u", "v"], 80), "y": r.normal(size=80)})
    twins = base.iloc[:10].assign(y=99.0)
    frame = pd.concat([base, base.iloc[:20], twins], ignore_index=True)
    p = profile.profile_frames(frame, None, bound())
    assert p.duplicates == pytest.approx(frame.duplicated().mean(), abs=1e-5)
    assert p.twins == pytest.approx(10 / 110, abs=1e-5)


def test_pairs():
    r = np.random.default_rng(0)
    n = 2000
    a, b, c = r.uniform(1, 10, n), r.uniform(1, 10, n), r.normal(size=n)
    left, right = r.choice(["p", "q"], n), r.choice(["s", "t"], n)
    cross = (left == "p") ^ (right == "s")
    frame = pd.DataFrame({"a": a, "b": b, "c": c, "twin": c + r.normal(size=n) * 0.1, "left": left, "right": right})
    p = profile.profile_frames(frame.assign(y=a / b + cross), None, bound())
    assert {p.ratios[0].a, p.ratios[0].b} == {"a", "b"}
    assert {p.interactions[0].a, p.interactions[0].b} == {"left", "right"}
    assert [{q.a, q.b} for q in p.correlated] == [{"c", "twin"}]
    noise = profile.profile_frames(frame.assign(y=r.normal(size=n)), None, bound())
    assert noise.ratios == noise.differences == noise.products == noise.interactions == ()


def test_groups():
    r = np.random.default_rng(0)
    effect = r.normal(size=40)
    ids = np.repeat(np.arange(40), 25)
    frame = pd.DataFrame(
        {"patient_id": ids, "age": r.integers(20, 80, 1000), "y": effect[ids] + r.normal(size=1000) * 0.3}
    )
    train, test = frame[ids % 4 != 0], frame[ids % 4 == 0].drop(columns="y")
    assert profile.profile_frames(train, test, bound()).group_column == "patient_id"
    assert profile.profile_frames(frame, None, bound()).group_column == "patient_id"
    shared = frame.iloc[::2].drop(columns="y")
    assert profile.profile_frames(frame, shared, bound()).group_column is None
    assert profile.profile_frames(frame.assign(y=r.normal(size=1000)), None, bound()).group_column is None


@pytest.mark.parametrize("as_text", [True, False])
def test_time(as_text):
    n = 400
    day = pd.Series(pd.date_range("2020-01-01", periods=n))
    y = np.cumsum(np.random.default_rng(0).normal(size=n))
    frame = pd.DataFrame({"when": day.dt.strftime("%Y-%m-%d") if as_text else day, "x": 1.5 * y, "y": y})
    shuffled = frame.iloc[:300].sample(frac=1, random_state=0)
    p = profile.profile_frames(shuffled, frame.iloc[300:].drop(columns="y"), bound())
    assert (p.time_column, p.test_is_later) == ("when", True)
    assert p.target.autocorrelation > 0.9
    mixed_up = profile.profile_frames(frame.iloc[::2], frame.iloc[1::2].drop(columns="y"), bound())
    assert (mixed_up.time_column, mixed_up.test_is_later) == ("when", False)


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
