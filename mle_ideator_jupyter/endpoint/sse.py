"""Reads an HTTP body as it comes: server-sent events, or one JSON document, both with a cap on their size."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import msgspec

from mle_ideator_jupyter.errors import EndpointError

BODY_CAP = 64 << 20
"""Most bytes of one body; a line that never ends must not fill the memory of the user's kernel."""


async def payloads(chunks: AsyncIterator[bytes], cap: int = BODY_CAP) -> AsyncGenerator[str, None]:
    """Yield the data of each event. llama.cpp sends errors in a field `error:`; they are yielded as well."""
    data: list[str] = []
    async with contextlib.aclosing(_lines(chunks, cap)) as lines:
        async for line in lines:
            name, _, value = line.partition(":")
            if not line and data:
                yield "\n".join(data)
                data = []
            elif line and name in {"data", "error"}:
                value = value.removeprefix(" ")
                if data and _is_whole("\n".join(data)):  # some leave out the empty line between events
                    yield "\n".join(data)
                    data = []
                data.append(value)
    if data:
        yield "\n".join(data)


async def document(chunks: AsyncIterator[bytes], cap: int = BODY_CAP) -> dict[str, Any]:
    """Return a whole body as a JSON object."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        _check(len(body), cap)
    return decoded(body.decode("utf-8", errors="replace"))


def decoded(text: str) -> dict[str, Any]:
    """Return the JSON object that a text is. Raises `EndpointError` (`malformed`) when it is none."""
    value: Any = None
    with contextlib.suppress(msgspec.DecodeError, RecursionError):
        value = msgspec.json.decode(text)
    if isinstance(value, dict):
        return value
    if text.lstrip()[:1] == "<":
        msg = "the endpoint answered with a web page: check that the base URL is an API's (most end in /v1)"
    else:
        msg = "the endpoint's answer is not JSON as it should be: try again, or check that it speaks OpenAI's protocol"
    raise EndpointError(msg, "malformed")


def _is_whole(text: str) -> bool:
    with contextlib.suppress(msgspec.DecodeError, RecursionError):
        msgspec.json.decode(text)
        return True
    return False


async def _lines(chunks: AsyncIterator[bytes], cap: int) -> AsyncGenerator[str, None]:
    held, total = bytearray(), 0
    async for chunk in chunks:
        total += len(chunk)
        _check(total, cap)
        held += chunk
        *whole, rest = held.split(b"\n") if b"\n" in chunk else (held,)
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", errors="replace")
        held = bytearray(rest)
    if held:
        yield held.rstrip(b"\r").decode("utf-8", errors="replace")


def _check(size: int, cap: int) -> None:
    if size > cap:
        msg = f"the endpoint sent over {cap >> 20} MiB in one answer: something is wrong with it"
        raise EndpointError(msg, "malformed")
