"""Renders a Recipe to one readable cell: a function on copies that returns fold scores and a submission."""

from __future__ import annotations

import re
import textwrap

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.implementers.recipe.combining import model_lines
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.implementers.recipe.features import check_numbers, prepare_lines
from mle_ideator_jupyter.implementers.recipe.preparing import BOOSTED
from mle_ideator_jupyter.implementers.recipe.writing import assign, double_quoted, literal, names, one_line
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
    arguments = "train, test" if binding.test else "train"
    given = f"{_copy(binding.train)}, {_copy(binding.test)}" if binding.test else _copy(binding.train)
    head = [f"# {one_line(title)}"] if title else []
    doc = _docstring(summary or title or "The solution.")
    imports = context.imports.write()
    classes = [textwrap.indent(source, "    ") for source in context.classes.values()]
    lines = [
        *head,
        f"def {name}({arguments}):",
        doc,
        imports,
        "",
        *classes,
        *body,
        "",
        "",
        *_ending(binding, name, given),
    ]
    return _spaced(double_quoted("\n".join(lines) + "\n"))


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
        f'report_score({name}_result[0], metric="{binding.metric.name}", submission={name}_result[1])',
    ]


def render_rescore(binding: Binding, profile: Profile, estimator: str, *, name: str) -> str:
    """Return the cell that scores the user's own estimator (a name in the kernel) under the Binding's splitter.

    It is cloned and fitted anew in every fold, on the columns that it was fitted on where it knows them.
    """
    context = Context(binding, profile, Recipe(), None)
    context.sk("base", "clone")
    arguments, given = ("train, test", f"{_copy(binding.train)}, {_copy(binding.test)}")
    if not binding.test:
        arguments, given = "train", _copy(binding.train)
    target = repr(binding.target)
    body = [
        f"    train = train.dropna(subset=[{target}])",
        *_sorted(context),
        f"    X, y = train.drop(columns=[{target}]), train[{target}]",
        f'    known = getattr({estimator}, "feature_names_in_", None)',
        "    if known is not None:",
        "        X = X[list(known)]",
        *(["        test = test.assign(**{c: test.get(c) for c in known})"] if binding.test else []),
        "",
        *_score_function(context),
        f"    model = clone({estimator})",
        *_validation(context),
        "",
        *_submission(context, "test[X.columns]"),
    ]
    doc = f'    """Score the notebook\'s own `{one_line(estimator)}` under {binding.splitter.protocol}."""'
    lines = [
        f"def {name}({arguments}):",
        doc,
        context.imports.write(),
        "",
        *body,
        "",
        "",
        *_ending(binding, name, given),
    ]
    return double_quoted("\n".join(lines) + "\n")


def _copy(expression: str | None) -> str:
    """Return the expression of a copy; one that is no plain name makes a new frame anyway."""
    return f"{expression}.copy()" if expression and expression.isidentifier() else str(expression)


def _body(context: Context, sample: int | None) -> list[str]:
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
    score, model = _score_function(context), model_lines(context)
    lines += [*_columns(context), "", *score, *model, "", *_validation(context)]
    lines += ["", *_submission(context)]
    return lines


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
    if context.all_numbers:
        lines.append(assign("numbers", names(context.all_numbers)))
        boosted = any(m.family in BOOSTED for m in context.recipe.models)
        used = [c for c in context.columns if c.name in context.numbers]
        if boosted and any(c.missing or c.missing_test for c in used):
            frames = ["X", "test"] if context.binding.test else ["X"]
            lines += [f"    {frame}[numbers] = {frame}[numbers].astype(float)" for frame in frames]
    if context.lists_categories:
        lines.append(assign("categories", names(context.all_categories)))
    return lines


# ---------------------------------------------------------------- validation


def _validation(context: Context) -> list[str]:
    lines = [*_splitter(context), "    folds = []"]
    groups = ", groups" if context.binding.splitter.kind == "group" else ""
    if groups:
        lines.insert(-1, f"    groups = train[{context.binding.splitter.column!r}]")
    lines.append(f"    for fit, val in cv.split(X, y{groups}):")
    lines += [f"        {line}" for line in _rows_to_fit(context, "fit")]
    lines.append("        model.fit(X.iloc[fit], y.iloc[fit])")
    lines.append(f"        prediction = {_predict(context, 'X.iloc[val]')}")
    lines += [f"        {line}" for line in _finished(context, "y.iloc[fit]")]
    lines.append("        folds.append(score(y.iloc[val], prediction))")
    return lines


def _splitter(context: Context) -> list[str]:
    splitter = context.binding.splitter
    seed = splitter.seed
    made = {
        "kfold": ("KFold", f"KFold({splitter.folds}, shuffle=True, random_state={seed})"),
        "stratified": ("StratifiedKFold", f"StratifiedKFold({splitter.folds}, shuffle=True, random_state={seed})"),
        "group": (
            ("GroupKFold", f"GroupKFold({splitter.folds})")
            if context.regression
            else ("StratifiedGroupKFold", f"StratifiedGroupKFold({splitter.folds}, shuffle=True, random_state={seed})")
        ),
        "time": ("TimeSeriesSplit", f"TimeSeriesSplit({splitter.folds})"),
        "holdout": ("ShuffleSplit", f"ShuffleSplit(1, test_size={splitter.fraction:g}, random_state={seed})"),
        "stratified_holdout": (
            "StratifiedShuffleSplit",
            f"StratifiedShuffleSplit(1, test_size={splitter.fraction:g}, random_state={seed})",
        ),
    }
    name, source = made[splitter.kind]
    context.sk("model_selection", name)
    return [f"    cv = {source}"]


def _score_function(context: Context) -> list[str]:
    metric = context.binding.metric.name
    many = context.classes_known > 2
    plain = {
        "accuracy": ("accuracy_score", "accuracy_score(y, prediction)"),
        "macro_f1": ("f1_score", 'f1_score(y, prediction, average="macro")'),
        "qwk": ("cohen_kappa_score", 'cohen_kappa_score(y, prediction, weights="quadratic")'),
        "rmse": ("root_mean_squared_error", "root_mean_squared_error(y, prediction)"),
        "rmsle": ("root_mean_squared_log_error", "root_mean_squared_log_error(y, prediction)"),
        "mae": ("mean_absolute_error", "mean_absolute_error(y, prediction)"),
        "logloss": ("log_loss", "log_loss(y, prediction, labels=model.classes_)"),
        "auc": (
            "roc_auc_score",
            'roc_auc_score(y, prediction, multi_class="ovr", labels=model.classes_)'
            if many
            else "roc_auc_score(y, prediction)",
        ),
    }
    name, source = plain[metric]
    context.sk("metrics", name)
    return ["    def score(y, prediction):", f"        return {source}", ""]


def _every_class(context: Context) -> bool:
    """Return whether predictions are one probability for each class."""
    metric = context.binding.metric.name
    return metric == "logloss" or (metric == "auc" and context.classes_known > 2)


def _predict(context: Context, rows: str) -> str:
    """Return the expression of what the metric reads: labels, numbers, or probabilities."""
    metric = context.binding.metric.name
    if _every_class(context):
        return f"model.predict_proba({rows})"
    if metric == "auc":
        return f"model.predict_proba({rows})[:, 1]"
    return f"model.predict({rows})"


def _finished(context: Context, target: str) -> list[str]:
    """Return the lines that clip and round predictions of numbers."""
    post, lines = context.recipe.post, []
    if _every_class(context) and any(m.family == "xgboost" for m in context.recipe.models):
        lines.append("prediction /= prediction.sum(axis=1, keepdims=True)  # XGBoost counts in single precision")
    if (post.clip or post.round) and not context.regression:
        msg = "clipping and rounding are for numbers, and this target holds classes"
        raise EditError(msg)
    if post.clip:
        lines.append(f"prediction = {context.np}.clip(prediction, {target}.min(), {target}.max())")
    elif context.binding.metric.name == "rmsle":
        lines.append(f"prediction = {context.np}.maximum(prediction, 0)")
    if post.round:
        lines.append("prediction = prediction.round()")
    return lines


def _rows_to_fit(context: Context, name: str) -> list[str]:
    """Return the lines that leave rows out of the fit, never out of the validation."""
    rows, lines = context.recipe.rows, []
    if rows.recent:
        mixed = name == "fit" and "holdout" in context.binding.splitter.kind
        ordered = f"{context.np}.sort({name})" if mixed else name
        lines.append(f"{name} = {ordered}[-int({rows.recent:g} * len({name})) :]")
    if rows.drop_duplicates:
        out = context.binding.id_column
        seen = f"train.drop(columns=[{out!r}])" if out else "train"
        lines.append(f"{name} = {name}[~{seen}.iloc[{name}].duplicated().to_numpy()]")
    if rows.outliers:
        if not context.regression:
            msg = "target outliers are for numbers, and this target holds classes"
            raise EditError(msg)
        low, high = literal(rows.outliers), literal(1 - rows.outliers)
        lines.append(f"low, high = y.iloc[{name}].quantile([{low}, {high}])")
        lines.append(f"{name} = {name}[y.iloc[{name}].between(low, high).to_numpy()]")
    return lines


def _submission(context: Context, rows: str = "test") -> list[str]:
    binding = context.binding
    if not binding.test:
        return ["    return folds, None"]
    left_out = _rows_to_fit(context, "every")
    lines = []
    if left_out:
        lines = [f"    every = {context.np}.arange(len(X))", *(f"    {line}" for line in left_out)]
        lines.append("    model.fit(X.iloc[every], y.iloc[every])")
    else:
        lines.append("    model.fit(X, y)")
    lines.append(f"    prediction = {_predict(context, rows)}")
    lines += [f"    {line}" for line in _finished(context, "y")]
    named = binding.id_column
    ids = f"test[{named!r}]" if named else "range(len(test))"
    if _every_class(context):
        lines.append(f"    submission = {context.pd}.DataFrame(prediction, columns=model.classes_)")
        values = f"{ids}.to_numpy()" if named else ids
        lines.append(f"    submission.insert(0, {named or 'id'!r}, {values})")
    else:
        frame = f"{{{named or 'id'!r}: {ids}, {binding.target!r}: prediction}}"
        lines.append(f"    submission = {context.pd}.DataFrame({frame})")
    lines.append("    return folds, submission")
    return lines
