"""Shows answers as display data: plain text, static HTML, and for our own front end the card's data.

Texts of ideas, titles and errors may come from anywhere: in HTML they are escaped, in text they are one line each
without control characters. There is no script and no link in what is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import msgspec

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.exports.table import as_text, one_line, rows
from mle_ideator_jupyter.model import Idea, Trial
from mle_ideator_jupyter.protocols import Cell
from mle_ideator_jupyter.session.view import idea_card
from mle_ideator_jupyter.state import State

CARD = "application/vnd.mle-ideator.card+json"
TEXT_CAP = 2000
_SOFT = "color:var(--jp-ui-font-color2,#666)"
_NUMBER = ' style="text-align:right"'
_LEFT = ' style="text-align:left"'


def say(*lines: str, plain: bool = True) -> None:
    """Print lines; empty ones are left out. With `plain`, each is made one line that a terminal does not obey."""
    for line in lines:
        if line:
            print("\n".join(map(_tame, line.splitlines())) if plain else line)  # noqa: T201 - what a magic answers with


def idea(state: State, shown: Idea, number: int) -> None:
    """Show an idea under its number."""
    card = idea_card(state, shown)
    _display(
        {
            "text/plain": _idea_text(card, number),
            "text/html": _idea_html(card, number),
            CARD: msgspec.to_builtins(card),
        }
    )


def task(view: wire.TaskView, note: str = "") -> None:
    """Show the task, and a note."""
    lines = [view.line, f"{view.problem}, {view.goal} {view.metric}, scored by {view.protocol}", view.description, note]
    told = [_text(line) for line in lines if line]
    _display({"text/plain": "\n".join(told), "text/html": "".join(f"<div>{escape(line)}</div>" for line in told)})


def history(state: State) -> None:
    """Show all trials."""
    heads = "".join(f"<th{_NUMBER}>{h}</th>" for h in ("trial", "score", "gain", "s"))
    body = [f"<tr>{heads}<th{_LEFT}>what was tried</th></tr>"]
    for row in rows(state):
        score = "—" if row.score is None else f"{row.score:.6g}"
        gain = "" if row.gain is None else f"{row.gain:+.4g}"
        cells = "".join(f"<td{_NUMBER}>{c}</td>" for c in (row.number, score, gain, f"{row.seconds:.1f}"))
        failure = f'<div style="{_SOFT}">{escape(_text(row.failure))}</div>' if row.failure else ""
        omitted = f'<div style="{_SOFT}">not done: {escape(_text(row.omitted))}</div>' if row.omitted else ""
        body.append(f"<tr>{cells}<td{_LEFT}>{escape(_text(row.title))}{failure}{omitted}</td></tr>")
    _display({"text/plain": as_text(state), "text/html": f"<table>{''.join(body)}</table>"})


def summary(state: State, trials: Sequence[Trial]) -> None:
    """Say in one line what trials came to, and in another what to do next."""
    best, baseline = state.best, state.baseline
    tried = [t for t in trials if t.number > 0 and t.outcome is not None]
    words = [f"{len(tried)} {'trial' if len(tried) == 1 else 'trials'}"]
    if baseline and baseline.score:
        words.insert(0, f"baseline {baseline.score.metric} {baseline.score.value:.6g}")
    if best and best.score and best is not baseline:
        words.insert(1, f"best {best.score.value:.6g} (trial {best.number})")
    say(" · ".join(words), "%ideate history shows all trials")


def code(cell: Cell, trial: Trial | None) -> None:
    """Show the code of a cell that is about to run."""
    title = f"trial {trial.number}: {_text(trial.title)}" if trial else _text(cell.title)
    source = "\n".join(map(_tame, cell.source.rstrip().split("\n")))
    _display(
        {
            "text/plain": f"# {title}\n{source}",
            "text/html": f"<details><summary>{escape(title)}</summary><pre>{escape(source)}</pre></details>",
        }
    )


def _idea_text(card: wire.IdeaView, number: int) -> str:
    lines = [
        f"{number}. {_text(card.title)}  [{_words(card.kind)}, {_text(card.ideator)}]",
        f"   {_text(card.rationale)}",
    ]
    lines += [f"   - {_text(step)}" for step in card.steps]
    return "\n".join(lines)


def _idea_html(card: wire.IdeaView, number: int) -> str:
    steps = "".join(f"<li>{escape(_text(step))}</li>" for step in card.steps)
    evidence = "".join(f'<div style="{_SOFT}">{escape(_text(e))}</div>' for e in card.evidence)
    return (
        '<div style="border-left:3px solid var(--jp-brand-color1,#1976d2);padding:0.2em 0.8em;margin:0.4em 0">'
        f'<div><b>{number}. {escape(_text(card.title))}</b> <span style="{_SOFT}">{escape(_words(card.kind))} · '
        f"{escape(_text(card.ideator))}</span></div>"
        f"<div>{escape(_text(card.rationale))}</div>{evidence}<ul>{steps}</ul>"
        f'<div style="{_SOFT}"><code>%ideate try {number}</code> tries it here; '
        f"<code>%%implement {number}</code> is for code of your own</div></div>"
    )


def _words(kind: str) -> str:
    return _text(kind.replace("_", " "))


def _text(text: str) -> str:
    return one_line(text)[:TEXT_CAP]


def _tame(line: str) -> str:
    return "".join(c if c.isprintable() else " " for c in line)


def _display(data: dict[str, Any]) -> None:
    from IPython.display import publish_display_data

    publish_display_data(data)
