"""What an answer is made of: small frozen pieces as they come, and the whole Reply that they fold into."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Union

import msgspec

from mle_ideator_jupyter.model import Struct

Finish = Literal["stop", "length", "tool_calls", "refused", "capped"]
"""`length`: the endpoint's limit of tokens was met; `capped`: our limit of characters."""
Structured = Literal["json_schema", "json_object", "none"]


class TextDelta(Struct, frozen=True, kw_only=True, tag="text"):
    """More of the answer's text. `choice` counts the answers to one question from 0."""

    text: str
    choice: int = 0


class ThinkingDelta(Struct, frozen=True, kw_only=True, tag="thinking"):
    """More of what a reasoning model thinks; never part of the answer."""

    text: str
    choice: int = 0


class TextWasThinking(Struct, frozen=True, kw_only=True, tag="text_was_thinking"):
    """All text of this choice so far was thinking: the model ended a thought that it had not opened."""

    choice: int = 0


class ToolCallDelta(Struct, frozen=True, kw_only=True, tag="tool_call_delta"):
    """More of a tool call's arguments, for showing only; the ToolCall comes when it is whole."""

    index: int
    name: str
    arguments: str
    choice: int = 0


class ToolCall(Struct, frozen=True, kw_only=True, tag="tool_call"):
    """One whole tool call. `arguments` is what the model wrote: meant to be a JSON object."""

    id: str
    name: str
    arguments: str
    choice: int = 0

    def decoded(self) -> dict[str, Any] | None:
        """Return the arguments, or None when they are no JSON object."""
        try:
            value = msgspec.json.decode(self.arguments or "{}")
        except msgspec.DecodeError:
            return None
        return value if isinstance(value, dict) else None


class Usage(Struct, frozen=True, kw_only=True, tag="usage"):
    """Tokens. `cached_input` is a part of `input`, `thinking` a part of `output`; `estimated`: not the endpoint's."""

    input: int = 0
    cached_input: int = 0
    output: int = 0
    thinking: int = 0
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input=self.input + other.input,
            cached_input=self.cached_input + other.cached_input,
            output=self.output + other.output,
            thinking=self.thinking + other.thinking,
            estimated=self.estimated or other.estimated,
        )


class Restarted(Struct, frozen=True, kw_only=True, tag="restarted"):
    """An attempt failed and the next one begins after `wait_seconds`: all that came before is void."""

    reason: str
    wait_seconds: float


class Done(Struct, frozen=True, kw_only=True, tag="done"):
    """One answer is whole. `refusal` is what the model said in place of an answer."""

    finish: Finish
    refusal: str = ""
    structured: Structured = "none"
    model: str = ""
    request_id: str = ""
    choice: int = 0


Piece = Union[TextDelta, ThinkingDelta, TextWasThinking, ToolCallDelta, ToolCall, Usage, Restarted, Done]


class Reply(Struct, frozen=True, kw_only=True):
    """One whole answer.

    `cost` is in US dollars, None where the model's price is not known; `seconds` counts from the
    call to the last token, waiting included. Of several answers to one request the first carries
    usage and cost of all. `structured` says what the endpoint was held to.
    """

    text: str
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    refusal: str = ""
    structured: Structured = "none"
    usage: Usage = Usage()
    cost: float | None = None
    seconds: float = 0.0
    model: str = ""
    request_id: str = ""

    @property
    def truncated(self) -> bool:
        """Return whether the answer is not whole."""
        return self.finish in {"length", "capped"}


class Fold:
    """Folds pieces into Replies, one for each choice."""

    def __init__(self) -> None:
        self.usage = Usage()
        self._clear()

    def _clear(self) -> None:
        self._text: dict[int, list[str]] = {}
        self._thinking: dict[int, list[str]] = {}
        self._calls: dict[int, list[ToolCall]] = {}
        self._done: dict[int, Done] = {}

    def add(self, piece: Piece) -> None:
        """Take in one piece. Usage adds up over attempts; everything else begins anew with each."""
        if isinstance(piece, TextDelta):
            self._text.setdefault(piece.choice, []).append(piece.text)
        elif isinstance(piece, ThinkingDelta):
            self._thinking.setdefault(piece.choice, []).append(piece.text)
        elif isinstance(piece, TextWasThinking):
            self._thinking.setdefault(piece.choice, []).extend(self._text.pop(piece.choice, []))
        elif isinstance(piece, ToolCall):
            self._calls.setdefault(piece.choice, []).append(piece)
        elif isinstance(piece, Usage):
            self.usage += piece
        elif isinstance(piece, Restarted):
            self._clear()
        elif isinstance(piece, Done):
            self._done[piece.choice] = piece

    def texts(self, choice: int = 0) -> tuple[str, str]:
        """Return text and thinking so far."""
        return "".join(self._text.get(choice, [])), "".join(self._thinking.get(choice, []))

    def written(self) -> Iterable[str]:
        """Return everything the model wrote so far, in every choice."""
        for parts in (*self._text.values(), *self._thinking.values()):
            yield from parts
        for calls in self._calls.values():
            yield from (call.name + call.arguments for call in calls)

    def replies(self, *, cost: float | None, seconds: float) -> list[Reply]:
        """Return the whole answers, in the order of their choices."""
        replies = []
        for number, (choice, done) in enumerate(sorted(self._done.items())):
            text, thinking = self.texts(choice)
            replies.append(
                Reply(
                    text=text.strip(),
                    thinking=thinking.strip(),
                    tool_calls=tuple(self._calls.get(choice, [])),
                    finish=done.finish,
                    refusal=done.refusal,
                    structured=done.structured,
                    usage=Usage() if number else self.usage,
                    cost=(None if cost is None else 0.0) if number else cost,
                    seconds=seconds,
                    model=done.model,
                    request_id=done.request_id,
                )
            )
        return replies
