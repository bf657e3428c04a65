"""Tells the model what came of an action: labelled, capped, and delimited as material that is no instruction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from mle_ideator_jupyter.brief.wording import line
from mle_ideator_jupyter.facts import Variable
from mle_ideator_jupyter.model import Idea
from mle_ideator_jupyter.protocols import CellResult, Grants, Refused, Seen
from mle_ideator_jupyter.touching import Touch

OUTPUT, TRACEBACK = 3_000, 2_500
"""Characters of a cell's output and of an error that a model sees; what is left out is said."""
COLUMNS, VARIABLES = 60, 40
_TAG = re.compile(r"<(\s*/?\s*(?:output|notebook|idea|kernel|solution)\b)", re.IGNORECASE)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TEXTS = ("text/plain", "text/markdown", "text/latex")


def material(tag: str, text: str) -> str:
    """Return text between tags that nothing in it can close."""
    return f"<{tag}>\n{_TAG.sub('‹' + chr(92) + '1', text).strip()}\n</{tag}>"


def capped(text: str, most: int) -> str:
    """Return the beginning and the end of a text that is too long, and how much of it is left out."""
    if len(text) <= most:
        return text
    head = most // 3
    return f"{text[:head]}\n[… {len(text) - most} characters left out …]\n{text[-(most - head) :]}"


def of_cell(number: int, result: CellResult, put_back: Sequence[str]) -> str:
    """Return what became of a cell that did not end the trial."""
    lines = [f"cell {number}: {result.status}, {result.seconds:.1f} s"]
    shown = _outputs(result.outputs)
    if shown:
        lines.append(material("output", capped(shown, OUTPUT)))
    if result.status != "ok":
        lines.append(f"error: {line(result.message, 500)}")
        if result.traceback:
            lines.append(material("output", capped(_ANSI.sub("", result.traceback), TRACEBACK)))
    elif result.message:
        lines.append(f"no score: {line(result.message, 300)}")
    else:
        lines.append("no score was reported: the trial ends at report_score")
    if put_back:
        lines.append(f"put back to what they were, as they are the notebook's: {', '.join(put_back[:20])}")
    if result.changed:
        lines.append(f"changed in place, which it must not: {', '.join(result.changed[:20])}; work on copies")
    return "\n".join(lines)


def _outputs(outputs: Iterable[dict[str, Any]]) -> str:
    parts: list[str] = []
    for output in outputs:
        kind = output.get("output_type")
        if kind == "stream":
            parts.append(str(output.get("text", "")).rstrip("\n"))
        elif kind in {"display_data", "execute_result"}:
            data = output.get("data") or {}
            text = next((str(data[mime]) for mime in _TEXTS if mime in data), "")
            images = [mime for mime in data if mime.startswith("image/")]
            parts.append(f"[an image, {images[0]}, which you cannot see] {text}".strip() if images else text)
    return "\n".join(part for part in parts if part)


def of_look(seen: Seen) -> str:
    """Return what an inspection saw: summaries, never the data."""
    told = [_variable(v) for v in seen.variables[:VARIABLES]]
    known = {v.name for v in seen.variables}
    others = [name for name in seen.names if name not in known]
    if others:
        told.append("other names: " + ", ".join(others[:100]))
    return material("kernel", "\n".join(told) or "nothing")


def _variable(variable: Variable) -> str:
    parts = [variable.type]
    if variable.shape:
        parts.append(" × ".join(map(str, variable.shape)))
    if variable.columns:
        types = [f" {t}" for t in variable.dtypes] or [""] * len(variable.columns)
        named = [f"{c[:60]!r}{t}" for c, t in zip(variable.columns[:COLUMNS], types, strict=False)]
        more = len(variable.columns) - len(named)
        parts.append("columns " + ", ".join(named) + (f" and {more} more" if more > 0 else ""))
    if variable.fitted:
        parts.append("fitted")
    if variable.note:
        parts.append(line(variable.note, 200))
    return f"- {variable.name[:80]}: {', '.join(parts)}"


def of_idea(idea: Idea) -> str:
    """Return an idea as its Implementer is told it."""
    lines = [f"{idea.kind.value}: {line(idea.title, 300)}", line(idea.rationale, 600)]
    lines += [f"{number}. {line(step, 400)}" for number, step in enumerate(idea.steps, 1)]
    lines += [f"evidence: {line(fact, 300)}" for fact in idea.evidence]
    if idea.edit is not None:
        fields = [*idea.edit.set.items(), *(item for item in idea.edit.append.items())]
        lines += [f"as a setting: {line(f'{name} = {value!r}', 400)}" for name, value in fields]
    return material("idea", "\n".join(lines))


def of_refusal(refused: Refused) -> str:
    """Return why an action was not done."""
    return f"not done: {line(refused.reason, 600)}"


def of_touches(touches: Sequence[Touch]) -> str:
    """Return which of the notebook's variables a cell would change in place."""
    said = "; ".join(t.describe() for t in touches[:5])
    return f"not run: it would change the notebook's own variables in place: {said}; work on copies under new names"


def left(grants: Grants, *, help_there: bool) -> str:
    """Return what is left of the grants."""
    parts = [f"{grants.cells} cells (of which {grants.failures} may fail)", f"{grants.looks} looks"]
    parts += [f"{grants.help} calls for help"] if help_there else []
    return "left in this trial: " + ", ".join(parts)
