"""The LLM Ideator in a notebook's session: what it sends can be seen, what it says or does not say reaches the user."""

from __future__ import annotations

import itertools
import json

import pytest

import mle_ideator_jupyter as mij
from mle_ideator_jupyter import wire
from mle_ideator_jupyter.errors import NoIdeaError, UsageError
from mle_ideator_jupyter.session import bulk
from tests.endpoint.asking import KEY, sent
from tests.endpoint.ideas import BLEND, LOG, answers, said
from tests.endpoint.scripted import DONE, ScriptedServer, chunk, pieces, stream, text


def test_ideas_of_a_model_are_journalled_and_what_was_sent_is_all_that_was_sent(ready, monkeypatch):
    with ScriptedServer([answers(LOG, BLEND)], default=text("no"), key=KEY) as server:
        monkeypatch.setenv("MLE_IDEATOR_BASE_URL", server.base_url)
        monkeypatch.setenv("MLE_IDEATOR_API_KEY", KEY)
        asked = mij.session()
        asked.setup(metric="rmse")
        asked._session.choose_agents("llm", None)
        before = asked.brief()
        assert sent(server) == []
        found = asked.get_ideas(2)
        shown = asked._cell.do(bulk.fetch(asked._session, wire.Fetch(request="1", what="brief_sent")))
        with pytest.raises(NoIdeaError, match="it held no JSON object with ideas"):
            asked.get_idea()
    assert [i.title for i in asked.ideas] == [i.title for i in found]
    assert {i.title for i in found} == {LOG["title"], BLEND["title"]}
    system, user = sent(server)[0].body["messages"]
    assert shown == f"=== system ===\n{system['content']}\n=== user ===\n{user['content']}"
    assert user["content"] in before
    calls = (asked.journal.folder / "calls.jsonl").read_text().splitlines()
    assert len(calls) == 3
    assert KEY not in "".join(calls)
    assert {json.loads(c)["role"] for c in calls} == {"ideator"}


def test_an_answer_is_told_while_it_grows_and_gone_when_it_is_there(ready, monkeypatch):
    slowly = [step for piece in pieces(said(LOG), 12) for step in (piece, 0.05)]
    with ScriptedServer([stream(*slowly, chunk(finish="stop"), DONE)], default=text("no"), key=KEY) as server:
        monkeypatch.setenv("MLE_IDEATOR_BASE_URL", server.base_url)
        monkeypatch.setenv("MLE_IDEATOR_API_KEY", KEY)
        asked = mij.session()
        asked.setup(metric="rmse")
        asked._session.choose_agents("llm", None)
        told = []
        monkeypatch.setattr(asked._session.pages, "tell", lambda message, door=None: told.append(message))
        asked.get_idea()
    growing = [m.text for m in told if isinstance(m, wire.Growing)]
    assert len(growing) > 2
    assert growing[-1] == "", "the card takes its place"
    assert LOG["title"].startswith(growing[0].splitlines()[0])
    assert all(len(a) <= len(b) for a, b in itertools.pairwise(growing[:-1]))


def test_what_agents_are_told_is_chosen_in_a_cell(ready):
    asked = mij.session()
    ready.run_line_magic("ideate", "setup --metric rmse --level brief --leave-out profile,source")
    assert (asked.state.brief.level, asked.state.brief.without) == ("brief", ("profile", "source"))
    assert "training rows" not in asked.brief()
    ready.run_line_magic("ideate", "setup --leave-out none")
    assert (asked.state.brief.level, asked.state.brief.without) == ("brief", ())
    assert "training rows" in asked.brief()
    with pytest.raises(UsageError, match="a Brief has no part 'keys'"):
        asked.setup(without=["keys"])
