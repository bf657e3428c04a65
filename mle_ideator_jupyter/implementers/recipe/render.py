"""Renders a Recipe to one readable cell: a function on copies that returns fold scores and a submission."""

from __future__ import annotations

import re
import textwrap

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.implementers.recipe.combining import model_lines
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.implementers.recipe.families import BOOSTED
from mle_ideator_jupyter.implementers.recipe.features import check_numbers, prepare_lines
from mle_ideator_jupyter.implementers.recipe.nets import pixel_names
from mle_ideator_jupyter.implementers.recipe.validating import score_lines, submission_lines, validation_lines
from mle_ideator_jupyter.implementers.recipe.writing import assign, double_quoted, names, one_line
from mle_ideator_jupyter.model import Binding
from mle_ideator_jupyter.recipe import Recipe


def render_trial(
    binding: Binding,
    profile: Profile,
    recipe: Recipe,
    *,
    name: str,
    title: str = "",
    summary: str = "",
    sample: int | None = None,
    libraries: dict[str, str] | None = None,
) -> str:
    """Return the cell that defines the function `name`, runs it on copies and reports its score.

    With `sample`, it runs on so many random rows. `libraries` are the kernel's packages, where known.
    Raises `EditError` when the Recipe does not suit the data.
    """
    context = Context(binding, profile, recipe, libraries)
    body = _body(context, sample)
    head = [f"# {one_line(title)}"] if title else []
    lines = [*head, *_function(context, name, _docstring(summary or title or "The solution."), body)]
    return _spaced(double_quoted("\n".join([*lines, *_ending(binding, name, _given(binding))]) + "\n"))


def render_fit(
    binding: Binding,
    profile: Profile,
    recipe: Recipe,
    *,
    name: str,
    path: str,
    libraries: dict[str, str] | None = None,
) -> str:
    """Return the cell that fits the solution on all rows and writes its predictions of `binding.test` to `path`.

    They are those of the trial that `render_trial` makes, whose folds do not change what is fitted in the end; for
    whoever grades outside and needs no validation score. Raises `EditError` when the Recipe does not suit the data.
    """
    context = Context(binding, profile, recipe, libraries)
    body = _body(context, None, validated=False)
    lines = _function(context, name, _docstring("The solution."), body)
    ending = [f"{name}_result = {name}({_given(binding)})", f"{name}_result.to_csv({path!r}, index=False)"]
    return _spaced(double_quoted("\n".join([*lines, *ending]) + "\n"))


def _function(context: Context, name: str, doc: str, body: list[str], more: str = "") -> list[str]:
    arguments = ("train, test" if context.binding.test else "train") + more
    classes = [textwrap.indent(source, "    ") for source in context.classes.values()]
    return [f"def {name}({arguments}):", doc, context.imports.write(), "", *classes, *body, "", ""]


def _given(binding: Binding) -> str:
    """Return the copies that the function is called with."""
    return ", ".join(_copy(frame) for frame in (binding.train, binding.test) if frame)


def _spaced(source: str) -> str:
    """Return source with at most one blank line within the function."""
    return re.sub(r"\n{3,}(?=    )", "\n\n", source)


def _docstring(text: str) -> str:
    lines = textwrap.wrap(one_line(text, 400), 92)
    if len(lines) == 1:
        return f'    """{lines[0]}"""'
    return '    """' + "\n    ".join(lines) + '\n    """'


def _ending(binding: Binding, name: str, given: str) -> list[str]:
    """Return the lines that run the function on copies and report what it returns."""
    return [
        f"{name}_result = {name}({given})",
        "from mle_ideator_jupyter import report_score",
        "",
        f'report_score({name}_result[0], metric="{binding.metric.name}", submission={name}_result[1]);',
    ]


def render_rescore(binding: Binding, profile: Profile, estimator: str, *, name: str) -> str:
    """Return the cell that scores the user's own estimator (a name in the kernel) under the Binding's splitter.

    It is cloned and fitted anew in every fold, on the columns that it was fitted on where it knows them.
    """
    context = Context(binding, profile, Recipe(), None)
    context.sk("base", "clone")
    target = repr(binding.target)
    body = [
        f"    train = train.dropna(subset=[{target}])",
        *_sorted(context),
        f"    X, y = train.drop(columns=[{target}]), train[{target}]",
        '    known = getattr(own, "feature_names_in_", None)',
        "    if known is not None:",
        "        X = X[list(known)]",
        *(["        test = test.assign(**{c: test.get(c) for c in known})"] if binding.test else []),
        "",
        *score_lines(context),
        "    model = clone(own)",
        *validation_lines(context),
        "",
        *submission_lines(context, "test[X.columns]"),
    ]
    doc = f'    """Score the notebook\'s own `{one_line(estimator)}` under {binding.splitter.protocol}."""'
    # A parameter, for the user's estimator may have the name of something in the function: `model`, say.
    lines = _function(context, name, doc, body, ", own")
    ending = _ending(binding, name, f"{_given(binding)}, {estimator}")
    return double_quoted("\n".join([*lines, *ending]) + "\n")


def _copy(expression: str | None) -> str:
    """Return the expression of a copy; one that is no plain name makes a new frame anyway."""
    return f"{expression}.copy()" if expression and expression.isidentifier() else str(expression)


def _body(context: Context, sample: int | None, *, validated: bool = True) -> list[str]:
    check_numbers(context)
    binding, profile = context.binding, context.profile
    target = repr(binding.target)
    lines: list[str] = []
    if profile.target.missing:
        lines.append(f"    train = train.dropna(subset=[{target}])")
    if sample:
        lines.append(f"    train = train.sample(min({sample}, len(train)), random_state=0)")
    lines += _sorted(context)
    lines.append(f"    X, y = train.drop(columns=[{target}]), train[{target}]")
    prepared = prepare_lines(context)
    frames = "X, test" if binding.test else "X"
    if prepared:
        function = ["    def prepare(df):", "        df = df.copy()", *(f"        {line}" for line in prepared)]
        applied = "prepare(X), prepare(test)" if binding.test else "prepare(X)"
        lines = ["", *function, "        return df", "", *lines, f"    {frames} = {applied}"]
    score, model = score_lines(context), model_lines(context)
    lines += [*_columns(context), "", *score, *model, ""]
    if not validated:
        return [*lines, *submission_lines(context, validated=False)]
    return [*lines, *validation_lines(context), "", *submission_lines(context)]


def _sorted(context: Context) -> list[str]:
    """Return the line that puts the rows in the order of time, where that matters."""
    column = context.order_column
    if context.binding.splitter.kind != "time" and not context.recipe.rows.recent:
        return []
    if column is None:
        msg = "recent rows need a column that says when: name the task's time column"
        raise EditError(msg)
    found, key = context.profile.column(column), ""
    if found and found.role == "date" and found.dtype not in {"datetime", "date"}:
        parse = f"{context.pd}.to_datetime"  # text sorts by its letters, and few dates do
        key = f", key=lambda text: {parse}(text, format={found.form!r})" if found.form else f", key={parse}"
    return [f'    train = train.sort_values({column!r}, kind="stable"{key})']


def _columns(context: Context) -> list[str]:
    """Return the lists that the pipelines name; missing numbers become NaN, whatever type their columns are of."""
    lines = []
    families = {m.family for m in context.recipe.models}
    if "torch_cnn" in families:
        lines.append(assign("pixels", pixel_names(context.pixels())))
    if context.all_numbers and families != {"torch_cnn"}:
        lines.append(assign("numbers", names(context.all_numbers)))
        boosted = any(m.family in BOOSTED for m in context.recipe.models)
        used = [c for c in context.columns if c.name in context.numbers]
        if boosted and any(c.missing or c.missing_test for c in used):
            frames = ["X", "test"] if context.binding.test else ["X"]
            lines += [f"    {frame}[numbers] = {frame}[numbers].astype(float)" for frame in frames]
    if context.lists_categories:
        lines.append(assign("categories", names(context.all_categories)))
    return lines
