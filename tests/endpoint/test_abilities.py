"""What an endpoint does not take is found by trying once, and remembered."""

from __future__ import annotations

import pytest

from mle_ideator_jupyter.endpoint import abilities
from mle_ideator_jupyter.errors import EndpointError
from tests.endpoint.asking import ASK, asked, complete
from tests.endpoint.scripted import ScriptedServer, document, error, text

SCHEMA = {"type": "object", "properties": {"title": {"type": "string", "maxLength": 80}}}
TOOL = {"type": "function", "function": {"name": "finish", "parameters": {"type": "object"}}}
PYDANTIC = {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}


@pytest.mark.parametrize(
    ("refusal", "without", "question"),
    [
        (error(400, "Unknown parameter", param="stream_options"), "stream_options", {}),
        (document(PYDANTIC, status=422), "stream_options", {}),
        (error(400, "Unrecognized request argument supplied: stream_options"), "stream_options", {}),
        (error(400, "Unsupported value: 'temperature' does not support 0.5"), "temperature", {"temperature": 0.5}),
        (error(400, "seed is not supported"), "seed", {"seed": 1}),
        (error(400, "'stop' is not supported with this model", param="stop"), "stop", {"stop": ("x",)}),
        (error(400, "Streaming is not supported for this model"), "stream", {}),
        (error(500, "Unsupported param: tool_choice"), "tool_choice", {"tools": [TOOL], "tool_choice": "required"}),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_parameter_that_is_refused_by_name_is_left_out_from_then_on(refusal, without, question):
    with ScriptedServer([refusal], default=text("ok")) as server:
        assert complete(server, question=question, retries=0).text == "ok"
        assert complete(server, question=question, retries=0).text == "ok"
    assert [without in r.body for r in server.received] == [True, False, False]


def test_the_limit_of_tokens_goes_by_the_name_that_is_taken():
    said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    with ScriptedServer([error(400, said, param="max_tokens")], default=text("ok")) as server:
        complete(server, question={"max_tokens": 9})
    assert server.received[1].body["max_completion_tokens"] == 9
    assert "max_tokens" not in server.received[1].body


def test_a_schema_is_held_as_firmly_as_the_endpoint_can():
    strict = error(
        400, "Invalid schema for response_format 'answer': 'maxLength' is not permitted.", param="response_format"
    )
    loose = error(400, "response_format type json_schema is not supported")
    none = error(400, "json_object is not supported")
    with ScriptedServer([strict, text("{}"), loose, text("{}"), none], default=text("{}")) as server:
        held = [complete(server, question={"schema": SCHEMA}, retries=0).structured for _ in range(3)]
    assert held == ["json_schema", "json_object", "none"]
    asked_for = [r.body.get("response_format", {}) for r in server.received]
    assert [f.get("type") for f in asked_for] == [
        "json_schema",
        "json_schema",
        "json_schema",
        "json_object",
        "json_object",
        None,
    ]
    assert [f["json_schema"]["strict"] for f in asked_for[:3]] == [True, False, False]


@pytest.mark.parametrize(
    ("mode", "sent"), [("json_object", "json_object"), ("none", None), ("json_schema", "json_schema")]
)
def test_the_mode_can_be_set(mode, sent):
    with ScriptedServer(default=text("{}")) as server:
        complete(server, question={"schema": SCHEMA}, structured=mode)
    assert server.received[0].body.get("response_format", {}).get("type") == sent


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, "registry/library/x does not support tools"),
        error(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        error(500, "tools param requires --jinja flag"),
        error(404, "No endpoints found that support tool use"),
    ],
)
def test_a_model_without_tools_says_so_at_once_the_second_time(refusal):
    with ScriptedServer([refusal], default=text("ok")) as server:

        async def twice(client):
            assert await client.takes("tools", "implementer") is None
            for _ in range(2):
                with pytest.raises(EndpointError) as caught:
                    await client.complete(ASK, role="implementer", tools=[TOOL])
                assert caught.value.kind == "no_tools"
            assert await client.takes("tools", "implementer") is False
            return (await client.complete(ASK, role="implementer")).text

        assert asked(server, twice, retries=0) == "ok"
    assert len(server.received) == 2


def test_an_endpoint_that_shows_tools_to_no_one_is_found_out():
    with ScriptedServer(default=text("Sure, I will")) as server:

        async def must(client):
            await client.complete(ASK, role="ideator", tools=[TOOL], tool_choice="auto")
            before = await client.takes("tools", "ideator")
            await client.complete(ASK, role="ideator", tools=[TOOL], tool_choice="required")
            return before, await client.takes("tools", "ideator")

        assert asked(server, must) == (True, False)


def test_tools_in_text_mode_are_never_sent():
    with ScriptedServer() as server, pytest.raises(EndpointError) as caught:
        complete(server, question={"tools": [TOOL]}, tools="text")
    assert caught.value.kind == "no_tools"
    assert server.received == []


def test_what_worked_is_known_to_work():
    with ScriptedServer(default=text("ok")) as server:

        async def ask(client):
            await client.complete(ASK, role="ideator", tools=[TOOL])
            return [await client.takes(a, "ideator") for a in ("tools", "stream", "json_object")]

        assert asked(server, ask) == [True, True, None]


@pytest.mark.parametrize(
    "said",
    [
        "messages with role 'tool' must follow tool_calls",
        "invalid message content",
        "n/a",
        "The server is stopping; does not accept requests",
    ],
)
def test_an_error_about_something_else_teaches_nothing(said):
    uses = frozenset({"stream", "stream_options", "n", "stop", "temperature", "seed", "json_object", "max_tokens"})
    assert abilities.Abilities().learn(uses, 400, said, "") is None


def test_what_is_learnt_of_one_model_is_not_held_against_another():
    with ScriptedServer([error(400, "seed is not supported")], default=text("ok")) as server:
        complete(server, question={"seed": 1})
        complete(server, question={"seed": 1}, model="other")
    assert server.received[-1].body["seed"] == 1


@pytest.mark.parametrize("status", [401, 403, 429, 503, None])
def test_only_an_error_about_the_request_teaches_anything(status):
    known = abilities.Abilities()
    assert known.learn(frozenset({"temperature"}), status, "temperature is not supported", "temperature") is None
    assert known.learn(frozenset({"temperature"}), 400, "temperature is not supported", "") == "temperature"
