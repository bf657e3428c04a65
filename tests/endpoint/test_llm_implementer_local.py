"""Both agents with a real small model, end to end from the command line: what it says of use is done, the rest is data.

Asserts structure, never wording: untrained, the model solves nothing, and its text differs between machines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Failure, FailureKind
from tests.endpoint.serving import KEY, served
from tests.kernel.small import write_notebook

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("xllamacpp", reason="extra [local] is not installed")
    with served() as said:
        yield said


def test_a_real_model_proposes_and_implements(server, tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    environ = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MLE_IDEATOR_BASE_URL": server["base_url"],
        "MLE_IDEATOR_API_KEY": KEY,
        "MLE_IDEATOR_TOOLS": "text",
        "MLE_IDEATOR_MAX_OUTPUT_TOKENS": "300",
        "MLE_IDEATOR_FIRST_TOKEN_SECONDS": "600",
        "MLE_IDEATOR_BETWEEN_TOKENS_SECONDS": "120",
        "MLE_IDEATOR_WHOLE_SECONDS": "800",
        "MLE_IDEATOR_RETRIES": "0",
    }
    arguments = ["run", "n.ipynb", "--ideator", "llm", "--implementer", "llm", "--steps", "2", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "mle_ideator_jupyter.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environ,
        check=False,
        timeout=1700,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    said = json.loads(done.stdout)
    state = Journal.read(tmp_path / "n.improved.ideas.jsonl").state
    (run,) = state.runs.values()
    assert said["baseline"] > 0
    assert said["trials"] == len(state.trials) - 1
    assert run.finished in {"steps", "no ideas"}
    for trial in state.trials[1:]:
        idea = state.ideas[trial.idea]
        assert idea.title
        assert trial.outcome is not None
        if isinstance(trial.outcome, Failure):
            assert trial.outcome.kind is not FailureKind.ENDPOINT
            assert trial.outcome.message
        else:
            assert trial.score.comparable(state.baseline.score)
    calls = [json.loads(line) for line in (tmp_path / "n.improved.ideas" / "calls.jsonl").read_text().splitlines()]
    assert {c["role"] for c in calls} == ({"ideator", "implementer"} if state.trials[1:] else {"ideator"})
    assert KEY not in "".join(p.read_text(errors="replace") for p in tmp_path.rglob("*") if p.is_file())
