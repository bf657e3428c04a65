"""The Brief: exactly what an agent is told, fitted to a token budget and free of secrets.

What is dropped first when the budget is short, least useful first:

1. the steps of past ideas,
2. columns whose relation with the target is weakest,
3. past trials that neither improved nor failed, oldest first,
4. the source of the current solution (the Recipe stays),
5. the rationale of past ideas,
6. failed trials, oldest first (their titles stay in one "avoid" line).

The task, the target, the best score, the budget and the hint are never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from mle_ideator_jupyter.facts import ColumnProfile, KernelFacts, Profile
from mle_ideator_jupyter.model import Budget, Failure, Idea, IdeaKind, Score, Struct, Task, Trial, Trigger

CHARACTERS_PER_TOKEN = 3.6
"""Calibrated estimate for English text with numbers and code; an endpoint's own count is better where there is one."""


class HistoryItem(Struct, frozen=True, kw_only=True):
    """One finished trial with the idea it came from, if any."""

    trial: Trial
    idea: Idea | None = None


class Brief(Struct, frozen=True, kw_only=True):
    """What an agent is told about a task at one moment of a run.

    `parent` is the trial to improve on (usually the best); `noise` is the standard deviation of
    a score under the Binding's splitter, in the metric's unit. `left` is the budget that remains.
    `step` and `seed` make an embedded agent's choices repeatable.
    """

    task: Task
    profile: Profile | None = None
    kernel: KernelFacts = KernelFacts()
    history: tuple[HistoryItem, ...] = ()
    proposed: tuple[Idea, ...] = ()
    """Ideas that the user has seen and that no trial has taken up; they are not to come again."""
    parent: Trial | None = None
    best: Trial | None = None
    source: str = ""
    noise: float | None = None
    left: Budget = Budget()
    step: int = 0
    seed: int = 0
    hint: str = ""
    kinds: tuple[IdeaKind, ...] = ()
    trigger: Trigger = Trigger.HUMAN
    screen_rows: int | None = None
    """Where set, a trial first runs on a sample of that many rows (its data are large)."""
    token_limit: int = 6000

    def text(self) -> str:
        """Return what an agent is told, redacted and within `token_limit` tokens where that is possible."""
        return render(self)

    @property
    def tokens(self) -> int:
        """Return the estimated number of tokens of `text()`."""
        return estimate_tokens(self.text())

    def tried(self) -> frozenset[str]:
        """Return the actions of all ideas in the history."""
        return frozenset(item.idea.action for item in self.history if item.idea and item.idea.action)


def estimate_tokens(text: str) -> int:
    """Return an estimate of a text's tokens."""
    return round(len(text) / CHARACTERS_PER_TOKEN)


_SECRETS = re.compile(
    r"""(?x)
    (?:sk|pk|rk)-[A-Za-z0-9_-]{8,}              # OpenAI, Anthropic, Stripe style
    | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_\w{20,}
    | hf_[A-Za-z0-9]{16,} | xox[abprs]-[\w-]{10,} | AKIA[0-9A-Z]{12,} | AIza[\w-]{20,}
    | eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}      # JSON web token
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    | (?<=://)[^\s/:@]+:[^\s/@]+(?=@)           # user:password@ in a URL
    """,
    re.DOTALL,
)
_NAMED_SECRETS = re.compile(
    r"""(?ix)\b([\w.-]*(?:api[_-]?key|secret|token|passwd|password|authorization|bearer)[\w-]*["']?\]?\s*[:=]\s*
    (?:bearer\s+)?)(["']?)([^\s"',;)]{6,})\2"""
)


def redact(text: str) -> str:
    """Return the text with anything that looks like a key, token or password replaced by `[redacted]`."""
    return _NAMED_SECRETS.sub(r"\1\2[redacted]\2", _SECRETS.sub("[redacted]", text))


class _Cut(msgspec.Struct):
    """What is left out so far; each step of `_STEPS` leaves out a little more."""

    steps: bool = False
    columns: int = 60
    middling: int = 0
    source: bool = False
    rationale: bool = False
    failures: int = 0


def _cuts(brief: Brief) -> list[Callable[[_Cut], None]]:
    """Return the reductions in the order of the module's docstring."""
    middling = sum(1 for i in brief.history if _middling(i, brief))
    failed = sum(1 for i in brief.history if isinstance(i.trial.outcome, Failure))

    def less(field: str, value: object) -> Callable[[_Cut], None]:
        return lambda cut: setattr(cut, field, value)

    return [
        less("steps", True),
        *(less("columns", n) for n in (40, 25, 15, 8)),
        *(less("middling", n) for n in _ladder(middling)),
        less("source", True),
        less("rationale", True),
        *(less("failures", n) for n in _ladder(failed)),
    ]


def _ladder(total: int) -> list[int]:
    """Return growing counts up to `total`: a quarter, a half, three quarters, all."""
    return sorted({total * k // 4 for k in (1, 2, 3, 4)} - {0})


def _middling(item: HistoryItem, brief: Brief) -> bool:
    best = brief.best.id if brief.best else None
    return item.trial.score is not None and item.trial.id != best and item.trial.number != 0


def render(brief: Brief) -> str:
    """Return the Brief as text, reduced step by step until it fits."""
    cut = _Cut()
    text = redact(_text(brief, cut))
    for reduce in _cuts(brief):
        if estimate_tokens(text) <= brief.token_limit:
            break
        reduce(cut)
        text = redact(_text(brief, cut))
    return text


def _text(brief: Brief, cut: _Cut) -> str:
    sections = [_task(brief), _data(brief, cut), _history(brief, cut), _solution(brief, cut), _ask(brief)]
    return "\n\n".join(s for s in sections if s) + "\n"


def _task(brief: Brief) -> str:
    binding = brief.task.binding
    lines = ["# Task", f"{binding.describe()} · {binding.problem}, {binding.metric.goal.value} {binding.metric.name}"]
    if brief.task.description:
        lines.append(brief.task.description.strip()[:2000])
    return "\n".join(lines)


def _data(brief: Brief, cut: _Cut) -> str:
    profile = brief.profile
    if profile is None:
        return ""
    target = profile.target
    lines = [
        "# Data",
        f"{profile.rows} training rows" + (f", {profile.test_rows} test rows" if profile.test_rows else ""),
    ]
    lines.append(
        f"target {target.name!r}: {target.distinct} values"
        + (f", skew {target.skew:.2f}" if target.skew is not None else "")
        + (f", classes {', '.join(f'{c} {s:.1%}' for c, s in target.classes[:8])}" if target.classes else "")
    )
    columns = sorted(profile.columns, key=lambda c: -(c.association or 0))
    lines += [_column(c) for c in columns[: cut.columns]]
    if len(columns) > cut.columns:
        lines.append(f"({len(columns) - cut.columns} weaker columns left out)")
    lines += profile.notes
    return "\n".join(lines)


def _column(c: ColumnProfile) -> str:
    facts = [f"- {c.name!r}: {c.role}", f"{c.distinct} values"]
    if c.missing:
        facts.append(f"{c.missing:.1%} missing")
    if c.association is not None:
        facts.append(f"association {c.association:.2f}")
    if c.skew is not None and abs(c.skew) > 1:
        facts.append(f"skew {c.skew:.1f}")
    if c.drift is not None and c.drift > 0.1:
        facts.append(f"drift {c.drift:.2f}")
    if c.leak:
        facts.append(f"leak? {c.leak}")
    return ", ".join(facts)


def _history(brief: Brief, cut: _Cut) -> str:
    if not brief.history:
        return ""
    lines = [f"# Trials so far ({len(brief.history)})"]
    middling, failures, avoid = 0, 0, []
    for item in brief.history:
        if _middling(item, brief):
            middling += 1
            if middling <= cut.middling:
                continue
        if isinstance(item.trial.outcome, Failure):
            failures += 1
            if failures <= cut.failures:
                avoid.append(item.trial.title)
                continue
        lines += _item(item, brief, cut)
    if cut.middling:
        lines.append(f"({min(middling, cut.middling)} trials that did not improve left out)")
    if avoid:
        lines.append("Failed, avoid: " + "; ".join(avoid)[:600])
    return "\n".join(lines)


def _item(item: HistoryItem, brief: Brief, cut: _Cut) -> list[str]:
    trial, idea = item.trial, item.idea
    outcome = trial.outcome
    if isinstance(outcome, Score):
        said = f"{outcome.metric} {outcome.value:.6g}"
        if outcome.protocol != brief.task.binding.splitter.protocol:
            said += f" ({outcome.protocol})"
        if outcome.fidelity != "full":
            said += f" ({outcome.fidelity})"
    else:
        said = f"failed: {outcome.message[:200]}" if outcome else "unfinished"
    best = " [best]" if brief.best and trial.id == brief.best.id else ""
    lines = [f"- trial {trial.number}: {trial.title} → {said}{best}"]
    if idea and not cut.rationale:
        lines.append(f"  {idea.kind.value}: {idea.rationale[:400]}")
    if idea and not cut.steps:
        lines += [f"  * {step[:200]}" for step in idea.steps]
    return lines


def _solution(brief: Brief, cut: _Cut) -> str:
    parent = brief.parent
    if parent is None:
        return ""
    lines = [f"# Current solution (trial {parent.number})"]
    if parent.recipe is not None:
        lines.append("Recipe: " + msgspec.json.encode(parent.recipe).decode())
    if brief.source and not cut.source:
        lines.append("```python\n" + brief.source.strip() + "\n```")
    return "\n".join(lines)


def _ask(brief: Brief) -> str:
    left = brief.left
    parts = [f"{left.steps} trials" if left.steps is not None else ""]
    parts.append(f"{left.seconds:.0f} s" if left.seconds is not None else "")
    parts.append(f"${left.cost:.2f}" if left.cost is not None else "")
    lines = ["# Asked for", f"asked by: {brief.trigger.value}"]
    if any(parts):
        lines.append("budget left: " + ", ".join(p for p in parts if p))
    if brief.noise:
        lines.append(f"a difference under {brief.noise:.3g} is noise")
    if brief.kinds:
        lines.append("kinds wanted: " + ", ".join(k.value for k in brief.kinds))
    if brief.proposed:
        lines.append("already proposed: " + "; ".join(i.title for i in brief.proposed)[:1000])
    if brief.hint:
        lines.append("hint: " + brief.hint.strip()[:2000])
    if brief.kernel.libraries:
        lines.append("installed: " + ", ".join(f"{k} {v}" for k, v in sorted(brief.kernel.libraries.items())))
    return "\n".join(lines)
