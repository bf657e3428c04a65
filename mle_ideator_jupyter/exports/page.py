"""The history as one self-contained page: a plot of the scores and a table; no script, no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources

from mle_ideator_jupyter.exports.table import Row, rows
from mle_ideator_jupyter.model import Goal
from mle_ideator_jupyter.state import State

WIDTH, HEIGHT, LEFT, BOTTOM = 860, 260, 64, 28
N = " class=n"


def page(state: State, title: str) -> str:
    """Return the whole page as HTML; everything that came from outside is escaped."""
    listed = rows(state)
    head = f"<h1>{escape(title)}</h1>{_summary(state)}"
    body = f"{head}{plot(state, listed)}<div class=scroll>{_table(state, listed)}</div>"
    style = resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{body}</body></html>\n"
    )


def _summary(state: State) -> str:
    if state.task is None:
        return '<p class="soft">No task yet.</p>'
    line = f'<p class="soft">{escape(state.task.binding.describe())}</p>'
    best, baseline = state.best, state.baseline
    if best and best.score and baseline and baseline.score:
        gain = state.task.metric.gain(best.score.value, baseline.score.value)
        line += (
            f"<p>baseline {baseline.score.value:.6g} → best <b>{best.score.value:.6g}</b> "
            f'<span class="good">({gain:+.4g} better)</span>, trial {best.number}</p>'
        )
    return line


def plot(state: State, listed: Sequence[Row]) -> str:
    """Return the plot as SVG: every comparable trial a dot, the best so far a step line, the idea on hover."""
    comparable = {t.id for t in state.ranked()}
    points = [r for r in listed if r.score is not None and r.id in comparable]
    if len(points) < 2 or state.task is None:
        return ""
    values = [r.score for r in points if r.score is not None]
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0

    def across(number: int) -> float:
        return LEFT + (WIDTH - LEFT - 16) * number / (len(points) - 1)

    def up(value: float) -> float:
        return 14 + (HEIGHT - BOTTOM - 28) * (high - value) / span

    step, best, dots = [], values[0], []
    for k, (row, value) in enumerate(zip(points, values, strict=True)):
        best = value if k == 0 or state.task.metric.better(value, best) else best
        step.append(f"{'H' if k else 'M'}{across(k):.1f}" + ("" if k else f" {up(best):.1f}") + f"V{up(best):.1f}")
        colour = "good" if row.improved or k == 0 else "dot"
        hover = escape(f"{row.number}: {row.title} — {value:.6g}")
        dots.append(
            f'<circle cx="{across(k):.1f}" cy="{up(value):.1f}" r="5" fill="var(--{colour})">'
            f"<title>{hover}</title></circle>"
            f'<text x="{across(k):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{row.number}</text>'
        )
    path = "".join(step).replace("M", "M", 1)
    axis = "".join(
        f'<text x="{LEFT - 8}" y="{up(v) + 4:.1f}" text-anchor="end">{v:.4g}</text>'
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{up(v):.1f}" y2="{up(v):.1f}" stroke="var(--line)"/>'
        for v in (low, (low + high) / 2, high)
    )
    goal = "higher" if state.task.metric.goal is Goal.MAXIMIZE else "lower"
    label = escape(f"{state.task.metric.name} over trials, {goal} is better")
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{axis}'
        f'<path d="{path}" fill="none" stroke="var(--good)" stroke-width="2"/>{"".join(dots)}</svg>'
        f'<p class="soft">{label}</p>'
    )


def _table(state: State, listed: Sequence[Row]) -> str:
    heads = "".join(
        f"<th{c}>{h}</th>" for h, c in (("trial", N), ("idea", ""), ("score", N), ("gain", N), ("seconds", N))
    )
    lines = [f"<table><thead><tr>{heads}</tr></thead><tbody>"]
    for row in listed:
        trial = state.trial(row.id)
        idea = state.ideas.get(trial.idea or "") if trial else None
        cell = escape(row.title)
        if idea:
            steps = "".join(f"<li>{escape(s)}</li>" for s in idea.steps)
            kind = escape(idea.kind.value.replace("_", " "))
            detail = (
                f'<p class="soft">{kind} · {escape(idea.ideator)}</p><p>{escape(idea.rationale)}</p><ol>{steps}</ol>'
            )
            cell = f"<details><summary>{cell}</summary>{detail}</details>"
        if row.failure:
            cell += f'<div class="bad">{escape(row.failure)}</div>'
        if row.imported:
            cell += '<div class="soft">imported, not trusted yet: it does not count</div>'
        score = "—" if row.score is None else f"{row.score:.6g}"
        gain = "" if row.gain is None else f'<span class="{"good" if row.gain > 0 else "soft"}">{row.gain:+.4g}</span>'
        lines.append(
            f"<tr><td class=n>{row.number}</td><td>{cell}</td><td class=n>{score}</td>"
            f"<td class=n>{gain}</td><td class=n>{row.seconds:.1f}</td></tr>"
        )
    return "".join(lines) + "</tbody></table>"
