"""Reads a score out of what a cell printed: a line of its own that says `metric: value`, and nothing looser.

The name is the task's metric or one of its aliases, in any case, with `val`, `valid`, `validation` or `cv` before it
where the author likes. The last such line is the cell's last word, also when its value is no finite number: then
there is no score, for an earlier one would flatter a run that diverged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.metrics import metric_named
from mle_ideator_jupyter.protocols import Reported

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|[-+]?inf(?:inity)?|nan"
_LINE = re.compile(rf"(?i)\s*(?:(?:val|valid|validation|cv)[ _-])?([a-z][\w -]{{0,60}}?)\s*:\s*({_NUMBER})\s*")


def read(outputs: Iterable[dict[str, Any]], metric: str) -> Reported | None:
    """Return the score that nbformat outputs say in words, or None. Only what was printed to standard output counts."""
    found: float | None = None
    for output in outputs:
        if output.get("output_type") == "stream" and output.get("name") == "stdout":
            found = _last(str(output.get("text", "")), metric, found)
    return Reported(value=found) if found is not None and math.isfinite(found) else None


def _last(text: str, metric: str, found: float | None) -> float | None:
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match and _is(match[1], metric):
            value = float(match[2])
            # scikit-learn turns errors round so that more is better; a score here is in its metric's own sign
            found = -value if _plain(match[1]).startswith("neg_") else value
    return found


def _is(name: str, metric: str) -> bool:
    if _plain(name) == _plain(metric):
        return True
    try:
        return metric_named(name).name == metric
    except UsageError:
        return False


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")
