"""What the tests of torch networks share: images that a small network can tell apart, and Recipes for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mle_ideator_jupyter.facts import Profile
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import Binding, RecipeEdit, Splitter
from mle_ideator_jupyter.profile import profile_frames
from mle_ideator_jupyter.recipe import Recipe, apply_edit

QUICK = {"epochs": 4, "batch_size": 32, "width": 16}


def edited(models: list[dict[str, Any]], **more: Any) -> Recipe:
    """Return a Recipe of these models."""
    return apply_edit(Recipe(), RecipeEdit(set={"models": models, **more}))


def recipe(family: str, **params: Any) -> Recipe:
    """Return a Recipe of one network, trained for a moment; a bag of embeddings gets the texts."""
    more = {"text": {"min_df": 1}} if family == "torch_bag" else {}
    return edited([{"family": family, "params": {**QUICK, **params}}], **more)


def pictures(rows: int = 90, side: int = 10, channels: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return images of a bar, upright or lying, at any place; a shape that no single pixel gives away."""
    rng = np.random.default_rng(3)
    lying = rng.integers(0, 2, rows)
    images = rng.integers(0, 40, (rows, side, side, channels))
    for image, flat in zip(images, lying, strict=True):
        at, begin = rng.integers(1, side - 2), rng.integers(0, 3)
        bar = np.s_[at : at + 2, begin : begin + 7] if flat else np.s_[begin : begin + 7, at : at + 2]
        image[bar] += 200
    return images, np.where(lying, "lying", "upright")


def image_case(channels: int = 1) -> tuple[Binding, Profile, pd.DataFrame, pd.DataFrame]:
    """Return Binding, profile, train and test of such images, their columns named by row and column."""
    images, answers = pictures(channels=channels)
    side = images.shape[1]
    colours = [""] if channels == 1 else [f"_{k}" for k in range(channels)]
    columns = [f"pixel_{i}_{j}{k}" for i in range(side) for j in range(side) for k in colours]
    frame = pd.DataFrame(images.reshape(len(images), -1), columns=columns).assign(y=answers)
    train, test = frame[:60], frame[60:].drop(columns="y").reset_index(drop=True)
    binding = Binding(
        train="train",
        test="test",
        target="y",
        metric=METRICS["accuracy"],
        problem="binary",
        splitter=Splitter(kind="stratified", folds=3),
    )
    return binding, profile_frames(train, test, binding), train, test
