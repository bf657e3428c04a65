"""The LLM Implementer from the command line: real kernels, a scripted model, real HTTP."""

from __future__ import annotations

import asyncio
import json

import nbformat
import pytest

from mle_ideator_jupyter.headless import RunOptions, run_headless
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Budget, FailureKind
from tests.endpoint.asking import KEY
from tests.endpoint.ideas import LOG, answers
from tests.endpoint.implementing import acts, asked, told
from tests.endpoint.scripted import ScriptedServer
from tests.endpoint.test_llm_verbs import command
from tests.kernel.small import write_notebook

RIDGE = """\
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import KFold
train["size2"] = train["size"] ** 2
test["size2"] = test["size"] ** 2
features = ["size", "age", "size2"]
X, y, X_test = train[features].fillna(0), train["price"], test[features].fillna(0)
cv = KFold(5, shuffle=True, random_state=0)
folds = []
for fit, val in cv.split(X, y):
    model = Ridge().fit(X.iloc[fit], np.log(y.iloc[fit]))
    folds.append(root_mean_squared_error(y.iloc[val], np.exp(model.predict(X.iloc[val]))))
"""
REPORTS = """\
submission = pd.DataFrame({"id": range(len(test)), "price": np.exp(Ridge().fit(X, np.log(y)).predict(X_test))})
report_score(folds, metric="rmse", submission=submission)
"""


def fit(title: str = "Fit a ridge", code: str = RIDGE + REPORTS):
    return acts("run_cell", title=title, code=code)


def result(folder):
    return Journal.read(folder / "n.improved.ideas.jsonl")


def everything(folder) -> str:
    return "".join(p.read_text(errors="replace") for p in folder.rglob("*") if p.is_file() and p.suffix != ".png")


def test_a_run_writes_mends_and_keeps_a_solution_of_its_own(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    script = [
        acts("run_cell", title="Fit a ridge", code=RIDGE.replace('"age"', '"agee"')),
        acts("edit_cell", cell=1, find='"agee"', replace='"age"'),
        acts("inspect", name="folds"),
        acts("run_cell", title="Fit a ridge on the logarithm", code=REPORTS),
        acts(
            "run_cell",
            title="Fit it again",
            code="print(sorted(n for n in dir() if n in ('folds', 'model')), list(train))",
        ),
        fit("Fit it again"),
    ]
    with ScriptedServer(script, key=KEY) as server:
        done = command(
            tmp_path, server, "run", "n.ipynb", "--implementer", "llm", "--no-ideator", "--steps", 2, "--json"
        )
    said = json.loads(done.stdout)
    journal = result(tmp_path)
    baseline, first, second = journal.state.trials
    assert [t.title for t in (first, second)] == ["Fit a ridge on the logarithm", "Fit it again"]
    assert baseline.score.comparable(first.score)
    assert first.score.value == second.score.value, "nothing of one trial reaches the next"
    assert first.submission
    assert said["best"] == min(baseline.score.value, first.score.value)
    assert "KeyError" in told(asked(server)[1])
    assert "[]" in told(asked(server)[5])
    assert "size2" not in told(asked(server)[5]), "the data are as they were"
    kept = [c for c in nbformat.read(tmp_path / "n.improved.ipynb", as_version=4).cells if c.id.startswith("best-")]
    assert kept
    assert "submission.to_csv" in kept[-1].source


def test_a_model_that_tries_to_print_the_environment_learns_nothing(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    hidden = "import os\nvalues = vars(os)['envi' + 'ron']\nprint(dict(values))\nraise ValueError(str(dict(values)))"
    parent = "import glob\nfor path in glob.glob('/pro' + 'c/*/envi' + 'ron'):\n    try:\n        print(open(path).read()[:5])\n    except OSError:\n        pass\nprint('done')"
    script = [
        acts("run_cell", title="Look", code="import os\nprint(os.environ)"),
        acts("report_score", expression="__import__('os').environ['MLE_IDEATOR_API_KEY']"),
        acts("run_cell", title="Look", code=hidden),
        acts("run_cell", title="Look", code=parent),
        fit(),
    ]
    with ScriptedServer(script, key=KEY) as server:
        done = command(
            tmp_path, server, "run", "n.ipynb", "--implementer", "llm", "--no-ideator", "--steps", 1, "--debug"
        )
    assert KEY not in everything(tmp_path) + done.stdout + done.stderr
    assert KEY not in str([b["messages"] for b in asked(server)])
    first, second, third = (told(b) for b in asked(server)[1:4])
    assert "it would read the environment" in first
    assert "not done" in second
    assert "ValueError" in third, "what hides from the screening runs, in a kernel that holds no key"
    assert "PATH" in third
    assert result(tmp_path).state.trials[1].score


def test_a_wrong_key_is_one_line_and_the_run_goes_on_with_the_right_one(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    arguments = ("run", "n.ipynb", "--implementer", "llm", "--no-ideator", "--steps", 1)
    with ScriptedServer([fit()], key="sk-the-right-one-0123") as server:
        done = command(tmp_path, server, *arguments, status=1)
        assert "error: the endpoint refused the key from MLE_IDEATOR_API_KEY" in done.stderr.splitlines()[-1]
        assert (tmp_path / "n.improved.ipynb").is_file()
        assert result(tmp_path).state.trials[1].outcome.kind is FailureKind.ENDPOINT
    with ScriptedServer([fit()], key=KEY) as server:
        command(tmp_path, server, *arguments)
    state = result(tmp_path).state
    assert len(state.runs) == 1
    assert state.trials[-1].score


def test_without_a_model_it_says_so_before_anything_runs(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    done = command(tmp_path, None, "run", "n.ipynb", "--implementer", "llm", status=2)
    assert "no language model is set up: set OPENAI_API_KEY" in done.stderr.splitlines()[-1]
    assert "running the" not in done.stderr


@pytest.mark.parametrize("ideator", ["playbook", "llm"])
def test_ideas_of_either_ideator_are_carried_out(tmp_path, ideator):
    write_notebook(tmp_path / "n.ipynb")

    def reply(received):
        return fit() if "You are the Implementer" in json.dumps(received.body) else answers(LOG)

    with ScriptedServer(default=reply, key=KEY) as server:
        command(tmp_path, server, "run", "n.ipynb", "--implementer", "llm", "--ideator", ideator, "--steps", 1)
    state = result(tmp_path).state
    (idea,) = state.ideas.values()
    trial = state.trials[1]
    assert trial.idea == idea.id
    assert trial.title == idea.title
    assert trial.score
    (body,) = asked(server)
    assert idea.title in told(body)
    assert "seek_help" in str(body["tools"])


def test_through_the_fork_host_the_cells_of_a_trial_build_on_each_other(tmp_path, monkeypatch):
    """There nothing that a cell leaves survives; the score, the solution and the keys' absence are the same."""
    write_notebook(tmp_path / "n.ipynb")
    look = "import os\nprint(dict(vars(os)['envi' + 'ron']))"
    script = [
        acts("run_cell", title="Fit", code=RIDGE),
        acts("run_cell", title="Look", code=look),
        fit("Score", REPORTS),
    ]
    with ScriptedServer(script, key=KEY) as server:
        monkeypatch.setenv("MLE_IDEATOR_BASE_URL", server.base_url)
        monkeypatch.setenv("MLE_IDEATOR_API_KEY", KEY)
        monkeypatch.setenv("A_COPY_OF_IT", KEY)
        options = RunOptions(
            notebook=tmp_path / "n.ipynb", host="fork", implementer="llm", ideator=None, budget=Budget(steps=1)
        )
        asyncio.run(asyncio.wait_for(run_headless(options, lambda _: None), 100))
    trial = result(tmp_path).state.trials[1]
    assert trial.score
    assert trial.submission
    assert "PATH" in told(asked(server)[2])
    assert "A_COPY_OF_IT" not in told(asked(server)[2])
    assert KEY not in everything(tmp_path) + str([b["messages"] for b in asked(server)])


# ---------------------------------------------------------------- two arms


def test_the_two_arms_differ_by_the_ideator_alone(tmp_path):
    """The paper's baseline (implementation only) and the dual agent: the same Implementer, the same questions.

    But for the tool that asks the Ideator, and what it was told to do, each question is the same byte for byte.
    """

    def reply(received):
        if "You are the Ideator" in json.dumps(received.body):
            return answers(LOG)
        return fit() if len(received.body["messages"]) > 2 else acts("inspect", name="train")

    bodies = {}
    for arm, given in {"alone": ("--no-ideator",), "dual": ("--ideator", "llm")}.items():
        folder = tmp_path / arm
        folder.mkdir()
        write_notebook(folder / "n.ipynb")
        with ScriptedServer(default=reply, key=KEY) as server:
            command(folder, server, "run", "n.ipynb", "--implementer", "llm", *given, "--steps", 1)
        bodies[arm] = asked(server)
        assert len(asked(server)) + (arm == "dual") == len([r for r in server.received if r.method == "POST"])
    assert len(bodies["alone"]) == len(bodies["dual"]) == 2
    for alone, dual in zip(bodies["alone"], bodies["dual"], strict=True):
        assert [without_ideator(body) for body in (alone, dual)] == [without_ideator(alone)] * 2
        assert [t["function"]["name"] for t in dual["tools"] if t not in alone["tools"]] == ["seek_help"]
        assert LOG["title"] in dual["messages"][1]["content"]
        assert "No idea" in alone["messages"][1]["content"] or "no idea is given" in alone["messages"][1]["content"]


def without_ideator(body: dict) -> dict:
    """Return a question without what an Ideator adds: its tool, the trial's job, and the calls that are left."""
    messages = json.loads(json.dumps(body["messages"]))
    messages[1]["content"] = messages[1]["content"].partition("# This trial")[0]
    for message in messages[2:]:
        message["content"] = (message["content"] or "").replace(", 2 calls for help", "")
    tools = [t for t in body["tools"] if t["function"]["name"] != "seek_help"]
    return {**body, "messages": messages, "tools": tools}
