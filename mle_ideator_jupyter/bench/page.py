"""A bench as one self-contained page: curves of the best gain so far, tables, links into every run's notebook."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from mle_ideator_jupyter.bench.gain import avg_at_k
from mle_ideator_jupyter.bench.rows import Row
from mle_ideator_jupyter.bench.summary import Comparison, Measured, Summary
from mle_ideator_jupyter.bench.table import checkpoints, number
from mle_ideator_jupyter.exports.page import document

COLOURS = ("#0969da", "#1a7f37", "#bf5700", "#8250df", "#cf222e", "#57606a", "#0a7ea4", "#9a6700")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 860, 280, 48, 30, 12


def page(said: Summary, found: Sequence[Measured]) -> str:
    """Return the whole page as HTML; everything that came from outside is escaped."""
    tasks, seeds = {m.row.task for m in found}, {m.row.seed for m in found}
    sizes = ((len(said.arms), "arm"), (len(tasks), "task"), (len(seeds), "seed"), (len(found), "run"))
    head = (
        f"<h1>Bench</h1><p class=soft>{', '.join(f'{n} {what}s' if n != 1 else f'1 {what}' for n, what in sizes)}. "
        "A gain of 0 is default boosting, 1 the 90th percentile of the task's reference solutions; "
        "intervals are 95 %, by bootstrap over tasks, then seeds.</p>"
    )
    parts = [
        head,
        _curves(found, list(said.arms)),
        _arms(said),
        _comparisons(said.comparisons),
        _kinds(said),
        _left_out(said),
        "<h2>Runs</h2>",
        *(_task(task, [m for m in found if m.row.task == task]) for task in sorted(tasks)),
    ]
    return document("Bench", "".join(parts))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return a table of cells that are HTML already."""

    def line(cells: Sequence[str], tag: str) -> str:
        return "".join(f"<{tag}{'' if k < left else ' class=n'}>{c}</{tag}>" for k, c in enumerate(cells))

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f"<div class=scroll><table><thead><tr>{line(heads, 'th')}</tr></thead><tbody>{body}</tbody></table></div>"


def _arms(said: Summary) -> str:
    heads = ("arm", "anytime gain", "95 %", "avg@k", "best@k", "k", "reference rank")
    rows = [
        [
            escape(arm.name),
            f"<b>{number(arm.anytime_gain)}</b>",
            f"{number(arm.interval[0])} … {number(arm.interval[1])}",
            number(arm.avg_at_k),
            number(arm.best_at_k),
            str(arm.k),
            number(arm.reference_rank),
        ]
        for arm in said.arms.values()
    ]
    return "<h2>Arms</h2>" + _table(heads, rows) + _checkpoints(said) + _effort(said)


def _checkpoints(said: Summary) -> str:
    lines = checkpoints(said)
    return _table(lines[0], [[escape(line[0]), *line[1:]] for line in lines[1:]]) if lines else ""


def _effort(said: Summary) -> str:
    heads = (
        "arm",
        "gold / silver / bronze",
        "trials failed",
        "hours",
        "$",
        "s per point of gain",
        "$ per point",
        "flagged",
    )
    rows = [
        [
            escape(arm.name),
            " / ".join(str(n) for n in arm.medals.values()),
            f"{arm.failed_trials} of {arm.trials}",
            f"{arm.seconds / 3600:.2f}",
            f"{arm.cost:.2f}",
            number(arm.seconds_per_gain, ".0f"),
            number(arm.cost_per_gain, ".2f"),
            str(arm.flagged),
        ]
        for arm in said.arms.values()
    ]
    return _table(heads, rows)


def _comparisons(all_of_them: Sequence[Comparison]) -> str:
    if not all_of_them:
        return ""
    heads = ("arm", "against", "measure", "difference", "95 %", "better on", "sign test p", "smallest detectable")
    rows = []
    for c in all_of_them:
        per_task = "".join(f"<li>{escape(t)} {v:+.3f}</li>" for t, v in sorted(c.per_task.items(), key=lambda i: -i[1]))
        better = f"{sum(v > 0 for v in c.per_task.values())} of {len(c.per_task)} tasks"
        rows.append(
            [
                escape(c.arm),
                escape(c.against),
                c.measure,
                f"{c.difference:+.3f}",
                f"{number(c.interval[0], '+.3f')} … {number(c.interval[1], '+.3f')}",
                f"<details><summary>{better}</summary><ul>{per_task}</ul></details>",
                number(c.sign_p, ".2g"),
                number(c.detectable),
            ]
        )
    return "<h2>Paired differences</h2>" + _table(heads, rows, left=3)


def _kinds(said: Summary) -> str:
    if not said.kinds:
        return ""
    rows = [
        [
            escape(k.arm),
            escape(k.kind.replace("_", " ")),
            str(k.trials),
            f"{k.better / k.trials:.0%}",
            f"{k.mean_gain:+.3f}",
        ]
        for k in sorted(said.kinds, key=lambda k: (list(said.arms).index(k.arm), -k.mean_gain))
    ]
    note = "<p class=soft>Gain of a trial's grade over that of the trial that it was built on.</p>"
    return (
        "<h2>Which kinds of ideas help</h2>"
        + note
        + _table(("arm", "kind", "tried", "better", "mean gain"), rows, left=2)
    )


def _left_out(said: Summary) -> str:
    lines = [f"<li>{escape(t)}: left out of all gains, {escape(why)}</li>" for t, why in said.left_out.items()]
    lines += [f"<li>not done: {escape(what)}</li>" for what in said.missing]
    return f"<ul>{''.join(lines)}</ul>" if lines else ""


def _task(task: str, found: Sequence[Measured]) -> str:
    heads = ("arm", "seed", "baseline", "solution", "gain", "anytime", "reference rank", "medal", "s", "trials")
    rows = []
    for m in found:
        row = m.row
        name = escape(row.arm)
        if row.notebook and not row.peer:
            name = f'<a href="{quote(row.notebook)}">{name}</a>'
        if row.flagged:
            name += f'<div class="bad">{"<br>".join(escape(f) for f in row.flagged[:5])}</div>'
        rows.append(
            [
                name,
                str(row.seed),
                number(row.baseline, ".5g"),
                number(row.final, ".5g"),
                number(m.gains[-1] if m.counts else None),
                number(m.anytime if m.counts else None),
                number(m.rank),
                m.medal or "",
                f"{row.seconds:.0f}",
                _trials(row),
            ]
        )
    return f"<h3>{escape(task)}</h3><p class=soft>{escape(found[0].row.metric)}</p>" + _table(heads, rows)


def _trials(row: Row) -> str:
    """Return a run's trials as links to their places on its page; on hover, what was tried and what came of it."""
    links = []
    for t in row.trials:
        came = t.failure or f"validation {number(t.validation, '.5g')}, grade {number(t.grade, '.5g')}"
        hover = escape(f"{t.number}: {t.title} — {came}", quote=True)
        shown = f'<span class="{"bad" if t.failure else ""}">{t.number}</span>'
        where = f"{quote(row.page)}#trial-{t.number}"
        links.append(f'<a href="{where}" title="{hover}">{shown}</a>' if row.page and not row.peer else shown)
    return " ".join(links)


def _curves(found: Sequence[Measured], arms: Sequence[str]) -> str:
    """Return the mean gain of the best solution so far, over trials, one line an arm."""
    lines = {arm: line for arm in arms if (line := _curve([m for m in found if m.row.arm == arm and m.counts]))}
    if not lines:
        return ""
    longest = max(len(line) for line in lines.values())
    every = [v for line in lines.values() for v in line]
    low, high = min(0.0, *every), max(1.0, *every)

    def x(k: int) -> float:
        return LEFT + (WIDTH - LEFT - 150) * k / max(1, longest - 1)

    def y(v: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - v) / (high - low)

    drawn = [
        f'<line x1="{LEFT}" x2="{WIDTH - 150}" y1="{y(v):.1f}" y2="{y(v):.1f}" stroke="var(--line)"/>'
        f'<text x="{LEFT - 8}" y="{y(v) + 4:.1f}" text-anchor="end">{v:g}</text>'
        for v in (0.0, 0.5, 1.0)
    ]
    drawn += [f'<text x="{x(k):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{k}</text>' for k in range(longest)]
    ends = _apart([(y(line[-1]), arm) for arm, line in lines.items()])
    for number_of, (arm, line) in enumerate(lines.items()):
        colour = COLOURS[number_of % len(COLOURS)]
        points = " ".join(f"{x(k):.1f},{y(v):.1f}" for k, v in enumerate(line))
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        # fill by attribute loses to the page's own style
        drawn.append(
            f'<text x="{x(len(line) - 1) + 8:.1f}" y="{ends[arm] + 4:.1f}" style="fill:{colour}">{escape(arm)}</text>'
        )
    label = "gain of the best solution so far (by validation), over trials, mean over tasks"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(drawn)}</svg>'
        f"<p class=soft>{label}</p>"
    )


def _apart(ends: Sequence[tuple[float, str]], least: float = 13.0) -> dict[str, float]:
    """Return heights of labels that do not cover each other."""
    placed: dict[str, float] = {}
    last = -math.inf
    for height, arm in sorted(ends):
        last = max(height, last + least)
        placed[arm] = last
    return placed


def _curve(mine: Sequence[Measured]) -> list[float]:
    if not mine or all(m.row.peer for m in mine):
        return []
    longest = max(max(len(m.gains), (m.row.steps or 0) + 1) for m in mine)
    means = []
    for k in range(longest):
        values: dict[str, list[float]] = {}
        for m in mine:
            values.setdefault(m.row.task, []).append(m.gains[min(k, len(m.gains) - 1)])
        means.append(avg_at_k(values))
    return means
