"""The LLM Ideator with a real small model over real HTTP: its ideas are read, its failures are data.

Asserts structure, never wording: untrained, the model has no useful ideas, and its text differs between machines.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from mle_ideator_jupyter.endpoint import Client, Endpoint, Secret, Settings
from mle_ideator_jupyter.ideators.llm import LlmIdeator
from mle_ideator_jupyter.ideators.llm.draft import FACTS, RATIONALE, STEPS, TITLE
from mle_ideator_jupyter.journal import Journal
from tests.endpoint.ideas import brief, tried
from tests.endpoint.serving import KEY, served
from tests.kernel.small import write_notebook

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("xllamacpp", reason="extra [local] is not installed")
    with served() as said:
        yield said


@pytest.mark.parametrize("structured", ["auto", "none"])
def test_a_real_model_gives_ideas_or_says_why_not(server, structured):
    settings = Settings(
        base_url=server["base_url"],
        structured=structured,
        retries=0,
        max_output_tokens=1400,
        first_token_seconds=240.0,
        whole_seconds=280.0,
    )
    made = Endpoint(settings=settings, secret=Secret(KEY), url_from="test", key_from="test")
    heard, told = [], brief(tried(1, "Tune the depth"))

    async def work():
        async with Client(made) as client:
            ideator = LlmIdeator(client, watch=heard.append)
            return await ideator.propose(told), ideator.spent

    ideas, spent = asyncio.run(work())
    assert spent.calls in {1, 2}
    assert spent.failed == 0
    assert heard
    if structured == "auto":
        assert "no JSON" not in ideas.why, "held to the schema it cannot but give ideas, if perhaps none that are new"
    if not ideas:
        assert ideas.why
    for idea in ideas:
        assert idea.ideator == "llm:SmolLM2-135M-Instruct"
        assert 0 < len(idea.title) <= TITLE
        assert len(idea.rationale) <= RATIONALE
        assert len(idea.steps) <= STEPS
        assert len(idea.evidence) <= FACTS
        assert idea.title.isprintable()


def test_a_real_models_ideas_go_through_the_recipe_implementer(server, tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    environ = {"MLE_IDEATOR_BASE_URL": server["base_url"], "MLE_IDEATOR_API_KEY": KEY, "OMP_NUM_THREADS": "1"}
    slow = {"MLE_IDEATOR_FIRST_TOKEN_SECONDS": "240", "MLE_IDEATOR_MAX_OUTPUT_TOKENS": "1400"}
    command = [sys.executable, "-m", "mle_ideator_jupyter.cli", "run", "n.ipynb", "--ideator", "llm"]
    done = subprocess.run(
        [*command, "--implementer", "recipe", "--steps", "1"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **environ, **slow},
        check=False,
        timeout=550,
    )
    assert done.returncode == 0, done.stderr
    state = Journal.read(tmp_path / "n.improved.ideas.jsonl").state
    baseline, *tried = state.trials
    assert baseline.score is not None
    assert tried or state.runs[baseline.run].finished == "no ideas"
    for trial in tried:
        read = trial.score is not None or trial.recipe is not None
        assert read or "no Recipe can do this" in trial.outcome.message
