"""What a look at the namespace finds, and that it runs none of the user's code."""

import sys
import time
import types

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mle_ideator_jupyter import profile
from mle_ideator_jupyter.profile import kernel


def seen(**names):
    return {v.name: v for v in profile.look(names).variables}


def test_frames_series_arrays_and_lists():
    frame = pd.DataFrame({"a": [1, 2, 2, 3], "b": ["x", None, "y", "y"], "c": [0.5, np.nan, 0.5, 1.0]})
    found = seen(
        frame=frame,
        other=pl.from_pandas(frame),
        column=frame["b"],
        X=np.zeros((4, 2)),
        y=np.array([0, 1, 1, 0]),
        points=[1.5, 2, 3],
    )
    for name, kind in (("frame", "pandas.DataFrame"), ("other", "polars.DataFrame")):
        assert found[name].type == kind
        assert found[name].shape == (4, 3)
        assert found[name].columns == ("a", "b", "c")
        assert found[name].dtypes == ("int64", "str", "float64")
        assert found[name].distinct == (3, 2, 2)
        assert found[name].missing == (0, 0.25, 0.25)
    assert (found["column"].type, found["column"].columns, found["column"].distinct) == ("pandas.Series", ("b",), (2,))
    assert (found["X"].shape, found["y"].distinct) == ((4, 2), (2,))
    assert (found["points"].type, found["points"].shape) == ("list", (3,))


def test_estimators():
    X, y = np.random.default_rng(0).normal(size=(20, 2)), [0, 1] * 10
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    found = seen(model=LogisticRegression(), pipe=fitted, kind=LogisticRegression)
    assert (found["model"].type, found["model"].fitted) == ("estimator", False)
    assert (found["pipe"].type, found["pipe"].fitted) == ("estimator", True)
    assert "kind" not in found


def test_no_code_of_the_user_runs():
    class Touchy:
        def __repr__(self):
            raise AssertionError

        def __eq__(self, other):
            raise AssertionError

        __hash__ = None

        @property
        def shape(self):
            raise AssertionError

        def __len__(self):
            raise AssertionError

        def fit(self):
            raise AssertionError

        def get_params(self):
            raise AssertionError

    class Guarded(Touchy):
        def __getattribute__(self, name):
            raise AssertionError(name)

    frame = pd.DataFrame({"odd": [Touchy(), Touchy()], "n": [1, 2]})
    found = seen(thing=Guarded(), many=[Touchy(), Touchy()], frame=frame, array=np.array([Touchy()], dtype=object))
    assert found["frame"].distinct == (0, 2)
    assert found["thing"].type == "estimator"


def test_functions_private_names_and_ipython_are_left_out():
    assert set(seen(_=1, _i1="x", In=["a", "b"], Out={}, f=len, get_ipython=lambda: None, n=3, pd=pd)) == {"pd"}


def test_frames_inside_objects_are_named_not_searched():
    class Pipeline:
        def __init__(self):
            self.train = pd.DataFrame({"a": [1]})

    found = seen(pipeline=Pipeline(), parts={"train": pd.DataFrame({"a": [1]})})
    assert (found["pipeline"].type, found["pipeline"].note) == ("object", "train")
    assert (found["parts"].type, found["parts"].note) == ("dict", "train")


def test_torch_by_type_only(monkeypatch):
    module = types.ModuleType("torch")
    module.cuda = types.SimpleNamespace(is_initialized=lambda: False)
    monkeypatch.setitem(sys.modules, "torch", module)
    loader = type("DataLoader", (), {"__module__": "torch.utils.data.dataloader"})
    net = type("Net", (type("Module", (), {"__module__": "torch.nn.modules.module"}),), {"__module__": "__main__"})
    found = seen(loader=loader(), net=net())
    assert {k: v.type for k, v in found.items()} == {"loader": "torch.DataLoader", "net": "torch.Module"}


def test_a_look_loads_no_library():
    import subprocess

    code = (
        "import sys; from mle_ideator_jupyter import profile; profile.look({'x': [1, 2], 'f': print});"
        "print([m for m in ('numpy', 'pandas', 'polars', 'torch', 'sklearn', 'narwhals') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_frames_are_left_as_they_were():
    frame = pd.DataFrame({"a": [3, 1, 2], "b": ["x", None, "z"]}, index=[5, 6, 7])
    before = frame.copy()
    seen(frame=frame)
    pd.testing.assert_frame_equal(frame, before)


def test_kernel_facts(monkeypatch):
    facts = profile.look({}).facts
    assert facts.cores >= 1
    assert facts.memory_mb > 100
    assert facts.libraries["numpy"] == np.__version__
    assert facts.python.startswith("3.")


@pytest.mark.parametrize(
    ("script", "names"), [("echo 'Card A'; echo 'Card B'", ("Card A", "Card B")), ("exit 9", ()), ("sleep 9", ())]
)
def test_gpus_through_nvidia_smi(monkeypatch, tmp_path, script, names):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(kernel, "_GPU_SECONDS", 0.5)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    kernel._nvidia.cache_clear()
    start = time.perf_counter()
    try:
        assert tuple(gpu.name for gpu in profile.look({}).facts.gpus) == names
    finally:
        kernel._nvidia.cache_clear()
    assert time.perf_counter() - start < 3


def test_odd_frames():
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    found = seen(
        twice=twice, numbered=pd.DataFrame(np.zeros((3, 2))), none=pd.DataFrame(), lazy=pl.LazyFrame({"a": [1]})
    )
    assert found["twice"].columns == ("a", "a")
    assert "not text" in found["numbered"].note
    assert found["none"].shape == (0, 0)
    assert found["lazy"].type == "polars.LazyFrame"


def test_tensors_and_models_are_weighed_without_running_the_users_code():
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(512, 1024)

        def parameters(self, *_):
            raise AssertionError("the user's code ran")

    held = profile.look({"net": Net(), "x": torch.zeros(1024, 256), "_x": torch.zeros(9), "n": 1}).facts.resident
    assert [(r.name, r.type, r.mb, r.device) for r in held] == [
        ("net", "model Net", 2.0, "cpu"),
        ("x", "tensor", 1.0, "cpu"),
    ]


@pytest.mark.parametrize(
    ("error", "said"), [(MemoryError("no more"), "MemoryError: no more"), (ValueError("out of memory"), "")]
)
def test_the_last_error_is_told_where_memory_ran_out(monkeypatch, error, said):
    monkeypatch.setattr(sys, "last_value", error, raising=False)
    assert profile.look({}).facts.out_of_memory == said
