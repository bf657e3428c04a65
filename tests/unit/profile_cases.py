"""Data for the tests of profiles."""

import numpy as np
import pandas as pd

from mle_ideator_jupyter.metrics import METRICS, REGRESSION_METRICS
from mle_ideator_jupyter.model import Binding, Splitter


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
