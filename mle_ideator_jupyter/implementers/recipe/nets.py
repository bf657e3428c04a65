"""The estimator of a torch family: its class goes into the cell, and what is known of the data decides its lines."""

from __future__ import annotations

import re

from mle_ideator_jupyter.facts import Image
from mle_ideator_jupyter.implementers.recipe.context import Context
from mle_ideator_jupyter.implementers.recipe.families import native_categories
from mle_ideator_jupyter.implementers.recipe.netcode import source
from mle_ideator_jupyter.implementers.recipe.netlayers import Shape, helper
from mle_ideator_jupyter.implementers.recipe.netsettings import CLASSES, Network, network, passed
from mle_ideator_jupyter.implementers.recipe.writing import Call, names
from mle_ideator_jupyter.recipe import Model


def network_estimator(context: Context, model: Model, numeric: bool, seed: str) -> Call:
    """Return the estimator of a network; the cell defines its class. Raises `EditError` for what cannot be trained."""
    context.require("torch", "PyTorch")
    made = network(model.family, model.params, context.profile.rows)
    categories = len(native_categories(context, model)) if model.family == "torch_mlp" else 0
    size = (0, 0, 0)
    if model.family == "torch_cnn":
        image = context.pixels()
        size = image.height, image.width, image.channels
    shape = Shape(
        family=model.family,
        numeric=numeric,
        absolute=model.loss == "absolute",
        later=context.binding.splitter.kind == "time",
        embeds=bool(categories),
        image=size,
    )
    arguments = {"categories": categories, **passed(made)} if categories else passed(made)
    return Call(_defined(context, shape, made), **arguments, random_state=seed)


def _defined(context: Context, shape: Shape, made: Network) -> str:
    """Have the cell define the class, under a name that no other one has, and return that."""
    context.imports.module("torch", "torch")
    context.imports.name("torch", "nn")
    _ = context.np
    context.sk("base", "BaseEstimator")
    context.sk("base", "RegressorMixin" if shape.numeric else "ClassifierMixin")
    if made.patience:
        context.imports.module("copy", "copy")
    if shape.family == "torch_bag":
        context.imports.name("scipy.sparse", "csr_matrix")
    before = helper(shape)
    if before is not None:
        context.classes[before[0]] = before[1]
    name, count = CLASSES[shape.family], 1
    while context.classes.get(name, source(name, shape, made)) != source(name, shape, made):
        count += 1
        name = f"{CLASSES[shape.family]}{count}"
    context.classes[name] = source(name, shape, made)
    return name


def pixel_names(image: Image) -> str | Call:
    """Return the expression of the pixels' names: a loop where they are numbered as loops are, else a list."""
    first = re.fullmatch(r"(.*?)(\d+)(?:([_x,])(\d+))?(?:[_x,](\d+))?", image.columns[0])
    if first is None:
        return names(image.columns)
    stem, begin, mark = _escaped(first[1]), int(first[2]), first[3]
    if mark is None:
        end = begin + len(image.columns)
        loop = f'[f"{stem}{{i}}" for i in range({f"{begin}, " if begin else ""}{end})]'
        meant = [f"{first[1]}{i}" for i in range(begin, end)]
    else:
        inner = f"{mark}{{k}}" if first[5] else ""
        more = f" for k in range({image.channels})" if first[5] else ""
        loop = f'[f"{stem}{{i}}{mark}{{j}}{inner}" for i in range({image.height}) for j in range({image.width}){more}]'
        deep = range(image.channels) if first[5] else [None]
        meant = [
            f"{first[1]}{i}{mark}{j}" + ("" if k is None else f"{mark}{k}")
            for i in range(image.height)
            for j in range(image.width)
            for k in deep
        ]
    return loop if meant == list(image.columns) else names(image.columns)


def _escaped(text: str) -> str:
    """Return text as it stands in an f-string in double quotes."""
    return repr(text)[1:-1].replace('"', '\\"').replace("{", "{{").replace("}", "}}")
