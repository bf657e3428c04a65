"""What tests of the LLM Ideator share: a Brief with facts in it, and answers a model might give."""

from __future__ import annotations

import json
from typing import Any

from mle_ideator_jupyter.brief import Brief, HistoryItem
from mle_ideator_jupyter.facts import ColumnProfile, Profile, TargetProfile
from mle_ideator_jupyter.ideators.llm import LlmIdeator
from mle_ideator_jupyter.model import Idea, IdeaKind, Score, Trial, Trigger
from mle_ideator_jupyter.protocols import Ideas
from tests.doubles import TASK
from tests.endpoint.asking import asked
from tests.endpoint.scripted import Answer, text

PROFILE = Profile(
    rows=1460,
    target=TargetProfile(name="price", problem="regression", distinct=663, skew=1.88),
    columns=(
        ColumnProfile(name="GrLivArea", dtype="f8", role="numeric", distinct=861, association=0.71, skew=1.37),
        ColumnProfile(name="Lot Frontage", dtype="f8", role="numeric", distinct=110, association=0.35, missing=0.1774),
        ColumnProfile(name="quality", dtype="i8", role="numeric", distinct=10, association=0.79),
    ),
)


def tried(number: int, title: str, *steps: str) -> HistoryItem:
    idea = Idea(
        id=f"i{number}",
        kind=IdeaKind.FEATURE_ENGINEERING,
        title=title,
        rationale="because",
        ideator="test",
        trigger=Trigger.HUMAN,
        steps=steps,
    )
    score = Score(value=0.2 - number / 1000, metric="rmse", protocol=TASK.binding.splitter.protocol)
    return HistoryItem(trial=Trial(id=f"t{number}", number=number, title=title, outcome=score), idea=idea)


def brief(*history: HistoryItem, **more: Any) -> Brief:
    best = history[-1].trial if history else None
    return Brief(task=TASK, profile=PROFILE, history=history, best=best, parent=best, source="model = 1", **more)


LOG = {
    "kind": "data_preparation",
    "title": "Model the logarithm of price",
    "rationale": "price is skewed, and the metric punishes large errors.",
    "evidence": ["'price' has a skew of 1.88"],
    "steps": ["Fit on log1p(price)", "Return expm1 of the predictions"],
    "expected_gain": 0.05,
    "impact": 5,
    "feasibility": 5,
}
AREA = {
    "kind": "feature_engineering",
    "title": "Divide living area by rooms",
    "rationale": "Area relates to the target.",
    "evidence": ["GrLivArea has an association of 0.71"],
    "steps": ["Add GrLivArea / rooms"],
    "expected_gain": None,
    "impact": 3,
    "feasibility": 4,
}
BLEND = {
    "kind": "ensembling",
    "title": "Blend boosting with a ridge regression",
    "rationale": "Their errors differ.",
    "evidence": [],
    "steps": ["Fit both", "Average their predictions"],
    "expected_gain": 0.01,
    "impact": 2,
    "feasibility": 3,
}


def said(*ideas: dict[str, Any]) -> str:
    return json.dumps({"ideas": list(ideas)})


def answers(*ideas: dict[str, Any]) -> Answer:
    return text(said(*ideas), size=40)


def proposed(server: Any, told: Brief | None = None, n: int = 1, *, watch: Any = None, **settings: Any) -> Ideas:
    """Return what the Ideator proposes when this server answers."""
    return asked(server, lambda client: LlmIdeator(client, watch=watch).propose(told or brief(), n), **settings)
