from __future__ import annotations

from mle_ideator_jupyter.headless import RunOptions
from mle_ideator_jupyter.headless.summary import graded
from mle_ideator_jupyter.model import Trial
from tests.unit.test_graded import NUMBERS, submit, task
from tests.unit.test_loop import wire


def test_a_submission_that_cannot_be_graded_is_said_and_the_run_stands(tmp_path):
    _, ids = task(tmp_path, "rmse", NUMBERS)
    wiring, said = wire(tmp_path), []
    blobs = {}
    for name, column in (("good", "y"), ("bad", "z")):
        path = submit(tmp_path, ids, **{column: NUMBERS})
        blobs[name] = wiring.journal.put_blob(path.read_bytes())
    options = RunOptions(notebook=tmp_path / "n.ipynb", task_dir=tmp_path / "t")

    def grade(name):
        trial = Trial(id=name, number=3, title=name, submission=blobs[name])
        return graded(options, wiring, trial, lambda update: said.append(update.message))

    assert grade("good") == 0
    assert not said
    assert grade("bad") is None
    assert len(said) == 1
    assert said[0].startswith("trial 3 has no grade: ")
