"""Features of each row alone, as the lines of a small `prepare(df)` function; nothing here is fitted."""

from __future__ import annotations

from collections.abc import Callable

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.context import Context, is_number
from mle_ideator_jupyter.implementers.recipe.writing import names, write
from mle_ideator_jupyter.recipe import Feature

FITTED = frozenset({"count", "group_stat", "group_deviation", "target_mean", "clusters", "neighbours"})
_PARTS = {
    "year": "year",
    "month": "month",
    "day": "day",
    "dayofweek": "day_of_week",
    "dayofyear": "day_of_year",
    "hour": "hour",
}


def prepare_lines(context: Context) -> list[str]:
    """Return the body of `prepare(df)`: sentinels, logs, codes, texts, then the row-wise features."""
    recipe = context.recipe
    lines: list[str] = []
    for name, value in recipe.missing.sentinels.items():
        context.column(name)
        lines.append(f"df[{name!r}] = df[{name!r}].replace({value:g}, {context.np}.nan)")
    if any("infinite" in note for note in context.profile.notes):
        lines.append(f"df = df.replace([{context.np}.inf, -{context.np}.inf], {context.np}.nan)")
    for feature in recipe.features:
        if feature.op in FITTED and not (feature.op == "target_mean" and len(feature.columns) > 1):
            continue
        for name in feature.columns:
            context.column(name)
        lines += _WRITERS[feature.op](context, feature)
    logged = [c for c in recipe.numbers.log if c in context.numbers]
    for name in recipe.numbers.log:
        context.column(name)
    if len(logged) > 2:
        lines.append(f"for c in {write(names(logged), 8, 9)}:")
        lines.append(f"    df[c] = {context.np}.sign(df[c]) * {context.np}.log1p(df[c].abs())")
    else:
        lines += [f"df[{c!r}] = {context.np}.sign(df[{c!r}]) * {context.np}.log1p(df[{c!r}].abs())" for c in logged]
    context.texts = [c.name for c in context.columns if c.role == "text"] if recipe.text else []
    lines += [f'df[{c!r}] = df[{c!r}].fillna("").astype(str)' for c in context.texts]
    # Numeric codes stay numbers, so that ordinal codes keep their order.
    worded = [c for c in context.categories if not is_number(context.column(c))]
    if worded:
        lines.append(f"for c in {write(names(worded), 8, 9)}:")
        text = 'df[c].map(str, na_action="ignore").astype(object)'
        lines.append(f"    df[c] = {text}.where(df[c].notna(), {context.np}.nan)")
    if recipe.missing.categorical == "constant":
        lines += [f'df[{c!r}] = df[{c!r}].fillna("missing")' for c in (*worded, *context.new_categories)]
    return lines


def _number(context: Context, name: str, expression: str) -> str:
    context.new_numbers.append(name)
    return f"df[{name!r}] = {expression}"


def _category(context: Context, name: str, expression: str) -> str:
    context.new_categories.append(name)
    return f"df[{name!r}] = {expression}"


def _two(feature: Feature) -> tuple[str, str]:
    if len(feature.columns) != 2:
        msg = f"{feature.op} needs two columns, it got {len(feature.columns)}"
        raise EditError(msg)
    return feature.columns[0], feature.columns[1]


def _date(context: Context, column: str) -> str:
    """Return the expression of a column as dates without a time zone; what is no date is missing."""
    return f'{context.pd}.to_datetime(df[{column!r}], errors="coerce", utc=True).dt.tz_localize(None)'


def _date_parts(context: Context, feature: Feature) -> list[str]:
    parts = feature.params.get("parts") or ["year", "month", "day", "dayofweek"]
    lines = []
    for column in feature.columns:
        lines.append(f"date = {_date(context, column)}")
        for part in parts:
            name = f"{column} {part}"
            if part in _PARTS:
                lines.append(_number(context, name, f"date.dt.{part}"))
            elif part == "week":
                lines.append(_number(context, name, "date.dt.isocalendar().week.astype(float)"))
            elif part == "is_weekend":
                lines.append(_number(context, name, "(date.dt.day_of_week >= 5).astype(float)"))
            elif part == "elapsed":
                lines.append(_number(context, name, f'(date - {context.pd}.Timestamp("2000-01-01")).dt.days'))
            else:
                msg = f"date_parts has no part {part!r}"
                raise EditError(msg)
    return lines


def _cyclic(context: Context, feature: Feature) -> list[str]:
    period = float(feature.params.get("period") or 0)
    if period <= 0:
        msg = "cyclic needs a period above 0"
        raise EditError(msg)
    lines = []
    for column in feature.columns:
        source = f"df[{column!r}]"
        if context.column(column).role == "date":
            source = f"{_date(context, column)}.dt.day_of_year"
        angle = f"2 * {context.np}.pi * {source} / {period:g}"
        lines.append(_number(context, f"{column} sin", f"{context.np}.sin({angle})"))
        lines.append(_number(context, f"{column} cos", f"{context.np}.cos({angle})"))
    return lines


def _ratio(context: Context, feature: Feature) -> list[str]:
    a, b = _two(feature)
    return [_number(context, f"{a} per {b}", f"df[{a!r}] / df[{b!r}].replace(0, {context.np}.nan)")]


def _difference(context: Context, feature: Feature) -> list[str]:
    a, b = _two(feature)
    return [_number(context, f"{a} minus {b}", f"df[{a!r}] - df[{b!r}]")]


def _product(context: Context, feature: Feature) -> list[str]:
    a, b = _two(feature)
    return [_number(context, f"{a} times {b}", f"df[{a!r}] * df[{b!r}]")]


def _sum(context: Context, feature: Feature) -> list[str]:
    return [_number(context, "sum of " + _short(feature), f"df[{write(names(feature.columns), 8, 20)}].sum(axis=1)")]


def _row_stats(context: Context, feature: Feature) -> list[str]:
    lines = [f"row = df[{write(names(feature.columns), 8, 9)}]"]
    lines += [
        _number(context, f"row {stat} of {_short(feature)}", f"row.{stat}(axis=1)")
        for stat in ("mean", "std", "min", "max")
    ]
    return lines


def _missing_count(context: Context, feature: Feature) -> list[str]:
    source = f"df[{write(names(feature.columns), 8, 20)}]" if feature.columns else "df"
    return [_number(context, "missing values", f"{source}.isna().sum(axis=1)")]


def _text_length(context: Context, feature: Feature) -> list[str]:
    lines = []
    for column in feature.columns:
        lines.append(f'text = df[{column!r}].fillna("").astype(str)')
        lines.append(_number(context, f"{column} characters", "text.str.len()"))
        lines.append(_number(context, f"{column} words", "text.str.split().str.len()"))
    return lines


def _cross(context: Context, feature: Feature) -> list[str]:
    joined = ' + "|" + '.join(f"df[{c!r}].astype(str)" for c in feature.columns)
    return [_category(context, crossed(feature), joined)]


def crossed(feature: Feature) -> str:
    """Return the name of the column that joins these columns."""
    return " x ".join(feature.columns)


def _joined(context: Context, feature: Feature) -> list[str]:
    """Join columns for a target mean; the joined column itself is no category of the model."""
    del context
    joined = ' + "|" + '.join(f"df[{c!r}].astype(str)" for c in feature.columns)
    return [f"df[{crossed(feature)!r}] = {joined}"]


def _round(context: Context, feature: Feature) -> list[str]:
    digits = int(feature.params.get("digits", 0))
    return [_number(context, f"{c} rounded", f"df[{c!r}].round({digits})") for c in feature.columns]


def _split(context: Context, feature: Feature) -> list[str]:
    separator, index = str(feature.params.get("sep", " ")), int(feature.params.get("index", 0))
    lines = []
    for column in feature.columns:
        expression = f"df[{column!r}].astype(str).str.split({separator!r}, regex=False).str[{index}]"
        lines.append(_category(context, f"{column} part {index}", expression))
    return lines


def _number_in_text(context: Context, feature: Feature) -> list[str]:
    lines = []
    for column in feature.columns:
        expression = f'df[{column!r}].astype(str).str.extract(r"(-?\\d+\\.?\\d*)")[0].astype(float)'
        lines.append(_number(context, f"{column} number", expression))
    return lines


def _short(feature: Feature) -> str:
    return ", ".join(feature.columns[:3]) + ("…" if len(feature.columns) > 3 else "")


_WRITERS: dict[str, Callable[[Context, Feature], list[str]]] = {
    "date_parts": _date_parts,
    "cyclic": _cyclic,
    "ratio": _ratio,
    "difference": _difference,
    "product": _product,
    "sum": _sum,
    "row_stats": _row_stats,
    "missing_count": _missing_count,
    "text_length": _text_length,
    "cross": _cross,
    "target_mean": _joined,
    "round": _round,
    "split": _split,
    "number_in_text": _number_in_text,
}


def check_numbers(context: Context) -> None:
    """Raise `EditError` when arithmetic is asked of columns that hold no numbers."""
    arithmetic = {"ratio", "difference", "product", "sum", "row_stats", "round"}
    for feature in context.recipe.features:
        if feature.op in arithmetic:
            for name in feature.columns:
                if not is_number(context.column(name)):
                    msg = f"{feature.op} needs numbers, and {name!r} holds none"
                    raise EditError(msg)
