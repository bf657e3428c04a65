"""A bench as plain text: the table it ends with."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mle_ideator_jupyter.bench.summary import CHECKPOINTS, Comparison, Summary


def number(value: float | None, form: str = ".3f") -> str:
    """Return a number as text, a dash for none."""
    return "—" if value is None or math.isnan(value) else format(value, form)


def columns(lines: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return rows of text as aligned columns; the first `left` ones flush left, the others right."""
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if k < left else text.rjust(width)
            for k, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def as_text(said: Summary) -> str:
    """Return the summary as text for people."""
    heads = ("arm", "runs", "anytime gain", "95 %", "avg@k", "best@k", "k", "reference rank", "g/s/b", "failed", "s")
    lines = [
        (
            arm.name,
            str(arm.runs),
            number(arm.anytime_gain),
            f"{number(arm.interval[0])} … {number(arm.interval[1])}",
            number(arm.avg_at_k),
            number(arm.best_at_k),
            str(arm.k),
            number(arm.reference_rank),
            "/".join(str(n) for n in arm.medals.values()),
            f"{arm.failed_trials}/{arm.trials}",
            f"{arm.seconds:.0f}",
        )
        for arm in said.arms.values()
    ]
    parts = [columns([heads, *lines])]
    if len(said.arms) > 1 and (early := checkpoints(said)):
        parts.append(columns(early))
    parts += [compared(c) for c in said.comparisons]
    parts += [f"left out of all gains: {task}: {why}" for task, why in said.left_out.items()]
    parts += [f"flagged: {a.name} looked for answers in {a.flagged} runs" for a in said.arms.values() if a.flagged]
    parts += [f"not done: {what}" for what in said.missing]
    return "\n".join(parts)


def checkpoints(said: Summary) -> list[tuple[str, ...]]:
    """Return lines with each arm's anytime gain within fewer trials, the heads first; none where no run had as many."""
    there = [k for k in CHECKPOINTS if any(not math.isnan(a.at.get(str(k), math.nan)) for a in said.arms.values())]
    if not there:
        return []
    lines = [(a.name, *(number(a.at.get(str(k))) for k in there)) for a in said.arms.values() if a.at]
    return [("anytime gain within", *(f"{k} trials" if k > 1 else "1 trial" for k in there)), *lines]


def compared(c: Comparison) -> str:
    """Return one comparison as a line."""
    better = sum(v > 0 for v in c.per_task.values())
    return (
        f"{c.arm} − {c.against}: {c.difference:+.3f} {c.measure} ({number(c.interval[0], '+.3f')} … "
        f"{number(c.interval[1], '+.3f')}), better on {better} of {len(c.per_task)} tasks, sign test p "
        f"{number(c.sign_p, '.2g')}, smallest detectable {number(c.detectable)}, ratio of means "
        f"{number(c.relative + 1, '.2f')}"
    )
