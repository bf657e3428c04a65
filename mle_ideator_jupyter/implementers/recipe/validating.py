"""The lines of a trial's cell that split, score, and predict for the submission."""

from __future__ import annotations

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.implementers.recipe.writing import literal
from mle_ideator_jupyter.scoring.protocol import metric_code, splitter_code


def validation_lines(context: Context) -> list[str]:
    """Return the lines that fit and score the model in each fold."""
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
    name, source = splitter_code(context.binding)
    context.sk("model_selection", name)
    return [f"    cv = {source}"]


def score_lines(context: Context) -> list[str]:
    """Return the function that scores predictions by the metric."""
    if context.own_metric:
        return ["    def score(y, prediction):", f"        return float({context.own_metric}(y, prediction))", ""]
    metric = context.binding.metric.name
    name, source = metric_code(metric, many=context.classes_known > 2)
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


def submission_lines(context: Context, rows: str = "test", *, validated: bool = True) -> list[str]:
    """Return the lines that fit on all rows, predict `rows` and return folds, if `validated`, and submission."""
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
    lines.append("    return folds, submission" if validated else "    return submission")
    return lines
