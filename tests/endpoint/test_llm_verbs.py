"""The LLM Ideator from the command line: a real notebook, a real kernel, a scripted endpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mle_ideator_jupyter.journal import Journal
from tests.endpoint.asking import KEY, sent
from tests.endpoint.ideas import BLEND, LOG, answers
from tests.endpoint.scripted import ScriptedServer, text
from tests.kernel.small import write_notebook


def command(folder, server, *arguments, status=0) -> subprocess.CompletedProcess:
    environ = {**os.environ, "OMP_NUM_THREADS": "1"}
    if server is not None:
        environ |= {"MLE_IDEATOR_BASE_URL": server.base_url, "MLE_IDEATOR_API_KEY": KEY}
    done = subprocess.run(
        [sys.executable, "-m", "mle_ideator_jupyter.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environ,
        check=False,
        timeout=110,
    )
    assert done.returncode == status, done.stderr
    assert KEY not in done.stdout + done.stderr
    return done


def test_suggest_asks_the_model_and_shows_before_what_it_sends(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    with ScriptedServer(default=answers(LOG, BLEND), key=KEY) as server:
        shown = command(tmp_path, server, "suggest", "n.ipynb", "--ideator", "llm", "-n", 2, "--show-brief").stdout
        assert sent(server) == [], "showing asks nothing"
        done = command(tmp_path, server, "suggest", "n.ipynb", "--ideator", "llm", "-n", 2, "--json")
    ideas = json.loads(done.stdout)["ideas"]
    assert {i["title"] for i in ideas} == {LOG["title"], BLEND["title"]}
    assert {i["ideator"] for i in ideas} == {"llm:scripted-1"}
    (request,) = sent(server)
    for message in request.body["messages"]:
        assert message["content"] in shown
    assert [p.name for p in tmp_path.iterdir()] == ["n.ipynb"]


def test_an_answer_of_no_use_is_said_in_one_line(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    with ScriptedServer(default=text("I would rather not")) as server:
        done = command(tmp_path, server, "suggest", "n.ipynb", "--ideator", "llm")
    assert "no idea: it held no JSON object with ideas" in done.stdout


def test_without_a_model_it_says_what_to_set(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    done = command(tmp_path, None, "suggest", "n.ipynb", "--ideator", "llm", status=2)
    assert "no language model is set up: set OPENAI_API_KEY" in done.stderr.splitlines()[-1]


def test_a_run_of_the_recipe_implementer_does_what_a_models_words_name_and_says_what_not(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    mixed = {
        **BLEND,
        "steps": ["Blend the current model with ridge regression (alpha=3)", "Add a rolling mean of `size`"],
    }
    hopeless = {**BLEND, "kind": "model_selection", "title": "Fine-tune a TabNet on the rows", "steps": ["Use PyTorch"]}
    with ScriptedServer([answers(LOG), answers(mixed), answers(hopeless)], default=text("no more")) as server:
        arguments = ("--ideator", "llm", "--implementer", "recipe", "--steps", 3)
        command(tmp_path, server, "run", "n.ipynb", *arguments)
    state = Journal.read(tmp_path / "n.improved.ideas.jsonl").state
    _, log, blend, none = state.trials
    assert log.recipe == {"target": {"transform": "log1p"}}
    assert log.score is not None
    assert log.omitted == ()
    assert blend.score is not None
    assert [m["family"] for m in blend.recipe["models"]] == ["hist_boosting", "linear"]
    assert blend.recipe["models"][1]["params"] == {"alpha": 3.0}
    assert blend.omitted == ("Add a rolling mean of size (earlier rows)",)
    assert "no Recipe can do this: Fine-tune a TabNet" in none.outcome.message
    shown = command(tmp_path, None, "history", "n.improved.ipynb").stdout
    assert "not done: Add a rolling mean" in " ".join(shown.split())


def test_a_run_keeps_ideas_and_what_they_cost_in_the_journal(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    config = tmp_path / "config"
    config.mkdir()
    prices = {"scripted-1": {"input": 1000.0, "output": 1000.0}}
    (config / "jupyter_mle_ideator_config.json").write_text(json.dumps({"MleIdeator": {"prices": prices}}))
    with ScriptedServer([answers(LOG)], default=text("nothing more")) as server:
        command(tmp_path, server, "run", "n.ipynb", "--ideator", "llm", "--steps", 3)
    state = Journal.read(tmp_path / "n.improved.ideas.jsonl").state
    (run,) = state.runs.values()
    assert [state.ideas[i].title for i in run.ideas] == [LOG["title"]]
    assert run.cost == 0.018
    calls = [json.loads(line) for line in (tmp_path / "n.improved.ideas" / "calls.jsonl").read_text().splitlines()]
    assert [c["purpose"] for c in calls] == ["propose ideas", "propose ideas", "repair an answer"]
    assert run.finished == "no ideas"
    assert [t.title for t in state.trials] == ["Baseline", LOG["title"]]


@pytest.mark.parametrize(
    ("ideator", "said"), [("llm", "no language model is set up"), ("local", "no checkpoint is set")]
)
def test_an_ideator_that_is_not_set_up_is_said_before_anything_runs(tmp_path, ideator, said):
    write_notebook(tmp_path / "n.ipynb", "open('ran', 'w').close()")
    done = command(tmp_path, None, "run", "n.ipynb", "--ideator", ideator, status=2)
    assert said in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["n.ipynb"], "no cell ran, and no journal was begun"
