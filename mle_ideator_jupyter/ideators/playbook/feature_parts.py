"""Plays that take dates, cycles and strings apart."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import View, names, strong
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Feature

KIND = IdeaKind.FEATURE_ENGINEERING

PARTS = {
    "calendar": ("year", "month", "day", "dayofweek"),
    "week": ("dayofweek", "is_weekend"),
    "season": ("month", "dayofyear", "week"),
    "time_of_day": ("hour", "dayofweek", "is_weekend"),
    "everything": ("year", "month", "day", "dayofweek", "dayofyear", "week", "is_weekend", "elapsed"),
}


@play(
    KIND,
    when="there is a date column",
    words="date time calendar weekday month season",
    actions={
        "calendar": "year, month, day, weekday",
        "week": "weekday and weekend",
        "season": "month, day and week of the year",
        "time_of_day": "hour, weekday, weekend",
        "everything": "all of them, and the days elapsed",
    },
)
def date_parts(view: View) -> Iterator[Candidate]:
    """Take dates apart."""
    dates = [c.name for c in view.dates]
    if not dates:
        return
    tie = view.target.autocorrelation or 0.0
    known = {d: taken(view, d) for d in dates}
    for param, wanted in PARTS.items():
        parts = [p for p in wanted if any(p not in known[d] for d in dates)]
        features = [
            Feature(op="date_parts", columns=(d,), params={"parts": [p for p in wanted if p not in known[d]]})
            for d in dates
            if set(wanted) - known[d]
        ]
        if not features:
            continue
        yield candidate(
            param,
            f"Take {names(dates, 2)} apart: {', '.join(parts[:4])}",
            because=[f"`{c.name}` holds {c.distinct} dates" for c in view.dates[:2]]
            + [f"successive targets correlate at {tie:.2f}"],
            why="Weekday, season and trend are in the date, but no model reads them from it as it stands.",
            steps=[f"Parse {names(dates)}", f"Add {', '.join(parts)}"],
            strength=(0.6 + 0.3 * strong(tie, 0, 0.8))
            * {"everything": 1.0, "week": 0.95, "calendar": 0.9}.get(param, 0.6)
            * len(parts)
            / len(wanted),
            append={"features": features},
        )


def taken(view: View, column: str) -> set[str]:
    """Return the parts of a date that the Recipe has already."""
    have = [f for f in view.recipe.features if f.op == "date_parts" and f.columns == (column,)]
    return {part for f in have for part in f.params.get("parts", ())}


@play(
    KIND,
    when="a number goes round (hour, month, weekday)",
    words="cyclic sine cosine periodic hour month season",
    actions={
        "all": "sine and cosine of every such column",
        "strongest": "of the one that relates most to the target",
        "as_categories": "treat them as categories too",
    },
)
def cycles(view: View) -> Iterator[Candidate]:
    """Join the ends of columns that go round."""
    turning = [c for c in view.numbers if c.period]
    if not turning:
        return
    known = view.recipe.categories.as_category
    coded = [c for c in turning if c.distinct <= 60]
    for param, columns in (
        ("all", turning if len(turning) > 1 else []),
        ("strongest", turning[:1]),
        ("as_categories", coded),
    ):
        features = view.new(Feature(op="cyclic", columns=(c.name,), params={"period": c.period}) for c in columns)
        if not features:
            continue
        yield candidate(
            param,
            f"Turn {names(columns, 3)} into circles" + (" and categories" if param == "as_categories" else ""),
            because=[
                f"`{c.name}` goes round with period {c.period} and relates to the target by {c.association or 0:.2f}"
                for c in columns[:3]
            ],
            why="As a number the last value lies farthest from the first, though they are neighbours.",
            steps=[f"Add sine and cosine of {names(columns)}"]
            + (["Read the columns themselves as categories"] if param == "as_categories" else ["Keep the columns"]),
            strength=0.35 + 0.5 * max(c.association or 0 for c in columns),
            edits={"categories.as_category": [*known, *(c.name for c in columns)]}
            if param == "as_categories"
            else None,
            append={"features": features},
        )


@play(
    KIND,
    when="strings have parts or hold numbers",
    words="split string parse extract number prefix",
    actions={"first": "the first part", "every": "every part", "numbers": "the first number in the string"},
)
def string_parts(view: View) -> Iterator[Candidate]:
    """Take strings with a common structure apart."""
    built = [c for c in view.profile.columns if c.parts and c.name not in view.recipe.drop]
    if not built:
        return
    firsts, every = [], []
    for c in built:
        sep, count = c.parts or ("", 0)
        every += [Feature(op="split", columns=(c.name,), params={"sep": sep, "index": i}) for i in range(min(count, 3))]
        firsts.append(Feature(op="split", columns=(c.name,), params={"sep": sep, "index": 0}))
    digits = [Feature(op="number_in_text", columns=(c.name,)) for c in built]
    for param, wanted in (("first", firsts), ("every", every), ("numbers", digits)):
        features = view.new(wanted)
        if not features:
            continue
        yield candidate(
            param,
            f"Take {names(built, 2)} apart",
            because=[
                f"`{c.name}` has {c.distinct} values of {c.parts[1]} parts joined by {c.parts[0]!r}"
                for c in built[:2]
                if c.parts
            ],
            why="Each part has far fewer levels than the whole, so that there are enough rows to learn each.",
            steps=[
                "Take the first number of each string" if param == "numbers" else "Split at the separator",
                "Add the result as new columns",
            ],
            strength=0.4 if param == "numbers" else 0.6,
            append={"features": features},
        )
