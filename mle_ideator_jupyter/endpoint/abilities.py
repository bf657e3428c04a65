"""Remembers, in this process, what an endpoint's model does not take: found by trying once.

An error that names what was sent is the only sign there is. Once seen, requests go without it.
"""

from __future__ import annotations

import re

_REFUSAL = re.compile(
    r"(?i)not (?:currently )?(?:support|permit|allow|enabl|available|implement)|unsupported|does(?:n't| not)"
    r"|no support|unknown|unrecogni[sz]ed|unexpected|extra (?:input|field)|invalid|require|only|cannot|failed"
    r"|disabled|no endpoints found"
)
_FORMAT = r"response_format|json_?\s?schema|json_object|structured output|grammar|guided"
_SIGNS = {
    "stream_options": r"stream_options|include_usage",
    "stream": r"\bstream(?:ing)?\b",
    "strict_schema": _FORMAT,
    "json_schema": _FORMAT,
    "json_object": _FORMAT,
    "tool_choice": r"tool_choice|tool choice",
    "tools": r"\btools?\b(?! message)|function.?call",
    "max_completion_tokens": r"max_completion_tokens",
    "max_tokens": r"max_tokens",
    "temperature": r"\btemperature\b",
    "seed": r"\bseed\b",
    "stop": r"['\"`]stop['\"`]|\bstop sequence|parameter:? stop|argument:? stop",
    "n": r"(?<![\w.])['\"`]n['\"`]|\bn_parallel|\bn\b ?(?:>|=|must|is|should)|completion choice"
    r"|multiple (?:choices|completions)",
}
_MAY_NAME = {400, 404, 422, 500, 501}
"""Statuses under which endpoints refuse a parameter; some servers say 500 where they mean 400."""


class Abilities:
    """What one model at one endpoint takes, as far as it is known."""

    def __init__(self) -> None:
        self._refused: set[str] = set()
        self._taken: set[str] = set()

    def refuses(self, ability: str) -> bool:
        """Return whether it is known not to take this."""
        return ability in self._refused

    def takes(self, ability: str) -> bool | None:
        """Return whether it takes this; None while that was not tried."""
        return False if ability in self._refused else (True if ability in self._taken else None)

    def worked(self, uses: frozenset[str]) -> None:
        """Remember that a request with all of this was answered."""
        self._taken |= uses

    def refuse(self, ability: str) -> None:
        """Remember that it does not take this."""
        self._refused.add(ability)

    def learn(self, uses: frozenset[str], status: int | None, said: str, parameter: str) -> str | None:
        """Return the ability that this error refuses, having remembered it, or None when it refuses none."""
        if status not in _MAY_NAME:
            return None
        for ability, sign in _SIGNS.items():
            if ability not in uses:
                continue
            named = bool(parameter) and re.search(sign, parameter + f" '{parameter}'") is not None
            refused = ability == "n" or _REFUSAL.search(said)  # of `n` some say only that it must be 1
            if named or (refused and re.search(sign, said, re.IGNORECASE)):
                self.refuse(ability)
                return ability
        return None


_known: dict[tuple[str, str], Abilities] = {}


def abilities_of(base_url: str, model: str) -> Abilities:
    """Return what is known of this model at this endpoint; the same object each time."""
    return _known.setdefault((base_url.rstrip("/"), model), Abilities())


def forget() -> None:
    """Forget everything, as after the endpoint was changed behind its address."""
    _known.clear()
