"""AutoGluon itself as an arm of the bench, in an environment of its own: its versions pin what ours leave open."""

from __future__ import annotations

import json
import sys
import venv

import pytest

from tests.bench_cases import write_small_tasks
from tests.packaging.test_wheel import ROOT, run

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform == "win32", reason="the fork host needs POSIX"),
]


def test_it_leaves_a_graded_submission(tmp_path):
    place, tasks, out = tmp_path / "env", tmp_path / "tasks", tmp_path / "out"
    write_small_tasks(tasks, "a")
    venv.create(place, with_pip=True)
    run(place / "bin" / "pip", "install", "--quiet", f"{ROOT}[autogluon]")
    given = (
        "--tasks-dir",
        tasks,
        "--tasks",
        "a",
        "--arms",
        "autogluon",
        "--seeds",
        "1",
        "--seconds",
        "20",
        "--out",
        out,
    )
    said = json.loads(run(place / "bin" / "jupyter-ideate", "bench", *given, "--no-pin", "--json").splitlines()[0])
    assert said["arms"]["autogluon"]["runs"] == 1
    (row,) = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines() if line]
    last = row["trials"][-1]
    assert last["title"] == "autogluon"
    assert last["grade"] is not None, last
    assert last["grade"] != row["baseline"]
