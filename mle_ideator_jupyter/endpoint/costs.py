"""What an answer used and cost: the endpoint's own count where it gives one, else an estimate that says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mle_ideator_jupyter.brief import estimate_tokens
from mle_ideator_jupyter.endpoint.pieces import Usage
from mle_ideator_jupyter.endpoint.settings import Price

_MILLION = 1e6


def estimate(request: Mapping[str, Any], written: Iterable[str]) -> Usage:
    """Return an estimate of what a request and its answer used."""
    asked = (request.get(name) for name in ("messages", "tools", "response_format"))
    sent = "".join(msgspec.json.encode(part).decode() for part in asked if part)
    return Usage(input=estimate_tokens(sent), output=estimate_tokens("".join(written)), estimated=True)


def cost(usage: Usage, price: Price | None) -> float | None:
    """Return the cost in US dollars, or None where the price is not known."""
    if price is None:
        return None
    cached = price.input if price.cached_input is None else price.cached_input
    fresh = usage.input - usage.cached_input
    return (fresh * price.input + usage.cached_input * cached + usage.output * price.output) / _MILLION
