"""The result notebook: the user's own cells untouched, the best solution, then every trial as a titled section."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.exports.table import outcome_text
from mle_ideator_jupyter.files import save_whole
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Idea, Trial
from mle_ideator_jupyter.protocols import Cell
from mle_ideator_jupyter.scoring.reported import MIME
from mle_ideator_jupyter.state import State

KEY = "mle_ideator"
"""The metadata key of all that is ours in a notebook."""


def write_result(path: Path, original: Any, journal: Journal, keep: Sequence[Cell]) -> None:
    """Write the result notebook, whole or not at all. `original` is the user's notebook as an nbformat node.

    Raises `IdeatorError` when the file cannot be written.
    """
    import nbformat

    state = journal.state
    result = copy.deepcopy(original)
    result.nbformat, result.nbformat_minor = 4, 5
    binding = msgspec.to_builtins(state.task.binding) if state.task else None
    result.metadata[KEY] = {
        "notebook_id": state.notebook_id,
        "journal": journal.path.name,
        "binding": binding,
        "runs": [run for run, told in state.runs.items() if told.finished is not None],
    }
    result.cells += _best_section(state, keep)
    for trial in state.trials:
        if trial.outcome is not None:
            result.cells += _trial_section(journal, state, trial)
    _name_cells(result.cells)
    text = nbformat.writes(result)
    nbformat.validate(nbformat.reads(text, as_version=4))
    write_text(path, text + "\n")


def written_runs(path: Path) -> frozenset[str]:
    """Return the runs that the result notebook at `path` has to their end; none where it cannot be read."""
    import nbformat

    try:
        held = nbformat.read(path, as_version=4).metadata[KEY]["runs"]
        return frozenset(str(run) for run in held)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return frozenset()


def _name_cells(cells: Sequence[Any]) -> None:
    """Give each cell an id of its own. The user's come first and stay; they may be ours, of an earlier result."""
    taken: set[str] = set()
    for place, cell in enumerate(cells):
        name = cell.get("id") or f"user-{place}"
        free = itertools.chain([name], (f"{name[:50]}-{k}" for k in itertools.count(2)))
        cell["id"] = next(i for i in free if i not in taken)
        taken.add(cell["id"])


def _best_section(state: State, keep: Sequence[Cell]) -> list[Any]:
    best, baseline = state.best, state.baseline
    if best is None or state.task is None:
        return []
    line = f"**{outcome_text(best)}** on {best.score.protocol if best.score else ''}"
    if baseline and baseline.score and best.score and baseline.id != best.id:
        line += f", from {baseline.score.value:.6g} (baseline)"
    cells = [_markdown("best", f"# Best solution\n\nTrial {best.number}: {_plain(best.title)} — {line}")]
    return cells + [_code(f"best-{k}", cell.source, {"title": cell.title}) for k, cell in enumerate(keep)]


def _trial_section(journal: Journal, state: State, trial: Trial) -> list[Any]:
    idea = state.ideas.get(trial.idea or "")
    title = (
        f"## Trial {trial.number}: {_plain(trial.title)}\n\n**{_plain(outcome_text(trial))}**, {trial.seconds:.1f} s"
    )
    text = title + (_idea_text(idea) if idea else "")
    if trial.omitted:
        text += f"\n\nNot done: {_plain('; '.join(trial.omitted))}"
    if trial.changed:
        text += f"\n\nChanged in place: {', '.join(f'`{name}`' for name in trial.changed)}"
    head = _markdown(f"trial-{trial.number}-idea-{trial.id[-6:]}", text)
    head.metadata["jp-MarkdownHeadingCollapsed"] = True
    source = journal.get_blob(trial.source) if trial.source else None
    if source is None:
        return [head]
    code = _code(f"trial-{trial.number}-{trial.id[-6:]}", source.decode(errors="replace"), {"trial": trial.id})
    outputs = journal.get_blob(trial.outputs) if trial.outputs else None
    if outputs is not None:
        import nbformat

        code.outputs = [_portable(nbformat.from_dict(o)) for o in msgspec.json.decode(outputs)]
    return [head, code]


def _portable(output: Any) -> Any:
    """Return an output without the path of its submission: that is this machine's, and the journal has the file."""
    report = output.get("data", {}).get(MIME)
    if isinstance(report, dict):
        report.pop("submission", None)
    return output


def _idea_text(idea: Idea) -> str:
    parts = [f"\n\n*{idea.kind.value.replace('_', ' ')}* by {_plain(idea.ideator)}: {_plain(idea.rationale)}"]
    parts += ["\n\n" + "\n".join(f"- {_plain(e)}" for e in idea.evidence)] if idea.evidence else []
    parts += ["\n\n" + "\n".join(f"{n}. {_plain(s)}" for n, s in enumerate(idea.steps, 1))] if idea.steps else []
    return "".join(parts)


def _plain(text: str) -> str:
    """Return text that Markdown shows as text: no HTML, no links, no second line; code quotes stay."""
    flat = " ".join(text.split())
    for mark in "\\<>[]!":
        flat = flat.replace(mark, f"\\{mark}" if mark != "<" else "&lt;")
    return flat


def _markdown(name: str, source: str) -> Any:
    import nbformat

    return nbformat.v4.new_markdown_cell(source, id=name, metadata={})


def _code(name: str, source: str, metadata: dict[str, Any]) -> Any:
    import nbformat

    return nbformat.v4.new_code_cell(source, id=name, metadata={KEY: metadata})


def write_text(path: Path, text: str) -> None:
    """Write beside the file and rename, so that a full disk or a kill leaves the old one whole.

    Raises `IdeatorError` when the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_whole(path, text.encode())
    except OSError as error:
        why = error.strerror or error
        msg = f"cannot write {path}: {why}; the journal has everything: run again with another --output"
        raise IdeatorError(msg) from error
