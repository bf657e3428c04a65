"""Turns what an endpoint sends, streamed or whole, into pieces, whatever dialect it speaks."""

from __future__ import annotations

from typing import Any

import msgspec

from mle_ideator_jupyter.endpoint.pieces import (
    Done,
    Finish,
    Piece,
    Structured,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from mle_ideator_jupyter.endpoint.thinking import Splitter
from mle_ideator_jupyter.errors import EndpointError

_THINKING_FIELDS = ("reasoning_content", "reasoning", "thinking")
_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "refused",
    "refusal": "refused",
}
MOST_TOOL_CALLS = 32


class Reader:
    """Reads one attempt."""

    def __init__(self, *, structured: Structured, model: str, cap: int) -> None:
        self.usage: Usage | None = None
        self.full = False
        """Whether the answer met our limit of characters; nothing more of it is to be read then."""
        self.model = model
        self._structured: Structured = structured
        self._request_id = ""
        self._left = cap
        self._choices: dict[int, _Choice] = {}

    @property
    def begun(self) -> bool:
        """Return whether anything of an answer came."""
        return bool(self._choices)

    @property
    def ended(self) -> bool:
        """Return whether every choice has said why it ended."""
        return bool(self._choices) and all(c.finish for c in self._choices.values())

    def begin(self, request_id: str) -> None:
        """Take in what the answer's headers say."""
        self._request_id = request_id

    def feed(self, chunk: dict[str, Any]) -> list[Piece]:
        """Return what one chunk of a stream, or a whole answer, adds. Raises `EndpointError` (`malformed`)."""
        self.usage = _usage(chunk.get("usage")) or self.usage
        if isinstance(chunk.get("model"), str):
            self.model = chunk["model"] or self.model
        choices = chunk.get("choices")
        if choices is None and self.usage is None and "id" not in chunk:
            raise _malformed("choices")
        pieces: list[Piece] = []
        for position, said in enumerate(_list(choices, "choices")):
            if not isinstance(said, dict):
                raise _malformed("choices")
            number = said.get("index")
            number = number if isinstance(number, int) else position
            choice = self._choices.setdefault(number, _Choice(number))
            delta = said.get("delta", said.get("message"))
            if delta is not None:
                pieces += choice.read(delta)
            if said.get("finish_reason") is not None:
                choice.finish = _FINISHES.get(str(said["finish_reason"]).lower(), "stop")
        return self._within_cap(pieces)

    def end(self) -> list[Piece]:
        """Return what is left when the answer is over: held text, whole tool calls, and each choice's Done."""
        pieces: list[Piece] = []
        for choice in self._choices.values():
            pieces += choice.splitter.end()
            calls = [] if self.full else choice.calls()
            pieces += calls
            finish: Finish = "capped" if self.full else (choice.finish or "stop")
            if calls and finish == "stop":
                finish = "tool_calls"
            if choice.refusal:
                finish = "refused"
            pieces.append(
                Done(
                    finish=finish,
                    refusal=choice.refusal,
                    structured=self._structured,
                    model=self.model,
                    request_id=self._request_id,
                    choice=choice.number,
                )
            )
        return pieces

    def _within_cap(self, pieces: list[Piece]) -> list[Piece]:
        kept: list[Piece] = []
        for piece in pieces:
            if isinstance(piece, (TextDelta, ThinkingDelta)):
                self.full |= len(piece.text) > self._left
                text = piece.text[: self._left]
                kept.append(msgspec.structs.replace(piece, text=text))
                self._left -= len(text)
            elif isinstance(piece, ToolCallDelta):
                self.full |= len(piece.arguments) > self._left
                self._left = max(0, self._left - len(piece.arguments))
                kept.append(piece)
            else:
                kept.append(piece)
            if self.full:
                break
        return kept


class _Choice:
    """One of the answers to a question, as far as it is known."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.splitter = Splitter(number)
        self.finish: Finish | None = None
        self.refusal = ""
        self._calls: list[_Call] = []

    def read(self, delta: Any) -> list[Piece]:
        if not isinstance(delta, dict):
            raise _malformed("delta")
        pieces: list[Piece] = []
        for name in _THINKING_FIELDS:
            if isinstance(thought := delta.get(name), str) and thought:
                pieces.append(ThinkingDelta(text=thought, choice=self.number))
                break  # some endpoints send the same under two names
        content = delta.get("content")
        if isinstance(content, str):
            pieces += self.splitter.feed(content)
        elif content is not None:
            pieces += self._parts(_list(content, "content"))
        if isinstance(refusal := delta.get("refusal"), str):
            self.refusal += refusal
        for position, call in enumerate(_list(delta.get("tool_calls"), "tool_calls")):
            pieces.append(self._call(call, position))
        if isinstance(old := delta.get("function_call"), dict):
            pieces.append(self._call({"index": 0, "function": old}, 0))
        return pieces

    def calls(self) -> list[Piece]:
        return [
            ToolCall(id=c.id or f"call_{n}", name=c.name, arguments=c.arguments, choice=self.number)
            for n, c in enumerate(self._calls)
        ]

    def _parts(self, parts: list[Any]) -> list[Piece]:
        """Return what a list of content parts says: text, and thoughts where the model is one of those."""
        pieces: list[Piece] = []
        for part in parts:
            if not isinstance(part, dict):
                raise _malformed("content")
            if isinstance(part.get("text"), str):
                pieces += self.splitter.feed(part["text"])
            elif part.get("thinking") is not None:
                thought = part["thinking"]
                inner = (
                    [thought] if isinstance(thought, str) else [p.get("text", "") for p in _list(thought, "content")]
                )
                pieces.append(ThinkingDelta(text="".join(map(str, inner)), choice=self.number))
        return pieces

    def _call(self, said: Any, position: int) -> ToolCallDelta:
        if not isinstance(said, dict):
            raise _malformed("tool_calls")
        function = said.get("function") or {}
        if not isinstance(function, dict):
            raise _malformed("tool_calls")
        name, arguments, identity = function.get("name"), function.get("arguments"), said.get("id")
        if isinstance(arguments, dict):
            arguments = msgspec.json.encode(arguments).decode()
        if not isinstance(name, (str, type(None))) or not isinstance(arguments, (str, type(None))):
            raise _malformed("tool_calls")
        call, index = self._which(said.get("index"), str(identity or ""), position)
        call.id = call.id or str(identity or "")
        call.name = call.name or name or ""
        call.arguments += arguments or ""
        return ToolCallDelta(index=index, name=call.name, arguments=arguments or "", choice=self.number)

    def _which(self, index: Any, identity: str, position: int) -> tuple[_Call, int]:
        """Return the call that a delta is of. Some endpoints give no index, or 0 to each call: then the id tells."""
        known = [c for c in self._calls if (c.index == index if isinstance(index, int) else True)]
        last = known[-1] if known else None
        if last is None or (identity and last.id and identity != last.id) or (index is None and position):
            if len(self._calls) >= MOST_TOOL_CALLS:
                msg = f"the model made over {MOST_TOOL_CALLS} tool calls in one answer: ask again"
                raise EndpointError(msg, "malformed")
            last = _Call(index if isinstance(index, int) else None)
            self._calls.append(last)
        return last, self._calls.index(last)


class _Call:
    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.arguments = ""


def _usage(said: Any) -> Usage | None:
    """Return what the endpoint says it used, or None where that is nothing or no number."""
    if not isinstance(said, dict) or not isinstance(said.get("prompt_tokens"), int):
        return None
    inner, outer = said.get("prompt_tokens_details"), said.get("completion_tokens_details")
    inner, outer = inner if isinstance(inner, dict) else {}, outer if isinstance(outer, dict) else {}
    cached = _count(inner.get("cached_tokens")) or _count(said.get("prompt_cache_hit_tokens"))
    return Usage(
        input=_count(said["prompt_tokens"]),
        cached_input=min(cached, _count(said["prompt_tokens"])),
        output=_count(said.get("completion_tokens")),
        thinking=_count(outer.get("reasoning_tokens")),
    )


def _count(value: Any) -> int:
    return max(0, value) if isinstance(value, int) else 0


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _malformed(name)
    return value


def _malformed(name: str) -> EndpointError:
    msg = f"the endpoint's answer has a {name!r} of a wrong type: check that it speaks OpenAI's chat protocol"
    return EndpointError(msg, "malformed")
