"""Data and checks for the tests of Bindings."""

import numpy as np
import pandas as pd

from mle_ideator_jupyter import profile
from mle_ideator_jupyter.binding import infer


def houses(n=60, seed=0):
    r = np.random.default_rng(seed)
    area = r.uniform(50, 200, n)
    return pd.DataFrame(
        {"id": np.arange(n), "area": area, "town": r.choice(["A", "B"], n), "price": area * 3 + r.normal(size=n)}
    )


def found(names, tmp_path, sources=(), **asked):
    return infer(profile.look(names), sources, tmp_path, **asked)


def frames_of(binding, names):
    """Return what the Binding's expressions give."""
    space = dict(names)
    for line in binding.prepare:
        exec(line, space)
    train = eval(binding.train, space)
    return train, eval(binding.test, space) if binding.test else None


def agrees(binding, names):
    train, test = frames_of(binding, names)
    assert isinstance(train, pd.DataFrame)
    assert binding.target in train.columns
    assert train[binding.target].notna().all()
    if test is not None:
        assert isinstance(test, pd.DataFrame)
        assert set(train.columns) - set(test.columns) == {binding.target}
    assert profile.profile_frames(train, test, binding).rows == len(train)
    return train, test
