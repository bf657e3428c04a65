"""Reads a user's notebook, and says in one line what is wrong with one that cannot be read. Never writes it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.model import Struct


class Notebook(Struct, frozen=True, kw_only=True):
    """A notebook as read: its file, its code cells' sources, and its metadata."""

    path: Path
    sources: tuple[str, ...]
    metadata: dict[str, Any] = {}
    content: Any = None
    """The nbformat node, for writing a copy."""

    @property
    def id(self) -> str:
        """Return the id that names this notebook's journal: the one in its metadata, else one of its path."""
        ours = self.metadata.get("mle_ideator")
        given = ours.get("notebook_id") if isinstance(ours, dict) else None
        if isinstance(given, str) and given:
            return given
        return hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:32]


def read_notebook(path: Path) -> Notebook:
    """Return the notebook at `path`. Raises `UsageError` when it is missing, no notebook, or of nbformat 3."""
    import nbformat

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        msg = f"no notebook at {path}"
        raise UsageError(msg) from None
    except (OSError, UnicodeDecodeError) as error:
        msg = f"cannot read {path}: {error}"
        raise UsageError(msg) from None
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"{path} is not JSON ({error}); give a notebook (.ipynb)"
        raise UsageError(msg) from None
    major = raw.get("nbformat") if isinstance(raw, dict) else None
    if major != 4:
        msg = (
            f"{path} is of nbformat {major}; convert it first: jupyter nbconvert --to notebook --nbformat 4 {path}"
            if isinstance(major, int)
            else f"{path} is no notebook (it has no nbformat)"
        )
        raise UsageError(msg)
    try:
        content = nbformat.reads(text, as_version=4)
        nbformat.validate(content)
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"{path} is no valid notebook: {first}"
        raise UsageError(msg) from None
    sources = tuple(c.source for c in content.cells if c.cell_type == "code" and c.source.strip())
    metadata = json.loads(json.dumps(content.metadata))
    return Notebook(path=path, sources=sources, metadata=metadata, content=content)
