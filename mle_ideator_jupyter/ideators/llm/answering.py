"""From what was read and chosen to Ideas: the same whoever wrote the answer, an endpoint or a checkpoint here."""

from __future__ import annotations

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.ideators.llm.draft import Draft
from mle_ideator_jupyter.ideators.llm.parsing import Read
from mle_ideator_jupyter.ideators.llm.ranking import Choice, action_of
from mle_ideator_jupyter.model import Idea, new_id


def idea_of(draft: Draft, brief: Brief, ideator: str) -> Idea:
    """Return a draft as an Idea of this Ideator, for the Brief's parent."""
    return Idea(
        id=new_id(),
        kind=draft.kind,
        title=draft.title,
        rationale=draft.rationale,
        ideator=ideator,
        trigger=brief.trigger,
        steps=draft.steps,
        evidence=draft.evidence,
        parent=brief.parent.id if brief.parent else None,
        action=action_of(draft),
        expected_gain=draft.expected_gain,
    )


def why_fewer(found: Read, chosen: Choice) -> str:
    """Return in one line why there are not more ideas."""
    parts = list(found.wrong)
    if chosen.repeated:
        titles = "; ".join(repr(title) for title in chosen.repeated[:5])
        parts.append(f"what was tried or proposed before came again: {titles}")
    return "; ".join(parts) or "the model had fewer ideas"
