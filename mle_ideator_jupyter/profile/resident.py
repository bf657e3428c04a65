"""Tensors and models that a kernel holds, with their sizes; no code of the user's runs, no tensor is read."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from mle_ideator_jupyter.facts import Resident

SHOWN = 10
_DEPTH = 50


def resident(namespace: Mapping[str, Any]) -> tuple[Resident, ...]:
    """Return the largest tensors and models among the user's variables; none where torch is not loaded."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "nn"):
        return ()
    found = []
    for name, value in list(namespace.items()):
        if not isinstance(name, str) or name.startswith("_"):
            continue
        tensors = list(_tensors(torch, value))
        if not tensors:
            continue
        size = sum(t.numel() * t.element_size() for t in {id(t): t for t in tensors}.values()) / 2**20
        kind = "tensor" if type(value) in _plain(torch) else f"model {type(value).__name__}"
        found.append(Resident(name=name, type=kind, mb=round(size, 1), device=str(tensors[0].device)))
    found.sort(key=lambda one: -one.mb)
    return tuple(found[:SHOWN])


def _plain(torch: Any) -> tuple[type, ...]:
    return torch.Tensor, torch.nn.Parameter


def _tensors(torch: Any, value: Any, depth: int = 0) -> Iterator[Any]:
    """Return the tensor itself, or a module's parameters and buffers, its parts' too."""
    kind = type(value)
    if kind in _plain(torch):
        yield value
    elif depth < _DEPTH and torch.nn.Module in kind.__mro__:
        own = object.__getattribute__(value, "__dict__")
        for held in ("_parameters", "_buffers"):
            yield from (t for t in dict(own.get(held) or {}).values() if type(t) in _plain(torch))
        for part in dict(own.get("_modules") or {}).values():
            yield from _tensors(torch, part, depth + 1)
