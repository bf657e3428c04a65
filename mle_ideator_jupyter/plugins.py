"""Finds Ideators and Implementers by name among the installed entry points, where the built-in ones are too."""

from __future__ import annotations

import difflib
import importlib.metadata
from collections.abc import Callable
from typing import Any

from mle_ideator_jupyter.errors import UsageError

IDEATORS = "mle_ideator_jupyter.ideators"
IMPLEMENTERS = "mle_ideator_jupyter.implementers"


def names(group: str) -> list[str]:
    """Return the names of a group, sorted; nothing is loaded."""
    return sorted({e.name for e in importlib.metadata.entry_points(group=group)})


def load(group: str, name: str) -> Callable[..., Any]:
    """Return the factory of this name. Raises `UsageError` for an unknown name or a plugin that does not load."""
    found = [e for e in importlib.metadata.entry_points(group=group) if e.name == name]
    kind = group.rpartition(".")[2]
    if not found:
        near = difflib.get_close_matches(name, names(group), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        msg = f"no {kind[:-1]} is called {name!r}: {hint}installed are {', '.join(names(group)) or 'none'}"
        raise UsageError(msg)
    try:
        factory: Callable[..., Any] = found[0].load()
    except Exception as error:
        msg = f"{kind[:-1]} {name!r} ({found[0].value}) does not load: {type(error).__name__}: {error}"
        raise UsageError(msg) from error
    return factory
