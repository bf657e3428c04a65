"""A rough guess of what a Recipe costs to run, so that an idea beyond the limit of a trial is not proposed early.

Constants were fitted by eye to single-core fits of scikit-learn 1.9 on 3,000 and 30,000 rows; within a factor of
three is good enough, and where a parent's measured time is known it corrects them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.ideators.playbook.view import NETWORKS
from mle_ideator_jupyter.model import Binding
from mle_ideator_jupyter.recipe import Model, Recipe

OVERHEAD = 0.05
"""Seconds of preparation for each fit, whatever the model."""


START = {True: 10.0, False: 8.0}
"""CPU-seconds in which torch and its optimizers are loaded, with a GPU and without: once in a process."""


def seconds(recipe: Recipe, profile: Profile, binding: Binding, *, gpu: bool = False) -> float:
    """Return a guess of the CPU-seconds of one trial: a fit for each fold, one on all rows, and any search.

    With `gpu`, networks are trained on one.
    """
    size = _Size(recipe, profile, binding, gpu=gpu)
    fits = (1 if "holdout" in binding.splitter.kind else binding.splitter.folds) + 1
    several = len(recipe.models) > 1
    one = sum(size.fit(m) for m in recipe.models)
    one *= 6 if several and recipe.combine == "stack" else 1
    if recipe.post.calibrate != "none" or recipe.post.thresholds:
        one *= 6
    search = recipe.tune.trials * recipe.tune.folds * size.fit(recipe.models[0]) if recipe.models else 0.0
    start = START[gpu] if any(m.family in NETWORKS for m in recipe.models) else 0.0
    return start + fits * (one * recipe.bags + size.prepare()) + search


class _Size:
    def __init__(self, recipe: Recipe, profile: Profile, binding: Binding, *, gpu: bool) -> None:
        self.gpu = gpu
        self.image = profile.image
        self.recipe = recipe
        self.rows = profile.rows * (recipe.rows.recent or 1.0)
        used = [c for c in profile.columns if c.name not in recipe.drop and c.role not in {"id", "constant", "text"}]
        levels = sum(min(c.distinct, 200) for c in used if c.role == "categorical")
        self.columns: float = len(used) + 3 * len(recipe.features) + (recipe.numbers.pca or 0)
        if recipe.numbers.polynomial:
            self.columns += self.columns**2 / 2
        texts = [c for c in profile.columns if c.role == "text" and recipe.text is not None]
        self.words = sum(c.words or 20.0 for c in texts)
        self.columns += (recipe.text.svd if recipe.text else 0) * len(texts)
        self.wide = self.columns + levels + (recipe.numbers.splines or 0) * self.columns
        plain = binding.problem in {"regression", "binary"} or recipe.target.as_regression
        self.outputs = 1 if plain else max(2, profile.target.distinct)
        self.classifier = binding.problem != "regression" and not recipe.target.as_regression

    def prepare(self) -> float:
        text = self.recipe.text
        # Every member of a blend reads the texts for itself.
        reading = 4e-6 * self.rows * self.words * (1 + (6 if text and text.char else 0)) if text else 0.0
        terms = reading * len(self.recipe.models)
        fitted = {"knn": 2e-8 * self.rows**2, "iterative": 1e-5 * self.rows * self.columns}
        slow = 1e-8 * self.rows**2 * sum(f.op == "neighbours" for f in self.recipe.features)
        return OVERHEAD + terms + slow + fitted.get(self.recipe.missing.numeric, 0.0)

    def fit(self, model: Model) -> float:
        costs: dict[str, Callable[[Model], float]] = {
            "hist_boosting": self._boosting,
            "lightgbm": self._boosting,
            "xgboost": self._boosting,
            "catboost": lambda m: 3 * self._boosting(m),
            "extra_trees": self._bagged,
            "forest": lambda m: 3.5 * self._bagged(m),
            "linear": lambda _: 1e-7 * self.rows * self.wide * self.outputs * (3 if self.classifier else 1),
            "naive_bayes": lambda _: 1e-8 * self.rows * self.wide,
            "knn": lambda _: 1e-9 * self.rows**2 * self.columns / 4,
            "svm": lambda _: 1e-8 * self.rows**2 * (1 + self.wide / 10) * (5 if self.classifier else 1),
            "mlp": lambda _: 1e-4 * self.rows * (1 + self.wide / 100),
            "gaussian_process": lambda _: 2e-9 * self.rows**3,
            **dict.fromkeys(NETWORKS, self._network),
        }
        return costs[model.family](model)

    def _boosting(self, model: Model) -> float:
        p = model.params
        trees = int(p.get("max_iter") or p.get("n_estimators") or p.get("iterations") or 100)
        leaves = int(p.get("max_leaf_nodes") or p.get("num_leaves") or p.get("max_leaves") or 31)
        columns = self.wide if self.recipe.categories.encoder == "onehot" else self.columns
        tree = 7e-4 + 1.6e-6 * columns * leaves + 3e-9 * self.rows * columns
        slow = (4.0 if self.rows > 20_000 else 1.0) * (2.0 if model.loss == "absolute" else 1.0)
        return trees * self.outputs * tree * slow

    def _network(self, model: Model) -> float:
        """Steps have a price of their own, for their products and for the weights that they change."""
        p = model.params
        width, depth = int(p.get("width") or 64), int(p.get("depth") or 2)
        epochs, batch = int(p.get("epochs") or 40), int(p.get("batch_size") or 512)
        weights, products = self._weights(model.family, width, depth)
        step, product = (2.5e-3 + 2e-12 * weights, 1e-13) if self.gpu else (1e-3 + 5e-9 * weights, 1e-10)
        return epochs * (math.ceil(self.rows / batch) * step + 6 * self.rows * products * product)

    def _weights(self, family: str, width: int, depth: int) -> tuple[float, float]:
        """Return how many weights a network has, and in how many products each row takes part."""
        if family == "torch_cnn" and self.image is not None:
            pixels, before, weights, products = self.image.height * self.image.width, self.image.channels, 0.0, 0.0
            for _ in range(depth):
                weights += 9 * before * width
                products += 9 * before * width * pixels
                before, width, pixels = width, 2 * width, pixels // 4
            return weights, products
        inner = width * width * (depth - 1) + width * self.outputs
        if family == "torch_bag":
            terms = 20_000 if self.words else self.wide
            return terms * width + inner, 3 * (self.words + self.columns) * width + inner
        return self.wide * width + inner, self.wide * width + inner

    def _bagged(self, model: Model) -> float:
        trees = int(model.params.get("n_estimators") or 100)
        share = model.params.get("max_features")
        looked = share * self.columns if isinstance(share, float) else math.sqrt(self.columns)
        if not self.classifier and share is None:
            looked = self.columns
        return trees * 3e-8 * self.rows * math.log2(self.rows + 2) * (1 + looked / 4)
