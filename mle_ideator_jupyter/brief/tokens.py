"""How many tokens a text has, where no endpoint has counted them."""

from __future__ import annotations

CHARACTERS_PER_TOKEN = 3.6
"""Calibrated estimate for English text with numbers and code; an endpoint's own count is better where there is one."""


def estimate_tokens(text: str) -> int:
    """Return an estimate of a text's tokens."""
    return round(len(text) / CHARACTERS_PER_TOKEN)
