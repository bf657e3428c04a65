"""Finds the columns that a text names: quoted or bare, in any case; each becomes a mark such as `§bc§`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mle_ideator_jupyter.implementers.recipe.reading.scene import Scene

COLUMN = r"§[a-j]+§"
TARGET, ID = "§t§", "§y§"
_LETTERS = "abcdefghij"
"""What stands for the digits of a column's place, so that no mark is taken for a number."""
_QUOTED = re.compile(r"`([^`\n]{1,80})`|\"([^\"\n]{1,80})\"|(?<!\w)'([^'\n]{1,80})'(?!\w)|“([^”\n]{1,80})”")
_PHRASES = re.compile(
    r"""\b(?:day[ _]?of[ _](?:the[ _])?(?:week|month|year) | week[ _]of[ _](?:the[ _])?year | (?:hour|time)[ _]of[ _](?:the[ _])?day
    | month[ _]of[ _](?:the[ _])?year | learning[ _-]rates? | class[ _-]weights? | sample[ _-]weights?
    | target[ _-](?:encod\w+|means?|transform\w*|variable|column) | count[ _-]?encod\w+ | frequency[ _-]encod\w+ | count\ data
    | date[ _](?:parts|features|components|column) | text[ _](?:features|columns?) | default\ (?:values?|parameters|settings|model)
    | time[ _]series | number\ of | test\ (?:set|rows|data) | train(?:ing)?\ (?:set|rows|data) | by\ default
    | year-over-year | day[s]?\ elapsed | one[ ](?:hour|day|week|month)|per[ ]class(?!\w) | class[ ]imbalance)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_WORDS = frozenset(
    [
        "age",
        "class",
        "classes",
        "count",
        "counts",
        "date",
        "day",
        "days",
        "default",
        "feature",
        "features",
        "hour",
        "id",
        "label",
        "level",
        "mean",
        "median",
        "min",
        "max",
        "mode",
        "model",
        "month",
        "number",
        "order",
        "rank",
        "rate",
        "ratio",
        "row",
        "score",
        "size",
        "split",
        "std",
        "sum",
        "target",
        "test",
        "text",
        "time",
        "title",
        "total",
        "train",
        "trees",
        "type",
        "value",
        "values",
        "week",
        "weight",
        "weights",
        "year",
    ]
)
"""Names that are also words of the trade: bare, they are columns only as the data spell them."""


class Names:
    """The names of the data's columns, ready to be looked for."""

    def __init__(self, scene: Scene) -> None:
        self._columns = [c.name for c in scene.profile.columns]
        self._marks = {name: f"§{_lettered(k)}§" for k, name in enumerate(self._columns)}
        self._marks[scene.binding.target] = TARGET
        if scene.binding.id_column:
            self._marks[scene.binding.id_column] = ID
        self._exact = {name.casefold(): mark for name, mark in self._marks.items()}
        self._back = {mark: name for name, mark in self._marks.items()}
        longest = sorted((n for n in self._marks if n.strip()), key=len, reverse=True)
        self._bare = [(n, re.compile(_pattern(n), 0 if n.casefold() in _WORDS else re.IGNORECASE)) for n in longest]

    def mark(self, text: str) -> tuple[str, list[str]]:
        """Return the text with its columns marked, and the quoted names that are no column's."""
        unknown: list[str] = []

        def quoted(found: re.Match[str]) -> str:
            inner = next(g for g in found.groups() if g is not None)
            mark = self._exact.get(inner.strip().casefold())
            tick = found.group().startswith("`")
            given = text[: found.start()].rstrip()[-1:] in {"=", "("}
            if mark is None and re.fullmatch(r"[A-Za-z]\w*", inner) and (tick or "_" in inner) and not given:
                unknown.append(inner)
            return mark or f" {inner} "

        text = _QUOTED.sub(quoted, text.replace("§", " "))
        kept: list[str] = []

        def aside(found: re.Match[str]) -> str:
            kept.append(found.group())
            return f"\x00{len(kept) - 1}\x00"

        marked = _PHRASES.sub(aside, text)
        for name, pattern in self._bare:
            marked = pattern.sub(self._marks[name], marked)
        return re.sub(r"\x00(\d+)\x00", lambda m: kept[int(m.group(1))], marked), unknown

    def marked(self, column: str) -> str:
        """Return the mark of a column."""
        return self._marks[column]

    def plain(self, marked: str) -> str:
        """Return a marked text with the columns' names in it again."""
        return re.sub(r"§[a-z]+§", lambda m: self._back[m.group()], marked)

    def columns(self, marked: str) -> tuple[str, ...]:
        """Return the feature columns that a marked text names, in its order, each once."""
        return tuple(dict.fromkeys(self.each(marked)))

    def each(self, marked: str) -> Iterator[str]:
        """Yield the feature columns of a marked text as often as they stand there."""
        for found in re.finditer(COLUMN, marked):
            yield self._back[found.group()]


def _lettered(place: int) -> str:
    return "".join(_LETTERS[int(digit)] for digit in str(place))


def _pattern(name: str) -> str:
    """Return the pattern of a bare name; a space and an underscore are one."""
    spelt = "".join(r"[_\s]" if c in " _" else re.escape(c) for c in name)
    return rf"(?<![\w§.]){spelt}(?![\w§])"
