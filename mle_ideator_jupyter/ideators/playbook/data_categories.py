"""Plays that decide how categories become numbers, and which numbers are really categories."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter.facts import ColumnProfile
from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import BOOSTING, View, names, percent, strong
from mle_ideator_jupyter.model import IdeaKind

KIND = IdeaKind.DATA_PREPARATION


@play(
    KIND,
    when="whole numbers with few values may be codes",
    words="code category nominal integer numbers",
    actions={
        "few": "columns of at most 12 values",
        "some": "columns of at most 40 values",
        "few_onehot": "at most 12 values, one-hot for every model",
        "some_target": "at most 40 values, encoded by their mean target",
        "curved": "only columns whose relation with the target is not a straight line",
    },
)
def numbers_as_categories(view: View) -> Iterator[Candidate]:
    """Read numeric codes as categories."""
    codes = view.codes
    few = [c for c in codes if c.distinct <= 12]
    some = [c for c in codes if c.distinct <= 40]
    curved = [c for c in some if (c.association or 0) > (c.linear or 0) + 0.05]
    known = view.recipe.categories.as_category
    share = len(codes) / max(1, len(view.columns))
    encoded = [c.name for c in some]
    # Boosting reads ordinal codes of numbers just like the numbers: only other families see a difference.
    matters = view.uses(("linear", "svm", "knn", "mlp", "naive_bayes", "forest", "extra_trees"))
    groups: dict[str, tuple[list[ColumnProfile], dict[str, object]]] = {
        "few": (few if matters else [], {}),
        "some": (some if matters and len(some) > len(few) else [], {}),
        "few_onehot": (few, {"categories.encoder": "onehot"}),
        "some_target": (
            some,
            {"categories.columns": {**view.recipe.categories.columns, **dict.fromkeys(encoded, "target")}},
        ),
        "curved": (curved if matters else [], {}),
    }
    for param, (columns, extra) in groups.items():
        if not columns:
            continue
        bend = max((c.association or 0) - (c.linear or 0) for c in columns)
        yield candidate(
            param,
            f"Treat {names(columns, 2)} as categories, not as sizes",
            because=[f"`{c.name}` has only {c.distinct} whole-number values" for c in columns[:2]]
            + (
                [f"its relation with the target bends: {bend:.2f} more than a straight line explains"]
                if bend > 0.05
                else []
            ),
            why="If the numbers are names of things, their order means nothing, and a model should not use it.",
            steps=[f"Read {names(columns)} as categories", "Encode them as other categories are"],
            strength=0.25 + 0.35 * share + 0.4 * strong(bend, 0.0, 0.3),
            edits={"categories.as_category": [*known, *(c.name for c in columns)], **extra},
        )


@play(
    KIND,
    when="levels have a natural order",
    words="order ordinal grade level rank",
    actions={
        "codes": "number the levels in their order",
        "codes_only": "number them in their order for every model",
        "codes_rest_onehot": "number them in their order, one-hot for the rest",
    },
)
def ordered_levels(view: View) -> Iterator[Candidate]:
    """Tell the model the order of the levels."""
    found = [c for c in view.categories if len(c.order) >= 3 and c.name not in view.recipe.categories.orders]
    if not found:
        return
    orders = {**view.recipe.categories.orders, **{c.name: list(c.order) for c in found}}
    overrides = {**view.recipe.categories.columns, **{c.name: "ordinal" for c in found}}
    extras: dict[str, dict[str, object]] = {"codes": {}, "codes_only": {"categories.columns": overrides}}
    if len(view.categories) > len(found):
        extras["codes_rest_onehot"] = {"categories.columns": overrides, "categories.encoder": "onehot"}
    for param, extra in extras.items():
        yield candidate(
            param,
            f"Keep the order of the levels of {names(found, 3)}",
            because=[f"the {c.distinct} levels of `{c.name}` go {c.order[0]} < … < {c.order[-1]}" for c in found[:3]],
            why="Alphabetical codes scatter what belongs together; in their own order one split parts low from high.",
            steps=["Write down the order of the levels", f"Encode {names(found)} by position in it"],
            strength=0.4 + 0.5 * len(found) / max(1, len(view.columns)),
            edits={"categories.orders": orders, **extra},
        )


@play(
    KIND,
    when="many rows sit in rare levels",
    words="rare level merge infrequent category",
    actions={"5": "merge levels under 5 rows", "20": "under 20 rows", "50": "under 50", "100": "under 100"},
)
def merge_rare_levels(view: View) -> Iterator[Candidate]:
    """Merge rare levels into one."""
    rare = sorted((c for c in view.categories if c.rare > 0.005 and c.distinct > 5), key=lambda c: -c.rare)
    unseen = [c for c in view.categories if (c.unseen or 0) > 0.005]
    if not rare and not unseen:
        return
    because = [f"{percent(c.rare)} of rows hold a level of `{c.name}` that is under 1 %" for c in rare[:2]]
    because += [f"{percent(c.unseen or 0)} of test rows have a new level of `{c.name}`" for c in unseen[:1]]
    for param in (5, 20, 50, 100):
        if param * 20 > view.rows or (view.recipe.categories.min_frequency or 0) >= param:
            continue
        yield candidate(
            str(param),
            f"Merge levels with fewer than {param} rows",
            because=because,
            why="A level seen a few times teaches noise, one never seen nothing; together they can be learned.",
            steps=[
                f"Count the levels in the training part; join those under {param} rows",
                "Send unknown levels there too",
            ],
            strength=0.2 + 0.6 * strong(max((c.rare for c in rare), default=0.0), 0.0, 0.3),
            edits={"categories.min_frequency": param},
        )


@play(
    KIND,
    when="there are categories",
    words="encode encoding onehot ordinal native count",
    actions={
        "onehot": "one-hot for every model",
        "ordinal": "plain codes for every model",
        "count": "how often the level occurs",
        "category": "native categories of the boosting model",
        "target": "the mean target of the level",
    },
)
def encode_categories(view: View) -> Iterator[Candidate]:
    """Encode all categories in another way."""
    columns = view.categories
    if not columns:
        return
    most = max(c.distinct for c in columns)
    share = len(columns) / max(1, len(view.columns))
    settings = {
        "onehot": (most <= 100, 0.5 if most <= 20 else 0.3, "No order is invented, and every level gets its own say."),
        "ordinal": (most > 2, 0.15, "Plain codes are compact, and trees can still cut them apart."),
        "count": (most >= 10, 0.25, "How common a level is often says as much as which one it is."),
        "category": (view.uses(BOOSTING), 0.5, "Native splits group levels freely, with no order of codes in the way."),
        "target": (
            most >= 8,
            0.3 + 0.3 * strong(most, 8, 100),
            "The mean target carries the level's effect in one number.",
        ),
    }
    for param, (applies, strength, why) in settings.items():
        if not applies:
            continue
        yield candidate(
            param,
            f"Encode categories as {param}",
            because=[f"{len(columns)} of {len(view.columns)} columns are categories", f"the largest has {most} levels"],
            why=why,
            steps=[f"Encode {names(columns)} as {param}", "Fit the encoding on the training part of each fold"],
            strength=strength * (0.4 + 0.6 * share),
            edits={"categories.encoder": param},
        )


@play(
    KIND,
    when="a category has many levels whose targets differ",
    words="high cardinality target encoding mean",
    actions={
        "strongest": "target-encode the column whose levels differ most",
        "all": "target-encode every column of 15 levels or more",
        "very_high": "target-encode columns of 50 levels or more",
        "counted": "encode columns of 15 levels or more by count",
    },
)
def encode_many_levels(view: View) -> Iterator[Candidate]:
    """Encode columns of many levels by their mean target."""
    many = view.high_cardinality()
    if not many:
        return
    top = max(many, key=lambda c: c.spread or 0.0)
    have = view.recipe.categories.columns
    groups = {
        "strongest": ([top], "target"),
        "all": (list(many) if len(many) > 1 else [], "target"),
        "very_high": ([c for c in many if c.distinct >= 50], "target"),
        "counted": (list(many), "count"),
    }
    for param, (columns, encoder) in groups.items():
        if not columns:
            continue
        yield candidate(
            param,
            f"Encode {names(columns, 2)} by {'mean target' if encoder == 'target' else 'frequency'}",
            because=[
                (
                    f"`{c.name}` has {c.distinct} levels, whose mean targets spread by {c.spread or 0:.2f} of "
                    "the target's own"
                )
                for c in columns[:2]
            ],
            why="Too many levels for one-hot, and arbitrary codes are hard to split; one number per level is neither.",
            steps=[
                f"Take the smoothed mean of the target per level of {names(columns)}, inside folds",
                "Use it in place of the codes",
            ]
            if encoder == "target"
            else [f"Count each level of {names(columns)} in the training part", "Use the count in place of the codes"],
            strength=(0.3 + 0.7 * strong(top.spread or 0, 0.05, 0.6)) * (1.0 if encoder == "target" else 0.5),
            edits={"categories.columns": {**have, **{c.name: encoder for c in columns}}},
        )
