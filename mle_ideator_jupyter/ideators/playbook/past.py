"""What the history says about plays: what was tried, what it brought, and what must not come again."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

from mle_ideator_jupyter.brief import Brief, HistoryItem
from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.model import IdeaKind, Trial
from mle_ideator_jupyter.recipe import recipe_from


def play_of(action: str) -> str:
    """Return the play's name of an action."""
    return action.partition(":")[0]


class Past:
    """One Brief's history, by action, play and kind."""

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.trials = {item.trial.id: item.trial for item in brief.history}
        for known in (brief.parent, brief.best):
            if known is not None:
                self.trials.setdefault(known.id, known)
        self.items = [item for item in brief.history if item.idea is not None and item.idea.action]

    @cached_property
    def keys(self) -> frozenset[str]:
        """Return the keys of all Recipes that were tried."""
        return frozenset(_key(t.recipe) for t in self.trials.values() if t.recipe is not None)

    @cached_property
    def failed(self) -> frozenset[str]:
        """Return the actions that did not make their parent better."""
        return frozenset(item.idea.action for item in self.items if item.idea and not self.gained(item))

    @cached_property
    def proposed(self) -> frozenset[str]:
        """Return the actions that the user has seen and that were not tried."""
        return frozenset(idea.action for idea in self.brief.proposed if idea.action)

    @cached_property
    def shown(self) -> frozenset[str]:
        """Return the titles of these ideas: to people, two that read alike are one."""
        return frozenset(idea.title for idea in self.brief.proposed)

    @cached_property
    def on_parent(self) -> frozenset[str]:
        """Return the actions that were tried on the present parent."""
        parent = self.brief.parent.id if self.brief.parent else None
        return frozenset(
            item.idea.action for item in self.items if item.idea and parent in {item.trial.parent, item.idea.parent}
        )

    def gained(self, item: HistoryItem) -> bool:
        """Return whether a trial was better than the trial it was built on (or than all before it)."""
        score = item.trial.score
        if score is None:
            return False
        before = self._mark(item.trial)
        if before is None or before.score is None:
            return True
        metric = self.brief.task.metric
        return score.comparable(before.score) and metric.better(score.value, before.score.value)

    def _mark(self, trial: Trial) -> Trial | None:
        if trial.parent is not None and trial.parent in self.trials:
            return self.trials[trial.parent]
        metric = self.brief.task.metric
        earlier = [t for t in self.trials.values() if t.number < trial.number and t.score and trial.score]
        comparable = [t for t in earlier if t.score and trial.score and t.score.comparable(trial.score)]
        return max(comparable, key=lambda t: metric.gain(t.score.value, 0.0) if t.score else 0.0, default=None)

    @cached_property
    def fruitless(self) -> Counter[str]:
        """Return how often each play failed."""
        return Counter(play_of(i.idea.action) for i in self.items if i.idea and not self.gained(i))

    @cached_property
    def fruitful(self) -> Counter[str]:
        """Return how often each play made its parent better."""
        return Counter(play_of(i.idea.action) for i in self.items if i.idea and self.gained(i))

    def fruitless_kind(self, kind: IdeaKind) -> int:
        """Return how many ideas of this kind failed since one of its kind last succeeded."""
        count = 0
        for item in reversed(self.items):
            if item.idea is None or item.idea.kind is not kind:
                continue
            if self.gained(item):
                break
            count += 1
        return count

    def lately(self, count: int) -> frozenset[IdeaKind]:
        """Return the kinds of the last few ideas."""
        return frozenset(item.idea.kind for item in self.items[-count:] if item.idea)


def _key(recipe: dict[str, Any]) -> str:
    """Return the key of a Recipe as it was kept; empty for one of another version, which nothing now can equal."""
    try:
        return recipe_from(recipe).key()
    except EditError:
        return ""
