"""A scripted OpenAI-compatible server: real HTTP on 127.0.0.1, a free port, a thread of its own.

    with ScriptedServer([text("Hello"), status(429, headers={"retry-after": "1"})]) as server:
        ... server.base_url, server.received

Each POST takes the next answer of the script; an answer may be a function of the request. When
the script is over, `default` answers, or a 500 that says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Union
from urllib.parse import urlsplit

CUT = "cut the connection"
HANG = "say nothing more"
FOREVER = "repeat the step before for ever"
MODEL = "scripted-1"


@dataclass
class Answer:
    """A status, headers, and steps: bytes to send, seconds to wait, or CUT, HANG, FOREVER."""

    steps: Sequence[Union[bytes, float, str]]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    streamed: bool = True


@dataclass
class Received:
    """One request. `gone` is set when the client closed the connection before the answer's end."""

    method: str
    target: str
    headers: dict[str, str]
    body: dict[str, Any]
    gone: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


Scripted = Union[Answer, Callable[[Received], Answer]]

# ---------------------------------------------------------------- answers


def event(data: Any) -> bytes:
    return b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, index: int = 0, **more: Any) -> bytes:
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    return event({"id": "c1", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice], **more})


def usage_chunk(prompt: int = 11, completion: int = 7, **details: Any) -> bytes:
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, **details}
    return event({"id": "c1", "model": MODEL, "choices": [], "usage": usage})


DONE = event(b"[DONE]")


def pieces(said: str, size: int = 5) -> list[bytes]:
    return [chunk({"content": said[i : i + size]}) for i in range(0, len(said), size)]


def text(said: str, *, finish: str = "stop", size: int = 5, usage: bool = True, **headers: str) -> Answer:
    steps = [chunk({"role": "assistant"}), *pieces(said, size), chunk(finish=finish)]
    return Answer([*steps, *([usage_chunk()] if usage else []), DONE], headers=headers)


def stream(*steps: Union[bytes, float, str]) -> Answer:
    return Answer(steps)


def tool_call(name: str, arguments: dict[str, Any], *, size: int = 4) -> Answer:
    written = json.dumps(arguments)
    first = {"index": 0, "id": "call_7", "type": "function", "function": {"name": name, "arguments": ""}}
    rest = [{"index": 0, "function": {"arguments": written[i : i + size]}} for i in range(0, len(written), size)]
    deltas = [chunk({"tool_calls": [call]}) for call in (first, *rest)]
    return Answer([*deltas, chunk(finish="tool_calls"), usage_chunk(), DONE])


def document(body: Any, *, status: int = 200, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer([raw], status=status, headers={"content-type": "application/json", **headers}, streamed=False)


def whole(message: dict[str, Any], finish: str = "stop", *, usage: dict[str, Any] | None = None) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return document({"id": "c2", "model": MODEL, "choices": [choice], "usage": usage})


def error(
    status: int, message: str = "no", *, code: str | None = None, param: str | None = None, **headers: str
) -> Answer:
    said = {"error": {"message": message, "type": "invalid_request_error", "code": code, "param": param}}
    return document(said, status=status, **{k.replace("_", "-"): v for k, v in headers.items()})


# ---------------------------------------------------------------- the server


class ScriptedServer:
    def __init__(
        self,
        script: Sequence[Scripted] = (),
        *,
        default: Scripted | None = None,
        key: str | None = None,
        models: Sequence[str] = (MODEL,),
        tls: Any = None,
    ) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self._script = list(script)
        self._default = default
        self._key = key
        self._models = models
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._talks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> ScriptedServer:  # noqa: PYI034
        self._thread.start()
        starting = asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self._tls)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk
        self._talks.add(talk)
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(talk)
            with contextlib.suppress(Exception):
                writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        received = Received(method, target, headers, json.loads(raw) if raw else {})
        self.received.append(received)
        answer = self._answer(received)
        watch = asyncio.ensure_future(reader.read(1))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await self._send(answer, writer, watch, received)
        finally:
            self._at_once -= 1
            received.done.set()
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await watch

    def _answer(self, received: Received) -> Answer:
        sent = received.headers.get("authorization", "")
        if self._key and sent != f"Bearer {self._key}":
            return error(401, f"Incorrect API key provided: {sent.removeprefix('Bearer ')}", code="invalid_api_key")
        if received.method == "GET" and urlsplit(received.target).path.endswith("/models"):
            return document({"object": "list", "data": [{"id": m, "object": "model"} for m in self._models]})
        if not urlsplit(received.target).path.endswith("/chat/completions"):
            return document(b"<html>nothing here</html>", status=404)
        answer = self._script.pop(0) if self._script else (self._default or error(500, "the script is over"))
        return answer if isinstance(answer, Answer) else answer(received)

    async def _send(
        self, answer: Answer, writer: asyncio.StreamWriter, watch: asyncio.Future[bytes], received: Received
    ) -> bool:
        headers = {"content-type": "text/event-stream", **answer.headers}
        if answer.streamed:
            headers["transfer-encoding"] = "chunked"
        else:
            headers["content-length"] = str(sum(len(s) for s in answer.steps if isinstance(s, bytes)))
        lines = [f"HTTP/1.1 {answer.status} Said", *(f"{k}: {v}" for k, v in headers.items())]
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
        before = b""
        for step in answer.steps:
            if step == CUT:
                await writer.drain()
                writer.transport.abort()
                return False
            if step in {HANG, FOREVER} or isinstance(step, float):
                seconds = step if isinstance(step, float) else 30.0
                repeat = before if step == FOREVER else b""
                if await self._wait(seconds, writer, watch, repeat):
                    received.gone.set()
                    return False
                continue
            assert isinstance(step, bytes)
            before = step
            writer.write(b"%x\r\n%s\r\n" % (len(step), step) if answer.streamed else step)
            try:
                await writer.drain()
            except ConnectionError:
                received.gone.set()
                return False
        if answer.streamed:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _wait(
        self, seconds: float, writer: asyncio.StreamWriter, watch: asyncio.Future[bytes], repeat: bytes
    ) -> bool:
        """Wait, sending one thing again and again if there is one; return whether the client went away."""
        end = self._loop.time() + seconds
        while (left := end - self._loop.time()) > 0:
            await asyncio.wait([watch], timeout=min(left, 0.02) if repeat else left)
            if watch.done():
                return True
            if repeat:
                writer.write(b"%x\r\n%s\r\n" % (len(repeat), repeat))
                try:
                    await writer.drain()
                except ConnectionError:
                    return True
        return False
