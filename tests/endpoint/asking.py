"""What tests of the client share: a client with short time-outs, and a bound on everything."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from mle_ideator_jupyter.endpoint import CallLog, Client, Endpoint, Piece, Reply, Secret, Settings
from mle_ideator_jupyter.errors import EndpointError

KEY = "sk-scripted-0123456789abcdef"
ASK = [{"role": "user", "content": "What next?"}]
T = TypeVar("T")


def endpoint(base_url: str, key: str = KEY, **settings: Any) -> Endpoint:
    quick = {
        "model": "scripted-1",
        "connect_seconds": 2.0,
        "first_token_seconds": 0.5,
        "between_tokens_seconds": 0.3,
        "whole_seconds": 5.0,
        "retries": 1,
    }
    made = Settings(base_url=base_url, **{**quick, **settings})
    return Endpoint(settings=made, secret=Secret(key), url_from="the test", key_from="the test")


def run(work: Awaitable[T]) -> T:
    """Run to the end, which must come within 20 seconds."""

    async def bounded() -> T:
        return await asyncio.wait_for(work, 20)

    return asyncio.run(bounded())


def asked(server: Any, work: Callable[[Client], Awaitable[T]], log: CallLog | None = None, **settings: Any) -> T:
    """Return what `work` gives with a client of this server."""

    async def ask() -> T:
        async with Client(endpoint(server.base_url, **settings), log) as client:
            return await work(client)

    return run(ask())


def complete(server: Any, log: CallLog | None = None, question: dict[str, Any] | None = None, **settings: Any) -> Reply:
    return asked(server, lambda c: c.complete(ASK, role="ideator", **(question or {})), log, **settings)


def streamed(server: Any, question: dict[str, Any] | None = None, **settings: Any) -> list[Piece]:
    async def collect(client: Client) -> list[Piece]:
        return [piece async for piece in client.stream(ASK, role="ideator", **(question or {}))]

    return asked(server, collect, **settings)


def refused(server: Any, **settings: Any) -> EndpointError:
    """Return the error of asking; nothing of the HTTP client hangs on it, and it is one line without the key."""
    with pytest.raises(EndpointError) as caught:
        complete(server, **settings)
    fault = caught.value
    assert fault.__cause__ is None
    assert fault.__context__ is None
    assert KEY not in "".join(traceback.TracebackException.from_exception(fault, capture_locals=True).format())
    assert "\n" not in str(fault)
    assert len(str(fault)) < 400
    return fault


def sent(server: Any) -> list[Any]:
    """Return the questions that the server got."""
    return [r for r in server.received if r.method == "POST"]
