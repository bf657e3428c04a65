"""Plays that choose a family made for special data: smooth, discrete or ordered."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import View, names, percent
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Model

KIND = IdeaKind.MODEL_SELECTION


@play(
    KIND,
    when="a small, smooth numeric regression",
    words="gaussian process kriging smooth",
    actions={"alone": "alone", "with_boosting": "blended with boosting", "log": "on the logarithm of skewed columns"},
)
def gaussian_process(view: View) -> Iterator[Candidate]:
    """Use a Gaussian process."""
    numbers, every = len(view.numbers), len(view.columns)
    if view.problem != "regression" or view.rows > 1500 or numbers < 2 or numbers < every:
        return
    skewed = [c.name for c in view.numbers if (c.skew or 0) > 1 and c.quantiles and c.quantiles[0] >= 0]
    process = Model(family="gaussian_process")
    for param, models, log in (
        ("alone", [process], []),
        ("with_boosting", [view.booster(), process], []),
        ("log", [process], skewed),
    ):
        if param == "log" and not skewed:
            continue
        yield candidate(
            param,
            "Use a Gaussian process"
            + {"with_boosting": " beside boosting", "log": f" on log {names(skewed, 2)}"}.get(param, ""),
            because=[
                f"all {numbers} columns are numbers, in only {view.rows} rows",
                f"the target has {view.target.distinct} distinct values",
            ],
            why="Physical measurements often follow a smooth law, which a Gaussian process draws from few rows.",
            steps=[
                "Standardise the numbers",
                "Fit a smooth kernel plus noise",
                *(["Average it with boosting"] if len(models) > 1 else []),
            ],
            strength=0.7 if param == "with_boosting" else 0.5,
            edits={"models": models, "combine": "blend"},
            append={"numbers.log": log} if log else None,
        )


@play(
    KIND,
    when="nearly all columns are categories or text",
    words="naive bayes categorical text",
    actions={"plain": "default smoothing", "sharp": "little smoothing", "smooth": "much smoothing"},
)
def naive_bayes(view: View) -> Iterator[Candidate]:
    """Use naive Bayes."""
    levels, texts = len(view.categories), len(view.texts)
    if (
        view.problem == "regression"
        or view.regression
        or levels + texts < 0.8 * max(1, len(view.columns))
        or not levels + texts
    ):
        return
    if texts and view.recipe.text is None:
        return
    for param, alpha in (("plain", None), ("sharp", 0.1), ("smooth", 5.0)):
        if alpha is not None and view.numbers:
            continue  # with numbers it is the Gaussian kind, which has no such parameter
        yield candidate(
            param,
            f"Use naive Bayes ({param})",
            because=[f"{levels + texts} of {len(view.columns)} columns are categories or text", f"{view.rows} rows"],
            why="Where each column adds its own clue, counting clues is fast and hard to beat on few rows.",
            steps=["One-hot the categories", f"Fit naive Bayes ({param} smoothing)"],
            strength=0.45 * view.single(),
            edits={
                "models": [Model(family="naive_bayes", params={} if alpha is None else {"alpha": alpha})],
                "combine": "blend",
            },
        )


@play(
    KIND,
    when="the classes have an order",
    words="ordinal regression order rating",
    actions={
        "number": "predict a number and round it",
        "thresholds": "predict a number and choose the cut points",
        "thresholds_slow": "the same, with slower boosting",
        "thresholds_linear": "the same, with a linear model",
    },
)
def ordered_target(view: View) -> Iterator[Candidate]:
    """Predict an ordered class as a number."""
    if view.problem != "ordinal" or view.recipe.target.as_regression:
        return
    slow = view.boosting(0.05, 300, min_samples_leaf=30)
    extras: dict[str, dict[str, object]] = {
        "number": {"target.as_regression": True},
        "thresholds": {"target.as_regression": True, "post.thresholds": True},
        "thresholds_slow": {"target.as_regression": True, "post.thresholds": True, "models": [slow]},
        "thresholds_linear": {
            "target.as_regression": True,
            "post.thresholds": True,
            "models": [Model(family="linear")],
        },
    }
    for param, edits in extras.items():
        yield candidate(
            param,
            "Predict the order as a number" + (", then choose cut points" if "thresholds" in param else ""),
            because=[
                (
                    f"`{view.target.name}` has {view.target.distinct} ordered classes; the most common holds "
                    f"{percent(view.target.classes[0][1]) if view.target.classes else 'most'}"
                ),
                f"the metric is {view.metric}",
            ],
            why="A classifier does not know that missing by one class is better than by five; a regression does.",
            steps=[
                "Fit a regression on the class numbers",
                "Choose cut points on out-of-fold predictions"
                if "thresholds" in param
                else "Round to the nearest class",
            ],
            strength={"number": 0.6, "thresholds": 0.9, "thresholds_slow": 1.0, "thresholds_linear": 0.3}[param]
            * (1.0 if view.metric == "qwk" else 0.5),
            edits=edits,
        )


@play(
    KIND,
    when="numeric columns, enough rows",
    words="mlp neural network perceptron deep",
    actions={
        "64": "one layer of 64",
        "128_64": "layers of 128 and 64",
        "64_quantile": "one layer of 64 on ranks",
        "64_firm": "one layer of 64 with a firm penalty",
    },
)
def neural_network(view: View) -> Iterator[Candidate]:
    """Use a small neural network."""
    if view.rows < 500 or view.rows > 40_000 or len(view.numbers) < 3:
        return
    share = len(view.numbers) / len(view.columns)
    layers: dict[str, dict[str, object]] = {
        "64": {"hidden_layer_sizes": [64]},
        "128_64": {"hidden_layer_sizes": [128, 64]},
        "64_quantile": {"hidden_layer_sizes": [64]},
        "64_firm": {"hidden_layer_sizes": [64], "alpha": 0.01},
    }
    for param, params in layers.items():
        yield candidate(
            param,
            f"Use a neural network ({param.replace('_', ', ')})",
            because=[
                (
                    f"{len(view.numbers)} of {len(view.columns)} columns are numbers ({percent(share)}), in "
                    f"{view.rows} rows"
                )
            ],
            why="A small network bends smoothly where trees step, and makes its own combinations.",
            steps=[
                "Standardise the numbers, one-hot the categories",
                f"Fit a network with hidden layers {params['hidden_layer_sizes']}",
            ],
            strength=(0.15 + 0.25 * share) * view.single(),
            edits={
                "models": [Model(family="mlp", params=dict(params))],
                "combine": "blend",
                **({"numbers.scale": "quantile"} if "quantile" in param else {}),
            },
        )
