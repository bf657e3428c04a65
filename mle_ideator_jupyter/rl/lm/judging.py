"""What an answer is worth: read, planned, executed on all outer splits, and rewarded; whatever it is, it never raises.

An answer must hold one idea, in words or by the title of a play. Numbers and names that it cites must stand in the
Brief; what it proposes must change the Recipe.
"""

from __future__ import annotations

import statistics
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import EditError, IdeatorError
from mle_ideator_jupyter.ideators import playbook
from mle_ideator_jupyter.ideators.llm.answering import idea_of
from mle_ideator_jupyter.ideators.llm.evidence import Material
from mle_ideator_jupyter.ideators.llm.parsing import read
from mle_ideator_jupyter.ideators.local import naming
from mle_ideator_jupyter.ideators.playbook import Candidate
from mle_ideator_jupyter.implementers.recipe.implementer import RecipeImplementer
from mle_ideator_jupyter.model import Idea
from mle_ideator_jupyter.recipe import recipe_from
from mle_ideator_jupyter.rl.collapse import entropy_of
from mle_ideator_jupyter.rl.executing import Execution, same_cell
from mle_ideator_jupyter.rl.lm.config import Config
from mle_ideator_jupyter.rl.reward import Outcome, of_group, of_outcome
from mle_ideator_jupyter.rl.rollouts import Collection
from mle_ideator_jupyter.rl.samples import Sample, change_of
from mle_ideator_jupyter.rl.states import Moment, plain
from mle_ideator_jupyter.rl.variants import SplitView

Ordered = tuple[list[Future[Execution]], list[Future[Execution]]]
"""The executions of a parent and of its child."""


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


def told(brief: Brief, config: Config) -> Brief:
    """Return the Brief as short as the configuration wants it told."""
    if config.reading == "titles":
        return naming.shortened(brief, config.brief_tokens or naming.BRIEF_TOKENS)
    return brief if config.brief_tokens is None else msgspec.structs.replace(brief, token_limit=config.brief_tokens)


def reading(text: str, brief: Brief, titles: Mapping[str, Candidate] | None = None) -> Answer:
    """Return what an answer comes to in a state, read in words, or as one of these titles; nothing is executed."""
    if titles is None:
        return _worded(text, brief)
    title = naming.title_in(text)
    chosen = titles.get(title or "")
    if title is None or chosen is None:
        return Answer(title=title or "", wrong="it names nothing that may be chosen" if title else "it is no answer")
    return _planned(playbook.idea_of(chosen, brief, "training"), brief)


def _worded(text: str, brief: Brief) -> Answer:
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
    return _planned(idea_of(draft, brief, "training"), brief)


def _planned(idea: Idea, brief: Brief) -> Answer:
    try:
        recipe = RecipeImplementer().plan(brief, idea, brief.parent) or {}
    except EditError as error:
        return Answer(kind=idea.kind.value, title=idea.title, wrong=str(error))
    same = brief.profile is not None and same_cell(
        SplitView(task=brief.task, profile=brief.profile, kernel=brief.kernel),
        plain(brief.parent.recipe if brief.parent else None),
        recipe,
    )
    return Answer(recipe=recipe, kind=idea.kind.value, title=idea.title, outcome="unchanged" if same else "graded")


class Judge:
    """Rewards answers, in the order they are given; executions go on at the same time, near-duplicates once."""

    def __init__(self, collection: Collection, config: Config) -> None:
        self.collection, self.config = collection, config
        self.executed = 0
        """Answers whose idea was executed, or had been."""
        self.ideas: set[tuple[str, str]] = set()
        """The different ones among them: state, and the Recipe's key."""
        self._briefs: dict[Moment, Brief] = {}
        self._titles: dict[Moment, dict[str, Candidate]] = {}
        self._answers: dict[tuple[Moment, str], Answer] = {}
        self._verdicts: dict[tuple[Moment, str], Verdict] = {}
        self._lock = threading.Lock()

    def brief(self, moment: Moment) -> Brief:
        """Return the Brief of a state, as short as a model is told of it; each is made once."""
        with self._lock:
            if moment not in self._briefs:
                self._briefs[moment] = told(self.collection.brief(moment), self.config)
            return self._briefs[moment]

    def titles(self, moment: Moment) -> dict[str, Candidate]:
        """Return what may be chosen in a state where answers are titles, by title."""
        brief = self.brief(moment)
        with self._lock:
            if moment not in self._titles:
                self._titles[moment] = naming.named(brief, self.config.titles)
            return self._titles[moment]

    def alone(self, moments: Sequence[Moment], texts: Sequence[str]) -> list[Verdict]:
        """Return a verdict on each answer by itself."""
        self.collection.executor.refresh()
        asked = list(zip(moments, texts, strict=True))
        orders = [self._ordered(m, self.read(m, t)) if (m, t) not in self._verdicts else ([], []) for m, t in asked]
        return [self._verdict(m, t, o) for (m, t), o in zip(asked, orders, strict=True)]

    def at_stake(self, moment: Moment) -> float:
        """Return what the best that may be chosen in a state earns above the median of all, or 0 where none is known.

        All of it is executed.
        """
        texts = [naming.said(t) for t in self.titles(moment)]
        rewards = [v.reward for v in self.alone([moment] * len(texts), texts) if v.reward is not None]
        return max(rewards) - statistics.median(rewards) if rewards else 0.0

    def judge(self, moments: Sequence[Moment], texts: Sequence[str]) -> list[Verdict]:
        """Return a verdict on each answer; answers in one state are a group, whose near-duplicates share a reward."""
        alone = self.alone(moments, texts)
        groups: dict[Moment, list[int]] = {}
        for place, moment in enumerate(moments):
            groups.setdefault(moment, []).append(place)
        shared: list[float | None] = [v.reward for v in alone]
        for places in groups.values():
            known = [p for p in places if alone[p].reward is not None]
            alike = [
                recipe_from(r).key() if (r := alone[p].answer.recipe) is not None else str(p)  # malformed ones differ
                for p in known
            ]
            for place, reward in zip(known, of_group([alone[p].reward or 0.0 for p in known], alike), strict=True):
                shared[place] = reward
        return [msgspec.structs.replace(v, reward=r) for v, r in zip(alone, shared, strict=True)]

    def order_all(self, moments: Sequence[Moment]) -> list[Future[Execution]]:
        """Have all that may be chosen in these states executed, in their order, and return the executions."""
        ordered: list[Future[Execution]] = []
        for moment in moments:
            for title in self.titles(moment):
                parents, children = self._orders(moment, self.read(moment, naming.said(title)))
                ordered += [*parents, *children]
        return ordered

    def read(self, moment: Moment, text: str) -> Answer:
        """Return what an answer comes to in a state; the same answer is read once."""
        known = self._answers.get((moment, text))
        if known is None:
            titles = self.titles(moment) if self.config.reading == "titles" else None
            try:
                known = reading(text, self.brief(moment), titles)
            except IdeatorError as error:
                known = Answer(wrong=str(error))
            self._answers[moment, text] = known
        return known

    def _verdict(self, moment: Moment, text: str, ordered: Ordered) -> Verdict:
        """Return the verdict on an answer; one with a reward is kept, and counts as executed each time."""
        known = self._verdicts.get((moment, text))
        if known is not None:
            self.executed += known.answer.outcome in {"graded", "failed"}
            return known
        found = self._reward(moment, self.read(moment, text), ordered)
        if found.reward is not None:
            self._verdicts[moment, text] = found
        return found

    def _ordered(self, moment: Moment, answer: Answer) -> Ordered:
        found = self._orders(moment, answer)
        if found[0] and answer.recipe is not None:
            self.executed += 1
            self.ideas.add((moment.name, recipe_from(answer.recipe).key()))
        return found

    def _orders(self, moment: Moment, answer: Answer) -> Ordered:
        if answer.outcome != "graded" or answer.recipe is None:
            return [], []
        brief = self.brief(moment)
        parent = plain(brief.parent.recipe if brief.parent else None)
        ordered = (self.collection.executor.on_splits(moment.variant, r) for r in (parent, answer.recipe))
        return next(ordered), next(ordered)

    def _reward(self, moment: Moment, answer: Answer, ordered: Ordered) -> Verdict:
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
