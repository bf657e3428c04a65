"""Takes a text apart into clauses: what is asked for, without what is denied or only there for the way."""

from __future__ import annotations

import re

from msgspec.structs import replace

from mle_ideator_jupyter.implementers.recipe.reading.models import FAMILIES
from mle_ideator_jupyter.implementers.recipe.reading.naming import Names
from mle_ideator_jupyter.model import Struct

_VERBS = (
    "add|append|apply|average|bag|bin|blend|calibrate|clip|combine|compute|concatenate|convert|create|cross|derive|"
    "discretize|drop|encode|exclude|extract|fill|fit|flag|group|impute|include|increase|decrease|lower|raise|limit|"
    "merge|multiply|one-hot encode|optimi[sz]e|predict|project|reduce|remove|replace|require|round|run|scale|search|"
    "select|set|split|square|stack|standardi[sz]e|subtract|switch|take|target[- ]encode|train|treat|tune|use|weigh|"
    "winsori[sz]e|do not|don't|never|also|then|keep|leave"
)
_CUT = re.compile(
    rf";|\n|\.\s+(?=[A-Z§])|\.$|(?:,\s*|\s+)(?:and|then|but)\s+(?=(?:{_VERBS})\b)|,\s*(?=(?:{_VERBS})\b)|\s+—\s+",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:do not|don['’]?t|does not|doesn['’]?t|never|avoid(?:ing)?|without|instead of|rather than|in place of|as opposed to|"
    r"no longer|not(?! only))\b[^,;.()]*",
    re.IGNORECASE,
)
_NEEDLESS = re.compile(r"\b(?:not needed|unnecessary|not necessary|off|disabled)$", re.IGNORECASE)
_EXCHANGED = re.compile(
    r"^(\W*(?:\w+\s+)?)\b(replac\w*|swap\w*|switch\w*|chang\w*|mov\w*|substitut\w*)\s+(?!to\b)(?:from\s+)?(.+?)\s+(?:with|by|to|for|into)\s+(.+)$",
    re.IGNORECASE,
)
_GROUP = re.compile(
    r"((?:group(?:ed|ing)?\s+by|for each|for every|within each|^for)\s+(?:the\s+)?§[a-j]+§(?:\s*(?:,|and|,\s*and)\s*§[a-j]+§)*),?\s*(?:and\s+)?(?:then\s+)?",
    re.IGNORECASE,
)
"""What the numbers after it are grouped by; it stays with them."""
_ON = re.compile(
    r"\bon (?:top of )?(?:the )?(?:\w+[- ]){0,3}(?:encoded|scaled|standardi[sz]ed|transformed|imputed|log-transformed)(?: \w+)?",
    re.IGNORECASE,
)
_METHOD = re.compile(r"one-?hot|ordinal|target|label|encod|blend|stack|averag|loss|error", re.IGNORECASE)
_REMOVING = re.compile(
    r"^\W*(?:also\s+|then\s+)?(?:remov\w*|drop\w*|delet\w*|exclud\w*|disabl\w*|discard\w*|eliminat\w*|undo|revert|stop|skip|turn off)\b",
    re.IGNORECASE,
)


class Clause(Struct, frozen=True, kw_only=True):
    """One clause: `whole` as it stands with its columns marked, `words` in lower case without what it denies."""

    whole: str
    words: str
    columns: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    removing: bool = False
    title: bool = False


def clauses(text: str, names: Names, *, title: bool = False) -> list[Clause]:
    """Return the clauses of one line of an idea, in its order."""
    marked, unknown = names.mark(text)
    marked = _GROUP.sub(r"\1 ", _ON.sub(" ", marked))
    found = []
    for part in _CUT.split(marked):
        whole = " ".join(part.split()).strip(" ,.")
        if not whole:
            continue
        words = "" if _NEEDLESS.search(whole) else _exchanged(_DENIED.sub(" ", whole)).casefold()
        words = re.sub(r"\b(twelve|ten|eight|seven|six|five|four|three|two)\b", lambda m: _COUNTS[m.group()], words)
        found.append(
            Clause(
                whole=whole,
                words=" ".join(words.split()).strip(" ,."),
                columns=names.columns(words),
                unknown=tuple(u for u in unknown if re.search(rf"(?<!\w){re.escape(u)}(?!\w)", words, re.IGNORECASE)),
                removing=bool(_REMOVING.match(words)),
                title=title,
            )
        )
    return found


def resolved(given: list[Clause], names: Names) -> list[Clause]:
    """Return the clauses with the columns of the one before put in where a clause says "them" or "this combination"."""
    found: list[Clause] = []
    for clause in given:
        before = found[-1].columns if found else ()
        said = _THEM.search(clause.words)
        if said and before and not clause.columns and not clause.removing and (said.group("many") or len(before) > 1):
            marks = " and ".join(names.marked(c) for c in before)
            words = f"{clause.words} of {'' if said.group('many') else 'the combination of '}{marks}"
            found.append(replace(clause, words=words, columns=before))
        else:
            found.append(clause)
    return found


_THEM = re.compile(
    r"(?:encod\w*|convert|categor\w*|log\w*).*\b(?P<many>them|these|those)\b|(?:target|mean)[- ]?encod\w*.*\b(?:this|it|the) ?(?:combination|pair|cross|interaction|combined \w+|new \w+)?"
)
_COUNTS = {
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "ten": "10",
    "twelve": "12",
}


def _exchanged(whole: str) -> str:
    """Return "replace A with B" as B, on the columns of A; where A is no method, it stays as it is."""
    found = _EXCHANGED.match(whole)
    if not found:
        return whole
    before, _, old, new = found.groups()
    if not (FAMILIES.search(old) or _METHOD.search(old)):
        return whole
    columns = re.findall(r"§[a-jt]+§", old)
    return f"{before}use {new}" + (f" of {' and '.join(columns)}" if columns else "")
