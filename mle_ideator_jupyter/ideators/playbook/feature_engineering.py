"""Plays that make new columns from numbers: combinations and summaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mle_ideator_jupyter.facts import Pair
from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import View, names, strong
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Feature, FeatureOp

KIND = IdeaKind.FEATURE_ENGINEERING


SIGNS: dict[FeatureOp, str] = {"ratio": "/", "difference": "-", "product": "*"}


def _pairs(view: View, op: FeatureOp, pairs: Sequence[Pair]) -> Iterator[Candidate]:
    """Yield the strongest pair, the first three and all of them as new columns."""
    sign = SIGNS[op]
    have = {c.name for c in view.numbers}
    usable = [p for p in pairs if p.a in have and p.b in have]
    for param, most in (("1", 1), ("3", 3), ("all", 8)):
        some = usable[:most]
        features = view.new(Feature(op=op, columns=(p.a, p.b)) for p in some)
        if not features or len(some) <= {"1": 0, "3": 1, "all": 3}[param]:
            continue
        yield candidate(
            param,
            f"Add the {op} {some[0].a} {sign} {some[0].b}" + (f" and {len(some) - 1} more" if len(some) > 1 else ""),
            because=[
                f"`{p.a}` {sign} `{p.b}` relates to the target by {p.value:.3f} more than either alone"
                for p in some[:3]
            ],
            why=f"Trees approximate a {op} by many small steps; given outright, it takes one.",
            steps=[
                *[f"Compute {', '.join(f'{p.a} {sign} {p.b}' for p in some[:4])}", "Guard against division by zero"][
                    : 2 if op == "ratio" else 1
                ],
                "Keep the original columns",
            ],
            strength=0.25 + 0.75 * strong(some[0].value, 0.0, 0.15),
            append={"features": features},
        )


def _counts(name: str) -> dict[str, str]:
    return {"1": f"the most telling {name}", "3": f"the three most telling {name}s", "all": f"up to eight {name}s"}


@play(KIND, when="a ratio says more than its parts", words="ratio divide interaction", actions=_counts("ratio"))
def ratios(view: View) -> Iterator[Candidate]:
    """Add ratios of two columns."""
    yield from _pairs(view, "ratio", view.profile.ratios)


@play(
    KIND,
    when="a difference says more than its parts",
    words="difference subtract change",
    actions=_counts("difference"),
)
def differences(view: View) -> Iterator[Candidate]:
    """Add differences of two columns."""
    yield from _pairs(view, "difference", view.profile.differences)


@play(KIND, when="a product says more than its parts", words="product multiply interaction", actions=_counts("product"))
def products(view: View) -> Iterator[Candidate]:
    """Add products of two columns."""
    yield from _pairs(view, "product", view.profile.products)


@play(
    KIND,
    when="several columns measure nearly the same",
    words="row mean summary statistics block aggregate",
    actions={
        "block": "mean, spread and range over the correlated columns of a row",
        "all": "mean, spread and range over all numeric columns of a row",
        "sum": "the sum over the correlated columns",
    },
)
def row_summaries(view: View) -> Iterator[Candidate]:
    """Summarise a block of like columns in each row."""
    have = {c.name for c in view.numbers}
    block = tuple(dict.fromkeys(n for p in view.profile.correlated for n in (p.a, p.b) if n in have))
    because = [f"{len(view.profile.correlated)} pairs of columns correlate at 0.9 or more"]
    every = tuple(c.name for c in view.numbers)
    moves: dict[str, tuple[FeatureOp, tuple[str, ...]]] = {}
    if len(block) >= 3:
        moves = {"block": ("row_stats", block), "sum": ("sum", block)}
    if len(every) >= 6:
        moves["all"] = ("row_stats", every)
    for param, (op, columns) in moves.items():
        features = view.new([Feature(op=op, columns=columns)])
        if not features:
            continue
        yield candidate(
            param,
            f"Summarise {len(columns)} numeric columns per row",
            because=because if param != "all" else [f"there are {len(every)} numeric columns", *because],
            why="Their common level and their spread are then one number each instead of many noisy ones.",
            steps=[
                (
                    f"Compute {'the sum' if op == 'sum' else 'mean, standard deviation, minimum and maximum'} "
                    f"over {names(columns)}"
                ),
                "Keep the original columns",
            ],
            strength=0.2 + 0.5 * strong(len(block), 2, 10) * (0.6 if param == "all" else 1.0),
            append={"features": features},
        )


@play(
    KIND,
    when="there are several numeric columns",
    words="cluster kmeans segment neighbours nearest",
    actions={
        "clusters_5": "5 clusters",
        "clusters_15": "15 clusters",
        "neighbours_10": "mean target of 10 neighbours",
        "neighbours_40": "mean target of 40 neighbours",
    },
)
def places(view: View) -> Iterator[Candidate]:
    """Say where a row lies among the others."""
    columns = tuple(c.name for c in view.numbers[:8])
    if len(columns) < 2 or view.rows > 30_000:
        return
    told = sum((c.association or 0) > 0.1 for c in view.numbers[:8])
    for param, op, n in (
        ("clusters_5", "clusters", 5),
        ("clusters_15", "clusters", 15),
        ("neighbours_10", "neighbours", 10),
        ("neighbours_40", "neighbours", 40),
    ):
        if view.has_feature(op) or (op == "neighbours" and view.problem == "multiclass"):
            continue
        yield candidate(
            param,
            f"Add {n} clusters of like rows" if op == "clusters" else f"Add the mean target of the {n} nearest rows",
            because=[
                f"{told} of the {len(columns)} strongest numeric columns relate to the target by more than 0.1",
                f"{view.rows} rows",
            ],
            why="Rows close in several columns at once often share their target; trees see one column at a time.",
            steps=[
                f"Standardise {names(columns)}",
                "Fit on the training part only, so that no row sees its own target",
            ],
            strength=0.15 + 0.05 * told,
            append={
                "features": [
                    Feature(op="clusters" if op == "clusters" else "neighbours", columns=columns, params={"n": n})
                ]
            },
        )
