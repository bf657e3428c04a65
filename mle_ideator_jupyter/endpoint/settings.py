"""What can be set about an endpoint: plain, frozen, without any key in it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import urlsplit

from mle_ideator_jupyter.errors import EndpointError
from mle_ideator_jupyter.model import Struct

OPENAI = "https://api.openai.com/v1"
Role = Literal["ideator", "implementer"]
StructuredMode = Literal["auto", "json_schema", "json_object", "none"]
ToolsMode = Literal["auto", "native", "text"]


class Price(Struct, frozen=True, kw_only=True):
    """What a model costs, in US dollars per million tokens. `cached_input` is `input` where it is not given."""

    input: float
    output: float
    cached_input: float | None = None


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about the endpoint that is no secret.

    `prices` maps models to what they cost; a name may hold `*`. A model without a price costs an
    unknown amount, which is never shown as nothing.
    """

    base_url: str = OPENAI
    model: str = ""
    """For both roles; empty: the endpoint's only model, where it has one only."""
    ideator_model: str = ""
    implementer_model: str = ""

    connect_seconds: float = 10.0
    first_token_seconds: float = 120.0
    between_tokens_seconds: float = 60.0
    whole_seconds: float = 600.0
    """For one answer, all its attempts and the waiting between them together."""
    retries: int = 3
    """Attempts after the first one."""
    longest_wait_seconds: float = 120.0
    """An endpoint that asks to wait longer is not waited for."""

    max_output_tokens: int = 4096
    max_answer_characters: int = 400_000
    """Text, thinking and tool calls together; what is longer is cut off there."""
    temperature: float | None = None
    """None: the endpoint's own."""
    checkpoint: str = ""
    """A folder or a .gguf file on this machine, for the Ideator `local`; no endpoint is asked for it."""
    checkpoint_device: Literal["auto", "cpu", "cuda"] = "auto"
    parallel: int = 4
    """Requests at the same time, where several answers to one question are wanted."""
    structured: StructuredMode = "auto"
    tools: ToolsMode = "auto"

    prices: dict[str, Price] = {}
    call_log: bool = True
    log_messages: bool = False
    """Whether messages and replies are in the call log too."""

    def __post_init__(self) -> None:
        """Refuse at once what no request could work with."""
        url = urlsplit(self.base_url)
        if url.scheme not in {"http", "https"} or not url.hostname:
            msg = f"the base URL must begin with http:// or https:// and name a host: {_without_user(self.base_url)!r}"
            raise EndpointError(msg, "not_configured")
        if url.username or url.password or url.query:
            msg = "the base URL must hold no user, password or query: put the key into MLE_IDEATOR_API_KEY"
            raise EndpointError(msg, "not_configured")
        for name in ("connect_seconds", "first_token_seconds", "between_tokens_seconds", "whole_seconds"):
            if not getattr(self, name) > 0:
                msg = f"{name} must be over 0 seconds"
                raise EndpointError(msg, "not_configured")
        for name in ("max_output_tokens", "max_answer_characters", "parallel"):
            if getattr(self, name) < 1:
                msg = f"{name} must be 1 or more"
                raise EndpointError(msg, "not_configured")
        if self.retries < 0:
            msg = "retries must be 0 or more"
            raise EndpointError(msg, "not_configured")

    @property
    def host(self) -> str:
        """Return the host's name, in lower case."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_openai(self) -> bool:
        """Return whether this is OpenAI's own endpoint."""
        return self.host == urlsplit(OPENAI).hostname

    @property
    def is_local(self) -> bool:
        """Return whether the endpoint is on this machine, so that no proxy may stand between."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    def model_for(self, role: Role) -> str:
        """Return the model's name for this role, or "" where none is set."""
        return (self.ideator_model if role == "ideator" else self.implementer_model) or self.model

    def price_of(self, model: str) -> Price | None:
        """Return the price of a model, the exact name before patterns and longer patterns first; None is unknown."""
        if model in self.prices:
            return self.prices[model]
        for name in sorted(self.prices, key=len, reverse=True):
            if fnmatchcase(model, name):
                return self.prices[name]
        return None


def _without_user(url: str) -> str:
    return url.rpartition("@")[2][:200]
