"""Fingerprints of data: equal while an object is as it was, different after a change in place.

Each is a plain value to be compared with `==`. It keeps alive what it knows by identity, so that no new object
can pass for an old one. Readers exist for the libraries that hold data; one that is not loaded holds none.
"""

from __future__ import annotations

import sys
import zlib
from typing import Any

FULL_BYTES = 256 << 20
"""This much data of one namespace is read in full; objects beyond it are sampled."""
SAMPLE = 100_000
"""Rows or items of a sample, evenly spaced."""
_ATOMS = (str, bytes, int, float, complex, bool, type(None))
WITHIN = 100
"""So many items of a container are looked into themselves."""
_BYTES_OF_TEXT = 64
"""What a string of a frame is taken to cost, in bytes of numbers read in the same time."""
_BYTES_OF_ITEM = 256
"""What an item of a list is taken to cost."""


class Full:
    """How much may still be read in full."""

    def __init__(self) -> None:
        self._left = FULL_BYTES

    def stride(self, value: Any) -> int:
        """Return 1 when the value is to be read in full, else the distance of the sample's rows."""
        rows, size = _size(value)
        if size <= self._left:
            self._left -= size
            return 1
        return max(1, rows // SAMPLE)


class _Same:
    """Equal to itself alone; keeps its object alive."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def fingerprint(value: Any, stride: int = 1, depth: int = 1) -> object:
    """Return the fingerprint of a value, of each `stride`-th row; None for what is not looked into.

    Frames, series, arrays and tensors by their content; lists, tuples, dicts and sets by their items, `depth`
    levels deep; estimators by their attributes, modules of torch by their parameters.
    """
    reader = _reader(value)
    if reader is not None:
        return reader(value, stride)
    if isinstance(value, (list, tuple, dict, set, bytearray)):
        return _container(value, stride, depth)
    if depth and hasattr(type(value), "fit") and hasattr(type(value), "get_params"):
        return _item(vars(value), 1) if hasattr(type(value), "__dict__") else None
    return None


def _container(value: Any, stride: int, depth: int) -> object:
    if isinstance(value, bytearray):
        return zlib.crc32(value)
    if isinstance(value, set):
        return len(value), frozenset(_item(v, 0) for v in value)
    items = list(value)[::stride]
    found = [_item(v, 0) for v in items]
    if isinstance(value, dict):
        items = [value[k] for k in items]
        found += [_item(v, 0) for v in items]
    within = [v for v in items if not isinstance(v, _ATOMS)][:WITHIN] if depth else []
    return len(value), found, [fingerprint(v, 1 + _size(v)[0] // SAMPLE, depth - 1) for v in within]


def _reader(value: Any) -> Any:
    """Return the reader of the library that a value's class, or one it inherits from, belongs to."""
    for kind in type(value).__mro__:
        root = kind.__module__.partition(".")[0]
        if root in _READERS and root in sys.modules:
            return _READERS[root]
    return None


def _item(value: Any, depth: int) -> object:
    """Return what tells an item of a container: its value where that cannot change, else identity and content."""
    if isinstance(value, _ATOMS):
        return type(value), value if value == value else "nan"  # noqa: PLR0124 - how a NaN is told
    return (_Same(value), fingerprint(value, 1, depth - 1)) if depth else _Same(value)


def _size(value: Any) -> tuple[int, int]:
    """Return how many rows or items a value has, and about how many bytes are to be read."""
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series)):
        columns = value.dtypes.tolist() if value.ndim > 1 else [value.dtype]
        texts = sum(not _numeric(d) for d in columns)
        return len(value), len(value) * (texts * _BYTES_OF_TEXT + (len(columns) - texts) * 8)
    if numpy is not None and isinstance(value, numpy.ndarray):
        return len(value) if value.ndim else 1, value.size * _BYTES_OF_ITEM if value.dtype.hasobject else value.nbytes
    if hasattr(type(value), "estimated_size"):  # a polars frame
        return len(value), int(value.estimated_size())
    if isinstance(value, (list, tuple, dict, set)):
        return len(value), len(value) * _BYTES_OF_ITEM
    return 1, 0


def _numeric(dtype: Any) -> bool:
    return getattr(dtype, "kind", "O") in "iufcbmM" and hasattr(dtype, "itemsize")


def _numpy(value: Any, stride: int) -> object:
    numpy = sys.modules["numpy"]
    if not isinstance(value, numpy.ndarray):
        return None
    array = value[::stride] if value.ndim else value
    if array.dtype.hasobject:
        return value.shape, tuple(_item(v, 0) for v in array.ravel().tolist())
    return value.shape, str(value.dtype), zlib.crc32(numpy.ascontiguousarray(array).reshape(-1).view(numpy.uint8))


def _pandas(value: Any, stride: int) -> object:
    pandas = sys.modules["pandas"]
    if isinstance(value, pandas.DataFrame):
        names = tuple(_item(c, 0) for c in value.columns)
        columns = tuple(_column(value.iloc[::stride, k]) for k in range(value.shape[1]))
        return value.shape, names, _column(value.index[::stride].to_series()), columns
    if isinstance(value, pandas.Series):
        return (
            len(value),
            _item(value.name, 0),
            _column(value.index[::stride].to_series()),
            _column(value.iloc[::stride]),
        )
    if isinstance(value, pandas.Index):
        return len(value), tuple(_item(n, 0) for n in value.names)
    return None


def _column(column: Any) -> object:
    """Return type and checksum of one column."""
    dtype = column.dtype
    if _numeric(dtype) and (raw := column.to_numpy()).dtype.kind in "iufcbmM":
        return str(dtype), _numpy(raw, 1)
    pandas = sys.modules["pandas"]
    try:
        hashes = pandas.util.hash_pandas_object(column, index=False).to_numpy()
    except TypeError:  # lists and the like in cells
        return str(dtype), tuple(_item(v, 0) for v in column.tolist())
    return str(dtype), zlib.crc32(hashes)


def _polars(value: Any, stride: int) -> object:
    polars = sys.modules["polars"]
    if isinstance(value, polars.Series):
        value = value.to_frame()
    if not isinstance(value, polars.DataFrame):
        return None
    sample = value.gather_every(stride) if stride > 1 else value
    types = tuple(map(str, value.dtypes))
    return value.shape, tuple(value.columns), types, zlib.crc32(sample.hash_rows().to_numpy()) if value.width else 0


def _torch(value: Any, stride: int) -> object:
    del stride  # nothing is read
    torch = sys.modules["torch"]
    if isinstance(value, torch.Tensor):
        return tuple(value.shape), value._version  # noqa: SLF001 - torch's own count of in-place changes
    if isinstance(value, torch.nn.Module):
        tensors = [*value.named_parameters(), *value.named_buffers()]
        return value.training, tuple((name, _Same(t), t._version) for name, t in tensors)  # noqa: SLF001 - the same
    return None


_READERS = {"numpy": _numpy, "pandas": _pandas, "polars": _polars, "torch": _torch}
