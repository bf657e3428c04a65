"""Summarises what a kernel holds, without running the user's code: no repr, no property of an unknown object.

Types are told apart by where their class was defined. A library that is not loaded cannot have made anything, so none
is imported but narwhals and numpy, and these only when there is a frame or an array.
"""

from __future__ import annotations

import datetime as dt
import decimal
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from mle_ideator_jupyter.facts import Namespace, Variable
from mle_ideator_jupyter.profile.kernel import kernel_facts
from mle_ideator_jupyter.profile.resident import resident

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_IPYTHON = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open", "display"})
_COUNTED_ROWS = 50_000
_COUNTED_CELLS = 10_000_000
"""Beyond this many cells in all, distinct values are no longer counted."""
_MODULES = frozenset({"pandas", "polars", "numpy"})
_ESTIMATOR_ROOTS = frozenset(
    {"sklearn", "lightgbm", "xgboost", "catboost", "imblearn", "skrub", "category_encoders", "sktime"}
)
_TORCH = (
    ("torch.utils.data.dataloader", "DataLoader"),
    ("torch.utils.data.dataset", "Dataset"),
    ("torch.nn.modules.module", "Module"),
    ("torch", "Tensor"),
)
_PLAIN = (str, int, float, bool, type(None), dt.date, dt.datetime, decimal.Decimal)
_LONGEST_LIST = 1_000_000


class _Budget:
    """How many cells may still be counted."""

    def __init__(self) -> None:
        self.cells = _COUNTED_CELLS

    def spend(self, cells: int) -> bool:
        self.cells -= cells
        return self.cells >= 0


def look(namespace: Mapping[str, Any]) -> Namespace:
    """Return what the kernel holds; see `mle_ideator_jupyter.profile`."""
    budget = _Budget()
    found = []
    for name, value in list(namespace.items()):
        if not isinstance(name, str) or name.startswith("_") or name in _IPYTHON:
            continue
        parts = _bunch(name, value) or {name: value}
        found += [v for n, part in parts.items() if (v := _variable(n, part, budget)) is not None]
    facts = msgspec.structs.replace(kernel_facts(), resident=resident(namespace))
    functions = tuple(name for name, value in list(namespace.items()) if isinstance(name, str) and _scores(name, value))
    names = tuple(n for n in list(namespace) if isinstance(n, str) and not n.startswith("_") and n not in _IPYTHON)
    return Namespace(variables=tuple(found), names=names, functions=functions, facts=facts)


def _scores(name: str, value: Any) -> bool:
    """Return whether a variable is a function that may score (true values, predicted values)."""
    if name.startswith("_") or type(value) is not types.FunctionType:
        return False
    if str(value.__module__).startswith("sklearn.metrics."):
        return name.endswith(("_score", "_error", "_loss", "_deviance", "_coefficient"))
    code, defaults = value.__code__, value.__defaults__ or ()
    return value.__module__ == "__main__" and code.co_argcount - len(defaults) <= 2 <= code.co_argcount


def _bunch(name: str, value: Any) -> dict[str, Any]:
    """Return the features and target of a scikit-learn data set, named as expressions; {} for anything else."""
    kind = type(value)
    if kind.__name__ != "Bunch" or not str(kind.__module__).startswith("sklearn."):
        return {}
    held = {key: dict.get(value, key) for key in ("data", "target", "frame")}
    return {f"{name}.{key}": part for key, part in held.items() if part is not None}


def _variable(name: str, value: Any, budget: _Budget) -> Variable | None:
    kind = type(value)
    root = kind.__module__.split(".")[0] if isinstance(kind.__module__, str) else ""
    if issubclass(kind, types.ModuleType):  # isinstance() would ask the object for its __class__
        module = types.ModuleType.__getattribute__(value, "__dict__").get("__name__")
        return Variable(name=name, type="module", note=module) if module in _MODULES else None
    if root in {"pandas", "polars", "geopandas"}:
        return _frame_like(name, value, root, kind.__name__, budget)
    if root == "numpy":
        return _array(name, value) if kind.__name__ == "ndarray" else None
    if kind in {list, tuple}:
        return _list(name, value)
    return _object(name, value, kind, root)


def _object(name: str, value: Any, kind: type, root: str) -> Variable | None:
    for module, base in _TORCH if _inherits(kind, "torch") else ():
        if any(c.__name__ == base and c.__module__ == module for c in kind.__mro__):
            shape = tuple(int(n) for n in value.shape) if (root, base) == ("torch", "Tensor") else ()
            return Variable(name=name, type=f"torch.{base}", shape=shape, note=kind.__name__)
    if root in _ESTIMATOR_ROOTS or _has(kind, "fit", "get_params"):
        return _estimator(name, value) if _has(kind, "fit") else None
    return _holder(name, value)


def _inherits(kind: type, root: str) -> bool:
    return any(str(c.__module__).split(".")[0] == root for c in kind.__mro__)


def _has(kind: type, *names: str) -> bool:
    """Return whether the class defines these attributes; nothing is looked up on the object, so no code runs."""
    return all(any(n in vars(c) for c in kind.__mro__) for n in names)


# ---------------------------------------------------------------- frames and series


def _frame_like(name: str, value: Any, root: str, kind: str, budget: _Budget) -> Variable | None:
    if kind in {"DataFrame", "GeoDataFrame"}:
        return _frame(name, value, root, budget)
    if kind == "LazyFrame":
        return Variable(name=name, type="polars.LazyFrame", note="not collected")
    if kind in {"Series", "Index", "RangeIndex"} and hasattr(value, "to_frame"):
        label = str(value.name) if value.name is not None and value.name != "" else ""
        frame = value.to_frame(name=label or "0")
        one = _frame(name, frame, root, budget)
        return _with(one, type=f"{root}.Series", shape=(len(value),), columns=(label,) if label else (), note="")
    return None


def _frame(name: str, value: Any, root: str, budget: _Budget) -> Variable:
    import narwhals as nw

    from mle_ideator_jupyter.profile.reading import dtype_name

    original = list(value.columns)
    columns = tuple(str(c) for c in original)
    shape = tuple(int(n) for n in value.shape)
    head = Variable(name=name, type=f"{root}.DataFrame", shape=shape, columns=columns)
    if len(set(columns)) < len(columns):
        return _with(head, note="columns share a name")
    note = "" if all(isinstance(c, str) for c in original) else "column names are not text"
    if not columns:
        return head
    frame = nw.from_native(value, eager_only=True)
    rows = shape[0]
    step = max(1, -(-rows // _COUNTED_ROWS))
    part = frame[::step, :] if step > 1 else frame
    counted = budget.spend(len(part) * len(columns))
    dtypes, distinct, missing = [], [], []
    for column in original:
        series = frame.get_column(column)
        dtypes.append(dtype_name(series.dtype))
        if not counted:
            continue
        missing.append(_missing(series, rows))
        distinct.append(_distinct(part.get_column(column)))
    if not counted:
        note = "; ".join(n for n in (note, "too large to count values") if n)
    return _with(head, dtypes=tuple(dtypes), distinct=tuple(distinct), missing=tuple(missing), note=note)


def _with(variable: Variable, **changes: Any) -> Variable:
    return msgspec.structs.replace(variable, **changes)


def _missing(series: Any, rows: int) -> float:
    if not rows:
        return 0.0
    count = int(series.null_count())
    if series.dtype.is_float():
        count = max(count, int((series.is_null() | series.is_nan()).sum()))
    return float(f"{count / rows:.6g}")


def _distinct(series: Any) -> int:
    """Return how many values there are but missing ones; 0 where only the user's code could tell them apart."""
    import narwhals as nw
    import numpy as np

    if isinstance(series.dtype, (nw.List, nw.Struct, nw.Array)):
        return 0
    if isinstance(series.dtype, (nw.Object, nw.String)) or type(series.dtype).__name__ == "Unknown":
        values = series.to_list()
        if not all(type(v) in _PLAIN or type(v).__module__.startswith("pandas.") for v in values):
            return 0
        return len({v for v in values if v is not None and type(v).__name__ not in {"NAType", "NaTType"} and v == v})  # noqa: PLR0124
    if series.dtype.is_float():
        numbers = series.cast(nw.Float64).to_numpy()
        return _distinct_numbers(numbers[~np.isnan(numbers)])
    return int(series.n_unique()) - int(bool(series.null_count()))


def _distinct_numbers(values: NDArray[np.generic]) -> int:
    import numpy as np

    ordered = np.sort(values)
    return int(len(ordered) > 0) + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


# ---------------------------------------------------------------- arrays and lists


def _array(name: str, value: Any) -> Variable:
    import numpy as np

    shape = tuple(int(n) for n in value.shape)
    distinct: tuple[int, ...] = ()
    missing: tuple[float, ...] = ()
    one = value.ndim == 1 or (value.ndim == 2 and value.shape[1] == 1)
    if one and len(value):
        flat = value.reshape(-1)
        if flat.dtype.kind == "f":
            missing = (float(f"{np.count_nonzero(np.isnan(flat)) / len(flat):.6g}"),)
        part = flat[:: max(1, -(-len(flat) // _COUNTED_ROWS))]
        if part.dtype.kind in "fiubU":
            distinct = (_distinct_numbers(part[part == part]),)  # noqa: PLR0124 - NaN differs from itself
        elif part.dtype.kind == "O" and all(type(v) in _PLAIN for v in part):
            distinct = (len({v for v in part if v is not None and v == v}),)  # noqa: PLR0124
    return Variable(
        name=name, type="numpy.ndarray", shape=shape, dtypes=(str(value.dtype),), distinct=distinct, missing=missing
    )


def _list(name: str, value: list[Any] | tuple[Any, ...]) -> Variable | None:
    """Return a list of numbers or texts, or a list of such lists of one length; None for any other."""
    if not 2 <= len(value) <= _LONGEST_LIST:
        return None
    kinds = {type(v) for v in value}
    if kinds <= {int, float, bool} or kinds == {str}:
        dtype = "str" if kinds == {str} else "float64" if float in kinds else "bool" if kinds == {bool} else "int64"
        step = max(1, -(-len(value) // _COUNTED_ROWS))
        return Variable(
            name=name, type="list", shape=(len(value),), dtypes=(dtype,), distinct=(len(set(value[::step])),)
        )
    if kinds <= {list, tuple}:
        widths = {len(v) for v in value}
        if len(widths) == 1 and all(type(x) in {int, float, bool} for v in value for x in v):
            return Variable(name=name, type="list", shape=(len(value), widths.pop()), dtypes=("float64",))
    return None


# ---------------------------------------------------------------- estimators and other objects


def _own(value: Any) -> dict[str, Any]:
    """Return the object's own attributes without running code of its class."""
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return own if type(own) is dict else {}


def _estimator(name: str, value: Any) -> Variable:
    own = _own(value)
    steps = own.get("steps")
    parts = [value, steps[-1][-1]] if isinstance(steps, list) and steps and isinstance(steps[-1], tuple) else [value]
    kind = type(value)
    return Variable(
        name=name,
        type="estimator",
        fitted=any(_learnt(_own(part)) for part in parts),  # a pipeline is fitted when its last step is
        predicts=_has(type(parts[-1]), "predict"),
        note=f"{kind.__module__}.{kind.__qualname__}",
    )


def _learnt(own: dict[str, Any]) -> bool:
    """Return whether these are the attributes of a fitted estimator; LightGBM and XGBoost keep theirs in `_Booster`."""
    return own.get("_Booster") is not None or any(k.endswith("_") and not k.startswith("_") for k in own)


def _holder(name: str, value: Any) -> Variable | None:
    """Return an object of the user's own class that holds data frames, or a dict of them; its parts are only named."""
    if issubclass(type(value), (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
        return None
    parts = value if type(value) is dict else _own(value)
    frames = [
        k
        for k, v in list(parts.items())[:1000]
        if isinstance(k, str)
        and type(v).__module__.split(".")[0] in {"pandas", "polars"}
        and type(v).__name__ == "DataFrame"
    ]
    if not frames:
        return None
    return Variable(name=name, type="dict" if type(value) is dict else "object", note=", ".join(frames[:8]))
