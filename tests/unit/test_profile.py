"""What a profile says of frames, that pandas and polars agree, and that nothing is changed."""

import pickle

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

from mle_ideator_jupyter import profile
from mle_ideator_jupyter.facts import Profile
from tests.unit.profile_cases import bound, mixed


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
