"""Plays that deal with missing values."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import SCALED, View, names, percent, strong
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Feature

KIND = IdeaKind.DATA_PREPARATION


@play(
    KIND,
    when="values are missing and the target differs where they are",
    words="missing nan null indicator flag",
    actions={
        "flags": "add a flag per column with missing values",
        "flags_median": "flags, and fill with the median",
        "flags_constant": "flags, and fill with a constant",
        "flags_count": "flags, and the number of missing values in the row",
    },
)
def missing_flags(view: View) -> Iterator[Candidate]:
    """Tell the model where values were missing."""
    holes = sorted((c for c in view.columns if c.missing > 0.005), key=lambda c: -c.missing)
    if not holes or view.recipe.missing.indicator:
        return
    because = [f"`{c.name}` is missing in {percent(c.missing)} of rows" for c in holes[:2]]
    effects = [c for c in holes if c.missing_effect is not None]
    gap = 0.0
    if effects:
        told = max(effects, key=lambda c: abs(c.missing_effect[0] - c.missing_effect[1]) if c.missing_effect else 0.0)
        if told.missing_effect is not None:
            gone, there = told.missing_effect
            scale = view.target.std or 1.0
            gap = abs(gone - there) / scale if view.problem == "regression" else abs(gone - there)
            because.append(f"where `{told.name}` is missing the target averages {gone:.3g}, against {there:.3g}")
    strength = 0.3 + 0.7 * strong(gap, 0.0, 0.3)
    fills = {"flags": "auto", "flags_median": "median", "flags_constant": "constant", "flags_count": "auto"}
    said = {
        "flags": "fill as before",
        "flags_median": "fill with the median of the training part",
        "flags_constant": "fill with one constant",
        "flags_count": "count the missing values of each row",
    }
    for param, fill in fills.items():
        counted = [Feature(op="missing_count")] if param == "flags_count" else []
        if param in {"flags_median", "flags_constant"} and not view.uses(SCALED):
            continue
        if counted and len(holes) < 2:
            continue
        yield candidate(
            param,
            f"Flag missing values in {names(holes, 2)}",
            because=because,
            why="That a value is missing can itself say something about the target, and filling alone hides it.",
            steps=[f"Add a 0/1 column for each of {names(holes)}", said[param].capitalize()],
            strength=strength * (0.9 if param != "flags" else 1.0),
            edits={"missing.indicator": True, "missing.numeric": fill},
            append={"features": view.new(counted)} if counted else None,
        )


@play(
    KIND,
    when="numeric values are missing",
    words="impute fill missing mean median",
    actions={
        "median": "fill numbers with the median",
        "mean": "fill numbers with the mean",
        "knn": "fill numbers from the nearest rows",
        "iterative": "predict missing numbers from the other columns",
        "most_frequent": "fill categories with their most frequent level",
    },
)
def fill_missing(view: View) -> Iterator[Candidate]:
    """Fill missing values in another way."""
    numbers = [c for c in view.numbers if c.missing > 0.01]
    levels = [c for c in view.categories if c.missing > 0.01]
    if numbers:
        worst = max(numbers, key=lambda c: c.missing)
        because = [
            f"{len(numbers)} numeric columns have holes",
            f"`{worst.name}` lacks {percent(worst.missing)} of its values",
        ]
        for param, how in (
            ("median", "the median"),
            ("mean", "the mean"),
            ("knn", "the mean of the 5 nearest rows"),
            ("iterative", "a regression on the other columns"),
        ):
            if param in {"knn", "iterative"} and len(view.numbers) < 3:
                continue
            yield candidate(
                param,
                f"Fill missing numbers with {how}",
                because=because,
                why="A better guess of a missing value keeps its row comparable with complete ones.",
                steps=[f"Fit {how} on the training part of each fold", f"Fill {names(numbers)}"],
                strength=strong(worst.missing, 0.0, 0.3) * (1.0 if view.uses(SCALED) else 0.5),
                edits={"missing.numeric": param},
            )
    if levels:
        worst = max(levels, key=lambda c: c.missing)
        yield candidate(
            "most_frequent",
            "Fill missing categories with the most frequent level",
            because=[f"`{worst.name}` lacks {percent(worst.missing)} of its levels"],
            why="Few missing levels make a rare level of their own, which a model may read too much into.",
            steps=["Find the most frequent level in the training part", f"Fill {names(levels)} with it"],
            strength=0.3,
            edits={"missing.categorical": "most_frequent"},
        )


@play(
    KIND,
    when="a number stands for 'missing' (-1, 999)",
    words="sentinel placeholder missing code",
    actions={"missing": "read the number as missing", "flagged": "read it as missing and flag it"},
)
def sentinels(view: View) -> Iterator[Candidate]:
    """Read placeholder numbers as missing."""
    known = view.recipe.missing.sentinels
    found = [c for c in view.numbers if c.sentinel is not None and c.name not in known]
    if not found:
        return
    because = [f"`{c.name}` holds {c.sentinel:g} where a value is probably missing" for c in found[:3]]
    codes = {**known, **{c.name: c.sentinel for c in found}}
    for param, flagged in (("missing", False), ("flagged", True)):
        yield candidate(
            param,
            f"Read the placeholder in {names(found, 2)} as missing" + (" and flag it" if flagged else ""),
            because=because,
            why="A placeholder far from the real values bends every average and every straight line.",
            steps=["Replace the placeholder by a missing value", "Fill it as other missing values are"],
            strength=0.7,
            edits={"missing.sentinels": codes, **({"missing.indicator": True} if flagged else {})},
        )
