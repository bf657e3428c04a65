"""Checks evidence against what the model was told: numbers and names that it cites must stand there."""

from __future__ import annotations

import itertools
import math
import re

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.ideators.llm.draft import FACT

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,20})(?:\.\d{1,15})?(?:[eE][-+]?\d{1,3})?(?![\w.]*[A-Za-z_])(?:\s?%)?"
)
_QUOTED = re.compile(r"(?<!\w)(['\"`‘“])([^'\"`’”]{1,80})['\"`’”](?!\w)")
_NAME = re.compile(r"\b(?=\w*[a-zA-Z])(?:\w+_\w+|[A-Za-z]+\d\w*|[A-Za-z]?[a-z]+[A-Z]\w*)\b")
_WORD = re.compile(r"[^\W\d_]{4,}")
_MOST_NUMBERS = 20_000
MOST_FACTS = 80
"""Lines that a grammar chooses among; what tells most stands first in a Brief."""


class Material:
    """The notebook part of a Brief's text, ready to be looked up in."""

    def __init__(self, brief: Brief, told: str) -> None:
        material = told.partition("<notebook>")[2].partition("</notebook>")[0]
        self._lines = material.splitlines()
        self._text = material.casefold()
        self._words = set(_WORD.findall(self._text))
        self._names = set(re.findall(r"\w+", self._text))
        columns = brief.profile.columns if brief.profile and "profile" not in brief.without else ()
        self._columns = {c.name.casefold() for c in columns if c.name.casefold() in self._text}
        found = (_value(m.group()) for m in _NUMBER.finditer(material))
        self._numbers = list(dict.fromkeys(value for value, _, _ in found if value is not None))[:_MOST_NUMBERS]

    def holds(self, fact: str) -> bool:
        """Return whether a piece of evidence stands in the material.

        Every number and name in it does (numbers may be rounded, or be shares as percentages); without any of them,
        a column or most of its words do.
        """
        numbers = [_value(m.group()) for m in _NUMBER.finditer(fact)]
        quoted = [m.group(2).strip().casefold() for m in _QUOTED.finditer(fact)]
        names = [n.casefold() for n in _NAME.findall(fact)]
        if not all(self._has_number(*number) for number in numbers):
            return False
        if not all(self._has_name(name) for name in (*quoted, *names)):
            return False
        return bool(numbers or quoted or names) or self._has_words(fact)

    def facts(self) -> tuple[str, ...]:
        """Return the lines of the material that can be cited as they stand, each once, at most `MOST_FACTS`."""
        lines = (line.strip().removeprefix("- ") for line in self._lines)
        held = (line for line in lines if 8 <= len(line) <= FACT and line[0] != "#" and self.holds(line))
        return tuple(itertools.islice(dict.fromkeys(held), MOST_FACTS))

    def _has_name(self, name: str) -> bool:
        return name in self._names or name in self._columns or (not name.isidentifier() and name in self._text)

    def _has_words(self, fact: str) -> bool:
        words = set(_WORD.findall(fact.casefold()))
        column = any(re.search(rf"\b{re.escape(name)}\b", fact.casefold()) for name in self._columns)
        return bool(words) and (column or len(words & self._words) >= 0.6 * len(words))

    def _has_number(self, value: float | None, step: float, percent: bool) -> bool:
        if value is None:
            return False
        exact = 1e-9 if step == 1.0 and abs(value) < 10 else 0.51 * step  # a small whole number is not a rounded one
        readings = [(value, exact)]
        if percent:
            readings.append((value / 100, 0.0051 * step))
        elif abs(value) <= 1 and step < 1:
            readings.append((value * 100, 51 * step))
        return any(abs(n - v) <= near for n in self._numbers for v, near in readings)


def _value(text: str) -> tuple[float | None, float, bool]:
    """Return a number, the size of one unit of its last digit, and whether it is a percentage."""
    digits = text.strip().rstrip("%").strip().replace(",", "")
    try:
        value = float(digits)
    except ValueError:
        return None, 1.0, False
    mantissa, _, exponent = digits.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return value if math.isfinite(value) else None, 10.0 ** (int(exponent or 0) - decimals), text.endswith("%")
