"""Nothing waits for ever, and whoever stops asking really ends the request."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time

import pytest

from mle_ideator_jupyter.endpoint.abilities import abilities_of
from tests.endpoint.asking import ASK, asked, refused, sent
from tests.endpoint.scripted import FOREVER, HANG, ScriptedServer, chunk, error, stream


@pytest.mark.parametrize(
    ("steps", "settings", "names"),
    [
        ([HANG], {}, "first_token_seconds"),
        ([chunk({"content": "a"}), HANG], {}, "between_tokens_seconds"),
        ([b": keep-alive\n\n", FOREVER], {}, "first_token_seconds"),
        ([chunk({"content": "a"}), FOREVER], {"whole_seconds": 1.0}, "whole_seconds"),
        ([chunk({}), FOREVER], {"whole_seconds": 1.0}, "whole_seconds"),
    ],
    ids=["silent", "stalled", "keep-alive only", "never finishing", "never saying anything"],
)
def test_time_is_bounded_and_the_request_is_closed(steps, settings, names):
    with ScriptedServer([stream(*steps)]) as server:
        begun = time.monotonic()
        fault = refused(server, retries=0, **settings)
        assert time.monotonic() - begun < 3
        assert server.received[0].gone.wait(5)
    assert fault.kind == "timeout"
    assert names in str(fault)
    assert names.upper() in str(fault)


def test_headers_that_never_come():
    with socket.create_server(("127.0.0.1", 0)) as silent:

        class Server:
            base_url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"

        assert refused(Server, retries=0).kind == "timeout"


def test_cancelling_closes_the_request():
    with ScriptedServer([stream(chunk({"content": "a"}), HANG)]) as server:

        async def cancel(client):
            heard = asyncio.Event()
            asking = asyncio.create_task(client.complete(ASK, role="ideator", watch=lambda _piece: heard.set()))
            await asyncio.wait_for(heard.wait(), 5)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert await asyncio.to_thread(server.received[0].gone.wait, 5)
            return client.spent

        spent = asked(server, cancel, between_tokens_seconds=20.0, whole_seconds=30.0)
    assert (spent.calls, spent.failed) == (1, 1)
    assert spent.usage.estimated


def test_cancelling_ends_the_waiting_for_another_attempt():
    with ScriptedServer([error(429, retry_after="4")]) as server:

        async def cancel(client):
            begun = time.monotonic()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.complete(ASK, role="ideator"), 0.5)
            return time.monotonic() - begun

        assert asked(server, cancel) < 2
    assert len(sent(server)) == 1


def test_cancelling_several_answers_closes_every_request():
    with ScriptedServer(default=stream(chunk({"content": "a"}), HANG)) as server:
        abilities_of(server.base_url, "scripted-1").refuse("n")

        async def cancel(client):
            asking = asyncio.create_task(client.sample(ASK, 3, role="ideator"))
            while len(sent(server)) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            return [await asyncio.to_thread(r.gone.wait, 5) for r in sent(server)]

        assert asked(server, cancel, between_tokens_seconds=20.0, whole_seconds=30.0) == [True] * 3


def test_leaving_the_stream_early_closes_the_request():
    with ScriptedServer([stream(chunk({"content": "a"}), FOREVER)]) as server:

        async def leave(client):
            async with contextlib.aclosing(client.stream(ASK, role="ideator")) as pieces:
                async for _piece in pieces:
                    break
            assert await asyncio.to_thread(server.received[0].gone.wait, 5)

        asked(server, leave)
