"""The sections of a Brief's text, in an order in which what changes comes last."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from mle_ideator_jupyter.brief import past
from mle_ideator_jupyter.brief.compaction import Extent
from mle_ideator_jupyter.brief.wording import line
from mle_ideator_jupyter.facts import ColumnProfile, Gpu
from mle_ideator_jupyter.model import Trigger

if TYPE_CHECKING:
    from mle_ideator_jupyter.brief.brief import Brief

BEGIN, END = "<notebook>", "</notebook>"
_TAG = re.compile(r"<(\s*/?\s*notebook\b)", re.IGNORECASE)


def text_of(brief: Brief, extent: Extent) -> str:
    """Return the whole text at this extent, not yet redacted."""
    left_out: list[str] = []
    sections = [
        _task(brief),
        _data(brief, extent, left_out),
        _kernel(brief, left_out),
        past.history(brief, extent, left_out),
        _solution(brief, extent, left_out),
        _now(brief, left_out),
        "# Left out\n" + "; ".join(left_out) if left_out else "",
    ]
    material = _plain("\n\n".join(s for s in sections if s))
    return f"{BEGIN}\n{material}\n{END}\n\n{_plain(_asked(brief))}\n"


def _plain(text: str) -> str:
    """Return the text without tags that would end, or begin, what is material."""
    return _TAG.sub(r"‹\1", text)


def _task(brief: Brief) -> str:
    binding = brief.task.binding
    lines = ["# Task", f"{binding.describe()} · {binding.problem}, {binding.metric.goal.value} {binding.metric.name}"]
    if brief.task.description:
        lines.append(brief.task.description.strip()[:2000])
    return "\n".join(lines)


def _data(brief: Brief, extent: Extent, left_out: list[str]) -> str:
    profile = brief.profile
    if profile is None:
        return ""
    if "profile" in brief.without:
        left_out.append("the profile of the data")
        return ""
    target = profile.target
    lines = [
        "# Data",
        f"{profile.rows} training rows" + (f", {profile.test_rows} test rows" if profile.test_rows else ""),
        f"target {target.name!r}: {target.distinct} values"
        + (f", skew {target.skew:.2f}" if target.skew is not None else "")
        + (f", classes {', '.join(f'{c} {s:.1%}' for c, s in target.classes[:8])}" if target.classes else ""),
    ]
    if profile.image:
        lines.append(f"the columns are images of {profile.image.describe()}")
    columns = sorted(profile.columns, key=lambda c: -(c.association or 0))
    lines += [_column(c) for c in columns[: extent.columns]]
    if len(columns) > extent.columns:
        left_out.append(f"the {len(columns) - extent.columns} columns that relate least to the target")
    lines += [line(note, 300) for note in profile.notes]
    return "\n".join(lines)


def _column(c: ColumnProfile) -> str:
    facts = [f"- {c.name[:200]!r}: {c.role}", f"{c.distinct} values"]
    if c.missing:
        facts.append(f"{c.missing:.1%} missing")
    if c.association is not None:
        facts.append(f"association {c.association:.2f}")
    if c.skew is not None and abs(c.skew) > 1:
        facts.append(f"skew {c.skew:.1f}")
    if c.drift is not None and c.drift > 0.1:
        facts.append(f"drift {c.drift:.2f}")
    if c.leak:
        facts.append(f"leak? {line(c.leak, 200)}")
    return ", ".join(facts)


def _kernel(brief: Brief, left_out: list[str]) -> str:
    """Return what stays the same of the kernel."""
    facts, lines = brief.kernel, ["# Kernel"]
    if facts.python:
        memory = f", {facts.memory_mb} MB memory" if facts.memory_mb else ""
        lines.append(f"Python {facts.python}, {facts.cores} cores{memory}")
    if facts.gpus and "gpus" not in brief.without:
        lines += [
            f"GPU {line(gpu.name, 80)}" + (f", {gpu.memory_mb} MB" if gpu.memory_mb else "") for gpu in facts.gpus
        ]
    if facts.libraries and "libraries" in brief.without:
        left_out.append("the installed libraries")
    elif facts.libraries:
        lines.append("installed: " + ", ".join(f"{k} {v}" for k, v in sorted(facts.libraries.items())))
    return "\n".join(lines) if len(lines) > 1 else ""


def _now(brief: Brief, left_out: list[str]) -> str:
    """Return what changes of the kernel: what its GPU holds, and why memory last ran out."""
    facts, lines = brief.kernel, ["# Kernel now"]
    if facts.gpus and "gpus" in brief.without:
        left_out.append("the GPUs")
    else:
        lines += [_memory(gpu) for gpu in facts.gpus if gpu.free_mb is not None]
    if facts.resident and "resident" in brief.without:
        left_out.append("what the memory holds")
    else:
        lines += [f"- {r.name!r}: {r.type}, {r.mb:.0f} MB on {r.device}" for r in facts.resident]
    cause = facts.out_of_memory or past.out_of_memory(brief)
    if cause and "out_of_memory" in brief.without:
        left_out.append("why memory ran out")
    elif cause:
        lines.append(f"memory last ran out: {line(cause, 300)}")
    return "\n".join(lines) if len(lines) > 1 else ""


def _memory(gpu: Gpu) -> str:
    here = f", {gpu.used_here_mb} MB of it used by this kernel's tensors" if gpu.used_here_mb is not None else ""
    return f"GPU {line(gpu.name, 80)}: {gpu.free_mb} MB free of {gpu.memory_mb} MB{here}"


def _solution(brief: Brief, extent: Extent, left_out: list[str]) -> str:
    parent = brief.parent
    if parent is None:
        return ""
    lines = [f"# Current solution (trial {parent.number})"]
    if parent.recipe is not None:
        lines.append("Recipe: " + msgspec.json.encode(parent.recipe).decode())
    if brief.source and extent.source and "source" not in brief.without:
        lines.append("```python\n" + brief.source.strip() + "\n```")
    elif brief.source:
        left_out.append("the code of the current solution")
    return "\n".join(lines)


def _asked(brief: Brief) -> str:
    left = brief.left
    parts = [f"{left.steps} trials" if left.steps is not None else ""]
    parts.append(f"{left.seconds:.0f} s" if left.seconds is not None else "")
    parts.append(f"${left.cost:.2f}" if left.cost is not None else "")
    lines = ["# Asked for", f"asked by: {brief.trigger.value}"]
    if brief.best is not None and brief.best.score is not None:
        score = brief.best.score
        lines.append(f"best so far: trial {brief.best.number}, {score.metric} {score.value:.6g}")
    if any(parts):
        lines.append("budget left: " + ", ".join(p for p in parts if p))
    if brief.noise:
        lines.append(f"a difference under {brief.noise:.3g} is noise")
    if brief.kinds:
        lines.append("kinds wanted: " + ", ".join(k.value for k in brief.kinds))
    if brief.proposed:
        lines.append("already proposed: " + "; ".join(line(i.title, 120) for i in brief.proposed)[:1000])
    if brief.hint:
        word = "question of the Implementer" if brief.trigger is Trigger.IMPLEMENTER else "hint"
        lines.append(f"{word}: {brief.hint.strip()[:2000]}")
    return "\n".join(lines)
