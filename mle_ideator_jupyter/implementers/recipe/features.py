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
    """Return the body of `prepare(df)`: what is missing, numbers, dates, texts, then categories and their crosses."""
    recipe = context.recipe
    lines = _missing(context)
    rowwise = [f for f in recipe.features if f.op not in FITTED or (f.op == "target_mean" and len(f.columns) > 1)]
    for feature in sorted(rowwise, key=lambda f: _STAGES.get(f.op, 1)):
        if _STAGES.get(feature.op, 1) < 2:
            lines += _written(context, feature)
    lines += _logs(context)
    context.texts = [c.name for c in context.columns if c.role == "text" and c.name not in context.coded]
    context.texts = context.texts if recipe.text else []
    lines += [f'df[{c!r}] = df[{c!r}].fillna("").astype(str)' for c in context.texts]
    # Numeric codes stay numbers, so that ordinal codes keep their order.
    worded = [c for c in context.categories if not is_number(context.column(c))]
    lines += _worded(context, worded)
    for feature in rowwise:
        if _STAGES.get(feature.op, 1) == 2:
            lines += [line for line in _written(context, feature) if line not in lines]
    if recipe.missing.categorical == "constant":
        lines += [f'df[{c!r}] = df[{c!r}].fillna("missing")' for c in (*worded, *context.new_categories)]
    return lines


def _missing(context: Context) -> list[str]:
    """Return the lines that make durations numbers, and what means "missing" missing."""
    durations = [c.name for c in context.columns if c.dtype == "duration"]
    lines = [f"df[{c!r}] = df[{c!r}].dt.total_seconds()" for c in durations]
    for name, value in context.recipe.missing.sentinels.items():
        if not is_number(context.column(name)):
            msg = f"a number that means missing needs a column of numbers, and {name!r} holds none"
            raise EditError(msg)
        lines.append(f"df[{name!r}] = df[{name!r}].replace({value!r}, {context.np}.nan)")
    if any("infinite" in note for note in context.profile.notes):
        lines.append(f"df = df.replace([{context.np}.inf, -{context.np}.inf], {context.np}.nan)")
    return lines


def _worded(context: Context, columns: list[str]) -> list[str]:
    """Return the lines that make categories text or NaN, which is all that every encoder takes."""
    if not columns:
        return []
    text = 'df[c].map(str, na_action="ignore").astype(object)'
    return [
        f"for c in {write(names(columns), 8, 9)}:",
        f"    df[c] = {text}.where(df[c].notna(), {context.np}.nan)",
    ]


_STAGES = {"missing_count": 0, "cross": 2, "target_mean": 2}
"""Missing values are counted before new columns have any; categories are joined once their values are text."""


def _written(context: Context, feature: Feature) -> list[str]:
    for name in feature.columns:
        context.column(name)
    if not feature.columns and feature.op != "missing_count":
        msg = f"{feature.op} needs columns"
        raise EditError(msg)
    return _WRITERS[feature.op](context, feature)


def _logs(context: Context) -> list[str]:
    for name in context.recipe.numbers.log:
        if not is_number(context.column(name)):
            msg = f"a logarithm needs numbers, and {name!r} holds none"
            raise EditError(msg)
    logged, np = [c for c in context.recipe.numbers.log if c in context.numbers], "np"
    if logged:
        np = context.np
    if len(logged) > 2:
        return [f"for c in {write(names(logged), 8, 9)}:", f"    df[c] = {np}.sign(df[c]) * {np}.log1p(df[c].abs())"]
    return [f"df[{c!r}] = {np}.sign(df[{c!r}]) * {np}.log1p(df[{c!r}].abs())" for c in logged]


def _number(context: Context, name: str, expression: str) -> str:
    name = context.free_name(name)
    context.new_numbers.append(name)
    return f"df[{name!r}] = {expression}"


def _category(context: Context, name: str, expression: str) -> str:
    name = context.free_name(name)
    context.new_categories.append(name)
    return f"df[{name!r}] = {expression}"


def _two(feature: Feature) -> tuple[str, str]:
    if len(feature.columns) != 2:
        msg = f"{feature.op} needs two columns, it got {len(feature.columns)}"
        raise EditError(msg)
    return feature.columns[0], feature.columns[1]


def _date(context: Context, column: str) -> str:
    """Return the expression of a column as dates, local time, without a time zone; what is no date is missing."""
    profile = context.column(column)
    if profile.dtype in {"datetime", "date"}:
        return f"{context.pd}.to_datetime(df[{column!r}]).dt.tz_localize(None)"
    form = f"format={profile.form!r}, " if profile.form else ""
    return f'{context.pd}.to_datetime(df[{column!r}], {form}errors="coerce", utc=True).dt.tz_localize(None)'


def _date_parts(context: Context, feature: Feature) -> list[str]:
    parts = feature.params.get("parts") or ["year", "month", "day", "dayofweek"]
    lines = []
    for column in feature.columns:
        lines.append(f"date = {_date(context, column)}")
        for part in parts:
            name = f"{column} {part}"
            if part in _PARTS:
                lines.append(_number(context, name, f"date.dt.{_PARTS[part]}"))
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
    name = crossed(feature)
    if name not in context.new_categories:
        context.new_categories.append(name)
    return _joined(context, feature)


def crossed(feature: Feature) -> str:
    """Return the name of the column that joins these columns."""
    return " x ".join(feature.columns)


def _joined(context: Context, feature: Feature) -> list[str]:
    """Join columns; for a target mean, the joined column itself is no category of the model."""
    joined = ' + "|" + '.join(_level(context, c) for c in feature.columns)
    return [f"df[{crossed(feature)!r}] = {joined}"]


def _level(context: Context, column: str) -> str:
    """Return the expression of a column's values as text; 1 and 1.0 are the same code."""
    profile = context.column(column)
    whole = is_number(profile) and profile.integer and profile.role != "boolean"
    whole = whole and column not in context.recipe.numbers.log
    return f"df[{column!r}]" + ('.astype("Int64")' if whole else "") + ".astype(str)"


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
