"""What text can tell: dates, natural orders of levels, a common structure, free text."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Sequence

import numpy as np

from mle_ideator_jupyter.profile.reading import Floats

_FORMATS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?", ()),
    (r"\d{4}/\d{1,2}/\d{1,2}.*", ("%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S")),
    (
        r"\d{1,2}/\d{1,2}/\d{4}.*",
        ("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S"),
    ),
    (r"\d{1,2}/\d{1,2}/\d{2}", ("%m/%d/%y", "%d/%m/%y")),
    (r"\d{1,2}\.\d{1,2}\.\d{4}.*", ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S")),
    (r"\d{1,2}-\d{1,2}-\d{4}.*", ("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M")),
    (r"\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{4}", ("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%d-%B-%Y")),
    (r"[A-Za-z]{3,9} \d{1,2},? \d{4}", ("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y")),
    (r"(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])", ("%Y%m%d",)),
    (r"\d{4}-\d{2}", ("%Y-%m",)),
)
_PARSED = 0.95
"""A column is dates when this share of its distinct values are."""


def dates(values: Sequence[str | None]) -> Floats | None:
    """Return text dates as days since 1970 (NaN where missing or no date), or None when this is no column of dates.

    One format is taken for the whole column; where 3/4/2020 could be March or April, whichever all values fit,
    March first.
    """
    levels = list(dict.fromkeys(v for v in values if v is not None))
    if not levels:
        return None
    probe = [v.strip() for v in levels[:: max(1, len(levels) // 50)]]
    for pattern, formats in _FORMATS:
        shape = re.compile(pattern)
        if sum(1 for v in probe if shape.fullmatch(v)) < _PARSED * len(probe):
            continue
        days = _iso(levels) if not formats else _best(levels, probe, formats)
        if days is not None:
            return np.array([math.nan if v is None else days[v] for v in values], dtype=np.float64)
    return None


def _iso(levels: list[str]) -> dict[str, float] | None:
    found = {v: _iso_days(v) for v in levels}
    return found if _enough(found.values()) else None


def _iso_days(value: str) -> float:
    value = value.strip()
    try:  # "2020-1-5" is written often enough, and is no ISO date
        year, month, day = (int(p) for p in value.split("T")[0].split(" ")[0].split("-"))
        days = dt.date(year, month, day).toordinal() - 719_163
        clock = re.search(r"[T ](\d{1,2}):(\d{2})(?::(\d{2}))?", value)
    except ValueError:
        return math.nan
    return (
        days + sum(int(p or 0) / d for p, d in zip(clock.groups(), (24, 1440, 86400), strict=True)) if clock else days
    )


def _best(levels: list[str], probe: list[str], formats: Iterable[str]) -> dict[str, float] | None:
    for form in formats:
        if _enough([_parsed(v, form) for v in probe]):
            found = {v: _parsed(v.strip(), form) for v in levels}
            if _enough(found.values()):
                return found
    return None


def _parsed(value: str, form: str) -> float:
    try:
        moment = dt.datetime.strptime(value, form)  # noqa: DTZ007 - only differences between rows matter
    except ValueError:
        return math.nan
    return moment.toordinal() - 719_163 + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86400


def _enough(days: Iterable[float]) -> bool:
    found = [math.isfinite(d) for d in days]
    return bool(found) and sum(found) >= _PARSED * len(found)


# ---------------------------------------------------------------- natural orders

_NOTHING = frozenset({"", "none", "no", "na", "n/a", "nan", "unknown", "unk", "missing", "other", "refused"})
"""Levels that stand outside an order; `none` and `no` come first, the others are left out of it."""
_UNKNOWN = re.compile(r"(?i)[\s_-](unk|unknown|missing|nan?)$")
_SCALES = """
none < very low < low < lower < medium low < med < medium < mid < moderate < average < normal < medium high < high <
  higher < very high < extreme
none < tiny < extra small < small < medium < big < large < extra large < huge
xxs < xs < s < m < l < xl < xxl < xxxl
po < fa < ta < gd < ex
no < mn < av < gd
unf < lwq < rec < blq < alq < glq
sal < sev < maj2 < maj1 < mod < min2 < min1 < typ
none < unf < rfn < fin
awful < terrible < very poor < very bad < poor < bad < below average < fair < average < ok < okay < acceptable <
  typical < satisfactory < above average < good < very good < great < premium < excellent < ideal < outstanding < superb
never < almost never < rarely < seldom < occasionally < sometimes < often < usually < frequently <
  almost always < always
strongly disagree < disagree < somewhat disagree < neutral < neither agree nor disagree < somewhat agree < agree <
  strongly agree
very dissatisfied < dissatisfied < neutral < satisfied < very satisfied
none < trivial < mild < slight < minor < moderate < serious < major < severe < critical < fatal
cold < cool < mild < warm < hot
i3 < i2 < i1 < si2 < si1 < vs2 < vs1 < vvs2 < vvs1 < if < fl
infant < baby < child < kid < teen < teenager < adolescent < young < young adult < adult < middle < middle aged < old <
  senior < elderly
beginner < novice < intermediate < advanced < expert < master
trainee < intern < junior < associate < mid < senior < lead < principal < director
iron < bronze < silver < gold < platinum < diamond
economy < eco < premium economy < eco plus < business < first
preschool < 1st 4th < 5th 6th < 7th 8th < 9th < 10th < 11th < 12th < hs grad < high school < some college < assoc voc <
  assoc acdm < associate < bachelors < bachelor < masters < master < prof school < doctorate < phd
first < second < third < fourth < fifth
one < two < three < four < five < six < seven < eight < nine < ten
jan < feb < mar < apr < may < jun < jul < aug < sep < oct < nov < dec
january < february < march < april < may < june < july < august < september < october < november < december
mon < tue < wed < thu < fri < sat < sun
monday < tuesday < wednesday < thursday < friday < saturday < sunday
night < early morning < morning < noon < afternoon < evening
"""
_RANKS = [
    {word: i for i, word in enumerate(scale.split(" < "))}
    for scale in _SCALES.strip().replace(" <\n  ", " < ").split("\n")
]
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_PREFIXES = r"(?:level|grade|stage|tier|step|rank|phase|class|q|quarter|year|week|day|size|term|band|bin|age)"
_LEADING = re.compile(
    rf"(?i)^\s*{_PREFIXES}?[\s_-]*([<>≤≥]=?|under|over|up to|less than|more than|lt|gt|le|ge)?[\s_]*[$€£]?\s*"
    r"(-?(?:\d[\d,]*)?\.?\d+)"
)
_GRADE = re.compile(r"^([A-Za-z])[\s_-]?(\d{1,2}|[+-])?$")
_MOST_LEVELS = 40


def natural_order(levels: Iterable[str]) -> tuple[str, ...]:
    """Return the levels in their natural order, or () when none can be guessed from the words themselves.

    That the target rises with the levels proves nothing, so the target is not asked.
    """
    known = [v for v in levels if v.strip().lower() not in _NOTHING and not _UNKNOWN.search(v)]
    nothing = [v for v in levels if v.strip().lower() in {"none", "no"}]
    if not 3 <= len(known) + len(nothing) <= _MOST_LEVELS or len(known) < 2:
        return ()
    return _by_words([*nothing, *known]) or _by_words(known) or _by_number(known) or _by_letter(known)


def _by_words(levels: list[str]) -> tuple[str, ...]:
    words = {v: re.sub(r"[\s_/-]+", " ", v.strip().lower()) for v in levels}
    if all(re.fullmatch(_MONTH, w) for w in words.values()):
        words = {v: w[:3] for v, w in words.items()}
    for scale in _RANKS:
        found = [scale.get(w) for w in words.values()]
        if None not in found and len(set(found)) == len(levels) >= 3:
            return tuple(sorted(levels, key=lambda v: scale[words[v]]))
    return ()


def _by_number(levels: list[str]) -> tuple[str, ...]:
    """Return levels that lead with numbers ("<18", "18-25", "65+", "emp_lt_1", "emp_10_plus") in order."""
    first, last = min(levels), max(levels)
    alike = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    stem = re.match(r"[A-Za-z_\s-]*[_\s-]", first[:alike])
    bare = [v[len(stem.group()) :] for v in levels] if stem else levels
    keys = [_number_key(v) for v in bare]
    known = [k for k in keys if k is not None]
    if len(known) < len(levels) or len(levels) < 3 or len(set(known)) < len(levels):
        return ()
    if stem and not any(side for _, side in known) and not re.match(_PREFIXES, stem.group(), re.IGNORECASE):
        return ()
    if not stem and all(v.strip().isdigit() for v in bare):
        return ()
    return tuple(level for _, level in sorted(zip(known, levels, strict=True)))


def _number_key(level: str) -> tuple[float, int] | None:
    """Return a level's first number, and whether it stands for less (-1), itself, or more (1)."""
    found = _LEADING.match(level)
    if not found:
        return None
    sign, rest = (found.group(1) or "").lower(), level[found.end() :].lstrip(" _").lower()
    less = sign.startswith(("<", "≤", "lt", "le", "under", "up"))
    more = sign.startswith((">", "≥", "gt", "ge", "over", "more")) or rest.startswith(
        ("+", "plus", "or more", "and over")
    )
    return float(found.group(2).replace(",", "")), -1 if less else int(more)


def _by_letter(levels: list[str]) -> tuple[str, ...]:
    """Return grades such as A1 … G5, A+ … D-, or successive letters such as D … J, in order."""
    found = {v: _GRADE.match(v.strip()) for v in levels}
    if len(levels) < 3 or not all(found.values()):
        return ()
    pairs = {v: (m.group(1).upper(), m.group(2) or "") for v, m in found.items() if m}
    letters = sorted({letter for letter, _ in pairs.values()})
    whole = ord(letters[-1]) - ord(letters[0]) + 1 == len(letters)
    marked = sum(1 for _, mark in pairs.values() if mark)
    if not whole or (not marked and len(letters) < 4) or (0 < marked < len(levels) and len(letters) < 2):
        return ()
    place = {"+": -1, "": 0, "-": 1}
    return tuple(
        sorted(levels, key=lambda v: (pairs[v][0], place.get(pairs[v][1]) or int(pairs[v][1].strip("+-") or 0)))
    )


# ---------------------------------------------------------------- structure and words

_SEPARATORS = ("/", "|", ";", ",", "_", "-", ":", ".", " ")


def separated(values: Sequence[str]) -> tuple[str, int] | None:
    """Return the separator and the number of parts that nearly all of the values share (2 to 8 parts), or None."""
    if len(values) < 3:
        return None
    for separator in _SEPARATORS:
        counts = [v.count(separator) for v in values]
        parts = max(set(counts), key=counts.count) + 1
        if not 2 <= parts <= 8 or counts.count(parts - 1) < 0.95 * len(values):
            continue
        pieces = [v.split(separator) for v in values if v.count(separator) == parts - 1]
        varied = sum(1 for i in range(parts) if len({p[i] for p in pieces}) > 1)
        if all(all(x.strip() for x in p) for p in pieces) and varied >= 2 and not _all_numbers(values):
            return separator, parts
    return None


def _all_numbers(values: Sequence[str]) -> bool:
    return all(re.fullmatch(r"\s*-?[\d.,]+\s*", v) for v in values)


def mean_words(values: Sequence[str]) -> float:
    """Return the mean number of words of the values."""
    return sum(len(v.split()) for v in values) / len(values) if values else 0.0
