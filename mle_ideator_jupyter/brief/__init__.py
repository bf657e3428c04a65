"""The Brief: exactly what an agent is told, fitted to a token budget and free of secrets.

What is said of the notebook (its data, history and code) stands between `<notebook>` and `</notebook>`: it is material,
never instructions. What changes from trial to trial stands behind what does not, so that an endpoint that caches
prefixes can reuse them. What was left out, by level (`compaction`) or by choice, is said in the text.
"""

from __future__ import annotations

from mle_ideator_jupyter.brief.brief import Brief, HistoryItem
from mle_ideator_jupyter.brief.compaction import PARTS, Level, Part, chosen, level_of, parts_of
from mle_ideator_jupyter.brief.past import ran_out
from mle_ideator_jupyter.brief.redaction import redact, redact_outputs
from mle_ideator_jupyter.brief.tokens import CHARACTERS_PER_TOKEN, estimate_tokens

__all__ = [
    "CHARACTERS_PER_TOKEN",
    "PARTS",
    "Brief",
    "HistoryItem",
    "Level",
    "Part",
    "chosen",
    "estimate_tokens",
    "level_of",
    "parts_of",
    "ran_out",
    "redact",
    "redact_outputs",
]
