"""What is asked of a model, and the request that says so in the words this endpoint takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mle_ideator_jupyter.endpoint.abilities import Abilities
from mle_ideator_jupyter.endpoint.pieces import Structured
from mle_ideator_jupyter.endpoint.settings import Role, Settings
from mle_ideator_jupyter.errors import EndpointError

Message = Mapping[str, Any]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `messages` and `tools` are in the form of OpenAI's chat completions; `schema` is a JSON Schema."""

    messages: Sequence[Message]
    role: Role
    purpose: str = ""
    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: str | Mapping[str, Any] | None = None
    schema: Mapping[str, Any] | None = None
    schema_name: str = "answer"
    max_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    n: int = 1

    @property
    def must_call(self) -> bool:
        """Return whether the answer has to be a tool call."""
        return bool(self.tools) and self.tool_choice not in (None, "auto", "none")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. `uses` names the abilities of the endpoint that it counts on."""

    body: dict[str, Any]
    uses: frozenset[str]
    structured: Structured


def build(question: Question, settings: Settings, model: str, known: Abilities) -> Request:
    """Return the request, without what this model is known not to take.

    Raises `EndpointError` (`no_tools`) when tools are asked for that it does not take.
    """
    body: dict[str, Any] = {"model": model, "messages": _sendable(list(question.messages))}
    uses: set[str] = set()

    def use(ability: str, **fields: Any) -> bool:
        if known.refuses(ability):
            return False
        body.update(fields)
        uses.add(ability)
        return True

    if use("stream", stream=True):
        use("stream_options", stream_options={"include_usage": True})
    most = question.max_tokens or settings.max_output_tokens
    for name in _limit_names(settings):
        if use(name, **{name: most}):
            break
    temperature = settings.temperature if question.temperature is None else question.temperature
    optional = {"temperature": temperature, "seed": question.seed, "stop": list(question.stop) or None}
    optional["n"] = question.n if question.n > 1 else None
    for name, value in optional.items():
        if value is not None:
            use(name, **{name: value})
    if question.tools:
        _add_tools(question, settings, use)
    structured: Structured = "none"
    if question.schema is not None:
        structured = _add_schema(question, settings, use)
    return Request(body=body, uses=frozenset(uses), structured=structured)


def _limit_names(settings: Settings) -> tuple[str, str]:
    """Return both names of the limit of output tokens: OpenAI has given up the old one, others lack the new one."""
    return ("max_completion_tokens", "max_tokens") if settings.is_openai else ("max_tokens", "max_completion_tokens")


def _add_tools(question: Question, settings: Settings, use: Any) -> None:
    if settings.tools == "text" or not use("tools", tools=_sendable(list(question.tools))):
        raise EndpointError("this model takes no tool calls: ask it in text", "no_tools")
    if question.tool_choice is not None:
        use("tool_choice", tool_choice=question.tool_choice)


def _add_schema(question: Question, settings: Settings, use: Any) -> Structured:
    """Hold the answer to the schema as firmly as the endpoint can, and return how firmly that is."""
    wanted = settings.structured
    schema = {"name": question.schema_name, "schema": question.schema}
    if wanted in {"auto", "json_schema"}:
        for ability, strict in (("strict_schema", True), ("json_schema", False)):
            held = {"type": "json_schema", "json_schema": {**schema, "strict": strict}}
            if use(ability, response_format=held):
                return "json_schema"
    if wanted in {"auto", "json_object"} and use("json_object", response_format={"type": "json_object"}):
        return "json_object"
    return "none"


def _sendable(value: Any) -> Any:
    """Return plain data in which every text can be encoded: what cells print may hold half characters."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", errors="replace").decode()
    if isinstance(value, Mapping):
        return {str(k): _sendable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sendable(v) for v in value]
    return value
