"""The demo's task: how heavy is a penguin? Real data, small enough to ship (see DATA-LICENCE.md)."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from mle_ideator_jupyter.bench.tasks import TaskData, shuffled, write_task
from mle_ideator_jupyter.scoring.graded import TaskFile

NAME = "penguins"
TARGET = "Body Mass (g)"
DESCRIPTION = """\
Predict the body mass of a penguin, in grams, from its species, island, clutch, measurements, isotope ratios,
dates and the field workers' comments.

Data: Palmer penguins, raw table (CC0 1.0). Gorman KB, Williams TD, Fraser WR (2014), PLoS ONE 9(3): e90081.
Rows without a body mass (2 of 344) are left out."""

LOAD = """\
import pandas as pd

train = pd.read_csv("{folder}/train.csv")
test = pd.read_csv("{folder}/test.csv")
train.head()"""
CELLS = (LOAD, 'train.describe(include="all").T')


def write_demo(folder: Path) -> Path:
    """Write the demo's task folder below `folder` and a notebook that begins on it; return the notebook."""
    import nbformat

    task_dir = folder / NAME
    write_task(task_dir, demo_data())
    relative = f"{NAME}/prepared/public"
    cells = [nbformat.v4.new_markdown_cell("# How heavy is a penguin?", id="title")]
    for k, source in enumerate(CELLS):
        cells.append(nbformat.v4.new_code_cell(source.replace("{folder}", relative), id=f"cell-{k}"))
    path = folder / f"{NAME}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}}), path)
    return path


def demo_data() -> TaskData:
    """Return the demo's data, split 75/25 with seed 0."""
    import numpy as np
    import pandas as pd

    with resources.files(__package__).joinpath("penguins.csv").open("rb") as file:
        frame = pd.read_csv(file)
    frame = frame[frame[TARGET].notna()].reset_index(drop=True)
    held_out = np.zeros(len(frame), dtype=bool)
    held_out[np.random.RandomState(0).permutation(len(frame))[: round(len(frame) * 0.25)]] = True
    return TaskData(
        file=TaskFile(id=NAME, target=TARGET, metric="rmse", problem="regression", title="How heavy is a penguin?"),
        description=DESCRIPTION,
        train=frame[~held_out].reset_index(drop=True),
        test=shuffled(frame[held_out].reset_index(drop=True), 0),
    )
