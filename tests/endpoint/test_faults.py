"""Everything that goes wrong: none hangs, each is one line that says what to do, none shows the key."""

from __future__ import annotations

import email.utils
import socket
import time

import pytest

from mle_ideator_jupyter.endpoint import Restarted, TextDelta
from mle_ideator_jupyter.endpoint.abilities import abilities_of
from mle_ideator_jupyter.endpoint.retrying import wait_before_next
from mle_ideator_jupyter.errors import EndpointError
from tests.endpoint.asking import ASK, KEY, asked, complete, refused, sent, streamed
from tests.endpoint.scripted import (
    CUT,
    DONE,
    HANG,
    Answer,
    ScriptedServer,
    chunk,
    document,
    error,
    event,
    stream,
    text,
)


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (error(401, f"Incorrect API key provided: {KEY}"), "wrong_key", "refused the key from the test"),
        (error(403, "not for you"), "forbidden", "may not use 'scripted-1'"),
        (error(404, "The model `x` does not exist", code="model_not_found"), "unknown_model", "no model 'scripted-1'"),
        (document(b"<html>404</html>", status=404), "not_configured", "most end in /v1"),
        (error(400, f"bad value in {KEY}"), "bad_request", r"refused the request: .*bad value in \[redacted\]"),
        (error(400, "maximum context length is 4096 tokens, max_tokens is invalid"), "too_long", "shorten"),
        (error(413, ""), "too_long", "shorten"),
        (error(400, "flagged", code="content_filter"), "refused", "refused to answer"),
        (error(429, "You exceeded your current quota", code="insufficient_quota"), "out_of_credit", "top it up"),
        (error(402, "pay"), "out_of_credit", "top it up"),
        (document(b"<html>hello</html>"), "malformed", "most end in /v1"),
        (document(b'{"choices": [{"mess'), "malformed", "not JSON"),
        (document({"choices": "many"}), "malformed", "'choices' of a wrong type"),
        (document({"choices": [{"message": "text"}]}), "malformed", "'delta' of a wrong type"),
        (document([1, 2]), "malformed", "not JSON as it should be"),
        (stream(event(b'{"choices": [{"del'), DONE), "malformed", "not JSON"),
        (stream(chunk({"content": 7}), DONE), "malformed", "'content' of a wrong type"),
        (stream(chunk({"tool_calls": [{"index": 0, "function": "f"}]}), DONE), "malformed", "'tool_calls'"),
        (stream(event([]), DONE), "malformed", "not JSON"),
        (Answer([b"\xff\xfe\x00garbage\n\n"]), "cut", "cut before the answer was whole"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_trying_again_would_not_mend_is_not_tried_again(answer, kind, says):
    with ScriptedServer([answer], default=answer) as server:
        fault = refused(server, retries=1 if kind != "cut" else 0)
    assert fault.kind == kind
    with pytest.raises(EndpointError, match=says):
        raise fault
    assert len(sent(server)) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(status):
    with ScriptedServer([error(status), text("at last")]) as server:
        got = streamed(server)
    assert sum(isinstance(p, Restarted) for p in got) == 1
    assert "".join(p.text for p in got if isinstance(p, TextDelta)) == "at last"


def test_trying_again_has_an_end():
    with ScriptedServer(default=error(500, "out of memory")) as server:
        fault = refused(server, retries=2)
    assert fault.kind == "server"
    assert "out of memory" in str(fault)
    assert len(sent(server)) == 3


def test_the_endpoint_says_whether_to_try_again():
    with ScriptedServer([error(500, x_should_retry="false")]) as server:
        refused(server)
    with ScriptedServer([error(400, x_should_retry="true"), text("ok")]) as server:
        assert complete(server).text == "ok"


@pytest.mark.parametrize("form", ["seconds", "milliseconds", "date"])
def test_retry_after_is_honoured(form):
    headers = {
        "seconds": {"retry_after": "1"},
        "milliseconds": {"retry_after_ms": "1000"},
        "date": {"retry_after": email.utils.formatdate(time.time() + 2, usegmt=True)},
    }[form]
    with ScriptedServer([error(429, **headers), text("ok")]) as server:
        begun = time.monotonic()
        got = streamed(server)
        took = time.monotonic() - begun
    assert 0.9 < took < 3.5
    waited = next(p for p in got if isinstance(p, Restarted))
    assert 0.9 <= waited.wait_seconds <= 2.2
    assert "rate limit" in waited.reason


def test_a_wait_beyond_the_time_that_is_left_is_not_begun():
    with ScriptedServer([error(429, retry_after="60")]) as server:
        begun = time.monotonic()
        fault = refused(server)
        assert time.monotonic() - begun < 2
    assert (fault.kind, fault.retry_after) == ("rate_limited", 60.0)
    assert "try again in 60 s" in str(fault)


def test_the_back_off_grows_and_is_bounded():
    from mle_ideator_jupyter.endpoint.faults import Fault
    from mle_ideator_jupyter.endpoint.settings import Settings

    fault = Fault(error=EndpointError("busy", "server"), again=True)
    settings = Settings(retries=10)
    waits = [wait_before_next(fault, n, settings, 1000.0) for n in range(1, 11)]
    assert all(0.375 * 2**n <= w <= 0.5 * 2**n for n, w in enumerate(waits[:5]))
    assert all(w <= 8 for w in waits)
    assert wait_before_next(fault, 11, settings, 1000.0) is None
    assert wait_before_next(fault, 1, settings, 0.1) is None


@pytest.mark.parametrize("ending", [CUT, HANG], ids=["cut", "stalled"])
def test_an_answer_that_breaks_off_begins_anew_and_says_so(ending):
    broken = stream(chunk({"content": "Wrong beg"}), ending)
    with ScriptedServer([broken, text("Right from the start")]) as server:
        got = streamed(server)
    at = next(i for i, p in enumerate(got) if isinstance(p, Restarted))
    assert "".join(p.text for p in got[:at] if isinstance(p, TextDelta)) == "Wrong beg"
    assert "".join(p.text for p in got[at:] if isinstance(p, TextDelta)) == "Right from the start"
    with ScriptedServer([broken, text("Right from the start")]) as server:
        reply = complete(server)
    assert reply.text == "Right from the start"
    assert reply.usage.estimated, "the tokens of the attempt that broke off are paid for as well"
    assert reply.usage.input > 11


def test_a_cut_that_http_does_not_show_is_noticed():
    with ScriptedServer([stream(chunk({"content": "half an"}))]) as server:
        assert refused(server, retries=0).kind == "cut"


def test_an_end_without_done_is_an_end_all_the_same():
    with ScriptedServer([stream(chunk({"content": "x"}), chunk(finish="stop"))]) as server:
        assert complete(server).text == "x"


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    class Server:
        base_url = f"http://127.0.0.1:{port}/v1"

    fault = refused(Server)
    assert fault.kind == "unreachable"
    assert "is it running" in str(fault)


def test_an_error_in_the_middle_of_a_stream():
    broken = stream(chunk({"content": "a"}), event({"error": {"message": "overloaded", "code": 503}}))
    with ScriptedServer([broken, text("b")]) as server:
        assert complete(server).text == "b"
    llama = stream(b'error: {"code": 500, "message": "slot gone", "type": "server_error"}\n\n')
    with ScriptedServer(default=llama) as server:
        assert "slot gone" in str(refused(server, retries=0))


def test_an_empty_answer_is_a_fault_that_is_tried_again():
    with ScriptedServer([stream(DONE), document({"choices": []}), text("x")]) as server:
        assert complete(server, retries=2).text == "x"


def test_some_of_several_answers_are_better_than_none():
    with ScriptedServer([text("a"), error(401), text("b")]) as server:
        abilities_of(server.base_url, "scripted-1").refuse("n")
        replies = asked(server, lambda c: c.sample(ASK, 3, role="ideator"), parallel=1)
    assert [r.text for r in replies] == ["a", "b"]
    with ScriptedServer(default=error(401)) as server, pytest.raises(EndpointError, match="refused the key"):
        asked(server, lambda c: c.sample(ASK, 3, role="ideator"))


def test_a_redirect_is_not_followed():
    with ScriptedServer(default=text("ok")) as elsewhere:
        away = Answer([], status=307, headers={"location": elsewhere.base_url + "/chat/completions"}, streamed=False)
        with ScriptedServer([away]) as server:
            fault = refused(server)
        assert elsewhere.received == []
    assert fault.kind == "not_configured"
    assert "check the base URL" in str(fault)


def test_a_client_works_in_one_loop_after_the_other():
    from mle_ideator_jupyter.endpoint import Client
    from tests.endpoint.asking import endpoint, run

    with ScriptedServer(default=text("ok")) as server:
        client = Client(endpoint(server.base_url))

        async def once():
            try:
                return (await client.complete(ASK, role="ideator")).text
            finally:
                await client.aclose()

        assert [run(once()) for _ in range(3)] == ["ok"] * 3
    assert client.spent.calls == 3


def test_one_connection_serves_one_call_after_the_other():
    with ScriptedServer(default=text("ok")) as server:

        async def several(client):
            for _ in range(4):
                await client.complete(ASK, role="ideator")

        asked(server, several)
        assert server.connections == 1
