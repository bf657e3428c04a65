"""A real small language model (SmolLM2 through llama.cpp), served by `serve-local` and asked over real HTTP.

Asserts structure, never wording: the text differs between machines.
"""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from mle_ideator_jupyter.endpoint import CallLog, Client, Endpoint, Secret, Settings, TextDelta
from mle_ideator_jupyter.errors import EndpointError
from tests.endpoint.serving import KEY, served

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

STORY = [{"role": "user", "content": "Write a long story about a data scientist and a decision tree."}]
SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["feature_engineering", "model_selection"]},
        "title": {"type": "string", "maxLength": 60},
        "steps": {"type": "array", "items": {"type": "string", "maxLength": 60}, "minItems": 1, "maxItems": 2},
    },
    "required": ["kind", "title", "steps"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("xllamacpp", reason="extra [local] is not installed")
    with served() as said:
        yield said


def ask(server, work, key=KEY, log=None, **more):
    settings = Settings(base_url=server["base_url"], **{"retries": 0, "whole_seconds": 120.0, **more})
    made = Endpoint(settings=settings, secret=Secret(key), url_from="test", key_from="test")

    async def asking():
        async with Client(made, log) as client:
            return await asyncio.wait_for(work(client), 150)

    return asyncio.run(asking())


def test_it_streams_and_counts_and_needs_no_model_name(server, tmp_path):
    log, heard = CallLog(tmp_path / "calls.jsonl"), []

    async def work(client):
        return await client.complete(STORY, role="ideator", max_tokens=40, watch=heard.append)

    reply = ask(server, work, log=log)
    deltas = [p for p in heard if isinstance(p, TextDelta)]
    assert len(deltas) > 20
    assert "".join(d.text for d in deltas).strip() == reply.text
    assert (reply.finish, reply.usage.output, reply.usage.estimated) == ("length", 40, False)
    assert reply.model == server["model"] == "SmolLM2-135M-Instruct"
    assert json.loads(log.path.read_text())["output_tokens"] == 40


def test_structured_output_is_valid_every_time(server):
    asked = [
        {"role": "user", "content": f"Answer in JSON: one idea to predict house prices better.\n{json.dumps(SCHEMA)}"}
    ]

    async def work(client):
        return [
            await client.complete(asked, role="ideator", schema=SCHEMA, max_tokens=300, temperature=0.8, seed=s)
            for s in range(3)
        ]

    # llama.cpp's server closes a connection that was kept now and then, as any server may: asked again, as by default.
    for reply in ask(server, work, retries=2):
        assert (reply.structured, reply.finish) == ("json_schema", "stop")
        idea = json.loads(reply.text)
        assert set(idea) == {"kind", "title", "steps"}
        assert len(idea["title"]) <= 60


def test_cancelling_frees_the_server_at_once(server):
    async def work(client):
        heard = asyncio.Event()
        writing = client.complete(STORY, role="ideator", max_tokens=6000, watch=lambda _piece: heard.set())
        task = asyncio.create_task(writing)
        await asyncio.wait_for(heard.wait(), 60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        began = time.monotonic()
        await client.complete(STORY, role="ideator", max_tokens=2)
        return time.monotonic() - began

    # 6000 tokens take over a minute; the one slot of the server is free again long before that.
    assert ask(server, work) < 20


def test_several_answers_though_it_gives_one_at_a_time(server):
    async def work(client):
        replies = await client.sample(STORY, 2, role="ideator", max_tokens=12, temperature=1.0, seed=1)
        return replies, await client.takes("n", "ideator")

    replies, takes_several = ask(server, work)
    assert len(replies) == 2
    assert takes_several is False


def test_a_wrong_key_and_a_question_that_is_too_long_are_said_plainly(server):
    with pytest.raises(EndpointError, match="refused the key") as caught:
        ask(server, lambda c: c.complete(STORY, role="ideator"), key="sk-wrong-0123456789", model="x")
    assert caught.value.kind == "wrong_key"
    long = [{"role": "user", "content": "row, " * 20_000}]
    with pytest.raises(EndpointError, match="too long") as caught:
        ask(server, lambda c: c.complete(long, role="ideator"))
    assert caught.value.kind == "too_long"


def test_it_either_calls_tools_or_is_known_not_to(server):
    tool = {
        "type": "function",
        "function": {
            "name": "finish",
            "description": "End the work.",
            "parameters": {"type": "object", "properties": {"reason": {"type": "string", "maxLength": 40}}},
        },
    }

    async def work(client):
        asked = [{"role": "user", "content": "Call the tool finish."}]
        reply = await client.complete(asked, role="implementer", tools=[tool], tool_choice="required", max_tokens=200)
        return reply, await client.takes("tools", "implementer")

    reply, takes_tools = ask(server, work)
    assert [c.name for c in reply.tool_calls] == (["finish"] if takes_tools else [])


def test_nothing_hangs_when_the_questions_are_many(server):
    async def work(client):
        many = (client.complete(STORY, role="ideator", max_tokens=8) for _ in range(4))
        return await asyncio.gather(*many)

    assert len(ask(server, work)) == 4
