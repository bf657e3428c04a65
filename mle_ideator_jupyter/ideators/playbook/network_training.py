"""Plays that change how a network of torch is trained: schedule, stopping, precision, augmentation, size, memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mle_ideator_jupyter.brief import ran_out
from mle_ideator_jupyter.ideators.playbook.networks import machine
from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import NETWORKS, View, current, settings
from mle_ideator_jupyter.model import Failure, IdeaKind, Score, Trial
from mle_ideator_jupyter.recipe import Model, recipe_from

KIND = IdeaKind.TRAINING_PROCEDURE


def _evidence(view: View, at: int) -> list[str]:
    model = view.recipe.models[at]
    size = int(current(view, at, "batch_size", 512))
    epochs = int(current(view, at, "epochs", 40))
    batches = f"at most {epochs} epochs of {-(-view.rows // size)} batches"
    return [f"a {model.family.replace('_', ' ')} is trained in {batches}, {size} rows each"]


def _changed(
    view: View, at: int, titles: dict[str, tuple[str, dict[str, Any], float]], *, why: str, step: str
) -> Iterator[Candidate]:
    """Yield a Candidate for each set of parameters that is not the model's already."""
    have = view.recipe.models[at].params
    for param, (title, params, strength) in titles.items():
        if all(have.get(name, _DEFAULTS.get(name)) == value for name, value in params.items()):
            continue
        yield candidate(
            param,
            title,
            because=_evidence(view, at),
            why=why,
            steps=[step, "Keep features, folds and everything else as they are"],
            strength=strength,
            edits=settings(at, params),
        )


_DEFAULTS: dict[str, Any] = {"schedule": "one_cycle", "patience": 10, "mixed_precision": False, "augment": []}


@play(
    KIND,
    when="a network of torch is used",
    words="learning rate schedule one-cycle cosine epochs torch",
    actions={
        "cosine": "the rate falls along a cosine",
        "constant": "the rate stays, at half",
        "faster": "one cycle up to three times the rate",
        "longer": "twice as many epochs",
    },
)
def torch_schedule(view: View) -> Iterator[Candidate]:
    """Change the learning rate's course."""
    at = view.first(NETWORKS)
    if at is None:
        return
    rate, epochs = current(view, at, "learning_rate", 2e-3), int(current(view, at, "epochs", 40))
    faster = {"learning_rate": round(3 * rate, 6), "schedule": "one_cycle"}
    yield from _changed(
        view,
        at,
        {
            "cosine": ("Let the learning rate fall along a cosine", {"schedule": "cosine"}, 0.5),
            "constant": (
                "Keep the learning rate constant, at half",
                {"schedule": "constant", "learning_rate": round(rate / 2, 6)},
                0.3,
            ),
            "faster": (f"Raise the learning rate's peak to {3 * rate:g}", faster, 0.6),
            "longer": (f"Train for up to {2 * epochs} epochs", {"epochs": 2 * epochs}, 0.6),
        },
        why="How far the rate rises, and how it ends, decides how flat a minimum a network comes to rest in.",
        step="Change the learning rate's course over the epochs",
    )


@play(
    KIND,
    when="a network of torch is used",
    words="early stopping patience validation torch",
    actions={
        "impatient": "stop after 3 epochs without gain",
        "patient": "stop after 25 epochs without gain",
        "whole": "never stop early: learn from all rows",
    },
)
def torch_stopping(view: View) -> Iterator[Candidate]:
    """Change when training stops."""
    at = view.first(NETWORKS)
    if at is None:
        return
    yield from _changed(
        view,
        at,
        {
            "impatient": ("Stop a network's training sooner", {"patience": 3}, 0.3),
            "patient": ("Stop a network's training later", {"patience": 25}, 0.4),
            "whole": ("Train a network on all rows, to the end", {"patience": None}, 0.6),
        },
        why="Rows that say when to stop teach nothing; without them nothing says when a network begins to memorise.",
        step="Change how many epochs without gain on the held-out tenth end the training",
    )


@play(
    KIND,
    when="a network of torch is trained on a GPU",
    words="mixed precision half bfloat16 fp16 amp autocast gpu torch",
    actions={"mixed": "16 bits", "mixed_double_batch": "16 bits, and batches twice as large"},
)
def torch_precision(view: View) -> Iterator[Candidate]:
    """Compute in 16 bits on the GPU."""
    at = view.first(NETWORKS)
    if at is None or not view.gpu:
        return
    size = int(current(view, at, "batch_size", 512))
    yield from _changed(
        view,
        at,
        {
            "mixed": ("Train in mixed precision", {"mixed_precision": True}, 0.4),
            "mixed_double_batch": (
                f"Train in mixed precision, in batches of {2 * size}",
                {"mixed_precision": True, "batch_size": 2 * size},
                0.3,
            ),
        },
        why="16 bits take half of the memory and less of the time; what must be exact stays in 32.",
        step="Compute forward and loss in 16 bits on the GPU",
    )


@play(
    KIND,
    when="a convolutional network is used",
    words="augmentation augment flip mirror shift image torch",
    actions={
        "shift": "shift images by up to an eighth",
        "flip": "mirror images left to right",
        "flip_shift": "both",
    },
)
def torch_augmentation(view: View) -> Iterator[Candidate]:
    """Show a network its images shifted or mirrored."""
    at = view.first(("torch_cnn",))
    if at is None:
        return
    yield from _changed(
        view,
        at,
        {
            "shift": ("Shift the images a little, anew in every epoch", {"augment": ["shift"]}, 0.7),
            "flip": ("Mirror the images at random", {"augment": ["flip"]}, 0.3),
            "flip_shift": ("Shift and mirror the images at random", {"augment": ["flip", "shift"]}, 0.35),
        },
        why="What is in a picture stays the same when it moves a little; where it has no left and right, mirrored too.",
        step="Change each training image at random, never one that is validated",
    )


@play(
    IdeaKind.HYPERPARAMETER_TUNING,
    when="a network of torch is used",
    words="width depth layers dropout size torch network",
    actions={
        "wider": "twice as wide",
        "narrower": "half as wide",
        "deeper": "one layer more",
        "more_dropout": "more dropout",
        "less_dropout": "less dropout",
        "half_batch": "batches half as large",
    },
)
def torch_size(view: View) -> Iterator[Candidate]:
    """Change a network's size."""
    at = view.first(NETWORKS)
    if at is None:
        return
    default = {"torch_mlp": 128, "torch_cnn": 32, "torch_bag": 64}[view.recipe.models[at].family]
    width, depth = int(current(view, at, "width", default)), int(current(view, at, "depth", 2))
    dropout, size = current(view, at, "dropout", 0.1), int(current(view, at, "batch_size", 512))
    more, less = round(min(0.7, dropout + 0.2), 2), round(max(0.0, dropout - 0.2), 2)
    fits: dict[str, tuple[str, dict[str, Any], float]] = {
        "wider": (f"Make the network {2 * width} wide", {"width": 2 * width}, 0.5),
        "narrower": (f"Make the network {width // 2} wide", {"width": width // 2}, 0.3 if width > 8 else 0.0),
        "deeper": (f"Give the network {depth + 1} layers", {"depth": depth + 1}, 0.4 if depth < 4 else 0.0),
        "more_dropout": (f"Drop {more:.0%} of the units", {"dropout": more}, 0.5),
        "less_dropout": (f"Drop {less:.0%} of the units", {"dropout": less}, 0.3),
        "half_batch": (f"Train in batches of {size // 2}", {"batch_size": size // 2}, 0.4 if size > 16 else 0.0),
    }
    yield from _changed(
        view,
        at,
        {param: said for param, said in fits.items() if said[2]},
        why="A network too small cannot draw the curve; one too large for its rows learns them by heart.",
        step="Change the size of the network, or how much of it each step sees",
    )


@play(
    KIND,
    when="a trial with a network ran out of memory",
    words="memory out-of-memory oom batch gpu cuda torch",
    actions={
        "half_batch": "the same network, batches half as large",
        "eighth_batch": "batches an eighth as large",
        "mixed_half_batch": "batches half as large, in 16 bits on the GPU",
        "half_width": "batches and network half as large",
    },
)
def torch_memory(view: View) -> Iterator[Candidate]:
    """Train in smaller batches what ran out of memory."""
    failed = ran_out(view.brief) if view.installed("torch") else None
    if failed is None or failed.recipe is None or not isinstance(failed.outcome, Failure):
        return
    recipe = recipe_from(failed.recipe)
    if not any(m.family in NETWORKS for m in recipe.models) or _done(view, failed):
        return
    sizes = [int(m.params.get("batch_size", 512)) for m in recipe.models if m.family in NETWORKS]
    resident = sum(r.mb for r in view.brief.kernel.resident)
    also = [f"the kernel's own tensors and models hold {resident:.0f} MB"] if resident else []
    ways: dict[str, tuple[int, float, dict[str, Any]]] = {
        "half_batch": (2, 0.9, {}),
        "eighth_batch": (8, 0.8, {}),
        "mixed_half_batch": (2, 1.0 if view.gpu else 0.0, {"mixed_precision": True}),
        "half_width": (2, 0.5, {}),
    }
    for param, (part, strength, more) in ways.items():
        if min(sizes) < 2 * part or not strength:
            continue
        narrower = 2 if param == "half_width" else 1
        yield candidate(
            param,
            f"{failed.title}, in batches of {max(sizes) // part}"
            + {"mixed_half_batch": " and mixed precision", "half_width": " and half as wide"}.get(param, ""),
            because=[f"trial {failed.number} ran out of memory: {failed.outcome.message[:120]}", machine(view), *also],
            why="What a network holds of a batch while it trains grows with the batch, and not with the rows.",
            steps=[f"Divide the batch size of {max(sizes)} by {part}", "Leave the rest as that trial had it"],
            strength=strength,
            edits={
                "models": [_smaller(m, part, narrower, more) for m in recipe.models],
                "combine": recipe.combine,
                **({"text": recipe.text} if recipe.text else {}),
            },
        )


def _smaller(model: Model, part: int, narrower: int, more: dict[str, Any]) -> Model:
    if model.family not in NETWORKS:
        return model
    params = {**model.params, "batch_size": max(1, int(model.params.get("batch_size", 512)) // part), **more}
    if narrower > 1:
        params["width"] = max(4, int(params.get("width", 64)) // narrower)
    return Model(family=model.family, params=params, weight=model.weight, loss=model.loss)


def _done(view: View, failed: Trial) -> bool:
    """Return whether a network has been trained since."""
    later = (item.trial for item in view.brief.history if item.trial.number > failed.number)
    return any(
        isinstance(t.outcome, Score) and any(m.get("family") in NETWORKS for m in (t.recipe or {}).get("models", ()))
        for t in later
    )
