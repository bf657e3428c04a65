"""The plot of a history as inline SVG: every trial a mark, the best so far a step line, the idea on hover."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from html import escape

from mle_ideator_jupyter.exports.table import Row
from mle_ideator_jupyter.model import Goal, Metric
from mle_ideator_jupyter.state import State

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 260, 64, 16, 14, 46
LABELS = 25
"""Most trial numbers written below the axis."""


def plot(state: State, listed: Sequence[Row]) -> str:
    """Return the plot, or nothing while fewer than two scores compare.

    A full dot is a score that compares, an empty one a score of another protocol or on a sample, a cross a failure. A
    score far worse than the rest sits at the edge, so that it does not flatten all others; its number is on hover.
    """
    comparable = {t.id for t in state.ranked()}
    values = [r.score for r in listed if r.score is not None and r.id in comparable]
    if len(values) < 2 or state.task is None:
        return ""
    metric = state.task.metric
    frame = _Frame(values, metric, len(listed))
    marks, step, best = [], "", None
    for place, row in enumerate(listed):
        x = frame.across(place)
        if row.id in comparable and row.score is not None:
            better = best is None or metric.better(row.score, best)
            best = row.score if better or best is None else best
            step += f"{'H' if step else 'M'}{x:.1f}" + (f"V{frame.up(best):.1f}" if step else f" {frame.up(best):.1f}")
            marks.append(_dot(x, frame.up(row.score), row, f'fill="var(--{"good" if better else "dot"})"'))
        elif row.score is not None and state.task.metric.name == _metric_of(state, row):
            marks.append(_dot(x, frame.up(row.score), row, 'fill="none" stroke="var(--soft)" stroke-width="1.5"'))
        else:
            marks.append(_cross(x, HEIGHT - BOTTOM + 12, row))
        if place % (1 + len(listed) // LABELS) == 0:
            marks.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{row.number}</text>')
    goal = "higher" if metric.goal is Goal.MAXIMIZE else "lower"
    label = escape(f"{metric.name} over trials, {goal} is better")
    line = f'<path d="{step}" fill="none" stroke="var(--good)" stroke-width="2"/>'
    drawn = f"{frame.axis()}{line}{''.join(marks)}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{drawn}</svg><p class="soft">{label}</p>'
    )


class _Frame:
    """Where a place and a value lie in the drawing."""

    def __init__(self, values: Sequence[float], metric: Metric, places: int) -> None:
        best, worst = (max, min) if metric.goal is Goal.MAXIMIZE else (min, max)
        top, middle = best(values), statistics.median(values)
        edge = worst(values[0], middle + 3 * (middle - top))
        seen = [v for v in values if not metric.better(edge, v)]
        self.low, self.high = min(seen), max(seen)
        self.span = (self.high - self.low) or abs(self.high) or 1.0
        self.places = places

    def across(self, place: int) -> float:
        return LEFT + 12 + (WIDTH - LEFT - RIGHT - 12) * place / max(1, self.places - 1)

    def up(self, value: float) -> float:
        share = (self.high - min(max(value, self.low), self.high)) / self.span
        return TOP + (HEIGHT - TOP - BOTTOM) * share

    def axis(self) -> str:
        return "".join(
            f'<text x="{LEFT - 8}" y="{self.up(v) + 4:.1f}" text-anchor="end">{v:.4g}</text>'
            f'<line x1="{LEFT}" x2="{WIDTH}" y1="{self.up(v):.1f}" y2="{self.up(v):.1f}" stroke="var(--line)"/>'
            for v in dict.fromkeys((self.low, (self.low + self.high) / 2, self.high))
        )


def _metric_of(state: State, row: Row) -> str | None:
    trial = state.trial(row.id)
    return trial.score.metric if trial and trial.score else None


def _hover(row: Row) -> str:
    said = f"{row.score:.6g}" if row.score is not None else row.failure or ""
    apart = "" if row.score is None or row.fidelity == "full" else f", {row.fidelity}"
    return f"<title>{escape(f'{row.number}: {row.title} — {said}{apart}')}</title>"


def _dot(x: float, y: float, row: Row, look: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" {look}>{_hover(row)}</circle>'


def _cross(x: float, y: float, row: Row) -> str:
    shape = f"M{x - 4:.1f} {y - 4}l8 8m0-8l-8 8"
    return f'<path d="{shape}" stroke="var(--bad)" stroke-width="2" fill="none">{_hover(row)}</path>'
