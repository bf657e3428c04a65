"""The embedded Ideator: plays propose from the evidence, a policy ranks, and nothing comes twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.ideators.playbook.catalogue import PLAYS
from mle_ideator_jupyter.ideators.playbook.cost import seconds
from mle_ideator_jupyter.ideators.playbook.past import Past, play_of
from mle_ideator_jupyter.ideators.playbook.play import Candidate
from mle_ideator_jupyter.ideators.playbook.policy import Policy
from mle_ideator_jupyter.ideators.playbook.prior import Prior
from mle_ideator_jupyter.ideators.playbook.trained import default_policy
from mle_ideator_jupyter.ideators.playbook.view import View
from mle_ideator_jupyter.model import Idea, new_id
from mle_ideator_jupyter.recipe import Recipe, apply_edit


class Playbook:
    """Proposes ideas from plays over the data profile, best first; the same Brief gives the same ideas.

    Without a `policy`, they are ranked by the trained one where this package brings one, else by the prior.
    """

    name = "playbook"

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy: Policy = policy or default_policy()

    async def propose(self, brief: Brief, n: int = 1) -> Sequence[Idea]:
        """Return up to `n` ideas of different plays where there are enough, best first; none without a profile."""
        ranked = self.ranked(brief)
        chosen: dict[str, tuple[float, Candidate]] = {}
        plays = {play_of(idea.action) for idea in brief.proposed}  # their turn comes after all others
        for fresh in (True, False):
            for score, found in ranked:
                if len(chosen) >= n:
                    break
                if found.title not in chosen and not (fresh and found.play in plays):
                    plays.add(found.play)
                    chosen[found.title] = score, found
        told = isinstance(self.policy, Prior)  # other policies' scores are no gains
        return [idea_of(found, brief, self.name, round(score, 4) if told else None) for score, found in chosen.values()]

    def ranked(self, brief: Brief) -> list[tuple[float, Candidate]]:
        """Return every new Candidate with its score, best first; of those that give one Recipe, only the best."""
        scored = [(self.policy.score(brief, found), key, found) for found, key in candidates(brief)]
        scored.sort(key=lambda s: (-s[0], s[2].action))
        best: dict[str, tuple[float, Candidate]] = {}
        for score, key, found in scored:
            best.setdefault(key, (score, found))
        return list(best.values())


def idea_of(found: Candidate, brief: Brief, ideator: str, expected_gain: float | None = None) -> Idea:
    """Return what a play would do now as an Idea of this Ideator, for the Brief's parent."""
    return Idea(
        id=new_id(),
        kind=found.kind,
        title=found.title,
        rationale=found.rationale,
        ideator=ideator,
        trigger=brief.trigger,
        steps=found.steps,
        evidence=found.evidence,
        parent=brief.parent.id if brief.parent else None,
        edit=found.edit,
        action=found.action,
        expected_gain=expected_gain,
    )


def candidates(brief: Brief) -> Iterator[tuple[Candidate, str]]:
    """Yield what the plays would do now, each with the key of its Recipe; never what was tried or changes nothing."""
    if brief.profile is None:
        return
    try:
        view = View(brief, brief.profile)
    except EditError:  # the parent's Recipe is of another version: there is nothing to edit
        return
    past = Past(brief)
    seen = past.keys | {view.recipe.key()}
    avoid = past.failed | past.on_parent | past.proposed
    costs = _Costs(brief, view)
    for play in PLAYS.values():
        if brief.kinds and play.kind not in brief.kinds:
            continue
        for found in play.candidates(view):
            if found.action in avoid or found.title in past.shown:
                continue
            recipe = apply_edit(view.recipe, found.edit)
            key = recipe.key()
            if key not in seen and view.learnable(recipe):
                yield costs.priced(found, recipe), key


class _Costs:
    """Guesses of seconds, corrected by what the parent was measured to take."""

    def __init__(self, brief: Brief, view: View) -> None:
        self.view, self.binding = view, brief.task.binding
        self.parent = seconds(view.recipe, view.profile, self.binding, gpu=view.gpu)
        # A clock may correct the guess only where the budget is one; else the same seed must give the same ideas.
        measured = brief.parent.seconds if brief.parent and brief.left.seconds is not None else 0.0
        self.correction = min(4.0, max(0.25, measured / self.parent)) if measured > 1.0 else 1.0

    def priced(self, found: Candidate, recipe: Recipe) -> Candidate:
        """Return the Candidate with its guessed cost."""
        guess = seconds(recipe, self.view.profile, self.binding, gpu=self.view.gpu)
        return msgspec.structs.replace(found, cost=guess / self.parent, seconds=guess * self.correction)
