"""One attempt: sends one request through the `openai` package and yields what comes back.

Its exceptions are those of the HTTP client, and `EndpointError` for what only shows in the answer.
Leaving it early, by closing it or by cancellation, closes the HTTP request.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from mle_ideator_jupyter.endpoint import faults
from mle_ideator_jupyter.endpoint.configuring import Endpoint
from mle_ideator_jupyter.endpoint.pieces import Piece
from mle_ideator_jupyter.endpoint.question import Request
from mle_ideator_jupyter.endpoint.reading import Reader
from mle_ideator_jupyter.endpoint.settings import Settings
from mle_ideator_jupyter.endpoint.sse import decoded, document, payloads
from mle_ideator_jupyter.errors import EndpointError

_DRAIN_SECONDS = 0.2
"""How long to wait for the body's end after the stream said [DONE], so that its connection can be used again."""


def new_client(endpoint: Endpoint) -> Any:
    """Return an `openai.AsyncOpenAI` for this endpoint. Raises `EndpointError` when the package is not there."""
    try:
        import openai
    except ImportError:
        openai = None
    if openai is None:
        msg = "the openai package is missing: pip install 'mle_ideator_jupyter[llm]'"
        raise EndpointError(msg, "missing_package")
    settings = endpoint.settings
    seconds = openai.Timeout(settings.whole_seconds, connect=settings.connect_seconds)
    wrong = ""
    try:
        # A redirect would carry the question to an address that nobody has set.
        http = openai.DefaultAsyncHttpxClient(timeout=seconds, follow_redirects=False, **_without_proxy(settings))
        client = openai.AsyncOpenAI(
            api_key=endpoint.secret.reveal() or "none",
            base_url=settings.base_url,
            timeout=seconds,
            max_retries=0,  # retrying.py says why
            http_client=http,
        )
    except ImportError:
        wrong = "the proxy is a SOCKS proxy: pip install socksio, or set another HTTPS_PROXY"
    except (ValueError, OSError) as error:
        wrong = f"proxy or certificates cannot be used ({type(error).__name__}): check HTTPS_PROXY and SSL_CERT_FILE"
    if wrong:
        raise EndpointError(wrong, "unreachable")
    if not settings.is_openai and endpoint.key_from != "OPENAI_API_KEY":
        client.organization = client.project = None  # read from OPENAI_ORG_ID and …PROJECT_ID: nobody else's business
    return client


def _without_proxy(settings: Settings) -> dict[str, Any]:
    """Return what keeps requests to this machine away from proxies: many a user has set one for everything."""
    if not settings.is_local:
        return {}
    if settings.base_url.startswith("https:"):
        return {"mounts": {f"https://{settings.host}": None}}  # SSL_CERT_FILE still counts
    return {"trust_env": False}


async def attempt(
    client: Any, request: Request, reader: Reader, endpoint: Endpoint, deadline: float
) -> AsyncGenerator[Piece, None]:
    """Yield the pieces of one answer as they come. `deadline` is in seconds of `time.monotonic()`."""
    clock = _Clock(endpoint, deadline)
    create = client.chat.completions.with_streaming_response.create
    async with contextlib.AsyncExitStack() as stack:
        streams = "stream" in request.uses
        opening = create(**request.body, timeout=clock.backstop(streams=streams))
        response = await clock.first(stack.enter_async_context(opening), streams=streams)
        reader.begin(str(response.headers.get("x-request-id", "")))
        chunks = await stack.enter_async_context(contextlib.aclosing(response.iter_bytes()))
        if "json" in str(response.headers.get("content-type", "")):
            for piece in await _whole(clock, chunks, reader):
                yield piece
            return
        events = await stack.enter_async_context(contextlib.aclosing(payloads(chunks)))
        async with contextlib.aclosing(_streamed(clock, events, reader, endpoint)) as pieces:
            async for piece in pieces:
                yield piece


async def _whole(clock: _Clock, chunks: AsyncIterator[bytes], reader: Reader) -> list[Piece]:
    """Return what an answer in one document holds."""
    body = await clock.whole(document(chunks))
    if "error" in body and "choices" not in body:
        raise faults.BrokenOffError(faults.of_answer(None, body, {}, clock.endpoint, reader.model))
    pieces = reader.feed(body)
    if not reader.begun:
        msg = "the endpoint's answer is empty: try again"
        raise EndpointError(msg, "server")
    return pieces


async def _streamed(
    clock: _Clock, events: AsyncIterator[str], reader: Reader, endpoint: Endpoint
) -> AsyncGenerator[Piece, None]:
    """Yield what the events of a stream hold. Raises `EndpointError` (`cut`) when it ends before the answer does."""
    finished = False
    while (data := await clock.next(anext(events, None), begun=reader.begun)) is not None:
        if data.startswith("[DONE]"):
            finished = True
            await clock.drain(events)
            break
        chunk = decoded(data)
        if chunk.get("error"):
            raise faults.BrokenOffError(faults.of_answer(None, chunk, {}, endpoint, reader.model))
        if chunk.keys() == {"code", "message", "type"}:  # how llama.cpp says it
            raise faults.BrokenOffError(faults.of_answer(None, {"error": chunk}, {}, endpoint, reader.model))
        for piece in reader.feed(chunk):
            yield piece
        if reader.full:
            return
    if not reader.begun and finished:
        msg = "the endpoint's answer is empty: try again"
        raise EndpointError(msg, "server")
    if not finished and not reader.ended:
        msg = f"the connection to {endpoint.settings.host} was cut before the answer was whole: try again"
        raise EndpointError(msg, "cut")


class _Clock:
    """Waits for an endpoint no longer than the settings say, and says which of them it was."""

    def __init__(self, endpoint: Endpoint, deadline: float) -> None:
        self.endpoint = endpoint
        self._settings = endpoint.settings
        self._deadline = deadline

    def backstop(self, *, streams: bool) -> Any:
        """Return the HTTP client's own limits: never shorter than ours, which can tell what was waited for."""
        import openai

        settings = self._settings
        longest = max(settings.first_token_seconds, settings.between_tokens_seconds)
        return openai.Timeout(longest + 5 if streams else settings.whole_seconds + 5, connect=settings.connect_seconds)

    async def first(self, waiting: Any, *, streams: bool) -> Any:
        """Wait for the answer to begin; without streaming it begins when it is whole."""
        limit = self._settings.first_token_seconds if streams else self._settings.whole_seconds
        return await self._within(limit, waiting, "first_token_seconds", "no answer began")

    async def next(self, waiting: Any, *, begun: bool) -> Any:
        """Wait for the next part of a stream."""
        if not begun:
            return await self.first(waiting, streams=True)
        limit = self._settings.between_tokens_seconds
        return await self._within(limit, waiting, "between_tokens_seconds", "the answer stalled: nothing came")

    async def whole(self, waiting: Any) -> Any:
        """Wait for a whole document."""
        return await self._within(self._settings.whole_seconds, waiting, "whole_seconds", "the answer did not end")

    async def drain(self, events: AsyncIterator[str]) -> None:
        """Read what is left of a body that is over, for a moment at most."""
        import anyio

        with anyio.move_on_after(_DRAIN_SECONDS):
            while await anext(events, None) is not None:
                pass

    async def _within(self, limit: float, waiting: Any, setting: str, what: str) -> Any:
        import anyio

        left = self._deadline - time.monotonic()
        if left < limit:
            limit, setting, what = max(left, 0), "whole_seconds", "the answer did not end"
        with anyio.move_on_after(limit):
            return await waiting
        seconds = getattr(self._settings, setting)
        msg = f"{what} in {seconds:g} s: try again, or raise {setting} (MLE_IDEATOR_{setting.upper()})"
        raise EndpointError(msg, "timeout")
