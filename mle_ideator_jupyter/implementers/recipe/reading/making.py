"""Features that an idea makes of dates, levels, texts and rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mle_ideator_jupyter.implementers.recipe.reading.clauses import Clause
from mle_ideator_jupyter.implementers.recipe.reading.scene import Piece, Scene, feature

_PARTS = {
    "year": r"\byears?\b(?! of)",
    "month": r"\bmonths?\b",
    "day": r"\bdays?\b(?![ _]?(?:of|elapsed|since|type)|s since)(?:[ _]of[ _](?:the[ _])?month)?|day[ _]of[ _](?:the[ _])?month",
    "dayofweek": r"day[ _]?of[ _]?(?:the[ _]?)?week|weekdays?\b|\bdow\b",
    "dayofyear": r"day[ _]?of[ _]?(?:the[ _]?)?year",
    "hour": r"\bhours?\b",
    "week": r"\bweek(?:[ _]of[ _](?:the[ _])?year| number|ofyear)|(?<!of )(?<!of the )\bweeks?\b(?! ?end)",
    "is_weekend": r"week-?ends?\b|is_weekend",
    "elapsed": r"(?:days?[- ])?elapsed(?:[- ]days?)?|\bdays since\b|number of days|trend|time index",
}
_PERIODS = {
    "hour": 24,
    "month": 12,
    "mosold": 12,
    "weekday": 7,
    "dayofweek": 7,
    "day_of_week": 7,
    "dow": 7,
    "minute": 60,
    "dayofyear": 365,
    "day": 31,
}
CYCLE = re.compile(
    r"\bsine?s?\b|\bcosines?\b|\bcos\b|cyclic\w*|circular\w*|\bas a (?:cycle|circle)\b|fourier|periodic (?:encod|feature|transform)\w*"
)
_DATES = re.compile(r"\bdate|calendar|extract|deriv|decompos|component|parts?\b|\bfrom\b|seasonal|add\b|split|creat")


def features(clause: Clause, scene: Scene) -> Iterator[Piece]:
    """Yield the features that a clause asks for, sums aside."""
    words, columns = clause.words, clause.columns
    yield from _dates(words, columns, scene)
    if CYCLE.search(words):
        yield from _cycles(words, columns, scene)
    numbers = tuple(c for c in columns if scene.number(c))
    if re.search(r"k-?means|cluster", words):
        yield from _clusters(words, numbers)
    if re.search(
        r"(?:number|count|sum) of (?:the )?(?:missing|null|nan)|count (?:the )?(?:missing|null|nan)|missing[- ](?:value )?count",
        words,
    ):
        yield feature("missing_count", columns if len(columns) > 1 else ())
    yield from _texts(words, columns, scene)
    if re.search(r"\bround(?:ed|ing)?\b", words) and numbers and "predict" not in words:
        digits = re.search(r"(\d) (?:digits?|decimals?)", words)
        yield feature("round", numbers, digits=int(digits.group(1)) if digits else 0)
    if (
        re.search(r"nearest|neighbou?r", words)
        and re.search(r"(?:mean|average) (?:target|§t§)|target (?:mean|average)", words)
        and numbers
    ):
        found = re.search(r"(\d+) (?:nearest|neighbou?rs)", words)
        yield feature("neighbours", numbers, n=int(found.group(1)) if found else 10)
    yield from _counts(words, columns)
    yield from _crosses(words, columns, scene)


def _dates(words: str, columns: tuple[str, ...], scene: Scene) -> Iterator[Piece]:
    every = scene.dates()
    named = tuple(c for c in columns if c in every)
    if not every or CYCLE.search(words):
        return
    bare = re.sub(r"§[a-j]+§", " ", words)
    parts, left = [], bare
    for part in ("dayofyear", "dayofweek", "is_weekend", "week", "elapsed", "year", "month", "day", "hour"):
        if re.search(_PARTS[part], left):
            parts.append(part)
            left = re.sub(_PARTS[part], " ", left)
    if (
        named
        and not parts
        and re.search(
            r"date[- ]?(?:time)? (?:features|parts|components)|calendar|decompos|components|split|time features|temporal features",
            bare,
        )
    ):
        parts = ["year", "month", "day", "dayofweek"]
    if (
        not parts
        or not _DATES.search(bare)
        or (not named and (columns or not re.search(r"\bdate|calendar|timestamp|extract|trend|elapsed", bare)))
    ):
        return
    ordered = sorted(parts, key=lambda p: _at(_PARTS[p], bare))
    for column in named or every:
        yield feature("date_parts", (column,), parts=ordered)


def _at(pattern: str, words: str) -> int:
    found = re.search(pattern, words)
    return found.start() if found else 0


def _cycles(words: str, columns: tuple[str, ...], scene: Scene) -> Iterator[Piece]:
    said = re.search(r"period(?: of)?\s*[:=]?\s*(\d+(?:\.\d+)?)|/\s*(\d+(?:\.\d+)?)", words)
    for column in columns:
        known = scene.column(column)
        if said:
            period = float(said.group(1) or said.group(2))
        elif known.role == "date":
            period = 365.25
        else:
            period = known.period or _PERIODS.get(column.casefold(), 0)
        if period > 0 and (known.role == "date" or scene.number(column)):
            yield feature("cyclic", (column,), period=int(period) if period == int(period) else period)


def _clusters(words: str, numbers: tuple[str, ...]) -> Iterator[Piece]:
    found = re.search(r"(?:\bk|n_clusters)\s*(?:=|of)\s*(\d+)|(\d+)\s*(?:clusters|groups|centroids)", words)
    if (
        not re.search(r"k-?means|clustering|cluster (?:labels?|distances?|ids?|features?|member\w+)|clusters", words)
        and not numbers
    ):
        return
    count = int(found.group(1) or found.group(2)) if found else 8
    if 2 <= count <= 100:
        made = feature("clusters", numbers, n=count)
        yield Piece(path=made.path, value=made.value, how="add", loose=not numbers)


def _texts(words: str, columns: tuple[str, ...], scene: Scene) -> Iterator[Piece]:
    worded = tuple(c for c in columns if scene.column(c).role in {"text", "categorical"})
    if re.search(
        r"\blengths?\b|(?:number|count) of (?:the )?(?:words|characters|tokens)|word count|character count|(?:count|counting) (?:the )?(?:words|characters)",
        words,
    ):
        lengthy = tuple(c for c in worded if scene.column(c).role == "text") or worded or scene.texts()
        if lengthy:
            made = feature("text_length", lengthy)
            yield Piece(path=made.path, value=made.value, how=made.how, loose=not worded)
    for column in worded:
        known = scene.column(column)
        if known.parts and re.search(r"\bsplit|\bprefix|first (?:part|letter|token)|\bparts?\b", words):
            yield feature("split", (column,), sep=known.parts[0], index=0)
        if re.search(r"(?:extract|parse|take).{0,20}\b(?:number|digits|numeric)", words):
            yield feature("number_in_text", (column,))


def _counts(words: str, columns: tuple[str, ...]) -> Iterator[Piece]:
    wants = r"(?:add|append|create|include|new).{0,40}(?:frequenc(?:y|ies)|counts?)\b|how often each"
    if columns and re.search(wants, words) and not re.search(r"encod|replac|missing|words|characters", words):
        yield feature("count", columns)


def _crosses(words: str, columns: tuple[str, ...], scene: Scene) -> Iterator[Piece]:
    if len(columns) < 2 or not re.search(
        r"concatenat|combin\w+|\bcross\w*|\bjoin\w*|interact\w*|\bpair\b|jointly", words
    ):
        return
    mean = re.search(r"target[- ]?(?:mean )?encod|target mean|mean target", words)
    worded = any(not scene.number(c) for c in columns)
    if mean:
        yield feature("target_mean", columns)
    elif worded and all(scene.column(c).distinct <= 1000 for c in columns):
        if not all(scene.number(c) != worded for c in columns) and not re.search(
            r"categor|concatenat|cross|\bkey\b", words
        ):
            return  # a level times a number is no cross
        yield feature("cross", columns)
    elif re.search(r"categor\w*|concatenat|\bkey\b|\bcross\w*", words):
        yield feature("cross", columns)
