"""The fixed default-boosting Recipe on a task folder: what every gain is measured from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.bench.boards.tables import binding_of
from mle_ideator_jupyter.implementers.recipe.render import render_trial
from mle_ideator_jupyter.model import Splitter
from mle_ideator_jupyter.profile import profile_frames
from mle_ideator_jupyter.recipe import Recipe
from mle_ideator_jupyter.scoring.graded import public, read_task_file
from mle_ideator_jupyter.scoring.reported import sink


def default_boosting(folder: Path, seed: int = 0) -> Any:
    """Return the submission, a frame, of the default Recipe, run as its rendered cell runs; the answers are not read.

    The splitter only makes the validation score, which is not used here, so it is the cheapest there is.
    """
    import contextlib
    import io

    import pandas as pd

    file = read_task_file(folder)
    train, test = (pd.read_csv(public(folder) / name) for name in ("train.csv", "test.csv"))
    binding = msgspec.structs.replace(binding_of(file, len(train)), splitter=Splitter(kind="holdout", seed=seed))
    source = render_trial(binding, profile_frames(train, test, binding), Recipe(), name="trial_00")
    scope: dict[str, Any] = {"train": train, "test": test}
    with sink(None), contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "<default boosting>", "exec"), scope)  # noqa: S102 - a cell that this package rendered
    return scope["trial_00_result"][1]
