"""The population of a reference board: one declarative list of honest solutions, from constants to stacks.

The list was designed on the training tasks and runs on every task as it is. A solution that does not apply to a task
(a log target where classes are predicted, words where there are none) is left out of that task's board.
"""

from __future__ import annotations

from typing import Any, Literal

from mle_ideator_jupyter.model import Problem, Struct

Numbers = Literal["plain", "scaled", "normal", "splines", "bins", "products", "components", "clusters", "drop"]
Categories = Literal["ordinal", "onehot", "target", "native", "drop"]
Texts = Literal["svd", "words", "characters", "both", "counts", "drop"]
ALL: tuple[Problem, ...] = ("regression", "binary", "multiclass", "ordinal")
CLASSES: tuple[Problem, ...] = ("binary", "multiclass", "ordinal")
NUMBER: tuple[Problem, ...] = ("regression",)
ORDERED: tuple[Problem, ...] = ("ordinal",)

MANY_ROWS = 20_000
"""Models whose cost grows fast see no more random training rows than this (or their own `rows`)."""


class Solution(Struct, frozen=True, kw_only=True):
    """One solution, declaratively: how columns are prepared, what is fitted, what is tuned.

    `numbers`, `categories` and `texts` say how each kind of column is encoded. `codes` takes whole numbers of few values
    for categories. `target` transforms a regression target (`metric`: the log where the metric is RMSLE, else nothing).
    `as_number` predicts an ordered class as a number and cuts it where that was best in cross-validation. `search` names parameters of the model and the values among which
    `draws` random ones are compared on one held-out quarter of the training rows. `members` are solutions that are
    averaged or stacked instead of a model. `rows` caps the training rows, drawn at random.
    """

    name: str
    about: str
    model: str = ""
    params: dict[str, Any] = {}
    numbers: Numbers = "plain"
    categories: Categories = "ordinal"
    texts: Texts = "svd"
    codes: bool = False
    target: Literal["plain", "log", "normal", "metric"] = "plain"
    as_number: bool = False
    problems: tuple[Problem, ...] = ALL
    needs_text: bool = False
    search: dict[str, tuple[Any, ...]] = {}
    draws: int = 5
    members: tuple[str, ...] = ()
    combine: Literal["blend", "stack"] = "blend"
    rows: int | None = None


def _s(name: str, about: str, model: str = "", /, **given: Any) -> Solution:
    return Solution(name=name, about=about, model=model, **given)


_PLAIN = (
    _s("constant", "class shares, or the mean", "constant"),
    _s("commonest", "the commonest class, or the median", "constant", params={"strategy": "other"}),
    _s("stump", "one split", "tree", params={"max_depth": 1}),
    _s("tree-4", "a tree of depth 4", "tree", params={"max_depth": 4}),
    _s("tree-leaf-20", "a tree with leaves of 20 rows and more", "tree", params={"min_samples_leaf": 20}),
    _s("tree", "a tree grown to the end", "tree"),
)
_LINEAR = (
    _s("linear-naive", "a linear model on the numbers alone", "linear", numbers="scaled", categories="drop", texts="drop"),
    _s("linear", "a linear model, one-hot", "linear", numbers="scaled", categories="onehot", texts="words"),
    _s("linear-strong", "the same, strongly penalised", "linear", params={"penalty": 100.0},
       numbers="scaled", categories="onehot", texts="words"),
    _s("linear-tuned", "the same, its penalty tuned", "linear", numbers="scaled", categories="onehot", texts="words",
       search={"penalty": (0.03, 0.3, 3.0, 10.0, 30.0, 300.0)}, draws=6),
    _s("linear-sparse", "an elastic net by gradient descent", "sgd", numbers="scaled", categories="onehot", texts="words"),
    _s("linear-normal", "a linear model on normal scores of the numbers", "linear", numbers="normal", categories="onehot"),
    _s("linear-splines", "a linear model on splines", "linear", numbers="splines", categories="onehot", texts="words"),
    _s("linear-bins", "a linear model on binned numbers", "linear", numbers="bins", categories="onehot", texts="words"),
    _s("linear-products", "a linear model on products of pairs", "linear", params={"penalty": 10.0},
       numbers="products", categories="onehot", rows=MANY_ROWS),
    _s("linear-codes", "a linear model, codes one-hot too", "linear", numbers="scaled", categories="onehot", codes=True),
    _s("linear-target", "a linear model on target encoding", "linear", numbers="scaled", categories="target"),
    _s("linear-balanced", "a linear model, classes weighted evenly", "linear", params={"class_weight": "balanced"},
       numbers="scaled", categories="onehot", texts="words", problems=CLASSES),
)  # fmt: skip
_TEXT = (
    _s("words", "TF-IDF of words alone, linear", "linear", numbers="drop", categories="drop", texts="words", needs_text=True),
    _s("words-weak", "the same, weakly penalised", "linear", params={"penalty": 0.1}, numbers="drop", categories="drop", texts="words",
       needs_text=True),
    _s("characters", "TF-IDF of characters, linear", "linear", numbers="scaled", categories="onehot", texts="characters",
       needs_text=True),
    _s("words-characters", "TF-IDF of both, linear", "linear", numbers="scaled", categories="onehot", texts="both",
       needs_text=True),
    _s("word-counts", "word counts, naive Bayes or a linear model", "counts", numbers="drop", categories="drop", texts="counts",
       needs_text=True),
)  # fmt: skip
_OTHERS = (
    _s("knn-5", "5 nearest neighbours", "knn", params={"n_neighbors": 5}, numbers="scaled", rows=MANY_ROWS),
    _s("knn-30", "30 nearest, by distance", "knn", params={"n_neighbors": 30, "weights": "distance"}, numbers="scaled",
       categories="onehot", rows=MANY_ROWS),
    _s("knn-components", "15 nearest in 8 principal components", "knn", params={"n_neighbors": 15}, numbers="components",
       rows=MANY_ROWS),
    _s("bayes", "naive Bayes, or Bayesian ridge", "bayes", numbers="scaled", categories="target"),
    _s("discriminant", "linear discriminants, or Huber's loss", "discriminant", numbers="scaled", categories="target"),
    _s("kernel", "an RBF kernel by Nystroem, linear", "nystroem", numbers="scaled", categories="onehot", rows=MANY_ROWS),
    _s("svm", "an RBF support vector machine on 5000 rows", "svm", numbers="scaled", categories="onehot", rows=5000),
    _s("svm-wide", "the same with C = 5", "svm", params={"C": 5.0}, numbers="scaled", categories="onehot", rows=5000),
    _s("mlp", "a network of 64 units", "mlp", numbers="scaled", categories="onehot", rows=MANY_ROWS),
)  # fmt: skip
_TREES = (
    _s("forest", "100 trees", "forest", rows=MANY_ROWS),
    _s("forest-onehot", "100 trees, one-hot", "forest", categories="onehot", rows=10_000),
    _s("forest-leaf-5", "100 trees, half the columns, leaves of 5", "forest",
       params={"min_samples_leaf": 5, "max_features": 0.5}, rows=MANY_ROWS),
    _s("extra-trees", "150 extra trees", "extra_trees", rows=MANY_ROWS),
    _s("extra-trees-leaf-3", "150 extra trees on target encoding, leaves of 3", "extra_trees",
       params={"min_samples_leaf": 3, "max_features": 0.5}, categories="target", rows=MANY_ROWS),
    _s("bagging", "20 bagged trees of depth 12", "bagging", rows=MANY_ROWS),
    _s("adaboost", "60 boosted trees of depth 2", "adaboost", rows=10_000),
)  # fmt: skip
_BOOSTING = (
    _s("boosting", "histogram boosting, as it comes", "boosting"),
    _s("boosting-native", "the same, categories as such", "boosting", categories="native"),
    _s("boosting-onehot", "the same, one-hot", "boosting", categories="onehot"),
    _s("boosting-target", "the same, target encoding", "boosting", categories="target"),
    _s("boosting-codes", "the same, target encoding, codes too", "boosting", categories="target", codes=True),
    _s("boosting-slow", "rate 0.04, 300 rounds", "boosting", params={"learning_rate": 0.04, "max_iter": 300}),
    _s("boosting-shallow", "depth 3, 250 rounds", "boosting", params={"max_depth": 3, "max_iter": 250}),
    _s("boosting-few", "40 rounds", "boosting", params={"max_iter": 40}),
    _s("boosting-fast", "rate 0.3, 60 rounds", "boosting", params={"learning_rate": 0.3, "max_iter": 60}),
    _s("boosting-careful", "leaves of 50, half the columns, L2 of 10", "boosting",
       params={"min_samples_leaf": 50, "max_features": 0.5, "l2_regularization": 10.0, "learning_rate": 0.06, "max_iter": 200}),
    _s("boosting-clusters", "with distances to 12 clusters", "boosting", numbers="clusters"),
    _s("boosting-no-text", "text left out", "boosting", texts="drop", needs_text=True),
    _s("boosting-absolute", "absolute error", "boosting", params={"loss": "absolute_error"}, problems=NUMBER),
    _s("boosting-tuned", "5 random settings compared", "boosting", target="metric", categories="target",
       search={"learning_rate": (0.03, 0.06, 0.12), "max_leaf_nodes": (7, 15, 31, 63), "min_samples_leaf": (5, 20, 60),
               "l2_regularization": (0.0, 1.0, 10.0), "max_iter": (80, 150, 250)}, rows=MANY_ROWS),
    _s("lightgbm", "LightGBM, as it comes", "lightgbm"),
    _s("lightgbm-slow", "rate 0.03, 400 rounds, part of rows and columns", "lightgbm",
       params={"learning_rate": 0.03, "n_estimators": 400, "subsample": 0.8, "subsample_freq": 1, "colsample_bytree": 0.6}),
    _s("lightgbm-small", "7 leaves, 400 rounds", "lightgbm", params={"num_leaves": 7, "n_estimators": 400}, categories="target"),
    _s("lightgbm-onehot", "one-hot, codes too, 15 leaves", "lightgbm", params={"num_leaves": 15, "n_estimators": 200,
       "learning_rate": 0.06}, categories="onehot", codes=True),
    _s("lightgbm-extra", "random thresholds, 250 rounds", "lightgbm", params={"extra_trees": True, "n_estimators": 250}),
    _s("lightgbm-balanced", "classes weighted evenly", "lightgbm", params={"class_weight": "balanced", "n_estimators": 60},
       problems=CLASSES),
    _s("lightgbm-absolute", "absolute error, rate 0.05, 300 rounds", "lightgbm",
       params={"objective": "mae", "learning_rate": 0.05, "n_estimators": 300}, problems=NUMBER),
    _s("lightgbm-bags", "5 LightGBMs on random 70 % of the rows", "lightgbm_bags", target="metric", categories="target"),
    _s("lightgbm-tuned-8", "8 random settings of slow growth", "lightgbm", target="metric", params={"learning_rate": 0.03, "n_estimators": 350,
       "subsample_freq": 1}, search={"num_leaves": (4, 8, 16, 32), "min_child_samples": (5, 20, 80), "subsample": (0.6, 0.9),
       "colsample_bytree": (0.3, 0.6, 0.9), "reg_lambda": (0.0, 3.0, 30.0)}, draws=8, rows=MANY_ROWS),
    _s("lightgbm-tuned", "5 random settings compared", "lightgbm", target="metric", categories="target",
       search={"learning_rate": (0.02, 0.05, 0.1), "num_leaves": (7, 15, 31, 63), "min_child_samples": (5, 20, 60),
               "colsample_bytree": (0.4, 0.7, 1.0), "n_estimators": (100, 200, 350)}),
)  # fmt: skip
_TARGET = (
    _s("linear-log", "linear, log target", "linear", numbers="scaled", categories="onehot", texts="words", target="log",
       problems=NUMBER),
    _s("linear-splines-log", "splines, log target", "linear", numbers="splines", categories="onehot", target="log",
       problems=NUMBER),
    _s("forest-log", "100 trees, log target", "forest", target="log", problems=NUMBER, rows=MANY_ROWS),
    _s("extra-trees-log", "150 extra trees, log target", "extra_trees", target="log", problems=NUMBER, rows=MANY_ROWS),
    _s("boosting-log", "histogram boosting, log target", "boosting", target="log", problems=NUMBER),
    _s("boosting-normal", "histogram boosting, normal scores of the target", "boosting", target="normal", problems=NUMBER),
    _s("boosting-slow-log", "rate 0.04, 300 rounds, log target", "boosting", target="log",
       params={"learning_rate": 0.04, "max_iter": 300}, categories="target", problems=NUMBER),
    _s("lightgbm-slow-log", "LightGBM, rate 0.03, 400 rounds, log target", "lightgbm", target="log",
       params={"learning_rate": 0.03, "n_estimators": 400, "colsample_bytree": 0.6}, problems=NUMBER),
    _s("linear-number", "a number, cut: linear", "linear", numbers="scaled", categories="onehot", codes=True, as_number=True,
       problems=ORDERED),
    _s("boosting-number", "a number, cut: boosting", "boosting", as_number=True, problems=ORDERED, rows=MANY_ROWS),
    _s("lightgbm-number", "a number, cut: LightGBM on target encoding, 15 leaves", "lightgbm", categories="target", codes=True,
       params={"num_leaves": 15, "learning_rate": 0.05, "n_estimators": 200}, as_number=True, problems=ORDERED),
    _s("forest-number", "a number, cut: forest", "forest", params={"min_samples_leaf": 5, "max_features": 0.5}, as_number=True,
       problems=ORDERED, rows=10_000),
    _s("splines-number", "a number, cut: splines", "linear", numbers="splines", categories="onehot", as_number=True,
       problems=ORDERED),
    _s("extra-trees-number", "a number, cut: extra trees", "extra_trees", params={"min_samples_leaf": 3, "max_features": 0.5},
       categories="target", as_number=True, problems=ORDERED, rows=10_000),
    _s("lightgbm-slow-number", "a number, cut: slow LightGBM", "lightgbm",
       params={"learning_rate": 0.03, "n_estimators": 250, "num_leaves": 15, "colsample_bytree": 0.6}, as_number=True,
       problems=ORDERED),
    _s("knn-number", "a number, cut: 40 nearest neighbours", "knn", params={"n_neighbors": 40}, numbers="scaled",
       categories="onehot", codes=True, as_number=True, problems=ORDERED, rows=10_000),
)  # fmt: skip
_COMBINED = (
    _s("blend-linear-boosting", "mean of linear and boosting", target="metric", members=("linear", "boosting")),
    _s("blend-boosting-trees", "mean of slow boosting and extra trees", target="metric", members=("lightgbm-slow", "extra-trees-leaf-3"),
       rows=MANY_ROWS),
    _s("blend-three", "mean of LightGBM, extra trees and splines",
       target="metric", members=("lightgbm-slow", "extra-trees", "linear-splines"), rows=MANY_ROWS),
    _s("blend-five", "mean of five", target="metric", members=("boosting-careful", "lightgbm-small", "extra-trees", "linear", "knn-30"),
       rows=MANY_ROWS),
    _s("blend-log", "mean of three, log target", members=("lightgbm-slow-log", "extra-trees-log", "linear-splines-log"),
       problems=NUMBER, rows=MANY_ROWS),
    _s("stack-three", "linear over linear, extra trees, LightGBM", target="metric", members=("linear", "extra-trees", "lightgbm-small"),
       combine="stack", rows=10_000),
    _s("stack-four", "linear over kNN, forest, boosting, splines",
       target="metric", members=("knn-30", "forest-leaf-5", "boosting-few", "linear-splines"), combine="stack", rows=10_000),
    _s("blend-svm", "mean of support vectors, splines, LightGBM", target="metric", members=("svm", "linear-splines", "lightgbm-small"), rows=6000),
    _s("blend-six", "mean of six", target="metric", members=("lightgbm-slow", "lightgbm-small", "boosting-shallow", "extra-trees-leaf-3",
       "linear-splines", "mlp"), rows=MANY_ROWS),
    _s("stack-wide", "linear over support vectors, network, extra trees, LightGBM, splines",
       target="metric", members=("svm", "mlp", "extra-trees-leaf-3", "lightgbm-small", "linear-splines"), combine="stack", rows=4000),
    _s("stack-words", "linear over words, characters, LightGBM", members=("words", "characters", "lightgbm-slow"),
       combine="stack", needs_text=True, rows=10_000),
    _s("blend-absolute", "mean of three, two for the absolute error",
       target="metric", members=("lightgbm-absolute", "boosting-absolute", "extra-trees"), problems=NUMBER, rows=MANY_ROWS),
    _s("blend-splines-boosting", "mean of splines and careful boosting", target="metric", members=("linear-splines", "boosting-careful")),
    _s("blend-number", "a number, cut: mean of three", members=("lightgbm-number", "forest-number", "linear-number"),
       as_number=True, problems=ORDERED, rows=10_000),
    _s("flaml", "FLAML, 30 trials", "flaml", rows=5000),
)  # fmt: skip

POPULATION: dict[str, Solution] = {
    s.name: s for part in (_PLAIN, _LINEAR, _TEXT, _OTHERS, _TREES, _BOOSTING, _TARGET, _COMBINED) for s in part
}
"""Every solution by name, in the order in which a board is built."""


def applicable(problem: str, *, has_text: bool) -> list[Solution]:
    """Return the solutions for a task of this problem, in the population's order."""
    return [s for s in POPULATION.values() if problem in s.problems and (has_text or not s.needs_text)]
