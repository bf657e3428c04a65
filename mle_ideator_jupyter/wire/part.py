"""The base of everything that crosses between a notebook's kernel and its panel."""

from __future__ import annotations

from typing import Literal

import msgspec

WIRE = 1
"""Both ends say it first. When they differ, the panel says so and nothing else happens."""
TARGET = "mle_ideator"
"""The comm target's name."""
ApprovalMode = Literal["cell", "trial", "autopilot"]
Activity = Literal["idle", "looking", "thinking", "running", "approval", "paused", "stopping"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything on the wire."""
