"""Text from anywhere, fit to stand in one line."""

from __future__ import annotations


def line(text: str, most: int) -> str:
    """Return the text as one line of at most so many characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
