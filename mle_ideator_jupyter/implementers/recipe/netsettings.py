"""What may be said of a network in a Recipe: its size, and how it is trained."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.model import Struct

CLASSES = {"torch_mlp": "TorchMLP", "torch_cnn": "TorchCNN", "torch_bag": "TorchBag"}
"""What the estimator of each family of networks is called in a cell."""


class Network(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network and its training; the parameters of a Recipe's model of one of these families.

    `epochs` is how often all rows are seen at most: a count, so that the same seed gives the same network. With
    `patience`, a tenth of the training rows is held out, and training ends after so many epochs without gain on them;
    None trains to the end. `mixed_precision` computes in 16 bits on a GPU, and changes nothing without one. `augment`
    is for images: mirrored left to right, shifted by up to an eighth of the side.
    """

    width: int
    depth: int = 2
    dropout: float = 0.1
    epochs: int = 40
    batch_size: int
    learning_rate: float = 2e-3
    schedule: Literal["one_cycle", "cosine", "constant"] = "one_cycle"
    patience: int | None = 10
    mixed_precision: bool = False
    augment: tuple[Literal["flip", "shift"], ...] = ()


WIDTH = {"torch_mlp": 128, "torch_cnn": 32, "torch_bag": 64}
PASSED = ("width", "depth", "dropout", "epochs", "batch_size", "learning_rate")
"""Settings that are arguments of the estimator; the others decide which lines it has."""


def batch_size(rows: int) -> int:
    """Return the rows of a batch, left to itself: few where rows are few, for it is steps that teach."""
    return 32 if rows < 1000 else 128 if rows < 20_000 else 512


def network(family: str, params: dict[str, Any], rows: int) -> Network:
    """Return the settings with defaults for so many training rows. Raises `EditError` for what cannot be."""
    defaults = {"width": WIDTH[family], "batch_size": batch_size(rows)}
    try:
        made = msgspec.convert({**defaults, **params}, Network)
    except msgspec.ValidationError as error:
        msg = f"{family} cannot be trained so: {error}"
        raise EditError(msg) from None
    for name in ("width", "depth", "epochs", "batch_size", "learning_rate", "patience"):
        value = getattr(made, name)
        if value is not None and value <= 0:
            msg = f"{name} of {family} is above 0, not {value:g}"
            raise EditError(msg)
    if not 0 <= made.dropout < 1:
        msg = f"dropout is a share from 0 to under 1, not {made.dropout:g}"
        raise EditError(msg)
    if made.augment and family != "torch_cnn":
        msg = f"only images can be flipped or shifted, and {family} reads none"
        raise EditError(msg)
    return made


def passed(made: Network) -> dict[str, Any]:
    """Return the settings that the estimator is given, in the order of its arguments."""
    named = {name: getattr(made, name) for name in PASSED}
    return {**named, "patience": made.patience} if made.patience else named


def arguments(family: str, made: Network, *, embeds: bool) -> list[str]:
    """Return the names of the estimator's arguments."""
    first = ["categories"] if family == "torch_mlp" and embeds else []
    return [*first, *passed(made), "random_state"]
