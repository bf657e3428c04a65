"""Tab completion of the magics: commands, options, kinds, metrics, formats, and the numbers of ideas."""

from __future__ import annotations

from typing import Any

from mle_ideator_jupyter.brief import PARTS
from mle_ideator_jupyter.magics.parsing import COMMANDS, FORMATS, LEVELS, parser
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import IdeaKind

_VALUES = {
    "--kind": tuple(k.value for k in IdeaKind),
    "--metric": tuple(METRICS),
    "--format": FORMATS,
    "--level": LEVELS,
    "--leave-out": PARTS,
}


def complete(shell: Any, event: Any) -> list[str]:
    """Return what may come where the cursor is; an IPython `complete_command` hook."""
    magic, *words = event.text_until_cursor.split()
    if words and words[-1] == event.symbol:
        words.pop()
    if words and words[-1] in _VALUES:
        return list(_VALUES[words[-1]])
    command = words[0] if magic == "%ideate" and words and words[0] in COMMANDS else ""
    found = parser(magic, command).option_names()
    if magic == "%ideate" and not words:
        found += COMMANDS
    if (magic == "%%implement" and not words) or words == ["try"]:
        found += _numbers(shell)
    return found


def _numbers(shell: Any) -> list[str]:
    """Return the numbers of this notebook's ideas; a session that is not there yet is not begun for that."""
    from mle_ideator_jupyter import kernel

    session = kernel.known(shell)
    journal = session.journal if session else None
    return [str(n + 1) for n in range(len(journal.state.ideas))] if journal else []
