"""Plays that train a network of torch: on a table, on images, on texts. They need torch, and are dear without a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import LARGEST, NETWORKS, View, listed, strong
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Family, Model, Text

KIND = IdeaKind.MODEL_SELECTION
SLOW = 0.4
"""How strong evidence for a network is without a GPU: each costs the time of several other trials."""
PASSES = {True: 4_000_000, False: 400_000}
"""Rows that a network may see in all its epochs, with a GPU and without."""


def network(view: View, family: Family, **params: Any) -> Model:
    """Return a network whose batches fit the rows, and whose epochs fit the machine."""
    batch = 32 if view.rows < 1000 else 128 if view.rows < 20_000 else 512
    epochs = min(40, max(5, PASSES[view.gpu] // max(1, view.rows)))
    return Model(family=family, params={"batch_size": batch, "epochs": epochs, **params}, loss=view.loss)


def present(view: View) -> list[Model]:
    """Return what a network is blended with: the models there are, or boosting in the place of a single one."""
    models = [m for m in view.recipe.models if m.family not in NETWORKS]
    return models if len(models) > 1 else [view.booster()]


def machine(view: View) -> str:
    """Return where a network would be trained, as evidence."""
    if not view.gpu:
        return f"torch {view.brief.kernel.libraries['torch']} is installed, without a GPU"
    gpu = view.brief.kernel.gpus[0]
    memory = f" of {gpu.memory_mb} MB" if gpu.memory_mb else ""
    return f"torch {view.brief.kernel.libraries['torch']} can use a GPU{memory} ({gpu.name[:40]})"


@play(
    KIND,
    when="torch is installed, and there are numbers or categories in enough rows",
    words="torch pytorch deep neural network embedding gpu cuda",
    actions={
        "alone": "two layers of 128, categories embedded",
        "wide": "three layers of 256, half of the units dropped",
        "beside": "the first, blended with the present models",
        "beside_wide": "the second, blended with the present models",
    },
)
def torch_tables(view: View) -> Iterator[Candidate]:
    """Train a network with embeddings."""
    plain = len(view.numbers) + len(view.categories)
    if not view.installed("torch") or view.profile.image or view.rows < 500 or plain < 2:
        return
    levels = sum(c.distinct for c in view.categories)
    small = network(view, "torch_mlp", dropout=0.3)
    wide = network(view, "torch_mlp", width=256, depth=3, dropout=0.5)
    models = {
        "alone": [small],
        "wide": [wide],
        "beside": [*present(view), small],
        "beside_wide": [*present(view), wide],
    }
    evidence = 0.4 + 0.3 * strong(view.rows, 2000, 50_000) + 0.2 * strong(levels, 10, 200)
    for param, chosen in models.items():
        blended = len(chosen) > 1
        if len(chosen) > LARGEST:
            continue
        yield candidate(
            param,
            f"Train a {'wide ' if 'wide' in param else ''}network with embeddings in torch"
            + (f", beside {listed(chosen[:-1])}" if blended else ""),
            because=[
                machine(view),
                f"{len(view.numbers)} numbers, {len(view.categories)} categories of {levels} levels, {view.rows} rows",
            ],
            why="It learns what each level is like, and bends smoothly where trees step, so the two err differently.",
            steps=[
                "Standardise the numbers, embed the categories",
                f"Train at most {chosen[-1].params['epochs']} epochs; a tenth of the training rows says when to stop",
                *([f"Average it with {listed(chosen[:-1])}"] if blended else []),
            ],
            strength=evidence
            * (1.0 if blended else 0.5 * view.single())
            * (0.9 if "wide" in param else 1.0)
            * (1.0 if view.gpu else SLOW),
            edits={"models": chosen, **({} if blended else {"combine": "blend"})},
        )


@play(
    KIND,
    when="torch is installed and the columns are the pixels of images",
    words="torch pytorch deep cnn convolution convolutional image picture pixel gpu cuda",
    actions={
        "small": "two or three layers of convolutions, of 16 channels and more",
        "wide": "the same of 32 channels and more",
        "shifted": "the wide one, on images shifted at random",
    },
)
def torch_images(view: View) -> Iterator[Candidate]:
    """Train a small convolutional network."""
    image = view.profile.image
    if not view.installed("torch") or image is None:
        return
    depth = 2 if min(image.height, image.width) < 16 else 3
    kept = [c for c in view.recipe.drop if c not in image.columns]
    every: dict[str, Any] = {
        "combine": "blend",
        **({"drop": kept} if kept != list(view.recipe.drop) else {}),
        **({"select": None} if view.recipe.select else {}),
    }
    models = {
        "small": network(view, "torch_cnn", width=16, depth=depth),
        "wide": network(view, "torch_cnn", width=32, depth=depth, dropout=0.3),
        "shifted": network(view, "torch_cnn", width=32, depth=depth, dropout=0.3, augment=["shift"]),
    }
    for param, model in models.items():
        yield candidate(
            param,
            f"Train a {'small' if param == 'small' else 'wider'} convolutional network in torch"
            + (", on shifted images" if param == "shifted" else ""),
            because=[f"the columns are images of {image.describe()}, {view.rows} of them", machine(view)],
            why="Convolutions know which pixels are neighbours, and find a shape wherever it lies.",
            steps=[
                "Put the pixels back in their places, on one scale",
                f"Train {depth} layers of convolutions, {model.params['width']} channels in the first",
                *(["Shift each image a little, anew in every epoch"] if param == "shifted" else []),
                "A tenth of the training rows says when to stop",
            ],
            strength={"small": 0.8, "wide": 1.0, "shifted": 0.9}[param]
            * (1.0 if view.gpu else SLOW)
            * (1.0 if not view.uses(("torch_cnn",)) else 0.5),
            edits={"models": [model], **every},
        )


@play(
    KIND,
    when="torch is installed and there is free text",
    words="torch pytorch deep embedding bag text word fasttext gpu cuda",
    actions={
        "bag": "a bag of embeddings of words and pairs",
        "single_words": "of single words",
        "beside": "the first, blended with a linear model, or with the present models",
    },
)
def torch_texts(view: View) -> Iterator[Candidate]:
    """Train a network over a bag of embeddings."""
    if not view.installed("torch") or not view.texts or view.rows < 300:
        return
    words = max(c.words or 0 for c in view.texts)
    model = network(view, "torch_bag", dropout=0.3, depth=1)
    text = view.recipe.text or Text()
    others = present(view) if len(view.recipe.models) > 1 else [view.linear()]
    models = {"bag": [model], "single_words": [model], "beside": [*others, model]}
    for param, chosen in models.items():
        terms = Text(words=(1, 1)) if param == "single_words" else text
        if len(chosen) > LARGEST:
            continue
        yield candidate(
            param,
            "Train a bag of embeddings in torch"
            + {"single_words": ", of single words", "beside": f", beside {listed(others)}"}.get(param, ""),
            because=[f"{len(view.texts)} text columns of {words:.0f} words, in {view.rows} rows", machine(view)],
            why="Each term learns a place among the others, so that rare words borrow from common ones of like use.",
            steps=[
                "Weigh the terms by TF-IDF, and add up their embeddings",
                f"Train at most {model.params['epochs']} epochs; a tenth of the training rows says when to stop",
                *([f"Average it with {listed(others)} on the same terms"] if len(chosen) > 1 else []),
            ],
            strength={"bag": 0.6, "single_words": 0.4, "beside": 1.0}[param] * (1.0 if view.gpu else SLOW),
            edits={"models": chosen, "text": terms, **({} if len(chosen) > 1 else {"combine": "blend"})},
        )
