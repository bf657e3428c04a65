"""What is said, in one line, where no Binding can be had from what the notebook holds."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from mle_ideator_jupyter.binding.candidates import TEST_NAME
from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import Namespace, Variable


def unusable(namespace: Namespace) -> BindingError | None:
    """Return what to say of a kernel that holds data in a form of which no frame can be made."""
    say = "say --data EXPRESSION --target COLUMN"
    for v in namespace.variables:
        if v.type == "polars.LazyFrame":
            return BindingError(f"{v.name} is a lazy frame: collect it, or say --data '{v.name}.collect().to_pandas()'")
        if v.type in {"object", "dict"} and v.note:
            part = v.note.split(", ")[0]
            inner = f"{v.name}.{part}" if v.type == "object" else f'{v.name}["{part}"]'
            where = f"the data frames seem to be inside {v.name}, which is not searched"
            return BindingError(f"{where}: say --data '{inner}' --target COLUMN")
    torch = [v for v in namespace.variables if v.type.startswith("torch.") and v.type != "torch.Module"]
    if torch:
        kind = torch[0].type.removeprefix("torch.")
        what = f"{torch[0].name} is a torch {kind}, and trials need a table"
        return BindingError(f"{what}: {say}, with an expression that gives a data frame")
    deep = next((v for v in namespace.variables if v.type == "numpy.ndarray" and len(v.shape) > 2), None)
    if deep is not None:
        return BindingError(f"{deep.name} has {len(deep.shape)} dimensions, and trials need a table: {say}")
    return None


def no_such_name(name: str, known: Sequence[str]) -> BindingError:
    """Return what to say of a variable that the notebook does not have."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = (
        f"did you mean {near[0]!r}?" if near else f"it holds {', '.join(known[:8])}" if known else "run its cells first"
    )
    return BindingError(f"the notebook has no variable {name!r}: {hint}")


def no_such_column(name: str, held: Sequence[Variable]) -> BindingError:
    """Return what to say of a column that no training frame has."""
    columns = [c for v in held if not TEST_NAME.search(v.name) for c in v.columns]
    near = difflib.get_close_matches(name, columns, n=1)
    shown = ", ".join(list(dict.fromkeys(columns))[:8])
    hint = f"did you mean {near[0]!r}?" if near else f"columns are {shown}"
    return BindingError(f"no data frame has a column {name!r}: {hint}")
