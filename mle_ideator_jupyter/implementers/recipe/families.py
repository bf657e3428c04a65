"""What the families of models need and take."""

from __future__ import annotations

from mle_ideator_jupyter.implementers.recipe.context import ONE_HOT_LEVELS, Context
from mle_ideator_jupyter.recipe import Model

BOOSTED = frozenset({"hist_boosting", "lightgbm", "xgboost", "catboost"})
FORESTS = frozenset({"forest", "extra_trees"})
DENSE = frozenset({"hist_boosting", "gaussian_process", "forest", "extra_trees", "torch_mlp"})
"""Families that take no sparse columns, or are many times slower on them."""
NATIVE = frozenset({"hist_boosting", "lightgbm", "torch_mlp"})
"""Families that take categories as such."""
EMBEDDING = frozenset({"torch_mlp"})
"""Families that take them so left to themselves: they learn what a level is like."""
NETWORKS = frozenset({"torch_mlp", "torch_cnn", "torch_bag"})
"""Families of torch."""
NATIVE_LEVELS = 250
"""Levels of one column that they take; rarer ones are merged."""
SPARSE = frozenset({"linear", "svm", "naive_bayes", "torch_bag"})
"""Families that take sparse text as it is; the others get it reduced."""


def scaled(model: Model) -> bool:
    """Return whether this family cares for scale."""
    return model.family not in BOOSTED | FORESTS


def one_hot(context: Context, model: Model) -> bool:
    """Return whether this model's categories become columns of their own, left to itself."""
    return scaled(model) or (model.family in FORESTS and context.levels <= ONE_HOT_LEVELS)


def native_categories(context: Context, model: Model) -> list[str]:
    """Return the categories that this model takes as categories; they stand first, so that their places are known."""
    chosen = context.recipe.categories
    if model.family not in NATIVE or context.recipe.select:
        return []
    wanted = {c: chosen.columns.get(c, chosen.encoder) for c in context.all_categories if c not in chosen.orders}
    taken = {"category", "auto"} if model.family in EMBEDDING else {"category"}
    return [c for c, encoder in wanted.items() if encoder in taken]
