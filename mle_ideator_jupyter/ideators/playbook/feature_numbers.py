"""Plays that change the shape of numbers, and how many of them a model sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import SCALED, View, names, strong
from mle_ideator_jupyter.model import IdeaKind

KIND = IdeaKind.FEATURE_ENGINEERING


@play(
    KIND,
    when="non-negative numbers are skewed",
    words="log skew transform numbers",
    actions={
        "skewed": "log of columns skewed over 1.5",
        "very_skewed": "log of columns skewed over 4",
        "strongest": "log of skewed columns that relate most to the target",
        "skewed_clipped": "log of skewed columns, clipped at 0.5 %",
    },
)
def log_numbers(view: View) -> Iterator[Candidate]:
    """Take the logarithm of skewed columns."""
    have = set(view.recipe.numbers.log)
    skewed = [c for c in view.numbers if (c.skew or 0) > 1.5 and c.name not in have and _not_negative(c.quantiles)]
    if not skewed or not view.uses(SCALED):
        return
    groups = {
        "skewed": (skewed, {}),
        "very_skewed": ([c for c in skewed if (c.skew or 0) > 4], {}),
        "strongest": (skewed[:3] if len(skewed) > 3 else [], {}),
        "skewed_clipped": (skewed, {"numbers.clip": 0.005}),
    }
    share = len(skewed) / max(1, len(view.numbers))
    for param, (columns, extra) in groups.items():
        if not columns:
            continue
        yield candidate(
            param,
            f"Take the logarithm of {names(columns, 3)}",
            because=[f"`{c.name}` has skew {c.skew:.1f}" for c in columns[:3]],
            why="A long tail hides the differences among ordinary values from models that measure distance or slope.",
            steps=[
                f"Replace {names(columns)} by log(1 + value)",
                "Standardise afterwards, for the models that need it",
            ],
            strength=0.35 + 0.65 * share,
            edits=extra,
            append={"numbers.log": [c.name for c in columns]},
        )


@play(
    KIND,
    when="a model that cares about scale is used",
    words="scale standardise quantile power robust normalise",
    actions={
        "quantile": "ranks, spread evenly",
        "power": "a power that makes them near normal",
        "robust": "median and quartiles",
        "minmax": "to the interval 0 to 1",
    },
)
def scale_numbers(view: View) -> Iterator[Candidate]:
    """Scale numbers in another way."""
    if not view.numbers or not view.uses(SCALED):
        return
    skew = max(abs(c.skew or 0) for c in view.numbers)
    outliers = max(c.outliers for c in view.numbers)
    chances = {
        "quantile": 0.2 + 0.6 * strong(skew, 1, 8),
        "power": 0.2 + 0.5 * strong(skew, 1, 5),
        "robust": 0.1 + 0.5 * strong(outliers, 0, 0.1),
        "minmax": 0.15,
    }
    for param, strength in chances.items():
        yield candidate(
            param,
            f"Scale numbers by {param}",
            because=[
                f"the largest skew of {len(view.numbers)} numeric columns is {skew:.1f}",
                f"up to {outliers:.1%} of a column are outliers",
            ],
            why="Linear and distance models see a column as large as its scale makes it.",
            steps=[
                f"Fit the {param} scaling on the training part of each fold",
                "Leave tree models on the raw numbers",
            ],
            strength=strength,
            edits={"numbers.scale": param},
        )


@play(
    KIND,
    when="a linear model meets curved relations",
    words="spline bins nonlinear piecewise basis",
    actions={
        "splines_5": "splines of 5 knots",
        "splines_8": "splines of 8 knots",
        "bins_10": "10 bins",
        "bins_20": "20 bins",
    },
)
def curves_for_linear(view: View) -> Iterator[Candidate]:
    """Let a linear model bend."""
    curved = [c for c in view.numbers if (c.association or 0) > (c.linear or 0) + 0.02]
    if "linear" not in view.families or not view.numbers or view.recipe.numbers.splines or view.recipe.numbers.bins:
        return
    bend = max(((c.association or 0) - (c.linear or 0) for c in curved), default=0.0)
    for param, field, size in (
        ("splines_5", "numbers.splines", 5),
        ("splines_8", "numbers.splines", 8),
        ("bins_10", "numbers.bins", 10),
        ("bins_20", "numbers.bins", 20),
    ):
        yield candidate(
            param,
            "Give the linear model curves" if "splines" in field else "Give the linear model steps",
            because=[
                (
                    f"{len(curved)} of {len(view.numbers)} numeric columns relate to the target other than in a "
                    "straight line"
                ),
                f"the largest bend is {bend:.2f}",
            ],
            why="A piecewise basis keeps the calm of a linear model and follows the curve.",
            steps=[
                (
                    f"Replace each number by {size} {'spline pieces' if 'splines' in field else 'bins'} in the "
                    "linear model"
                ),
                "Keep its penalty",
            ],
            strength=(0.3 + 0.7 * strong(bend, 0.0, 0.2)) * (0.7 if "bins" in field else 1.0),
            edits={field: size},
        )


@play(
    KIND,
    when="a scale-minded model has few numeric columns",
    words="polynomial interaction pca components",
    actions={
        "squares": "products up to degree 2",
        "pca_3": "3 principal components",
        "pca_8": "8 principal components",
    },
)
def combine_numbers(view: View) -> Iterator[Candidate]:
    """Add products of all pairs, or principal components."""
    count = len(view.numbers)
    if 2 <= count <= 15 and "linear" in view.families and not view.recipe.numbers.polynomial:
        yield candidate(
            "squares",
            "Add squares and products of all numeric columns",
            because=[f"there are only {count} numeric columns, so {count * (count + 1) // 2} products"],
            why="A linear model cannot multiply; with the products it can follow simple interactions.",
            steps=["Standardise the numbers", "Add all products of two for the linear model"],
            strength=0.45,
            edits={"numbers.polynomial": 2},
        )
    tied = len(view.profile.correlated)
    for parts in (3, 8):
        if count > parts + 2 and (tied or count >= 20) and not view.recipe.numbers.pca:
            yield candidate(
                f"pca_{parts}",
                f"Append {parts} principal components",
                because=[f"{tied} pairs among {count} numeric columns correlate at 0.9 or more"],
                why="What the columns have in common becomes a few clean columns.",
                steps=[
                    "Standardise the numbers in the training part",
                    f"Append the first {parts} principal components",
                ],
                strength=0.2 + 0.4 * strong(tied, 0, 15),
                edits={"numbers.pca": parts},
            )


@play(
    KIND,
    when="there are many columns for the rows",
    words="select feature selection reduce",
    actions={"80%": "keep 80 %", "50%": "keep half", "25%": "keep a quarter"},
)
def select_features(view: View) -> Iterator[Candidate]:
    """Keep the columns that relate most to the target."""
    count = len(view.columns)
    if count < 15 and not view.texts:
        return
    weak = sum((c.association or 0) < 0.03 for c in view.columns)
    for param, share in (("80%", 0.8), ("50%", 0.5), ("25%", 0.25)):
        if (view.recipe.select or 1.0) <= share:
            continue
        yield candidate(
            param,
            f"Keep the most telling {param} of the features",
            because=[
                f"{weak} of {count} columns relate to the target by less than 0.03",
                f"{view.rows / max(1, count):.0f} rows per column",
            ],
            why="With fewer columns there is less noise to fit.",
            steps=["Score every feature alone against the target, in the training part", f"Keep the best {param}"],
            strength=0.2 if view.texts else 0.15 + 0.5 * weak / max(1, count),
            edits={"select": share},
        )


def _not_negative(quantiles: Sequence[float]) -> bool:
    return bool(quantiles) and quantiles[0] >= 0
