"""A small real task for kernel tests: the bundled penguins, cut to a notebook of a few quick cells."""

from __future__ import annotations

from pathlib import Path

import nbformat

SETUP = """\
import numpy as np
import pandas as pd
rng = np.random.default_rng(0)
n = 240
train = pd.DataFrame({"size": rng.normal(size=n), "age": rng.integers(1, 40, n).astype(float), "colour": rng.choice(["red", "green", "blue"], n)})
train["price"] = np.exp(1 + 0.5 * train["size"] - 0.02 * train["age"] + (train["colour"] == "red") * 0.4 + rng.normal(scale=0.2, size=n))
train.loc[::9, "age"] = np.nan
test = train.iloc[180:].drop(columns="price")
train = train.iloc[:180]
"""


def write_notebook(path: Path, *sources: str) -> Path:
    """Write a notebook of these code cells (the small task, without any) and return its path."""
    cells = [nbformat.v4.new_code_cell(s) for s in (sources or (SETUP,))]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path
