"""What an answer is worth: read, planned, executed on all outer splits, and rewarded; whatever it is, it never raises.

An answer must hold one idea. Its numbers and names must stand in the Brief; what it proposes must change the Recipe.
"""

from __future__ import annotations

import statistics
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Literal

import msgspec

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import EditError, IdeatorError
from mle_ideator_jupyter.ideators.llm.draft import Draft
from mle_ideator_jupyter.ideators.llm.evidence import Material
from mle_ideator_jupyter.ideators.llm.parsing import read
from mle_ideator_jupyter.ideators.llm.ranking import action_of
from mle_ideator_jupyter.implementers.recipe.implementer import RecipeImplementer
from mle_ideator_jupyter.model import Idea, new_id
from mle_ideator_jupyter.recipe import recipe_from
from mle_ideator_jupyter.rl.collapse import entropy_of
from mle_ideator_jupyter.rl.executing import Execution, same_cell
from mle_ideator_jupyter.rl.reward import Outcome, of_group, of_outcome
from mle_ideator_jupyter.rl.rollouts import Collection
from mle_ideator_jupyter.rl.samples import Sample, change_of
from mle_ideator_jupyter.rl.states import Moment, options, plain
from mle_ideator_jupyter.rl.variants import SplitView

Reading = Literal["words", "titles"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer was read as: a Recipe, or why there is none."""

    recipe: dict[str, Any] | None = None
    kind: str = ""
    title: str = ""
    outcome: Outcome = "malformed"
    wrong: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with its reward; None where the machinery failed, so that there is no sample."""

    answer: Answer
    reward: float | None
    seconds: float = 0.0


def reading(text: str, brief: Brief, how: Reading) -> Answer:
    """Return what an answer comes to in a state; nothing is executed."""
    found = read(text)
    if len(found.drafts) != 1 or found.wrong:
        return Answer(wrong="; ".join(found.wrong) or f"it holds {len(found.drafts)} ideas, not one")
    draft = found.drafts[0]
    material = Material(brief, brief.text())
    invented = [fact for fact in draft.evidence if not material.holds(fact)]
    if invented:
        return Answer(
            kind=draft.kind.value, title=draft.title, wrong=f"it cites what the Brief does not say: {invented[0]}"
        )
    idea = _idea(draft, brief, how)
    if idea is None:
        return Answer(kind=draft.kind.value, title=draft.title, wrong="no action that applies has this title")
    try:
        recipe = RecipeImplementer().plan(brief, idea, brief.parent) or {}
    except EditError as error:
        return Answer(kind=draft.kind.value, title=draft.title, wrong=str(error))
    same = brief.profile is not None and same_cell(
        SplitView(task=brief.task, profile=brief.profile, kernel=brief.kernel),
        plain(brief.parent.recipe if brief.parent else None),
        recipe,
    )
    return Answer(recipe=recipe, kind=draft.kind.value, title=draft.title, outcome="unchanged" if same else "graded")


def _idea(draft: Draft, brief: Brief, how: Reading) -> Idea | None:
    edit = None
    if how == "titles":
        wanted = " ".join(draft.title.casefold().split())
        edits = {" ".join(c.title.casefold().split()): c.edit for _, c in options(brief)}
        if wanted not in edits:
            return None
        edit = edits[wanted]
    return Idea(
        id=new_id(),
        kind=draft.kind,
        title=draft.title,
        rationale=draft.rationale,
        ideator="training",
        trigger=brief.trigger,
        steps=draft.steps,
        evidence=draft.evidence,
        edit=edit,
        action=action_of(draft),
    )


class Judge:
    """Rewards answers, in the order they are given; executions go on at the same time, near-duplicates once."""

    def __init__(self, collection: Collection, how: Reading, shortened: Callable[[Brief], Brief] = lambda b: b) -> None:
        """`shortened` makes of a Brief what the model is told of it."""
        self.collection, self.how, self.shortened = collection, how, shortened
        self.executed = 0
        self._briefs: dict[Moment, Brief] = {}
        self._lock = threading.Lock()

    def brief(self, moment: Moment) -> Brief:
        """Return the Brief of a state; each is made once."""
        with self._lock:
            if moment not in self._briefs:
                self._briefs[moment] = self.shortened(self.collection.brief(moment))
            return self._briefs[moment]

    def judge(self, moments: Sequence[Moment], texts: Sequence[str]) -> list[Verdict]:
        """Return a verdict on each answer; answers in one state are a group, whose near-duplicates share a reward."""
        answers = [self._read(m, t) for m, t in zip(moments, texts, strict=True)]
        orders = [self._ordered(m, a) for m, a in zip(moments, answers, strict=True)]
        alone = [self._reward(m, a, o) for m, a, o in zip(moments, answers, orders, strict=True)]
        groups: dict[Moment, list[int]] = {}
        for place, moment in enumerate(moments):
            groups.setdefault(moment, []).append(place)
        shared: list[float | None] = [v.reward for v in alone]
        for places in groups.values():
            known = [p for p in places if alone[p].reward is not None]
            alike = [
                recipe_from(r).key() if (r := answers[p].recipe) is not None else str(p)  # malformed ones differ
                for p in known
            ]
            for place, reward in zip(known, of_group([alone[p].reward or 0.0 for p in known], alike), strict=True):
                shared[place] = reward
        return [msgspec.structs.replace(v, reward=r) for v, r in zip(alone, shared, strict=True)]

    def _read(self, moment: Moment, text: str) -> Answer:
        try:
            return reading(text, self.brief(moment), self.how)
        except IdeatorError as error:
            return Answer(wrong=str(error))

    def _ordered(self, moment: Moment, answer: Answer) -> tuple[list[Future[Execution]], list[Future[Execution]]]:
        if answer.outcome != "graded" or answer.recipe is None:
            return [], []
        self.executed += 1
        brief = self.brief(moment)
        parent = plain(brief.parent.recipe if brief.parent else None)
        return self.collection.orders(moment.variant, parent), self.collection.orders(moment.variant, answer.recipe)

    def _reward(
        self, moment: Moment, answer: Answer, ordered: tuple[list[Future[Execution]], list[Future[Execution]]]
    ) -> Verdict:
        remaining = (self.collection.settings.steps - moment.depth) * self.collection.settings.cpu_seconds
        if not ordered[0]:
            return Verdict(answer=answer, reward=of_outcome(answer.outcome, None, 0.0, remaining))
        try:
            parents, children = (tuple(f.result() for f in side) for side in ordered)
        except (IdeatorError, OSError):
            return Verdict(answer=answer, reward=None)
        sample = Sample(
            name="",
            moment=moment,
            task="",
            action="",
            play="",
            key="",
            place=0,
            propensity=1.0,
            round=0,
            remaining=remaining,
            parents=parents,
            children=children,
        )
        change = change_of(sample, self.collection.scales[moment.variant])
        seconds = statistics.mean(c.cpu_seconds for c in children)
        outcome: Outcome = "graded" if change else "failed"
        reward = of_outcome(outcome, change, seconds, remaining)
        return Verdict(answer=msgspec.structs.replace(answer, outcome=outcome), reward=reward, seconds=seconds)


def summary(moments: Sequence[Moment], verdicts: Sequence[Verdict], lengths: Sequence[int]) -> dict[str, float]:
    """Return what is logged of a step: rewards, max@G, variety, length, failures, groups without a difference."""
    rewards = [v.reward for v in verdicts if v.reward is not None]
    groups: dict[Moment, list[Verdict]] = {}
    for moment, verdict in zip(moments, verdicts, strict=True):
        groups.setdefault(moment, []).append(verdict)
    best = [max((v.reward for v in g if v.reward is not None), default=0.0) for g in groups.values()]
    distinct = [
        len({recipe_from(v.answer.recipe).key() for v in g if v.answer.recipe is not None}) for g in groups.values()
    ]
    flat = [len({v.reward for v in g}) < 2 for g in groups.values()]
    outcomes = Counter(v.answer.outcome for v in verdicts)
    count = len(verdicts)
    return {
        "reward": statistics.mean(rewards) if rewards else 0.0,
        "max_at_g": statistics.mean(best),
        "distinct_ideas": statistics.mean(distinct),
        "kind_entropy": entropy_of([v.answer.kind for v in verdicts if v.answer.kind]),
        "length": statistics.mean(lengths) if lengths else 0.0,
        **{f"share_{name}": outcomes[name] / count for name in ("graded", "failed", "unchanged", "malformed")},
        "share_flat_groups": sum(flat) / len(flat),
        "faults": sum(v.reward is None for v in verdicts) / count,
    }
