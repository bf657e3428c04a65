"""Ten notebooks in the styles people write: `suggest` and `run` do something sensible, or say in one line what they need."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nbformat
import pytest

from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.headless import RunOptions, run_headless, suggest
from mle_ideator_jupyter.model import Budget, Limits
from tests.kernel.small import SETUP, write_notebook

WORKING: dict[str, list[str]] = {
    "split frames": [SETUP, "train.head()"],
    "polars": [
        SETUP,
        "import polars as pl\ntrain, test = pl.from_pandas(train), pl.from_pandas(test)\ntrain.describe()",
    ],
    "arrays": [
        "from sklearn.datasets import load_wine\nX, y = load_wine(return_X_y=True)",
        "from sklearn.linear_model import LogisticRegression\nfrom sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\nclf = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)\nclf.score(X, y)",
    ],
    "train_test_split pairs": [
        SETUP,
        "from sklearn.model_selection import train_test_split\n"
        "X_train, X_test, y_train, y_test = train_test_split(train.drop(columns='price'), train['price'], random_state=0)\ndel train, test",
    ],
    "target named in code": [
        SETUP.replace('test = train.iloc[180:].drop(columns="price")\n', ""),
        "df = train\ndel train\ny = df['price']\nX = df.drop(columns=['price'])",
    ],
    "competition template": [
        SETUP
        + "test.insert(0, 'id', range(len(test)))\ntrain.insert(0, 'id', range(1000, 1000 + len(train)))\n"
        + "train.to_csv('train.csv', index=False); test.to_csv('test.csv', index=False)\n"
        + "test[['id']].assign(price=0.0).to_csv('sample_submission.csv', index=False)\ndel train, test, rng, n",
        "# Evaluation: submissions are scored by the mean absolute error (MAE)\n"
        "train_df = pd.read_csv('train.csv')\ntest_df = pd.read_csv('test.csv')\nsub = pd.read_csv('sample_submission.csv')",
    ],
}

NEEDS: dict[str, tuple[list[str], str]] = {
    "no data at all": (["print('hello')"], "--data"),
    "a class": (
        [
            SETUP,
            "class Project:\n    def __init__(self, frame):\n        self.frame = frame\nproject = Project(train)\ndel train, test",
        ],
        "--data",
    ),
    "a torch loop": (
        ["class DataLoader:\n    pass\nloader = DataLoader()\nfor epoch in range(2):\n    loss = 1 / (epoch + 1)"],
        "--data",
    ),
}


def options(notebook: Path, **more) -> RunOptions:
    return RunOptions(notebook=notebook, budget=Budget(steps=1), limits=Limits(seconds=60), **more)


@pytest.mark.parametrize("style", WORKING)
def test_styles_that_work(tmp_path, style):
    notebook = write_notebook(tmp_path / "n.ipynb", *WORKING[style])
    before = notebook.read_bytes()
    messages: list[str] = []
    ideas = asyncio.run(suggest(options(notebook), 2, lambda u: messages.append(u.message)))
    assert len(ideas) == 2, messages
    assert not list(tmp_path.glob("*.jsonl")), "suggest writes nothing"
    summary = asyncio.run(run_headless(options(notebook), lambda u: None))
    assert summary.baseline is not None
    assert summary.trials == 1
    assert notebook.read_bytes() == before, "the user's notebook is never written"
    nbformat.validate(nbformat.read(summary.notebook, as_version=4))


def test_a_file_path_only_and_not_yet_run(tmp_path):
    """The data are on disk, and the notebook has never been executed: reading them is all it does."""
    write_notebook(tmp_path / "make.ipynb", SETUP)
    scope: dict = {}
    exec(SETUP, scope)
    scope["train"].to_csv(tmp_path / "houses.csv", index=False)
    notebook = write_notebook(
        tmp_path / "n.ipynb", "PATH = 'houses.csv'\nimport pandas as pd", "print(pd.read_csv('houses.csv').shape)"
    )
    summary = asyncio.run(run_headless(options(notebook, target="price"), lambda u: None))
    assert summary.metric == "rmse"
    assert summary.trials == 1


@pytest.mark.parametrize("style", NEEDS)
def test_styles_that_need_to_be_told(tmp_path, style):
    sources, words = NEEDS[style]
    notebook = write_notebook(tmp_path / "n.ipynb", *sources)
    for attempt in (
        lambda: asyncio.run(suggest(options(notebook), 1, lambda u: None)),
        lambda: asyncio.run(run_headless(options(notebook), lambda u: None)),
    ):
        with pytest.raises(BindingError) as caught:
            attempt()
        assert "\n" not in str(caught.value)
        assert words in str(caught.value)


def test_what_the_class_holds_can_be_named(tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", *NEEDS["a class"][0])
    summary = asyncio.run(
        run_headless(options(notebook, data="project.frame", target="price", metric="rmse"), lambda u: None)
    )
    assert summary.trials == 1


def test_a_cell_that_fails_is_said_and_the_rest_is_used(tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", SETUP, "1 / 0")
    messages: list[str] = []
    summary = asyncio.run(run_headless(options(notebook), lambda u: messages.append(u.message)))
    assert summary.trials == 1
    assert any("ZeroDivisionError" in m for m in messages)
