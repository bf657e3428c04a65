"""What comes back from an endpoint, in every shape that endpoints have."""

from __future__ import annotations

import json

import pytest

from mle_ideator_jupyter.endpoint import (
    Done,
    Price,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from mle_ideator_jupyter.endpoint.abilities import abilities_of
from mle_ideator_jupyter.errors import EndpointError
from tests.endpoint.asking import ASK, asked, complete, streamed
from tests.endpoint.scripted import DONE, ScriptedServer, chunk, document, stream, text, tool_call, usage_chunk, whole

TOOL = {"type": "function", "function": {"name": "finish", "parameters": {"type": "object"}}}
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}}


def test_text_comes_piece_by_piece_and_folds_into_the_reply():
    with ScriptedServer([text("Model log(price), not price")]) as server:
        got = streamed(server)
    said = [p.text for p in got if isinstance(p, TextDelta)]
    assert len(said) > 3
    assert "".join(said) == "Model log(price), not price"
    assert isinstance(got[-1], Done)
    assert got[-1].finish == "stop"
    assert got[-2] == Usage(input=11, output=7)


def test_what_is_sent_is_what_was_asked():
    with ScriptedServer([text("ok")]) as server:
        complete(server, question={"temperature": 0.5, "seed": 3, "max_tokens": 77})
    sent = server.received[0].body
    assert sent["messages"] == ASK
    assert (sent["model"], sent["temperature"], sent["seed"], sent["max_tokens"]) == ("scripted-1", 0.5, 3, 77)
    assert sent["stream"] is True
    assert sent["stream_options"] == {"include_usage": True}


def test_half_characters_from_outputs_can_be_sent():
    with ScriptedServer([text("ok")]) as server:
        asked(server, lambda c: c.complete([{"role": "user", "content": "a\ud800b é"}], role="ideator"))
    assert server.received[0].body["messages"][0]["content"] == "a?b é"


def test_an_endpoint_that_does_not_stream_answers_all_the_same():
    with ScriptedServer(
        [whole({"content": "all at once"}, usage={"prompt_tokens": 5, "completion_tokens": 3})]
    ) as server:
        reply = complete(server)
    assert reply.text == "all at once"
    assert reply.usage == Usage(input=5, output=3)


def test_tool_calls_come_in_parts_and_whole():
    with ScriptedServer([tool_call("finish", {"reason": "no better way"})]) as server:
        got = streamed(server, {"tools": [TOOL]})
    assert sum(isinstance(p, ToolCallDelta) for p in got) > 3
    call = next(p for p in got if isinstance(p, ToolCall))
    assert (call.id, call.name, call.decoded()) == ("call_7", "finish", {"reason": "no better way"})
    assert got[-1].finish == "tool_calls"


@pytest.mark.parametrize(
    "calls",
    [
        [
            [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}],
            [{"index": 0, "id": "b", "function": {"name": "g", "arguments": "{}"}}],
        ],
        [
            [
                {"id": "a", "function": {"name": "f", "arguments": {}}},
                {"id": "b", "function": {"name": "g", "arguments": {}}},
            ]
        ],
        [
            [
                {"index": 0, "function": {"name": "f", "arguments": "{}"}},
                {"index": 1, "function": {"name": "g", "arguments": "{}"}},
            ]
        ],
    ],
    ids=["every index 0", "no index, arguments as objects", "no ids"],
)
def test_two_tool_calls_stay_two_in_every_dialect(calls):
    with ScriptedServer([stream(*(chunk({"tool_calls": c}) for c in calls), chunk(finish="stop"), DONE)]) as server:
        reply = complete(server, question={"tools": [TOOL]})
    assert [(c.name, c.decoded()) for c in reply.tool_calls] == [("f", {}), ("g", {})]
    assert len({c.id for c in reply.tool_calls}) == 2
    assert reply.finish == "tool_calls"


def test_tool_arguments_that_are_no_json_object_decode_to_none():
    assert ToolCall(id="1", name="f", arguments="{not").decoded() is None
    assert ToolCall(id="1", name="f", arguments="[1]").decoded() is None
    assert ToolCall(id="1", name="f", arguments="").decoded() == {}


@pytest.mark.parametrize(
    "said",
    [
        [{"reasoning_content": "hm, "}, {"reasoning_content": "skewed"}, {"content": "Take logs"}],
        [{"reasoning": "hm, skewed", "reasoning_content": "hm, skewed"}, {"content": "Take logs"}],
        [
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm, skewed"}]}]},
            {"content": [{"type": "text", "text": "Take logs"}]},
        ],
        [{"content": "<think>hm, skewed</think>Take logs"}],
        [{"content": c} for c in "\n<think>hm, skewed</think>\nTake logs"],
        [{"content": c} for c in "hm, skewed</think>Take logs"],
        [{"content": "<thinking>hm, skewed</thi"}, {"content": "nking>Take logs"}],
    ],
    ids=[
        "reasoning_content",
        "both fields",
        "content parts",
        "tags",
        "tags letter by letter",
        "no opening tag",
        "long tags",
    ],
)
def test_thinking_is_kept_out_of_the_answer(said):
    with ScriptedServer([stream(*map(chunk, said), chunk(finish="stop"), DONE)]) as server:
        reply = complete(server)
    assert reply.text == "Take logs"
    assert reply.thinking == "hm, skewed"


def test_tags_inside_an_answer_are_text():
    with ScriptedServer([text("Use <think> as a token; 1 <b>2</b> <", size=3)]) as server:
        got = streamed(server)
    assert "".join(p.text for p in got if isinstance(p, TextDelta)) == "Use <think> as a token; 1 <b>2</b> <"
    assert not any(isinstance(p, ThinkingDelta) for p in got)


def test_a_thought_that_never_ends_is_no_answer():
    with ScriptedServer([text("<think>on and on", finish="length")]) as server:
        reply = complete(server)
    assert (reply.text, reply.thinking, reply.finish, reply.truncated) == ("", "on and on", "length", True)


def test_the_schema_is_asked_for_and_the_reply_says_so():
    with ScriptedServer([text('{"title": "x"}')]) as server:
        reply = complete(server, question={"schema": SCHEMA, "schema_name": "idea"})
    sent = server.received[0].body["response_format"]
    assert sent == {"type": "json_schema", "json_schema": {"name": "idea", "schema": SCHEMA, "strict": True}}
    assert reply.structured == "json_schema"
    assert json.loads(reply.text) == {"title": "x"}


def test_a_refusal_is_an_answer_that_says_so():
    refused = stream(chunk({"refusal": "I cannot "}), chunk({"refusal": "do that"}), chunk(finish="stop"), DONE)
    filtered = stream(chunk({"content": "Sur"}), chunk(finish="content_filter"), DONE)
    with ScriptedServer([refused, filtered]) as server:
        first, second = complete(server), complete(server)
    assert (first.finish, first.refusal, first.text) == ("refused", "I cannot do that", "")
    assert second.finish == "refused"


def test_a_huge_answer_is_capped_and_its_request_closed():
    endless = stream(*(chunk({"content": "x" * 1000}) for _ in range(400)), "say nothing more")
    with ScriptedServer([endless]) as server:
        reply = complete(server, max_answer_characters=5000)
        assert server.received[0].gone.wait(5)
    assert reply.finish == "capped"
    assert reply.truncated
    assert len(reply.text) == 5000
    assert reply.usage.estimated


def test_huge_tool_arguments_are_capped_too():
    part = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "x" * 1000}}]}
    with ScriptedServer([stream(*(chunk(part) for _ in range(50)), DONE)]) as server:
        reply = complete(server, question={"tools": [TOOL]}, max_answer_characters=5000)
    assert (reply.finish, reply.tool_calls) == ("capped", ())


def test_a_line_without_end_does_not_fill_the_memory(monkeypatch):
    from mle_ideator_jupyter.endpoint import sse

    monkeypatch.setattr(sse.payloads, "__defaults__", (1 << 20,))
    with ScriptedServer([stream(b"data: ", b"x" * 65536, "repeat the step before for ever")]) as server:
        with pytest.raises(EndpointError, match="MiB in one answer") as caught:
            complete(server, first_token_seconds=15.0)
        assert server.received[0].gone.wait(5)
    assert caught.value.kind == "malformed"


def test_several_answers_in_one_request():
    both = [chunk({"content": f"idea {i}"}, index=i) for i in (1, 0)]
    ends = [chunk(finish="stop", index=i) for i in (0, 1)]
    with ScriptedServer([stream(*both, *ends, usage_chunk(), DONE)]) as server:
        replies = asked(server, lambda c: c.sample(ASK, 2, role="ideator"))
    assert [r.text for r in replies] == ["idea 0", "idea 1"]
    assert [r.usage.output for r in replies] == [7, 0]
    assert server.received[0].body["n"] == 2


def test_an_endpoint_that_gives_one_answer_at_a_time_is_asked_as_often_as_it_takes():
    with ScriptedServer(default=text("one")) as server:
        replies = asked(server, lambda c: c.sample(ASK, 3, role="ideator", seed=5))
        again = asked(server, lambda c: c.sample(ASK, 2, role="ideator"))
    assert [r.text for r in replies + again] == ["one"] * 5
    assert [r.body.get("n") for r in server.received] == [3, None, None, None, None]
    assert {r.body.get("seed") for r in server.received[1:3]} == {6, 7}


def test_cost_is_known_only_with_a_price():
    usage = {"prompt_tokens_details": {"cached_tokens": 400}, "completion_tokens_details": {"reasoning_tokens": 5}}
    answer = stream(chunk({"content": "x"}), chunk(finish="stop"), usage_chunk(1000, 100, **usage), DONE)
    price = Price(input=2.0, cached_input=0.5, output=10.0)
    with ScriptedServer([answer, answer, text("x", usage=False)]) as server:
        priced = complete(server, prices={"scripted*": price})
        unpriced = complete(server)
        guessed = complete(server, prices={"scripted-1": price})
    assert priced.cost == pytest.approx((600 * 2 + 400 * 0.5 + 100 * 10) / 1e6)
    assert priced.usage == Usage(input=1000, cached_input=400, output=100, thinking=5)
    assert unpriced.cost is None
    assert guessed.usage.estimated
    assert guessed.cost > 0


def test_the_only_model_of_an_endpoint_needs_no_setting():
    with ScriptedServer([text("ok")], models=["the-one"]) as server:
        assert complete(server, model="").text == "ok"
        assert server.received[-1].body["model"] == "the-one"
    with (
        ScriptedServer(models=["a", "b"]) as server,
        pytest.raises(EndpointError, match=r"set MLE_IDEATOR_MODEL.*a, b"),
    ):
        complete(server, model="")


def test_each_role_has_its_model():
    with ScriptedServer(default=text("ok")) as server:
        for role in ("ideator", "implementer"):
            asked(server, lambda c, r=role: c.complete(ASK, role=r), implementer_model="coder")
    assert [r.body["model"] for r in server.received] == ["scripted-1", "coder"]


def test_an_answer_in_pretty_printed_json_with_odd_fields():
    with ScriptedServer([document(b'{"choices": [{"message": {"content": "x", "tool_calls": null}}]}\n')]) as server:
        assert complete(server).text == "x"


def test_events_without_the_empty_line_between_them():
    lines = b"".join(
        step[:-1] for step in (chunk({"content": "a"}), chunk({"content": "b"}), chunk(finish="stop"), DONE)
    )
    with ScriptedServer([stream(lines)]) as server:
        assert complete(server).text == "ab"


def test_an_event_over_several_lines_and_bytes_that_are_cut_anywhere():
    whole_body = b"".join(
        [
            b': hello\r\nevent: x\r\ndata: {"choices": [{"delta":\r\ndata: {"content": "h\xc3\xa9"}}]}\r\n\r\n',
            *(step.replace(b"\n", b"\r\n") for step in (chunk({"content": "é!"}), chunk(finish="stop"), DONE)),
        ]
    )
    with ScriptedServer([stream(*(whole_body[i : i + 1] for i in range(len(whole_body))))]) as server:
        assert complete(server).text == "héé!"


def test_counts_that_cannot_be_are_put_right():
    odd = {"prompt_tokens_details": {"cached_tokens": 900}, "completion_tokens_details": "none"}
    answers = [
        stream(chunk({"content": "x"}), usage_chunk(10, n, **odd), chunk(finish="stop"), DONE) for n in (-3, "7")
    ]
    with ScriptedServer(answers) as server:
        used = [complete(server).usage for _ in answers]
    assert used == [Usage(input=10, cached_input=10, output=0)] * 2


def test_no_more_requests_side_by_side_than_are_wanted():
    with ScriptedServer(default=stream(0.1, chunk({"content": "x"}), chunk(finish="stop"), DONE)) as server:
        abilities_of(server.base_url, "scripted-1").refuse("n")
        assert len(asked(server, lambda c: c.sample(ASK, 6, role="ideator"), parallel=2)) == 6
        assert server.most_at_once == 2
