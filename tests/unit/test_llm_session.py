"""The LLM Ideator in a notebook's session: what it sends can be seen, what it says or does not say reaches the user."""

from __future__ import annotations

import json

import pytest

import mle_ideator_jupyter as mij
from mle_ideator_jupyter import wire
from mle_ideator_jupyter.errors import NoIdeaError
from mle_ideator_jupyter.session import bulk
from tests.endpoint.asking import KEY, sent
from tests.endpoint.ideas import BLEND, LOG, answers
from tests.endpoint.scripted import ScriptedServer, text


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
        shown = asked._do(bulk.fetch(asked._session, wire.Fetch(request="1", what="brief_sent")))
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
