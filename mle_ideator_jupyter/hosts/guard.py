"""Keeps the live namespace the user's: remembers it before a trial, puts it back after, names what changed in place.

Runs where the cells run. Imports nothing heavy: libraries that are not loaded hold no data. What it does not see:
changes below the first level of nesting, rows that a sample left out, random states, and the insides of
objects that are neither data nor estimators.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from mle_ideator_jupyter.hosts.fingerprint import Full, fingerprint

_LOGS = ("In", "Out", "_ih", "_oh", "_dh")
"""IPython's own records, which are put back as they were, item for item."""


class Memory:
    """What a namespace held: names, the objects themselves (alive, so that they can be put back), and fingerprints."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.names = dict(namespace)
        self.logs = {name: _items(namespace[name]) for name in _LOGS if name in namespace}
        full = Full()
        self.strides: dict[str, int] = {}
        self.fingerprints: dict[str, object] = {}
        for name, value in self.names.items():
            if _users(name):
                self.strides[name] = full.stride(value)
                self.fingerprints[name] = fingerprint(value, self.strides[name])


def remember(namespace: Mapping[str, Any]) -> Memory:
    """Return the memory of a namespace."""
    return Memory(namespace)


def restore(memory: Memory, namespace: MutableMapping[str, Any], keep: Iterable[str] = ()) -> list[str]:
    """Put names back, remove new ones except `keep`, and return the variables whose objects were changed in place."""
    kept = set(keep)
    for name in [k for k in namespace if k not in memory.names and k not in kept]:
        del namespace[name]
    for name, value in memory.names.items():
        if name not in kept and (name not in namespace or namespace[name] is not value):
            namespace[name] = value
    for name, items in memory.logs.items():
        _put_back(memory.names[name], items)
    return sorted(
        name
        for name, before in memory.fingerprints.items()
        if name not in kept and before != fingerprint(memory.names[name], memory.strides[name])
    )


def _users(name: str) -> bool:
    return not name.startswith("_") and name not in _LOGS


def _items(log: Any) -> Any:
    return dict(log) if isinstance(log, dict) else list(log) if isinstance(log, list) else None


def _put_back(log: Any, items: Any) -> None:
    if isinstance(log, dict) and items is not None:
        log.clear()
        log.update(items)
    elif isinstance(log, list) and items is not None:
        log[:] = items
