"""What a fork host and its server say to each other: one JSON line for each request and each response."""

from __future__ import annotations

from typing import Literal

from mle_ideator_jupyter.model import Limits, Struct
from mle_ideator_jupyter.protocols import CellResult

STOP = b"stop\n"
"""What ends the running cell; it may come at any time."""
FENCE = "fence.json"
"""The file in the server's scratch folder that says what it may use."""


class Request(Struct, frozen=True, kw_only=True):
    """What the host asks for: `setup` runs in the server itself, everything else in a child."""

    kind: Literal["setup", "run", "ask"]
    source: str = ""
    limits: Limits = Limits()
    question: str = ""
    argument: str = ""


class Response(Struct, frozen=True, kw_only=True):
    """What came of it."""

    result: CellResult | None = None
    answer: str = ""
