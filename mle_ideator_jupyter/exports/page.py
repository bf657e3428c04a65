"""The history as one self-contained page: a plot of the scores and a table; no script, no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources

from mle_ideator_jupyter.exports.plot import plot
from mle_ideator_jupyter.exports.table import Row, rows
from mle_ideator_jupyter.state import State

N = " class=n"


def page(state: State, title: str) -> str:
    """Return the whole page as HTML; everything that came from outside is escaped."""
    listed = rows(state)
    head = f"<h1>{escape(title)}</h1>{_summary(state)}"
    return document(title, f"{head}{plot(state, listed)}<div class=scroll>{_table(state, listed)}</div>")


def document(title: str, body: str) -> str:
    """Return a whole page in the house's style: no script, no network. `body` is HTML already."""
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
        better = f' <span class="good">({gain:+.4g} better)</span>' if gain > 0 else ""
        line += (
            f"<p>baseline {baseline.score.value:.6g} → best <b>{best.score.value:.6g}</b>{better}, "
            f"trial {best.number}</p>"
        )
    return line


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
            f'<tr id="trial-{row.number}"><td class=n>{row.number}</td><td>{cell}</td><td class=n>{score}</td>'
            f"<td class=n>{gain}</td><td class=n>{row.seconds:.1f}</td></tr>"
        )
    return "".join(lines) + "</tbody></table>"
