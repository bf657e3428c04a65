"""Strategic plays: several families at once, matched to the metric and the columns.

Ten trials leave no time to find each part of a strong solution alone, so these begin with the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import Loss, View, names, percent, strong
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Feature, Model, Text

KIND = IdeaKind.ENSEMBLING


def _plain(view: View) -> bool:
    """Return whether the solution is still one model."""
    return len(view.recipe.models) == 1


@play(
    KIND,
    when="a number is predicted by one model",
    words="blend ensemble regression strategy log absolute linear trees",
    actions={
        "log": "log target; boosting, linear (many rows: a second booster), extra trees",
        "log_cycles": "the same, with cyclic columns as circles and categories",
        "absolute": "absolute loss; boosting, linear, extra trees",
        "calendar": "date parts; boosting, linear, extra trees",
        "squared": "boosting, linear, extra trees as they are",
        "smooth": "boosting, support vectors, extra trees, for few numeric rows",
    },
)
def blend_for_numbers(view: View) -> Iterator[Candidate]:
    """Match the target and blend three families."""
    target = view.target
    if view.problem != "regression" or not _plain(view) or not view.columns or view.texts == view.columns:
        return
    positive = bool(target.quantiles) and target.quantiles[0] >= 0
    skew = target.skew or 0.0
    mae, relative = view.metric == "mae", view.metric == "rmsle"
    log = {"target.transform": "log1p"} if relative or (positive and skew > 1) else {}
    turning = [c for c in view.numbers if c.period and c.distinct <= 60]
    circles = view.new(Feature(op="cyclic", columns=(c.name,), params={"period": c.period}) for c in turning)
    parts = ["month", "day", "dayofweek", "dayofyear", "is_weekend", "elapsed"]
    calendar = view.new(Feature(op="date_parts", columns=(d.name,), params={"parts": parts}) for d in view.dates)
    lags = sum((c.linear or 0) > 0.7 for c in view.numbers)
    large = view.rows > 5000
    first = view.boosting(0.05, 400, max_leaf_nodes=47 if large else 31)
    # A linear model deserves an equal say where a block of columns is straight, and a small one elsewhere.
    trio = [first, replace(view.linear(), weight=1.0 if lags >= 8 else 0.3), view.bagged(max_features=0.5)]
    if large and lags < 8:
        # With many rows boosting leads: two losses complete each other better than other families do.
        other: Loss = "squared" if mae else "auto"
        rougher = replace(view.boosting(0.08, 250, max_leaf_nodes=31, max_features=0.5), loss=other)
        trio = [first, rougher, replace(view.bagged(max_features=0.5), weight=0.4)]
    smooth = [view.boosting(), Model(family="svm", params={"C": 10}), view.bagged(max_features=0.5)]
    numeric = len(view.numbers) >= 0.8 * len(view.columns) and view.rows <= 4000
    known = view.recipe.categories.as_category
    coded = {"categories.as_category": [*known, *(c.name for c in turning)]}
    fits: dict[str, tuple[bool, float, dict[str, Any], list[Feature], list[Model]]] = {
        "log": (bool(log), 0.95, log, [], trio),
        "log_cycles": (bool(log and circles), 1.0, {**log, **coded}, circles, trio),
        "absolute": (mae, 0.9, {}, [], trio),
        "calendar": (bool(calendar), 1.0, log if relative else {}, calendar, trio),
        "squared": (not mae and not relative, 0.7, {}, [], trio),
        "smooth": (numeric, 0.9, log if relative else {}, [], smooth),
    }
    for param, (applies, strength, edits, features, models) in fits.items():
        if not applies:
            continue
        because = [
            f"`{target.name}` has skew {skew:.2f} and the metric is {view.metric}",
            f"{len(view.numbers)} numbers and {len(view.categories)} categories in {view.rows} rows, one model so far",
        ]
        if features:
            taken = names([c for f in features for c in f.columns], 3)
            because.append(f"{taken} can be taken apart as dates or cycles")
        yield candidate(
            param,
            f"Blend {', '.join(m.family.replace('_', ' ') for m in models)}"
            + {
                "log": " on log target",
                "log_cycles": " on log target, with cycles",
                "calendar": " with date parts",
                "absolute": " for absolute error",
            }.get(param, ""),
            because=because,
            why="Families err in different places: their mean beats the best of them, and the right scale helps all.",
            steps=[
                "Put the target on the scale of the metric",
                *(["Add the cyclic or date features"] if features else []),
                "Fit the three families in the same folds",
                "Average their predictions",
            ],
            strength=strength,
            edits={**view.orders(), **edits, "models": models, "combine": "blend"},
            append={"features": features} if features else None,
        )


@play(
    KIND,
    when="classes are predicted by one model",
    words="blend ensemble classification strategy probability kernel naive bayes",
    actions={
        "three": "slow boosting (LightGBM too, where installed), linear, extra trees",
        "three_wide": "the same, with log of skewed columns",
        "kernel": "support vectors, neighbours, extra trees, for numeric columns",
        "one_hot": "boosting, naive Bayes, extra trees on one-hot columns",
        "ordinal": "boosting, linear, extra trees predict a number, then cut points",
        "ordinal_codes": "the same, with numeric codes as categories",
    },
)
def blend_for_classes(view: View) -> Iterator[Candidate]:
    """Match the classes and blend families."""
    if view.problem == "regression" or not _plain(view) or not view.columns or view.texts == view.columns:
        return
    target, count = view.target, len(view.columns)
    number_share, level_share = len(view.numbers) / count, len(view.categories) / count
    skewed = [
        c.name
        for c in view.numbers
        if (c.skew or 0) > 1.5 and c.quantiles and c.quantiles[0] >= 0 and c.name not in view.recipe.numbers.log
    ]
    codes = [c.name for c in view.codes if c.distinct <= 12]
    small = {"max_leaf_nodes": 8, "min_samples_leaf": 20, "max_features": 0.5}
    sharp = view.metric == "logloss"  # bagged trees are too unsure of themselves for it: boosting counts more
    boosting = replace(view.boosting(0.04, 300, **small), weight=2.0 if sharp else 1.0)
    trio = [boosting, replace(view.linear(20.0), weight=0.5), view.bagged(max_features=0.5)]
    if view.installed("lightgbm") and view.classes == 1:
        trio.insert(1, view.sampled_booster())
    kernel = [
        Model(family="svm", params={"C": 10}, weight=2.0),
        Model(family="knn", params={"n_neighbors": 3, "weights": "distance"}),
        view.bagged(),
    ]
    onehot = [
        replace(view.boosting(0.06, 250, max_leaf_nodes=6, max_features=0.3), weight=3.0 if sharp else 1.0),
        Model(family="naive_bayes"),
        view.bagged(min_samples_leaf=1, max_features=0.3),
    ]
    # Cut points are chosen on inner folds, which multiplies every fit: keep them small.
    ordered = [
        view.boosting(0.08, 150, min_samples_leaf=30),
        Model(family="linear", weight=0.5),
        view.bagged(n_estimators=60, min_samples_leaf=5, max_features=0.5),
    ]
    slow = 1.0 if view.rows <= 2000 else 0.5
    ranks = {"target.as_regression": True, "post.thresholds": True}
    labels = view.metric in {"accuracy", "macro_f1"}
    qwk = view.problem == "ordinal"
    ready = not view.uses(("svm", "knn", "naive_bayes"))
    fits: dict[str, tuple[bool, float, dict[str, Any], list[Model]]] = {
        "three": (not qwk and ready, 0.85, {}, trio),
        "three_wide": (
            not qwk and ready and bool(skewed),
            0.85 + 0.1 * strong(len(skewed) / max(1, len(view.numbers)), 0.1, 0.6),
            {"numbers.log": [*view.recipe.numbers.log, *skewed]},
            trio,
        ),
        "kernel": (
            not qwk and number_share >= 0.8 and view.rows <= 6000,
            (1.0 if target.distinct > 2 else 0.6),
            {},
            kernel,
        ),
        "one_hot": (ready and level_share >= 0.8, 1.0, {"categories.encoder": "onehot"}, onehot),
        "ordinal": (qwk, 0.95 * slow, ranks, ordered),
        "ordinal_codes": (
            qwk and bool(codes),
            slow,
            {**ranks, "categories.as_category": [*view.recipe.categories.as_category, *codes]},
            ordered,
        ),
    }
    for param, (applies, strength, edits, models) in fits.items():
        if not applies:
            continue
        yield candidate(
            param,
            f"Blend {', '.join(m.family.replace('_', ' ') for m in models)}"
            + {
                "three_wide": ", with logarithms",
                "ordinal": ", then choose cut points",
                "ordinal_codes": " on codes as categories, then choose cut points",
            }.get(param, ""),
            because=[
                f"{percent(number_share)} of {count} columns are numbers and {percent(level_share)} categories",
                f"{view.rows} rows, {target.distinct} classes, metric {view.metric}"
                + ("" if labels else ", which rewards good order or probabilities"),
            ],
            why="Families err in different places, so their mean ranks and calibrates better than the best of them.",
            steps=[
                "Prepare the columns as each family needs them",
                f"Fit {len(models)} families in the same folds",
                "Average their predictions",
                *(["Choose cut points on out-of-fold predictions"] if qwk else []),
            ],
            strength=strength,
            edits={**view.orders(), **edits, "models": models, "combine": "blend"},
        )


@play(
    KIND,
    when="free text carries the task",
    words="text blend tfidf linear naive bayes words characters",
    actions={
        "linear": "TF-IDF words and a linear model",
        "linear_bayes": "TF-IDF words; linear and naive Bayes",
        "characters_bayes": "TF-IDF words and characters; linear and naive Bayes",
        "with_trees": "TF-IDF words; linear and boosting",
        "two_penalties": "TF-IDF words and characters; linear with two penalties",
    },
)
def blend_for_text(view: View) -> Iterator[Candidate]:
    """Read the text with models made for sparse terms."""
    texts = view.texts
    if not texts or "naive_bayes" in view.families:
        return
    words = max(c.words or 0 for c in texts)
    only = len(texts) == len(view.columns)
    number = view.regression
    plain, both = Text(min_df=2), Text(char=(2, 5), min_df=2, max_features=50_000)
    linear, loose = view.linear(1.0 if number else 0.5), view.linear(0.3 if number else 0.1)
    bayes = Model(family="naive_bayes")
    fits: dict[str, tuple[bool, float, Text, list[Model]]] = {
        "linear": (True, 0.8, plain, [linear]),
        "linear_bayes": (not number, 0.95, plain, [linear, bayes]),
        "characters_bayes": (not number, 1.0, both, [linear, bayes]),
        "with_trees": (True, 0.7 if only else 1.0, plain, [linear, view.boosting()]),
        "two_penalties": (number, 0.9, both, [linear, loose]),
    }
    for param, (applies, strength, text, models) in fits.items():
        if not applies:
            continue
        kept = [m for m in view.recipe.models if not only and m.family not in {n.family for n in models}]
        yield candidate(
            param,
            (
                f"Read {names(texts, 2)} by TF-IDF with "
                f"{' and '.join(dict.fromkeys(m.family.replace('_', ' ') for m in models))}"
            ),
            because=[f"`{c.name}` holds about {c.words or 0:.0f} words in {view.rows} rows" for c in texts[:2]]
            + [f"{len(texts)} of {len(view.columns)} columns are text"],
            why="Thousands of sparse terms each say a little; linear models and naive Bayes add them up, trees cannot.",
            steps=[
                "Weigh terms by TF-IDF" + (", pieces of words too" if text.char else ""),
                f"Fit {len(models)} models on them",
                "Average their predictions",
            ],
            strength=strength * (1.0 if only else 0.7 + 0.3 * strong(words, 2, 20)),
            edits={"text": text, "models": [*models, *kept], "combine": "blend"},
        )
