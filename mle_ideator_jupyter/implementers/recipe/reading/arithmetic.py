"""Features that an idea writes as sums: ratios, differences, products, totals, and numbers within a group."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mle_ideator_jupyter.implementers.recipe.reading.naming import COLUMN, ID, TARGET, Names
from mle_ideator_jupyter.implementers.recipe.reading.scene import Piece, Scene, feature

ANY = r"§[a-z]+§"
_OF = r"\s*(?:the\s+|each\s+|its\s+|every\s+|a\s+)?"
LIST = rf"{COLUMN}(?:\s*(?:,\s*and|,|and|&|\+|or|/)\s*{COLUMN})*"
_STAT = r"(?P<stat>mean|average|avg|median|std|standard deviation|max(?:imum)?|min(?:imum)?)"
_BY = r"\s*(?:values?\s+)?(?:by|per|for each|for every|within(?: each| a)?|in each|inside each|grouped by|across|over|for)\s*(?:the\s+|level of\s+|value of\s+)?"
_TWO = {
    "ratio": (
        rf"(?P<a>{ANY})\s*(?:/|÷)\s*(?P<b>{ANY})",
        rf"ratio (?:of|between){_OF}(?P<a>{ANY})\s*(?:to|and|over|by|/|with){_OF}(?P<b>{ANY})",
        rf"(?P<a>{ANY})\s*(?:divided by|over|relative to|normali[sz]ed by|as a (?:share|fraction|percentage|proportion) of){_OF}(?P<b>{ANY})",
        rf"(?P<a>{ANY})\s*per{_OF}(?P<b>{ANY})",
        rf"divid(?:e|ing){_OF}(?P<a>{ANY})\s*by{_OF}(?P<b>{ANY})",
        rf"(?P<a>{ANY})[- ]to[- ](?P<b>{ANY})(?: ratio)?",
    ),
    "difference": (
        rf"(?P<a>{ANY})\s*[-−–]\s*(?P<b>{ANY})",
        rf"(?P<a>{ANY})\s*(?:minus|less){_OF}(?P<b>{ANY})",
        rf"(?:difference|gap) (?:of|between){_OF}(?P<a>{ANY})\s*(?:and|to){_OF}(?P<b>{ANY})",
        rf"subtract(?:ing)?{_OF}(?P<b>{ANY})\s*from{_OF}(?P<a>{ANY})",
    ),
    "product": (
        rf"(?P<a>{ANY})\s*[*×x·]\s*(?P<b>{ANY})",
        rf"(?P<a>{ANY})\s*(?:times|multiplied by|multiplied with){_OF}(?P<b>{ANY})",
        rf"product (?:of|between){_OF}(?P<a>{ANY})\s*(?:and|with){_OF}(?P<b>{ANY})",
        rf"multiply(?:ing)?{_OF}(?P<a>{ANY})\s*(?:by|with|and){_OF}(?P<b>{ANY})",
        rf"interactions?(?: terms?| features?)?\s*(?:between|of|for|:){_OF}(?P<a>{ANY})\s*(?:and|with|[x×*]|,){_OF}(?P<b>{ANY})",
        rf"(?P<a>{ANY})\s*(?:-|and|/|–|by)\s*(?P<b>{ANY})\s*interactions?",
    ),
}
_GROUPED = (
    rf"{_STAT}\s*(?:of\s*)?{_OF}(?P<n>{ANY}){_BY}(?P<g>{COLUMN})",
    rf"(?:group(?:ed|ing)?\s*by|for each|for every|per|within each){_OF}(?P<g>{COLUMN})[^§]*?{_STAT}\s*(?:of\s*)?{_OF}(?P<n>{ANY})",
    rf"(?P<g>{COLUMN})[- ](?:level|wise|specific)?\s*{_STAT}\s*(?:of\s*)?{_OF}(?P<n>{ANY})",
    rf"{_STAT}\s*(?:of\s*)?{_OF}(?P<n>{ANY})[^§]{{0,12}}\bby\s*(?P<g>{COLUMN})",
)
_DEVIATES = (
    rf"deviations?\s*of{_OF}(?P<n>{COLUMN})\s*from{_OF}(?P<g>{COLUMN})",
    rf"(?P<n>{COLUMN})\s*(?:minus|relative to|compared (?:to|with)){_OF}(?:mean|average|median)\s*(?:of\s*)?(?:{COLUMN})?{_BY}(?P<g>{COLUMN})",
    rf"(?:difference|gap) between{_OF}(?P<n>{COLUMN})\s*and{_OF}(?P<g>{COLUMN})\s*(?:group\s*)?(?:mean|average|median)",
    rf"deviations?\s*of{_OF}(?P<n>{COLUMN})\s*from (?:the |its )?(?:group )?(?:mean|average|median){_BY}(?P<g>{COLUMN})",
    rf"subtract(?:ing)?{_OF}(?:mean|average|median)\s*(?:of\s*)?(?P<n>{COLUMN})(?:{_BY}|\s*of\s*)(?:the\s*)?(?:same\s*)?(?P<g>{COLUMN})\s*from{_OF}(?P=n)",
    rf"(?:cent(?:er|re)|demean)\s*{_OF}(?P<n>{COLUMN}){_BY}(?P<g>{COLUMN})",
)
_STATS = {"average": "mean", "avg": "mean", "standard deviation": "std", "maximum": "max", "minimum": "min"}
_SQUARED = (
    rf"squar(?:e|ing){_OF}(?P<c>{COLUMN})|(?P<a>{COLUMN})\s*(?:squared|(?:\^|\*\*)\s*2)|squares? of{_OF}(?P<b>{COLUMN})"
)


class Sums:
    """What the arithmetic of one clause comes to; `left` is the clause without it, `wrong` what cannot be had."""

    def __init__(self, words: str, names: Names, scene: Scene) -> None:
        self.left, self.names, self.scene = words, names, scene
        self.pieces: list[Piece] = []
        self.wrong: list[str] = []
        self._grouped()
        for op, patterns in _TWO.items():
            for pattern in patterns:
                self._each(pattern, op)
        self._more()

    def _taken(self, pattern: str) -> Iterator[re.Match[str]]:
        while found := re.search(pattern, self.left):
            self.left = f"{self.left[: found.start()]} ; {self.left[found.end() :]}"
            yield found

    def _grouped(self) -> None:
        for pattern in _DEVIATES:
            for found in self._taken(pattern):
                number, group = self._name(found["n"]), self._name(found["g"])
                self._if_number(number, feature("group_deviation", (group, number)))
        for pattern in _GROUPED:
            for found in self._taken(pattern):
                stat = _STATS.get(found["stat"], found["stat"])
                group = self._name(found["g"])
                if found["n"] == TARGET:
                    if stat == "mean":
                        self.pieces.append(feature("target_mean", (group,)))
                    else:
                        self.wrong.append(f"the {stat} of the target: only its mean is learnt out of fold")
                elif found["n"] != ID:
                    number = self._name(found["n"])
                    self._if_number(number, feature("group_stat", (group, number), stat=stat))

    def _each(self, pattern: str, op: str) -> None:
        for found in self._taken(pattern):
            a, b = found["a"], found["b"]
            if {TARGET, ID} & {a, b}:
                which = TARGET if TARGET in {a, b} else ID
                what = "target" if which == TARGET else "id"
                self.wrong.append(f"{op} with {self.names.plain(which)}: the {what} is no feature")
                continue
            self._two(op, self._name(a), self._name(b))

    def _two(self, op: str, a: str, b: str) -> None:
        first, second = self.scene.number(a), self.scene.number(b)
        if first and second:
            self.pieces.append(feature(op, (a, b)))
        elif op == "product" and not first and not second:
            self.pieces.append(feature("cross", (a, b)))
        else:
            self.wrong.append(f"{op} of {a} and {b}: {a if not first else b} holds no numbers")

    def _more(self) -> None:
        for found in self._taken(rf"{COLUMN}(?:\s*(?:\+|plus)\s*{COLUMN})+"):
            self._numbers("sum", found.group())
        for found in self._taken(
            rf"(?:sum|total)(?:s)?\s*(?:of|over|across){_OF}(?P<l>{LIST})|(?:add(?:ing)?|sum) (?:up|together){_OF}(?P<m>{LIST})"
        ):
            self._numbers("sum", found["l"] or found["m"])
        for found in self._taken(_SQUARED):
            name = self._name(found["a"] or found["b"] or found["c"])
            self._if_number(name, feature("product", (name, name)))
        stats = r"(?:mean|average|std|standard deviation|min\w*|max\w*|statistics|stats)"
        rowwise = rf"row[- ]?(?:wise)?\b[^§]*\b{stats}[^§]*?(?P<l>{LIST})|{stats}[^§]*?(?P<m>{LIST})[^§]*(?:per row|row[- ]?wise|of each row|across the row)"
        for found in self._taken(rowwise):
            self._numbers("row_stats", found["l"] or found["m"])

    def _numbers(self, op: str, listed: str) -> None:
        columns = self.names.columns(listed)
        worded = [c for c in columns if not self.scene.number(c)]
        if len(columns) < 2 or worded:
            self.wrong.append(
                f"{op.replace('_', ' ')}: "
                + (f"{worded[0]} holds no numbers" if worded else "it takes two columns or more")
            )
        else:
            self.pieces.append(feature(op, columns))

    def _if_number(self, name: str, piece: Piece) -> None:
        if self.scene.number(name):
            self.pieces.append(piece)
        else:
            self.wrong.append(f"{name} holds no numbers")

    def _name(self, mark: str) -> str:
        return self.names.columns(mark)[0]
