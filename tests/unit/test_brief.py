from __future__ import annotations

import pytest

from mle_ideator_jupyter.brief import Brief, HistoryItem, redact
from mle_ideator_jupyter.facts import ColumnProfile, Profile, TargetProfile
from mle_ideator_jupyter.model import Failure, FailureKind, Score, Trial, new_id
from tests.doubles import TASK, idea_number


def item(number: int, value: float | None) -> HistoryItem:
    idea = idea_number(number)
    outcome = (
        Failure(kind=FailureKind.ERROR, message="boom")
        if value is None
        else Score(value=value, metric="rmse", protocol=TASK.binding.splitter.protocol)
    )
    return HistoryItem(trial=Trial(id=new_id(), number=number, title=f"title {number}", outcome=outcome), idea=idea)


def brief(trials: int = 3, columns: int = 5, **more) -> Brief:
    history = tuple(item(k, None if k % 7 == 3 else 2 - k / 1000) for k in range(trials))
    profile = Profile(
        rows=1000,
        target=TargetProfile(name="y", problem="regression", distinct=900),
        columns=tuple(
            ColumnProfile(name=f"column {k}", dtype="f8", role="numeric", association=k / columns)
            for k in range(columns)
        ),
    )
    scored = [h.trial for h in history if h.trial.score]
    best = min(scored, key=lambda t: t.score.value) if scored else None
    return Brief(task=TASK, profile=profile, history=history, best=best, parent=best, source="x = 1", **more)


def test_it_tells_task_data_history_solution_and_what_is_asked():
    text = brief(hint="think of time").text()
    for part in ("train → y · rmse", "column 4", "title 1", "x = 1", "think of time"):
        assert part in text


@pytest.mark.parametrize("trials", [10, 100, 1000])
def test_it_keeps_to_its_budget_and_never_drops_the_essentials(trials):
    told = brief(trials=trials, columns=400, hint="the hint", token_limit=1500)
    assert told.tokens <= 1500 or trials == 1000
    text = told.text()
    assert "the hint" in text
    assert "train → y" in text
    assert "[best]" in text
    assert told.tokens < 4000


def test_the_least_useful_goes_first():
    full = brief(trials=60, columns=50)
    assert "column 49" in full.text()
    small = brief(trials=60, columns=50, token_limit=full.tokens // 3).text()
    assert "column 49" in small, "the strongest column stays"
    assert "'column 1'" not in small, "the weakest goes"


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghijklmnop123456",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "hf_abcdefghijklmnopqrstuvwxyz",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyA1234567890abcdefghijklmnopqrstu",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    ],
)
def test_anything_like_a_key_is_redacted(secret):
    assert secret not in redact(f"client = Client('{secret}')")
    told = brief(hint=f"use {secret} please").text()
    assert secret not in told
    assert "[redacted]" in told


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("api_key = 'abcdef123456'", "api_key"),
        ("os.environ['DB_PASSWORD'] = 'hunter2222'", "DB_PASSWORD"),
        ("Authorization: Bearer abcdef.123456", "Authorization"),
        ("postgresql://me:geheim99@host/db", "host/db"),
    ],
)
def test_named_secrets_lose_their_value_only(line, kept):
    cleaned = redact(line)
    assert kept in cleaned
    assert not any(word in cleaned for word in ("abcdef123456", "hunter2222", "abcdef.123456", "geheim99"))


def test_ordinary_numbers_and_words_stay():
    text = "tokens 512, key columns, max_tokens=900 and the risk-averse sk-learn user; y = df['secretary']"
    assert redact(text) == text
