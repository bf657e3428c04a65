"""Keeps the live namespace the user's: remembers it before a trial, puts it back after, names what changed in place.

Runs where the cells run. Imports nothing heavy: libraries that are not loaded hold no data.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

LARGE_BYTES = 256 << 20
"""Above this size a frame's or array's fingerprint is taken from evenly spaced rows."""
SAMPLED_ROWS = 100_000
_OWN = frozenset({"In", "Out", "exit", "quit", "open", "get_ipython"})
MUTABLE = (list, dict, set, bytearray)


class Memory:
    """What a namespace held: names, the objects themselves (alive, so that they can be put back), and fingerprints."""

    def __init__(self, names: dict[str, Any], fingerprints: dict[str, object]) -> None:
        self.names = names
        self.fingerprints = fingerprints


def remember(namespace: Mapping[str, Any]) -> Memory:
    """Return the memory of a namespace's user variables."""
    names = {k: v for k, v in namespace.items() if _users(k)}
    return Memory(names, {k: fingerprint(v) for k, v in names.items()})


def restore(memory: Memory, namespace: MutableMapping[str, Any], keep: Iterable[str] = ()) -> list[str]:
    """Put names back, remove new ones except `keep`, and return the names whose objects were changed in place."""
    kept = set(keep)
    for name in [k for k in namespace if _users(k) and k not in memory.names and k not in kept]:
        del namespace[name]
    for name, value in memory.names.items():
        if name not in kept:
            namespace[name] = value
    return sorted(
        name
        for name, value in memory.names.items()
        if name not in kept and memory.fingerprints[name] != fingerprint(value)
    )


def fingerprint(value: Any, depth: int = 1) -> object:
    """Return something that differs when the value was changed in place; None for what is not looked into.

    Frames, series, arrays and tensors by their content; lists, dicts and sets by their items, one level deep.
    """
    module = type(value).__module__.partition(".")[0]
    reader = _READERS.get(module) if module in sys.modules else None
    if reader is not None:
        return reader(value)
    if isinstance(value, (str, bytes, int, float, bool, type(None))):
        return None
    if isinstance(value, MUTABLE):
        return _container(value, depth)
    return None


def _users(name: str) -> bool:
    return not name.startswith("_") and name not in _OWN


def _container(value: Any, depth: int) -> object:
    if isinstance(value, bytearray):
        return zlib.crc32(value)
    items = list(value.items()) if isinstance(value, dict) else list(value)
    if len(items) > SAMPLED_ROWS:
        items = items[:: len(items) // SAMPLED_ROWS + 1]
    if isinstance(value, dict):
        return (len(value), tuple((id(k), id(v), fingerprint(v, depth - 1) if depth else None) for k, v in items))
    if isinstance(value, set):
        return (len(value), frozenset(id(v) for v in items))
    return (len(value), tuple((id(v), fingerprint(v, depth - 1) if depth else None) for v in items))


def _numpy(value: Any) -> object:
    numpy = sys.modules["numpy"]
    if not isinstance(value, numpy.ndarray):
        return None
    array = value
    if array.nbytes > LARGE_BYTES and array.ndim:
        array = array[:: max(1, len(array) // SAMPLED_ROWS)]
    if array.dtype.hasobject:
        return (value.shape, hash(tuple(id(v) for v in array.ravel())))
    return (value.shape, str(value.dtype), zlib.crc32(numpy.ascontiguousarray(array).view(numpy.uint8).ravel()))


def _pandas(value: Any) -> object:
    pandas = sys.modules["pandas"]
    if isinstance(value, pandas.DataFrame):
        frame = value
        size = int(frame.memory_usage(index=False, deep=False).sum())
        if size > LARGE_BYTES:
            frame = frame.iloc[:: max(1, len(frame) // SAMPLED_ROWS)]
        columns = tuple(_column(frame.iloc[:, k]) for k in range(frame.shape[1]))
        return (value.shape, tuple(map(str, value.columns)), _column(frame.index.to_series()), columns)
    if isinstance(value, (pandas.Series, pandas.Index)):
        return (value.shape, str(value.name), _column(value))
    return None


def _column(column: Any) -> object:
    """Return a checksum of one column; text by the identity of its objects, which a change replaces."""
    dtype = str(column.dtype)
    try:
        raw = column.to_numpy()
    except (TypeError, ValueError):
        return (dtype, id(column))
    if raw.dtype.hasobject:
        pandas = sys.modules["pandas"]
        try:
            return (dtype, int(pandas.util.hash_array(raw).sum()))
        except TypeError:
            return (dtype, hash(tuple(id(v) for v in raw)))
    return (dtype, _numpy(raw))


def _polars(value: Any) -> object:
    polars = sys.modules["polars"]
    if isinstance(value, polars.DataFrame):
        return (value.shape, tuple(value.columns), int(value.hash_rows().sum() or 0) if value.width else 0)
    return None


def _torch(value: Any) -> object:
    torch = sys.modules["torch"]
    if isinstance(value, torch.Tensor):
        return (tuple(value.shape), value._version)  # noqa: SLF001 - torch's own count of in-place changes
    return None


_READERS = {"numpy": _numpy, "pandas": _pandas, "polars": _polars, "torch": _torch}
