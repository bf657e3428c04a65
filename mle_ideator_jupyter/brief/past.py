"""What a Brief tells of the trials so far: the latest one by one, older ones folded into a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mle_ideator_jupyter.brief.compaction import Extent, folded
from mle_ideator_jupyter.brief.wording import line
from mle_ideator_jupyter.model import Failure, FailureKind, Score, Trial

if TYPE_CHECKING:
    from mle_ideator_jupyter.brief.brief import Brief, HistoryItem

_LED = 12
"""Folded trials that led are told one by one, the latest so many."""
_OUT_OF_MEMORY = ("out of memory", "outofmemory", "memoryerror")


def history(brief: Brief, extent: Extent, left_out: list[str]) -> str:
    """Return the trials so far, and say in `left_out` what of them is not told."""
    items = brief.history
    if not items:
        return ""
    count = folded(len(items), extent.latest)
    lines = ["# Trials so far"]
    if count:
        lines += _summary(brief, items[:count], extent, left_out)
    for item in items[count:]:
        lines += _item(brief, item, extent)
    if any(i.idea for i in items):
        dropped = [n for n, told in (("steps", extent.steps), ("rationale", extent.rationale)) if not told]
        if dropped:
            left_out.append(f"the {' and '.join(dropped)} of past ideas")
    return "\n".join(lines)


def ran_out(brief: Brief) -> Trial | None:
    """Return the last trial that ran out of memory, or None."""
    for item in reversed(brief.history):
        outcome = item.trial.outcome
        if isinstance(outcome, Failure) and _memory(outcome):
            return item.trial
    return None


def out_of_memory(brief: Brief) -> str:
    """Return why the last trial that ran out of memory did, with its number; empty where none has."""
    trial = ran_out(brief)
    if trial is None or not isinstance(trial.outcome, Failure):
        return ""
    return f"in trial {trial.number} ({trial.title}): {trial.outcome.message}"


def _memory(failure: Failure) -> bool:
    said = failure.message.lower()
    return failure.kind is FailureKind.MEMORY or any(words in said for words in _OUT_OF_MEMORY)


def _summary(brief: Brief, items: tuple[HistoryItem, ...], extent: Extent, left_out: list[str]) -> list[str]:
    """Return what becomes of the oldest trials: those that led, counts by kind, and titles as far as they go."""
    metric = brief.task.metric
    best: Score | None = None
    led, tried, failed = [], [], []
    kinds: dict[str, list[int]] = {}
    for item in items:
        trial = item.trial
        counts = kinds.setdefault(item.idea.kind.value if item.idea else "none", [0, 0, 0])
        counts[0] += 1
        if trial.score is None:
            counts[2] += 1
            failed.append(trial.title)
        elif trial.score.fidelity == "full" and (best is None or metric.better(trial.score.value, best.value)):
            best = trial.score
            counts[1] += 1
            led.append(f"- trial {trial.number}: {line(trial.title, 120)} → {_said(brief, trial.score)} [led]")
        else:
            tried.append(f"{line(trial.title, 60)} ({trial.score.value:.4g})")
    told = [f"- {kind}: {n} tried, {new} led, {bad} failed" for kind, (n, new, bad) in sorted(kinds.items())]
    if len(led) > _LED:
        left_out.append(f"{len(led) - _LED} trials that led for a while")
    lines = [f"Trials up to {items[-1].trial.number}, folded:", *told, *led[-_LED:]]
    for words, titles, most in (("no gain", tried, extent.titles), ("failed, avoid", failed, extent.titles // 2)):
        fitting = _fitting(titles, most)
        if fitting:
            lines.append(f"{words}: " + "; ".join(fitting))
        if len(fitting) < len(titles):
            left_out.append(f"{len(titles) - len(fitting)} older trials ({words})")
    return lines


def _fitting(titles: list[str], most: int) -> list[str]:
    """Return the latest titles that fit into so many characters; the same title once."""
    found: list[str] = []
    for title in reversed(list(dict.fromkeys(line(t, 80) for t in titles))):
        most -= len(title) + 2
        if most < 0:
            break
        found.insert(0, title)
    return found


def _item(brief: Brief, item: HistoryItem, extent: Extent) -> list[str]:
    trial, idea = item.trial, item.idea
    lines = [f"- trial {trial.number}: {line(trial.title, 200)} → {_outcome(brief, item)}"]
    if trial.omitted:
        lines.append(f"  not done: {line('; '.join(trial.omitted), 300)}")
    if idea and extent.rationale:
        lines.append(f"  {idea.kind.value}: {line(idea.rationale, 400)}")
    if idea and extent.steps:
        lines += [f"  * {line(step, 200)}" for step in idea.steps]
    return lines


def _outcome(brief: Brief, item: HistoryItem) -> str:
    outcome = item.trial.outcome
    if isinstance(outcome, Score):
        return _said(brief, outcome)
    return f"failed: {line(outcome.message, 200)}" if outcome else "unfinished"


def _said(brief: Brief, score: Score) -> str:
    said = f"{score.metric} {score.value:.6g}"
    if score.protocol != brief.task.binding.splitter.protocol:
        said += f" ({score.protocol})"
    if score.fidelity != "full":
        said += f" ({score.fidelity})"
    return said
