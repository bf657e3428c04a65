"""Tokens of the Brief as the history grows, and how much of the history survives at each level.

    python benchmarks/brief_tokens.py

A history of 1, 10, 100 and 1,000 trials, one in seven failed, one in ten better than all before; 60 columns. Named
baseline: the same history told in full, without any limit. `titles` is the share of trials whose title is still told,
`led` that of those that led when they were made; `prefix` is the share of the text that
is the same as before the last trial (what an endpoint that caches prefixes need not read again), mean of 40 trials.
Floor: at no length of the history does a level pass its token limit.
"""

from __future__ import annotations

import itertools
import random
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from msgspec.structs import replace

from mle_ideator_jupyter.brief import Brief, HistoryItem, Level
from mle_ideator_jupyter.brief.compaction import EXTENTS
from mle_ideator_jupyter.brief.sections import text_of
from mle_ideator_jupyter.brief.tokens import estimate_tokens
from mle_ideator_jupyter.facts import ColumnProfile, Profile, TargetProfile
from mle_ideator_jupyter.model import Failure, FailureKind, Idea, IdeaKind, Score, Trial, Trigger, new_id
from tests.doubles import TASK

LENGTHS = (1, 10, 100, 1000)
WORDS = tuple("log target ratio encode blend boost depth skew drift fold text bins clip rank stack tune".split())  # noqa: SIM905
ALL = replace(EXTENTS[Level.FULL], tokens=10**9, columns=10**6, latest=10**6)


def history(trials: int) -> tuple[HistoryItem, ...]:
    """Return a history whose every title and score occurs once."""
    draw = random.Random(0)
    best, found = 2.0, []
    for number in range(trials):
        title = f"{' '.join(draw.sample(WORDS, 4)).capitalize()} #{number:04d}"
        idea = Idea(
            id=new_id(),
            kind=draw.choice(list(IdeaKind)),
            title=title,
            rationale=" ".join(draw.choices(WORDS, k=40)),
            steps=tuple(" ".join(draw.choices(WORDS, k=12)) for _ in range(3)),
            ideator="bench",
            trigger=Trigger.AUTOPILOT,
        )
        best = best * 0.999 if number % 10 == 0 else best
        value = best if number % 10 == 0 else best * (1 + draw.random() / 10)
        outcome = (
            Failure(kind=FailureKind.ERROR, message="ValueError: " + " ".join(draw.choices(WORDS, k=8)))
            if number % 7 == 3
            else Score(value=value, metric="rmse", protocol=TASK.binding.splitter.protocol)
        )
        trial = Trial(id=new_id(), number=number, title=title, outcome=outcome, idea=idea.id)
        found.append(HistoryItem(trial=trial, idea=idea))
    return tuple(found)


def brief(items: tuple[HistoryItem, ...], level: Level) -> Brief:
    """Return the Brief after these trials."""
    columns = tuple(
        ColumnProfile(name=f"column_{k:02d}", dtype="f8", role="numeric", distinct=900, association=k / 60)
        for k in range(60)
    )
    profile = Profile(rows=5000, target=TargetProfile(name="y", problem="regression", distinct=900), columns=columns)
    best = min((i.trial for i in items if i.trial.score), key=lambda t: t.score.value if t.score else 0.0)
    return Brief(
        task=TASK,
        profile=profile,
        history=items,
        best=best,
        parent=best,
        source="model = fit(X, y)\n" * 40,
        level=level,
    )


def main() -> int:
    """Measure, print, and return the exit status."""
    whole = history(max(LENGTHS))
    over = False
    print(f"{'level':9}{'trials':>7}{'tokens':>8}{'limit':>8}{'ratio':>8}{'titles':>8}{'led':>6}{'prefix':>8}")
    for level in Level:
        for length in LENGTHS:
            told = brief(whole[:length], level)
            text = told.text()
            full = estimate_tokens(text_of(told, ALL))
            limit = EXTENTS[level].tokens
            over |= told.tokens > limit
            shares = survivors(whole[:length], text)
            kept = (
                statistics.mean(prefix(whole[: k + 1], level) for k in range(max(1, length - 40), length))
                if length > 1
                else 0
            )
            print(
                f"{level.value:9}{length:7d}{told.tokens:8d}{limit:8d}{told.tokens / full:8.2f}"
                + "".join(f"{share:{width}.0%}" for share, width in zip((*shares, kept), (8, 6, 8), strict=True))
            )
    print("ratio: tokens against the same history told in full")
    return int(over)


def survivors(items: tuple[HistoryItem, ...], text: str) -> tuple[float, float]:
    """Return the shares of titles, and of titles that led, which the text still tells."""
    told = {item.trial.number: item.trial.title[-5:] in text for item in items}
    led = [told[item.trial.number] for item in items if item.trial.number % 10 == 0 and item.trial.score]
    return statistics.mean(told.values()), statistics.mean(led)


def prefix(items: tuple[HistoryItem, ...], level: Level) -> float:
    """Return the share of the text after the last trial that began the text before it."""
    before, after = brief(items[:-1], level).text(), brief(items, level).text()
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
    return sum(1 for _ in same) / len(after)


if __name__ == "__main__":
    sys.exit(main())
