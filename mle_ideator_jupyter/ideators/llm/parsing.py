"""Finds the ideas in whatever a model answered: it never raises, and what it returns is bounded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mle_ideator_jupyter.brief.wording import line
from mle_ideator_jupyter.ideators.llm import coercing
from mle_ideator_jupyter.ideators.llm.draft import FACT, FACTS, MOST, RATIONALE, STEP, STEPS, TITLE, Draft
from mle_ideator_jupyter.model import IdeaKind, Struct

LONGEST = 60_000
"""Characters of an answer that are looked at; its bounds allow a third of that."""
_REPAIRED = 24_000
_BRACKETS = 400
"""More brackets than this are no answer, and mending them would take long."""
_TRIES = 40
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_BRACKET = re.compile(r"[\[{]")
_FENCE = re.compile(r"```[a-zA-Z0-9]{0,12}\s*\n?(.*?)(?:```|\Z)", re.DOTALL)
_TITLES = ("title", "name", "idea", "headline", "summary")
_REASONS = ("rationale", "reason", "why", "description", "explanation", "details")
_STEPS = ("steps", "plan", "how", "implementation", "actions")
_FACTS = ("evidence", "facts", "because")


class Read(Struct, frozen=True, kw_only=True):
    """What an answer held. `wrong` says, for people and for a repair request, what of it could not be used."""

    drafts: tuple[Draft, ...] = ()
    wrong: tuple[str, ...] = ()


def read(answer: str, kinds: tuple[IdeaKind, ...] = (), *, truncated: bool = False) -> Read:
    """Return the ideas in an answer, and what was wrong with it."""
    said = _without_thoughts(answer[:LONGEST])
    wrong = ["it was cut off before its end"] if truncated or len(answer) > LONGEST else []
    if not said.strip():
        return Read(wrong=(*wrong, "it was empty"))
    found = _found(said, truncated=truncated)
    if not found:
        return Read(wrong=(*wrong, "it held no JSON object with ideas"))
    drafts: list[Draft] = []
    for position, value in enumerate(found, 1):
        made = _draft(value, kinds)
        if isinstance(made, Draft):
            drafts.append(made)
        else:
            wrong.append(f"idea {position} {made}")
    return Read(drafts=tuple(dict.fromkeys(drafts))[:MOST], wrong=tuple(wrong[:6]))


def partial(answer: str) -> list[dict[str, Any]]:
    """Return what an answer that is still coming says of ideas so far: objects, whose texts may break off."""
    said = _without_thoughts(answer[:LONGEST])
    for value in _mended(said):
        if found := [i for i in _begun(value, 3) if isinstance(i.get("title"), str)]:
            return found[:MOST]
    return []


def _begun(value: Any, deep: int) -> Iterator[dict[str, Any]]:
    """Yield every object in lists and objects, those of `ideas` before others."""
    if isinstance(value, dict):
        inner = value.get("ideas")
        yield from _begun(inner, deep - 1) if inner and deep else iter((value,))
    elif isinstance(value, list) and deep:
        for part in value[:MOST]:
            yield from _begun(part, deep - 1)


def _found(said: str, *, truncated: bool) -> list[dict[str, Any]]:
    """Return the ideas of the reading that has most of them; of what was cut off, whole ones if there are any."""
    best = _all_ideas(_strict(said))
    if best and (truncated or _is_json(said)):
        return best
    for value in _mended(said):
        found = _all_ideas([value])
        best = found if len(found) > len(best) else best
    return best


def _all_ideas(values: Iterable[Any]) -> list[dict[str, Any]]:
    return [idea for value in values for idea in _ideas(value, 5)][: 2 * MOST]


def _is_json(said: str) -> bool:
    try:
        json.loads(said)
    except (ValueError, RecursionError):
        return False
    return True


def _without_thoughts(said: str) -> str:
    left = _THOUGHT.sub("", said)
    return _THOUGHT_END.split(left)[-1]


def _strict(said: str) -> Iterator[Any]:
    """Yield every JSON object or list that stands in the text as it should."""
    decoder, at, tries = json.JSONDecoder(), 0, 0
    while tries < _TRIES and (begin := _opening(said, at)) is not None:
        tries += 1
        try:
            value, at = decoder.raw_decode(said, begin)
        except (ValueError, RecursionError):
            at = begin + 1
            continue
        yield value


def _opening(said: str, at: int) -> int | None:
    found = _BRACKET.search(said, at)
    return found.start() if found else None


def _mended(said: str) -> Iterator[Any]:
    """Yield what can be made of JSON that is not as it should be: in fences, then from the first bracket on."""
    import json_repair

    begin = _opening(said, 0)
    for part in (*_FENCE.findall(said)[:4], "" if begin is None else said[begin:]):
        cut = part[:_REPAIRED]
        if not cut.strip() or cut.count("{") + cut.count("[") > _BRACKETS:
            continue
        try:
            yield json_repair.loads(cut, skip_json_loads=True)
        except Exception:  # noqa: BLE001, S112 - whatever it does with what a model wrote, that was no idea
            continue


def _ideas(value: Any, deep: int) -> Iterator[dict[str, Any]]:
    """Yield whatever looks like an idea: an object with a title, alone, in a list, or under a name."""
    if deep and isinstance(value, list):
        for part in value[: 4 * MOST]:
            yield from _ideas(part, deep - 1)
    if not isinstance(value, dict) or not deep or ("properties" in value and "type" in value):
        return
    lowered = {str(name).strip().lower(): part for name, part in list(value.items())[:60]}
    if isinstance(lowered.get("ideas"), (list, dict)):
        yield from _ideas(lowered["ideas"], deep - 1)
    elif _first(lowered, _TITLES) and _first(lowered, ("kind", *_REASONS, *_STEPS)):
        yield lowered
    else:
        for part in lowered.values():
            if isinstance(part, (dict, list)):
                yield from _ideas(part, deep - 1)


def _first(value: dict[str, Any], names: Sequence[str]) -> Any:
    return next((value[name] for name in names if value.get(name)), None)


def _draft(value: dict[str, Any], kinds: tuple[IdeaKind, ...]) -> Draft | str:
    """Return the idea, or what is wrong with it."""
    title = coercing.text(_first(value, _TITLES), TITLE)
    rationale = coercing.text(_first(value, _REASONS), RATIONALE)
    steps = coercing.texts(_first(value, _STEPS) or [], STEPS, STEP)
    if sum(c.isalpha() for c in title) < 4:
        return "has no title"
    if not rationale and not steps:
        return "has neither rationale nor steps"
    said = _first(value, ("kind", "type", "category"))
    kind = coercing.kind(said, kinds)
    if kind is None:
        wanted = ", ".join(k.value for k in kinds or IdeaKind)
        return f"is of the kind {line(coercing.text(said, 40), 40)!r}, which is none of {wanted}"
    return Draft(
        kind=kind,
        title=title,
        rationale=rationale,
        evidence=coercing.texts(_first(value, _FACTS) or [], FACTS, FACT),
        steps=steps,
        expected_gain=coercing.gain(value.get("expected_gain")),
        impact=coercing.level(value.get("impact")),
        feasibility=coercing.level(value.get("feasibility")),
    )
