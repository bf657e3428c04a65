"""Finds Ideators and Implementers by name among the installed entry points, where the built-in ones are too."""

from __future__ import annotations

import contextlib
import difflib
import functools
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from mle_ideator_jupyter.errors import UsageError

IDEATORS = "mle_ideator_jupyter.ideators"
IMPLEMENTERS = "mle_ideator_jupyter.implementers"


def names(group: str) -> list[str]:
    """Return the names of a group, sorted; nothing is loaded."""
    return sorted({e.name for e in _installed(group)})


def load(group: str, name: str) -> Callable[..., Any]:
    """Return the factory of this name. Raises `UsageError` for an unknown name or a plugin that does not load."""
    found = [e for e in _installed(group) if e.name == name]
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


def _installed(group: str) -> tuple[EntryPoint, ...]:
    return _read(group, _stamp())


def _stamp() -> tuple[tuple[str, int], ...]:
    """Return what changes whenever a package comes or goes: when each folder of packages was last written to."""
    found = []
    for folder in sys.path:
        with contextlib.suppress(OSError):
            found.append((folder, Path(folder).stat().st_mtime_ns))
    return tuple(found)


@functools.lru_cache(maxsize=8)
def _read(group: str, stamp: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:  # noqa: ARG001 - the cache's key
    """Read them from every installed package: hundreds of files, too many for each click."""
    return tuple(entry_points(group=group))
