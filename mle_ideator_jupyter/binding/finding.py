"""Infers a Binding: metadata, arguments, what the kernel holds, files; in this order."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from mle_ideator_jupyter.binding import files
from mle_ideator_jupyter.binding.candidates import SUBMISSION_NAME, Data, candidates, frames, of_frame
from mle_ideator_jupyter.binding.choosing import id_column, metric_of, problem_of, target_of
from mle_ideator_jupyter.binding.refusing import no_such_column, no_such_name, unusable
from mle_ideator_jupyter.binding.settling import splitter_for
from mle_ideator_jupyter.binding.sources import Said, said
from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import Namespace
from mle_ideator_jupyter.metrics import METRICS, metric_asked
from mle_ideator_jupyter.model import Binding, Metric, Struct


class Asked(Struct, frozen=True, kw_only=True):
    """The arguments: expressions, a column, a metric's name."""

    data: str | None = None
    test: str | None = None
    target: str | None = None
    metric: Metric | None = None


def infer(
    namespace: Namespace,
    sources: Sequence[str],
    folder: Path,
    *,
    data: str | None = None,
    test: str | None = None,
    target: str | None = None,
    metric: str | None = None,
    goal: str = "",
    metadata: Mapping[str, Any] | None = None,
) -> Binding:
    """Return where the task's data are.

    `data` and `test` are expressions in the kernel or files; `metric` is a built-in one, or a function of the kernel
    with its `goal`; `metadata` is the notebook's own. An argument
    outweighs what was kept in the metadata. Raises `BindingError` (for a metric, `UsageError`) with one line
    that says what is needed.
    """
    wanted = metric_asked(metric, goal) if metric is not None else None
    if wanted is not None:
        _check_metric(wanted, namespace)
    asked = Asked(data=data, test=test, target=target, metric=wanted)
    kept = _kept(metadata)
    if kept is not None:
        if not any((data, test, target, wanted)):
            check(kept, namespace)
            return kept
        if wanted is not None and not any((data, test, target)):
            return _other_metric(kept, wanted)
        asked = msgspec.structs.replace(asked, metric=wanted or kept.metric)
    spoken = said(sources)
    sample = _submission(namespace, spoken, folder)
    if data is not None:
        return _bind(_asked_data(asked, namespace, folder), asked, spoken, sample, "arguments")
    source: Literal["arguments", "kernel"] = "arguments" if target or test else "kernel"
    found = _first(candidates(namespace, target), asked, spoken, sample, (namespace, folder, source))
    if found is None and target is not None and frames(namespace):
        raise no_such_column(target, frames(namespace))
    if found is None:
        found = _from_files(namespace, asked, spoken, sample, folder)
    if isinstance(found, BindingError):
        raise found
    return found


def _from_files(
    namespace: Namespace, asked: Asked, spoken: Said, sample: tuple[str, ...], folder: Path
) -> Binding | BindingError:
    """Return the Binding of data in files, or what to say when there are none."""
    refused = unusable(namespace)
    try:
        tries = list(files.file_candidates(spoken, folder))
    except BindingError as error:
        return refused or error
    found = _first(tries, asked, spoken, sample, (namespace, folder, "files"))
    if found is None:
        msg = "no data found: run the notebook's cells first, or say --data FILE_OR_EXPRESSION --target COLUMN"
        return refused or BindingError(msg)
    return found


def _first(
    tries: Iterable[Data],
    asked: Asked,
    spoken: Said,
    sample: tuple[str, ...],
    place: tuple[Namespace, Path, Literal["arguments", "kernel", "files"]],
) -> Binding | BindingError | None:
    """Return the Binding of the first data that work, else why the first did not, else None."""
    namespace, folder, source = place
    refused: BindingError | None = None
    for data in tries:
        found = _tried(_with_test(data, asked, namespace, folder), asked, spoken, sample, source)
        if isinstance(found, Binding):
            return found
        refused = refused or found
    return refused


def _tried(
    data: Data, asked: Asked, spoken: Said, sample: tuple[str, ...], source: Literal["arguments", "kernel", "files"]
) -> Binding | BindingError:
    try:
        return _bind(data, asked, spoken, sample, source)
    except BindingError as error:
        return error


def _bind(
    data: Data,
    asked: Asked,
    spoken: Said,
    sample: tuple[str, ...],
    source: Literal["arguments", "kernel", "files"],
) -> Binding:
    """Return the Binding of these data. Raises `BindingError` when the target cannot be told."""
    target = target_of(data, asked.target, spoken, sample)
    problem = problem_of(data.columns, target, spoken, asked.metric)
    metric = metric_of(asked.metric, spoken, problem, data.columns, target)
    rows = data.columns.shape[0] if data.columns else None
    return Binding(
        train=_without_gaps(data, target),
        test=_test_expression(data, target),
        target=target,
        metric=metric,
        problem="ordinal" if metric.name == "qwk" else problem,
        splitter=splitter_for(problem, rows),
        id_column=id_column(data, target, sample),
        group_column=spoken.groups if data.columns and spoken.groups in data.columns.columns else None,
        prepare=data.prepare,
        source=source,
    )


def _without_gaps(data: Data, target: str) -> str:
    """Return the train expression without rows that have no target, and without columns that the test data lack."""
    text, columns = data.train, data.columns
    if columns is None:
        return text
    if data.test_columns is not None:
        absent = [c for c in columns.columns if c not in data.test_columns.columns and c != target]
        if absent:
            text += f".drop(columns={absent!r})"
    place = columns.columns.index(target)
    gone = columns.missing[place] if place < len(columns.missing) else 0.0
    return f"{text}.dropna(subset=[{target!r}])" if 0 < gone < 1 else text


def _test_expression(data: Data, target: str) -> str | None:
    if data.test and data.test_columns and target in data.test_columns.columns:
        return f"{data.test}.drop(columns=[{target!r}])"
    return data.test


# ---------------------------------------------------------------- metadata


def _kept(metadata: Mapping[str, Any] | None) -> Binding | None:
    """Return the Binding in the notebook's metadata, or None."""
    ours = (metadata or {}).get("mle_ideator")
    plain = ours.get("binding") if isinstance(ours, Mapping) else None
    if plain is None:
        return None
    try:
        kept = msgspec.convert(plain, Binding)
        ast.parse(kept.train, mode="eval")
    except (msgspec.ValidationError, SyntaxError) as error:
        msg = f"the Binding kept in the notebook cannot be used ({error}): say --data, --target and --metric again"
        raise BindingError(msg) from None
    return msgspec.structs.replace(kept, source="metadata")


def check(binding: Binding, namespace: Namespace) -> None:
    """Raise `BindingError` when the namespace shows that the Binding cannot work. What it does not show may be well."""
    held = {v.name: v for v in namespace.variables}
    frame = held.get(binding.train)
    if frame is not None and frame.columns and binding.target not in frame.columns:
        raise no_such_column(binding.target, [frame])
    if binding.train.isidentifier() and frame is None and held and not binding.prepare:
        raise no_such_name(binding.train, list(held))


def _check_metric(metric: Metric, namespace: Namespace) -> None:
    """Raise `BindingError` for a function of the user's own that the kernel does not hold."""
    if metric.name in METRICS or "." in metric.name or metric.name in namespace.functions:
        return
    held = f"it holds {', '.join(namespace.functions)}" if namespace.functions else "it holds none"
    msg = f"the kernel has no function {metric.name}(true, predicted): {held}; define it in a cell, then try again"
    raise BindingError(msg)


def _other_metric(kept: Binding, metric: Metric) -> Binding:
    if metric == kept.metric:
        return kept
    problem = kept.problem
    if metric.name in {"rmse", "rmsle", "mae"}:
        problem = "regression"
    elif metric.name == "qwk":
        problem = "ordinal"
    elif problem in {"regression", "ordinal"}:
        problem = "binary" if metric.name == "auc" else "multiclass"
    return msgspec.structs.replace(kept, metric=metric, problem=problem, source="arguments")


# ---------------------------------------------------------------- arguments


def _asked_data(asked: Asked, namespace: Namespace, folder: Path) -> Data:
    """Return the data that the arguments name. Raises `BindingError` when there are none such."""
    assert asked.data is not None
    found = _named(asked.data, namespace, folder, "train")
    if asked.test is None and found.columns is not None and not found.prepare:
        return of_frame(found.columns, frames(namespace))
    return _with_test(found, asked, namespace, folder)


def _named(text: str, namespace: Namespace, folder: Path, variable: str) -> Data:
    """Return a file, a frame of the kernel, or any expression whose first name the kernel knows."""
    if files.is_data_file(text):
        return files.from_file(text, folder, variable)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        msg = f"{text!r} is neither a data file nor a Python expression: say --data with one of these"
        raise BindingError(msg) from None
    held = {v.name: v for v in namespace.variables}
    if isinstance(tree, ast.Name):
        frame = held.get(tree.id)
        if frame is None:
            raise no_such_name(tree.id, [v.name for v in namespace.variables if v.columns])
        if not frame.type.endswith("DataFrame"):
            msg = f"{tree.id} is a {frame.type}: a data frame is needed; say --data with an expression that gives one"
            raise BindingError(msg)
        return of_frame(frame, [])
    return Data(train=text.strip())


def _with_test(data: Data, asked: Asked, namespace: Namespace, folder: Path) -> Data:
    if asked.test is None:
        return data
    other = _named(asked.test, namespace, folder, "test")
    lines = (*data.prepare, *(s for s in other.prepare if s not in data.prepare))
    return msgspec.structs.replace(data, test=other.train, test_columns=other.columns, prepare=lines)


# ---------------------------------------------------------------- what else is known


def _submission(namespace: Namespace, spoken: Said, folder: Path) -> tuple[str, ...]:
    """Return the columns of a sample submission: a frame of the kernel, else a file."""
    for v in namespace.variables:
        if v.type.endswith("DataFrame") and SUBMISSION_NAME.search(v.name) and len(v.columns) > 1:
            return v.columns
    return files.submission(folder, spoken)
