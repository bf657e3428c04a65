"""The live namespace stays the user's: names come back, changes in place are named."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from mle_ideator_jupyter.hosts import fingerprint as fingerprints
from mle_ideator_jupyter.hosts.fingerprint import fingerprint
from mle_ideator_jupyter.hosts.guard import remember, restore

FRAME = pd.DataFrame(
    {
        "n": [1.0, np.nan, 3.0],
        "s": ["a", "b", "a"],
        "o": pd.Series(["x", 1, None], dtype=object),
        "c": pd.Categorical(["u", "v", "u"]),
        "t": pd.to_datetime(["2020-01-01", "2021-01-01", None]),
        "l": [[1], [2], [3]],
    }
)


def frame():
    return FRAME.copy(deep=True)


CHANGES = {
    "cell": (frame, lambda d: d.__setitem__("n", d["n"].fillna(0.0))),
    "one number": (frame, lambda d: d.iloc.__setitem__((0, 0), 9.0)),
    "one text": (frame, lambda d: d.iloc.__setitem__((0, 1), "z")),
    "one object": (frame, lambda d: d.iloc.__setitem__((0, 2), "z")),
    "new column": (frame, lambda d: d.insert(0, "z", 1)),
    "column name": (frame, lambda d: setattr(d, "columns", ["m", *d.columns[1:]])),
    "row order": (frame, lambda d: d.__setitem__(list("nso"), d[list("nso")].to_numpy()[::-1])),
    "text order alone": (frame, lambda d: d.__setitem__("s", ["b", "a", "a"])),
    "rows": (frame, lambda d: d.loc.__setitem__(3, d.loc[0])),
    "index": (frame, lambda d: setattr(d, "index", [3, 2, 1])),
    "dtype": (frame, lambda d: d.__setitem__("n", d["n"].astype("float32"))),
    "list in a cell": (frame, lambda d: d.iloc.__setitem__((0, 5), [7])),
    "series": (lambda: pd.Series([1, 2]), lambda s: s.__setitem__(0, 5)),
    "series name": (lambda: pd.Series([1, 2]), lambda s: setattr(s, "name", "n")),
    "array": (lambda: np.zeros((3, 3)), lambda a: a.__setitem__((1, 1), 1e-12)),
    "array view": (lambda: np.zeros((6, 6))[::2, ::2], lambda a: a.__setitem__((1, 1), 1)),
    "scalar array": (lambda: np.array(1.0), lambda a: a.__setitem__((), 2.0)),
    "object array": (lambda: np.array(["a", 1], dtype=object), lambda a: a.__setitem__(0, "b")),
    "list": (lambda: [1, 2], lambda x: x.append(3)),
    "list item": (lambda: [1, "a"], lambda x: x.__setitem__(1, "b")),
    "list type": (lambda: [1], lambda x: x.__setitem__(0, True)),
    "list in list": (lambda: [[1], [2]], lambda x: x[0].append(3)),
    "frame in tuple": (lambda: (frame(), 1), lambda x: x[0].__setitem__("n", 0)),
    "dict": (lambda: {"a": 1}, lambda d: d.update(a=2)),
    "frame in dict": (lambda: {"a": frame()}, lambda d: d["a"].__delitem__("n")),
    "set": (lambda: {1, 2}, lambda s: s.add(3)),
    "bytearray": (lambda: bytearray(b"ab"), lambda b: b.__setitem__(0, 0)),
    "polars": (lambda: pl.DataFrame({"a": [1, 2]}), lambda d: d.__setitem__((0, "a"), 5)),
    "polars column": (lambda: pl.DataFrame({"a": [1, 2]}), lambda d: d.insert_column(0, pl.Series("b", [1, 2]))),
    "estimator": (
        lambda: LinearRegression().fit([[0], [1]], [0, 1]),
        lambda m: m.fit([[0], [1]], [0, 2]),
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_in_place_is_named_and_nothing_else_is(case):
    make, change = CHANGES[case]
    namespace = {"data": make(), "other": make()}
    memory = remember(namespace)
    assert restore(memory, namespace) == []
    change(namespace["data"])
    assert restore(memory, namespace) == ["data"]


def test_names_come_back_and_new_ones_go():
    data, model = frame(), object()
    namespace = {"data": data, "model": model, "gone": 1, "_private": 2}
    memory = remember(namespace)
    namespace.update(data=1, trial_1="kept", helper=3, _private=4, _new=5)
    del namespace["gone"]
    assert restore(memory, namespace, keep=["trial_1"]) == []
    assert namespace["data"] is data
    assert namespace["model"] is model
    assert set(namespace) == {"data", "model", "gone", "_private", "trial_1"}
    assert namespace["_private"] == 2


def test_ipythons_records_are_put_back_but_never_named():
    out = {1: "a"}
    namespace = {"Out": out, "_oh": out, "In": ["", "x"], "_": "a", "_1": "a"}
    memory = remember(namespace)
    out[2] = "b"
    namespace["In"].append("y")
    namespace.update({"_": "b", "_2": "b"})
    assert restore(memory, namespace) == []
    assert namespace == {"Out": {1: "a"}, "_oh": {1: "a"}, "In": ["", "x"], "_": "a", "_1": "a"}
    assert namespace["Out"] is out


def test_a_new_object_cannot_pass_for_an_old_one():
    """Item identity is no number that the next object may get again."""
    data = [object()]
    memory = remember({"data": data})
    for _ in range(50):
        data[0] = None
        data[0] = object()
    assert restore(memory, {"data": data}) == ["data"]


def test_what_is_too_much_is_sampled_and_whole_columns_are_still_seen(monkeypatch):
    monkeypatch.setattr(fingerprints, "FULL_BYTES", 1000)
    monkeypatch.setattr(fingerprints, "SAMPLE", 100)
    namespace = {"small": [1, 2], "data": pd.DataFrame({"a": np.arange(1000.0)})}
    memory = remember(namespace)
    assert memory.strides == {"small": 1, "data": 10}
    namespace["data"]["a"] += 1
    assert restore(memory, namespace) == ["data"]


def test_a_large_namespace_takes_bounded_time():
    namespace = {f"x{k}": np.ones((1_000_000, 12)) for k in range(5)}
    began = time.process_time()
    restore(remember(namespace), namespace)
    assert time.process_time() - began < 3


def test_hostile_and_odd_objects_are_left_alone():
    class Odd:
        def __eq__(self, other):
            raise RuntimeError

        __hash__ = None

        def __getattr__(self, name):
            raise RuntimeError(name)

    loop: list = []
    loop.append(loop)
    namespace = {"odd": Odd(), "odds": [Odd()], "loop": loop, "nan": [float("nan")], "gen": (i for i in range(3))}
    assert restore(remember(namespace), namespace) == []
    assert next(namespace["gen"]) == 0


@given(st.lists(st.one_of(st.integers(), st.floats(), st.text(), st.lists(st.integers(), max_size=3)), max_size=8))
def test_fingerprints_of_equal_state_are_equal(items):
    assert fingerprint(items) == fingerprint(items)
    before = fingerprint(items)
    items.append(0)
    assert fingerprint(items) != before
