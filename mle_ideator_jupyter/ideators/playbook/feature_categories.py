"""Plays that make new columns from dates, categories and their combinations."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import View, names, percent, strong
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Feature, FeatureOp

KIND = IdeaKind.FEATURE_ENGINEERING


@play(
    KIND,
    when="two categories together say more than apart",
    words="cross interaction combine category",
    actions={
        "1": "join the most telling pair",
        "3": "join the three most telling pairs",
        "target_1": "mean target of the most telling pair",
        "target_3": "mean target of the three most telling pairs",
        "deviation": "mean target of the pair, and the pair itself",
    },
)
def crosses(view: View) -> Iterator[Candidate]:
    """Join pairs of categories (or of numbers with few values)."""
    usable = {c.name for c in view.columns}
    pairs = [p for p in view.profile.interactions if p.a in usable and p.b in usable]
    if not pairs:
        return
    moves: tuple[tuple[str, tuple[FeatureOp, ...], int], ...] = (
        ("1", ("cross",), 1),
        ("3", ("cross",), 3),
        ("target_1", ("target_mean",), 1),
        ("target_3", ("target_mean",), 3),
        ("deviation", ("cross", "target_mean"), 1),
    )
    for param, ops, most in moves:
        some = pairs[:most]
        if most > 1 and len(some) < 2:
            continue
        features = view.new(Feature(op=op, columns=(p.a, p.b)) for p in some for op in ops)
        if not features:
            continue
        mean = "target_mean" in ops
        yield candidate(
            param,
            f"Cross {some[0].a} with {some[0].b}"
            + (f" and {len(some) - 1} more pairs" if len(some) > 1 else "")
            + (", by mean target" if mean else ""),
            because=[
                f"`{p.a}` and `{p.b}` together relate to the target by {p.value:.3f} more than each alone" for p in some
            ],
            why="What one of them means depends on the other; a joint column says so at once.",
            steps=[
                "Join the two values into one",
                *(
                    ["Take the smoothed mean of the target per pair, inside folds"]
                    if mean
                    else ["Encode it as a category"]
                ),
            ],
            strength=0.3 + 0.7 * strong(some[0].value, 0.0, 0.15),
            append={"features": features},
        )


@play(
    KIND,
    when="there are both categories and numbers",
    words="group aggregate statistics mean deviation by category",
    actions={
        "mean": "mean of the strongest number per level",
        "deviation": "distance from the level's mean",
        "both": "mean and distance",
        "median_std": "median and spread",
        "wide": "distance from the level's mean, for three numbers",
    },
)
def group_statistics(view: View) -> Iterator[Candidate]:
    """Compare a number with the others of its group."""
    groups = [c for c in view.categories if 3 <= c.distinct <= max(3, view.rows // 10)]
    numbers = [c for c in view.numbers if c.distinct > 10]
    if not groups or not numbers:
        return
    group = max(groups, key=lambda c: (c.spread or 0.0, c.association or 0.0))
    first = numbers[0]
    pair = (group.name, first.name)
    mean = Feature(op="group_stat", columns=pair, params={"stat": "mean"})
    off = Feature(op="group_deviation", columns=pair)
    moves = {
        "mean": [mean],
        "deviation": [off],
        "both": [mean, off],
        "median_std": [Feature(op="group_stat", columns=pair, params={"stat": s}) for s in ("median", "std")],
        "wide": [Feature(op="group_deviation", columns=(group.name, n.name)) for n in numbers[:3]]
        if len(numbers) > 2
        else [],
    }
    for param, wanted in moves.items():
        features = view.new(wanted)
        if not features:
            continue
        yield candidate(
            param,
            f"Compare {first.name} within each {group.name}",
            because=[
                f"`{group.name}` has {group.distinct} levels with a target spread of {group.spread or 0:.2f}",
                f"`{first.name}` relates to the target by {first.association or 0:.2f}",
            ],
            why="A value that is high for its group says more than one that is high overall.",
            steps=[
                f"Group the training part by `{group.name}`",
                f"Add {param.replace('_', ' and ')} of `{first.name}` to each row",
            ],
            strength=0.2 + 0.4 * strong(group.spread or 0, 0.05, 0.6) + 0.2 * (first.association or 0),
            append={"features": features},
        )


@play(
    KIND,
    when="a category has many levels",
    words="target mean encoding feature",
    actions={"1": "of the strongest category", "3": "of the three strongest", "codes": "of the strongest numeric code"},
)
def target_means(view: View) -> Iterator[Candidate]:
    """Add the mean target of levels beside their codes."""
    levels = sorted((c for c in view.categories if c.distinct >= 5), key=lambda c: -(c.spread or 0.0))
    for param, columns in (
        ("1", levels[:1]),
        ("3", levels[:3] if len(levels) > 1 else []),
        ("codes", [c for c in view.codes if c.distinct >= 5][:1]),
    ):
        features = view.new(Feature(op="target_mean", columns=(c.name,)) for c in columns)
        if not features:
            continue
        spread = columns[0].spread or columns[0].association or 0.0
        yield candidate(
            param,
            f"Add the mean target of {names(columns, 3)}",
            because=[
                f"`{c.name}` has {c.distinct} levels and relates to the target by {c.spread or c.association or 0:.2f}"
                for c in columns
            ],
            why="The level's mean target orders the levels as the target does, beside what the codes say.",
            steps=["Take the smoothed mean of the target per level, inside folds", "Keep the columns themselves"],
            strength=0.2 + 0.6 * strong(spread, 0.05, 0.6),
            append={"features": features},
        )


@play(
    KIND,
    when="levels or values occur unequally often",
    words="count frequency popularity",
    actions={"categories": "of categories", "codes": "of whole numbers", "crossed": "of the most telling pair"},
)
def value_counts(view: View) -> Iterator[Candidate]:
    """Add how often a value occurs."""
    levels = [c for c in view.categories if c.distinct >= 8][:5]
    codes = [c for c in view.numbers if c.integer and c.distinct >= 20][:3]
    pairs = view.profile.interactions[:1]
    for param, wanted in (
        ("categories", [(c.name,) for c in levels]),
        ("codes", [(c.name,) for c in codes]),
        ("crossed", [(p.a, p.b) for p in pairs]),
    ):
        features = view.new(Feature(op="count", columns=columns) for columns in wanted)
        if not features:
            continue
        most = max((c.distinct for c in (levels if param == "categories" else codes)), default=0)
        because = (
            [f"`{pairs[0].a}` and `{pairs[0].b}` interact by {pairs[0].value:.3f}"]
            if param == "crossed"
            else [f"{names([n for n, *_ in wanted], 3)} have up to {most} values in {view.rows} rows"]
        )
        yield candidate(
            param,
            f"Count how often the values of {names([n for n, *_ in wanted], 2)} occur",
            because=because,
            why="Common and rare values often behave differently, whatever they stand for.",
            steps=["Count each value in the training part", "Add the count as a number"],
            strength=0.2 + 0.3 * strong(most, 10, 300),
            append={"features": features},
        )


@play(
    KIND,
    when="numbers have more digits than the rows can tell apart",
    words="round coarse digits bin",
    actions={"whole": "round to whole numbers", "tens": "round to tens", "hundreds": "round to hundreds"},
)
def round_numbers(view: View) -> Iterator[Candidate]:
    """Add coarser copies of the finest columns."""
    fine = [c for c in view.numbers if c.distinct > 0.3 * view.rows and c.std][:3]
    for param, digits, size in (("whole", 0, 1.0), ("tens", -1, 10.0), ("hundreds", -2, 100.0)):
        fit = [c for c in fine if 3 < (c.std or 0) / size < 100 and not (digits == 0 and c.integer)]
        features = view.new(Feature(op="round", columns=(c.name,), params={"digits": digits}) for c in fit)
        if not features:
            continue
        yield candidate(
            param,
            f"Round {names(fit, 2)} to {param}",
            because=[
                f"`{c.name}` takes {c.distinct} values in {view.rows} rows ({percent(c.distinct / view.rows)})"
                for c in fit[:2]
            ],
            why="Coarse steps gather enough rows to learn from, and people often choose round numbers.",
            steps=[f"Add {names(fit)} rounded to {param}", "Keep the originals"],
            strength=0.15,
            append={"features": features},
        )
