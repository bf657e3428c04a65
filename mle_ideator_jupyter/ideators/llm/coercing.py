"""Makes bounded plain values of whatever a model wrote in a field: it never raises, whatever the type."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from mle_ideator_jupyter.brief.wording import line
from mle_ideator_jupyter.model import IdeaKind

_DEEP = 4
_NUMBER = re.compile(r"[-+]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][-+]?\d{1,3})?")
_BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.)]|step\s+\d{1,2}\s*[:.)])\s+", re.IGNORECASE)
_TAG = re.compile(r"</?\s*(?:think|thinking|notebook)\b[^>]{0,40}>", re.IGNORECASE)
_LEVELS = {"very low": 1, "low": 2, "medium": 3, "moderate": 3, "high": 4, "very high": 5}
_NEAR = {
    "data": IdeaKind.DATA_PREPARATION,
    "cleaning": IdeaKind.DATA_PREPARATION,
    "preprocessing": IdeaKind.DATA_PREPARATION,
    "imputation": IdeaKind.DATA_PREPARATION,
    "feature": IdeaKind.FEATURE_ENGINEERING,
    "encoding": IdeaKind.FEATURE_ENGINEERING,
    "model": IdeaKind.MODEL_SELECTION,
    "architecture": IdeaKind.MODEL_SELECTION,
    "hyper": IdeaKind.HYPERPARAMETER_TUNING,
    "tuning": IdeaKind.HYPERPARAMETER_TUNING,
    "optimi": IdeaKind.HYPERPARAMETER_TUNING,
    "training": IdeaKind.TRAINING_PROCEDURE,
    "regulari": IdeaKind.TRAINING_PROCEDURE,
    "validation": IdeaKind.TRAINING_PROCEDURE,
    "ensembl": IdeaKind.ENSEMBLING,
    "stacking": IdeaKind.ENSEMBLING,
    "blend": IdeaKind.ENSEMBLING,
    "post": IdeaKind.POST_PROCESSING,
    "calibrat": IdeaKind.POST_PROCESSING,
    "threshold": IdeaKind.POST_PROCESSING,
}


def text(value: Any, most: int) -> str:
    """Return a value as one line without control characters and of at most so many characters."""
    flat = "; ".join(_texts(value, most * 4, _DEEP))[: most * 8]
    plain = "".join(" " if c.isspace() else c for c in flat if c.isspace() or unicodedata.category(c)[0] != "C")
    return line(_TAG.sub("", plain), most)


def texts(value: Any, items: int, most: int) -> tuple[str, ...]:
    """Return a value as so many lines at most: a list's items, or the lines of a text; each line once."""
    if isinstance(value, str):
        parts: Any = value[: items * most * 4].splitlines()
    elif isinstance(value, Mapping):
        parts = list(value.values())
    else:
        parts = value if isinstance(value, list) else [value]
    said = (_BULLET.sub("", text(part, most)) for part in parts[: items * 4])
    return tuple(dict.fromkeys(s for s in said if s))[:items]


def _texts(value: Any, most: int, deep: int) -> Iterator[str]:
    """Yield the texts in a value, depth first, within bounds."""
    if isinstance(value, str):
        yield value[:most]
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, (int, float)):
        yield _digits(value)
    elif deep and isinstance(value, (list, Mapping)):
        inner = list(value.values()) if isinstance(value, Mapping) else value
        for part in inner[:20]:
            yield from _texts(part, most, deep - 1)


def _digits(value: float) -> str:
    try:
        return f"{float(value):.10g}"
    except OverflowError:
        return ""


def number(value: Any) -> float | None:
    """Return a finite number, from a number or from a text that holds one (`5 %` is 0.05), or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        found = _NUMBER.search(value[:60])
        if found is None:
            return None
        percent = value[found.end() : found.end() + 2].strip().startswith("%")
        value = float(found.group()) * (0.01 if percent else 1.0)
    try:
        made = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return made if math.isfinite(made) else None


def gain(value: Any) -> float | None:
    """Return a relative gain between -1 and 1, or None where none is said."""
    made = number(value)
    if made is None:
        return None
    return round(max(-1.0, min(1.0, made)), 6)


def level(value: Any) -> int:
    """Return 1 to 5; what says nothing of that kind is in the middle."""
    if isinstance(value, str) and (word := value.strip().lower()[:20]) in _LEVELS:
        return _LEVELS[word]
    made = number(value)
    return 3 if made is None else round(max(1.0, min(5.0, made)))


def kind(value: Any, kinds: tuple[IdeaKind, ...]) -> IdeaKind | None:
    """Return the nearest kind, or None for one that nothing is near to or that is not among those asked for."""
    said = re.sub(r"[^a-z]+", "_", text(value, 60).lower()).strip("_")
    near = difflib.get_close_matches(said, [k.value for k in IdeaKind], n=1, cutoff=0.75) if said else []
    if near:
        found: IdeaKind | None = IdeaKind(near[0])
    else:
        found = next((k for word, k in _NEAR.items() if word in said), None)
    if found is None and len(kinds) == 1:
        return kinds[0]
    return found if not kinds or found in kinds else None
