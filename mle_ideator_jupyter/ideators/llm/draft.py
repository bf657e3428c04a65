"""What a model proposes, before it is an Idea: its fields, their bounds, and the schema that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mle_ideator_jupyter.model import IdeaKind, Struct

TITLE, RATIONALE, FACT, STEP = 90, 500, 160, 200
"""Most characters of a title, a rationale, one piece of evidence, one step."""
FACTS, STEPS = 4, 6
MOST = 10
"""Ideas that one answer may hold."""


class Draft(Struct, frozen=True, kw_only=True):
    """One idea as a model wrote it, bounded. `impact` and `feasibility` are its own words for it, 1 to 5."""

    kind: IdeaKind
    title: str
    rationale: str = ""
    evidence: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    expected_gain: float | None = None
    impact: int = 3
    feasibility: int = 3


def schema(count: int, kinds: Sequence[IdeaKind] = (), facts: Sequence[str] = ()) -> dict[str, Any]:
    """Return the JSON Schema of an answer of up to `count` ideas; every text and list has a bound.

    Where `facts` are given, evidence can only be chosen among them: for models that are held to it, never in a prompt.
    """
    fact = {"enum": [*facts]} if facts else {"type": "string", "maxLength": FACT}
    level = {"type": "integer", "minimum": 1, "maximum": 5}
    fields: dict[str, Any] = {
        "kind": {"type": "string", "enum": [k.value for k in kinds or IdeaKind]},
        "title": {"type": "string", "maxLength": TITLE},
        "rationale": {"type": "string", "maxLength": RATIONALE},
        "evidence": {"type": "array", "items": fact, "maxItems": FACTS},
        "steps": {"type": "array", "items": {"type": "string", "maxLength": STEP}, "minItems": 1, "maxItems": STEPS},
        "expected_gain": {"type": ["number", "null"]},
        "impact": level,
        "feasibility": level,
    }
    idea = {"type": "object", "properties": fields, "required": [*fields], "additionalProperties": False}
    ideas = {"type": "array", "items": idea, "minItems": 1, "maxItems": count}
    return {"type": "object", "properties": {"ideas": ideas}, "required": ["ideas"], "additionalProperties": False}
