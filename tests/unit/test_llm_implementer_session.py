"""The LLM Implementer in a notebook's session: in the cell that asks, on the user's own kernel."""

from __future__ import annotations

import os

import pytest

import mle_ideator_jupyter as mij
from mle_ideator_jupyter.errors import EndpointError, UsageError
from tests.endpoint.asking import KEY
from tests.endpoint.implementing import acts, asked, told
from tests.endpoint.scripted import ScriptedServer
from tests.endpoint.test_llm_implementer_runs import RIDGE, everything, fit
from tests.unit.shells import own_names


@pytest.fixture
def served(ready, monkeypatch):
    """A session whose model says what the server is given."""

    def serve(*script, key=KEY, **more):
        server = ScriptedServer(script, key=key, **more)
        monkeypatch.setenv("MLE_IDEATOR_API_KEY", KEY)
        return server

    return serve


def setup(server, monkeypatch, **more):
    monkeypatch.setenv("MLE_IDEATOR_BASE_URL", server.base_url)
    session = mij.session()
    session.setup(metric="rmse", implementer="llm", **more)
    return session


def test_trials_run_in_the_cell_and_leave_nothing(ready, served, monkeypatch, tmp_path, capsys):
    before, frame = own_names(ready), ready.user_ns["train"].copy()
    script = [
        acts("run_cell", title="Look at it", code=RIDGE),
        acts("report_score", expression="folds"),
        acts("run_cell", title="Look", code="import os\nprint(os.environ['MLE_IDEATOR_API_KEY'])"),
        fit("Fit it again"),
    ]
    with served(*script) as server:
        session = setup(server, monkeypatch)
        trials = session.autopilot(2, ideator=False)
    assert [t.title for t in trials if t.number] == ["Look at it", "Fit it again"]
    assert all(t.score for t in trials)
    assert own_names(ready) == before
    assert ready.user_ns["train"].equals(frame)
    assert "it would read the environment" in told(asked(server)[3])
    assert KEY not in everything(tmp_path) + capsys.readouterr().out + str([b["messages"] for b in asked(server)])
    assert os.environ["MLE_IDEATOR_API_KEY"] == KEY


def test_ideas_of_the_playbook_are_carried_out_and_the_code_is_shown_before(ready, served, monkeypatch, capsys):
    with served(fit()) as server:
        session = setup(server, monkeypatch)
        idea = session.get_idea()
        trial = session.try_idea(idea)
    assert trial.score
    assert trial.title == idea.title
    shown = capsys.readouterr().out
    assert "model = Ridge().fit(X.iloc[fit]" in shown
    assert "def trial_00" not in shown, "the embedded baseline is no model's code"
    assert idea.steps[0][:40] in told(asked(server)[0])


def test_a_wrong_key_is_one_line(ready, served, monkeypatch):
    with served(key="sk-another-0123456789") as server:
        session = setup(server, monkeypatch)
        with pytest.raises(EndpointError, match="refused the key") as caught:
            session.autopilot(3, ideator=False)
    assert KEY not in str(caught.value)
    assert [bool(t.score) for t in session.trials] == [True, False]


def test_it_cannot_be_chosen_where_no_model_is_set_up(ready, monkeypatch):
    for name in ("MLE_IDEATOR_BASE_URL", "MLE_IDEATOR_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="no language model is set up"):
        mij.session().setup(metric="rmse", implementer="llm")
    assert mij.session()._session.agents == ("playbook", "recipe")


def test_the_magic_chooses_agents(ready, served, monkeypatch):
    with served() as server:
        monkeypatch.setenv("MLE_IDEATOR_BASE_URL", server.base_url)
        ready.run_line_magic("ideate", "setup --metric rmse --ideator llm --implementer llm")
    assert mij.session()._session.agents == ("llm", "llm")
