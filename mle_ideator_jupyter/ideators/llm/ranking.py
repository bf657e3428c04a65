"""Chooses among drafts: what repeats the past is dropped, what is left is ranked, and kinds are mixed."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.ideators.llm.draft import Draft
from mle_ideator_jupyter.ideators.llm.evidence import Material
from mle_ideator_jupyter.model import IdeaKind, Struct

IMPACT, EVIDENCE, NOVELTY, FEASIBILITY = 0.35, 0.3, 0.2, 0.15
"""How much each counts; each goes from 0 to 1, evidence from -1."""
SAME_KIND = 0.4
"""What an idea loses for each idea of its kind that was chosen before it."""
ALIKE_TITLE, ALIKE = 0.75, 0.7
"""From these shares of common words on, two ideas are one."""
_WORD = re.compile(r"\w+")
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by for from in into is it its of on or so than that the then this to use using via "
        "we when which will with you your apply add try",
    )
)


class Words(Struct, frozen=True, kw_only=True):
    """The words of an idea that say something: those of its title, and those of its title and steps."""

    title: frozenset[str]
    all: frozenset[str]

    @classmethod
    def of(cls, title: str, steps: Sequence[str] = ()) -> Words:
        """Return the words of a title and steps."""
        return cls(title=_words(title), all=_words(" ".join((title, *steps))))

    def likeness(self, other: Words) -> float:
        """Return from 0, nothing in common, to 1."""
        return max(_shared(self.title, other.title), _shared(self.all, other.all))

    def same_as(self, other: Words) -> bool:
        """Return whether the two are one idea, as far as words go."""
        fewer, more = sorted((self.title, other.title), key=len)
        within = len(fewer) >= 3 and fewer <= more
        return within or _shared(self.title, other.title) >= ALIKE_TITLE or _shared(self.all, other.all) >= ALIKE


class Ranked(Struct, frozen=True, kw_only=True):
    """A draft whose evidence was checked, and what it is worth."""

    draft: Draft
    words: Words
    score: float


class Choice(Struct, frozen=True, kw_only=True):
    """The drafts that were chosen, best first, and the titles of those that repeat something."""

    drafts: tuple[Draft, ...] = ()
    repeated: tuple[str, ...] = ()


def action_of(draft: Draft) -> str:
    """Return the name of what a draft proposes: the same for the same kind and title, however they are spelt."""
    title = " ".join(_WORD.findall(unicodedata.normalize("NFKC", draft.title).casefold()))
    return f"llm:{hashlib.sha256(f'{draft.kind.value} {title}'.encode()).hexdigest()[:16]}"


def choose(drafts: Sequence[Draft], brief: Brief, told: str, n: int) -> Choice:
    """Return up to `n` drafts, best first: none like one of the past or like a better one."""
    material, past = Material(brief, told), _past(brief)
    known = brief.tried() | {idea.action for idea in brief.proposed}
    ranked: list[Ranked] = []
    repeated: list[str] = []
    for draft in drafts:
        words = Words.of(draft.title, draft.steps)
        if action_of(draft) in known or any(words.same_as(other) for other in past):
            repeated.append(draft.title)
        else:
            ranked.append(_rank(draft, words, past, material))
    ranked.sort(key=lambda r: -r.score)  # stable: of equals, the one that the model gave first
    fresh: list[Ranked] = []
    for one in ranked:
        if not any(one.words.same_as(other.words) for other in fresh):
            fresh.append(one)
    return Choice(drafts=tuple(_mixed(fresh, n)), repeated=tuple(repeated))


def _past(brief: Brief) -> list[Words]:
    ideas = [item.idea for item in brief.history if item.idea] + list(brief.proposed)
    own = [Words.of(item.trial.title) for item in brief.history if item.idea is None and item.trial.number]
    return [Words.of(idea.title, idea.steps) for idea in ideas] + own


def _rank(draft: Draft, words: Words, past: Sequence[Words], material: Material) -> Ranked:
    held = tuple(fact for fact in draft.evidence if material.holds(fact))
    invented = len(draft.evidence) - len(held)
    score = (
        IMPACT * (draft.impact - 1) / 4
        + EVIDENCE * (min(2, len(held)) / 2 - min(2, invented) / 2)
        + NOVELTY * (1 - max((words.likeness(other) for other in past), default=0.0))
        + FEASIBILITY * (draft.feasibility - 1) / 4
    )
    return Ranked(draft=replace(draft, evidence=held), words=words, score=round(score, 9))


def _mixed(ranked: Sequence[Ranked], n: int) -> list[Draft]:
    """Return the best, each the best of what is left when every kind that was chosen before counts against it."""
    left, chosen = list(ranked), Counter[IdeaKind]()
    drafts: list[Draft] = []
    while left and len(drafts) < n:
        best = max(left, key=lambda r: r.score - SAME_KIND * chosen[r.draft.kind])
        left.remove(best)
        chosen[best.draft.kind] += 1
        drafts.append(best.draft)
    return drafts


def _words(text: str) -> frozenset[str]:
    found = (w for w in _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("_", " ")))
    return frozenset(_stem(w) for w in found if w not in _EMPTY)


def _stem(word: str) -> str:
    """Return the word without the endings in which two spellings of one idea differ most."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            stem = word[: -len(ending)]
            return stem[:-1] if len(ending) > 1 and stem[-1] == stem[-2] else stem
    return word


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0
