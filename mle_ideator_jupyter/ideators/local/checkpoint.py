"""What a checkpoint is and how much memory it takes, from its headers alone: torch is not loaded for this."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.errors import CheckpointError, UsageError
from mle_ideator_jupyter.facts import Gpu
from mle_ideator_jupyter.model import Struct

HOW = "pip install 'mle_ideator_jupyter[local-torch]'"
NEEDED = ("torch", "transformers", "json_repair")
BYTES = 2
"""Of one weight once it is loaded, as bfloat16 or float16."""
ROOM_MB = 400
"""For what torch itself takes and what an answer holds beside its cache."""
CARD = "ideator.json"
"""Beside a checkpoint, or an adapter: how it is to be asked."""
_CONTEXT = 8192
_HEADER = 100_000_000


class Card(Struct, frozen=True, kw_only=True):
    """What a checkpoint's `ideator.json` says: that it names one of `most` plays, told of a Brief of so many tokens.

    It was trained so, and is asked in the same words.
    """

    asked: Literal["titles"]
    brief_tokens: int
    most: int


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A checkpoint: its folder or file, the adapter on it, if any, and its size.

    `cache_mb` is what the keys and values of a full context take, in MiB; `context` is in tokens.
    """

    path: Path
    adapter: Path | None = None
    weights: int = 0
    layers: int = 0
    context: int = _CONTEXT
    cache_mb: float = 0.0
    card: Card | None = None

    @property
    def name(self) -> str:
        """The name that ideas carry."""
        return (self.adapter or self.path).stem if self.gguf and not self.adapter else (self.adapter or self.path).name

    @property
    def gguf(self) -> bool:
        """Whether the weights are a GGUF file."""
        return self.path.suffix == ".gguf"

    @property
    def weights_mb(self) -> float:
        """What the weights take once they are loaded, in MiB."""
        return self.weights * BYTES / 2**20

    @property
    def needs_mb(self) -> float:
        """What loading and one answer take, in MiB, at a guess; a GGUF file is unpacked on the way."""
        return self.weights_mb * (1.5 if self.gguf else 1.1) + self.cache_mb + ROOM_MB

    def describe(self) -> str:
        """Return name, size and need in one line."""
        on = f" (an adapter on {self.path.name})" if self.adapter else ""
        return (
            f"{self.name}{on}: {self.weights / 1e6:.1f} million weights, {self.weights_mb:.0f} MiB loaded, "
            f"about {self.needs_mb:.0f} MiB to run"
        )


def find(setting: str) -> Checkpoint:
    """Return the checkpoint that a setting names. Raises `UsageError` in one line where it is none."""
    if not setting:
        msg = "no checkpoint is set: MLE_IDEATOR_CHECKPOINT names a folder with *.safetensors, or a .gguf file"
        raise UsageError(msg)
    path, adapter = Path(setting).expanduser(), None
    if (path / "adapter_config.json").is_file():
        adapter, path = path, _base(path)
    card = _card(adapter or path)
    if path.suffix == ".gguf" and path.is_file():
        return replace(_sized_gguf(path, adapter), card=card)
    if not (path / "config.json").is_file():
        what = "a folder without config.json" if path.is_dir() else "neither a folder nor a .gguf file"
        msg = f"MLE_IDEATOR_CHECKPOINT: {path} is {what}"
        raise UsageError(msg)
    files = sorted(path.glob("*.safetensors"))
    if not files:
        msg = (
            f"{path} holds no *.safetensors: save the model anew with save_pretrained (pickled weights are not loaded)"
        )
        raise UsageError(msg)
    config = _json(path / "config.json")
    weights = sum(_weights(file) for file in files)
    return replace(_sized(path, adapter, weights, {**config, **(config.get("text_config") or {})}), card=card)


def missing() -> list[str]:
    """Return the packages that are needed and not installed."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def free_memory(device: str, gpus: Sequence[Gpu]) -> tuple[float, str]:
    """Return the MiB that are free where a checkpoint would go, and what that place is called."""
    import psutil

    if gpus and device != "cpu" and (free := max(g.free_mb or g.memory_mb or 0 for g in gpus)):
        return float(free), "the GPU's memory"
    return psutil.virtual_memory().available / 2**20, "this machine's memory"


def check_room(checkpoint: Checkpoint, free_mb: float, where: str) -> None:
    """Raise `CheckpointError` in one line where a checkpoint does not fit into what is free."""
    if checkpoint.needs_mb > free_mb:
        msg = (
            f"{checkpoint.describe()}; only {free_mb:.0f} MiB of {where} are free: free some, take a smaller one, or "
            "set MLE_IDEATOR_CHECKPOINT_DEVICE to the other of cpu and cuda"
        )
        raise CheckpointError(msg)


def _base(adapter: Path) -> Path:
    """Return the folder or file that an adapter was trained on."""
    said = str(_json(adapter / "adapter_config.json").get("base_model_name_or_path") or "")
    for path in (Path(said), adapter / said):
        if said and (path.is_dir() or path.suffix == ".gguf") and path.exists():
            return path
    msg = (
        f"{adapter} is an adapter on {said or 'nothing'!r}, which is no folder here: set base_model_name_or_path in "
        "its adapter_config.json"
    )
    raise UsageError(msg)


def _card(folder: Path) -> Card | None:
    """Return how a checkpoint says that it is to be asked, or None where it says nothing."""
    path = folder / CARD
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Card)
    except (OSError, msgspec.MsgspecError) as error:
        msg = f"{path} does not say how the checkpoint is to be asked: {error}"
        raise UsageError(msg) from None


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read ({type(error).__name__})"
        raise UsageError(msg) from None
    return found if isinstance(found, dict) else {}


def _weights(file: Path) -> int:
    """Return how many numbers a safetensors file holds, by its header."""
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            header: dict[str, Any] = json.loads(opened.read(length)) if length < _HEADER else {"": {}}
        shapes = [t["shape"] for name, t in header.items() if name != "__metadata__"]
        return sum(math.prod(shape) for shape in shapes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        msg = f"{file} is no safetensors file, or was cut off"
        raise UsageError(msg) from None


def _sized(path: Path, adapter: Path | None, weights: int, config: dict[str, Any]) -> Checkpoint:
    def number(name: str, default: int) -> int:
        value = config.get(name)
        return value if isinstance(value, int) and value > 0 else default

    layers, heads = number("num_hidden_layers", 0), number("num_attention_heads", 1)
    size = number("head_dim", number("hidden_size", 0) // heads)
    context = min(number("max_position_embeddings", _CONTEXT), _CONTEXT)
    cache = 2 * layers * number("num_key_value_heads", heads) * size * context * BYTES / 2**20
    return Checkpoint(path=path, adapter=adapter, weights=weights, layers=layers, context=context, cache_mb=cache)


def _sized_gguf(path: Path, adapter: Path | None) -> Checkpoint:
    if importlib.util.find_spec("gguf") is None:
        msg = f"the gguf package, which reads {path.name}, is not installed: {HOW}"
        raise CheckpointError(msg)
    from gguf import GGUFReader

    try:
        reader = GGUFReader(str(path))
        weights = sum(int(tensor.n_elements) for tensor in reader.tensors)
    except Exception as error:  # noqa: BLE001 - what a broken file makes its reader raise is not to be told apart
        msg = f"{path} is no GGUF file, or was cut off ({type(error).__name__})"
        raise UsageError(msg) from None
    names = {
        "block_count": "num_hidden_layers",
        "attention.head_count": "num_attention_heads",
        "attention.head_count_kv": "num_key_value_heads",
        "embedding_length": "hidden_size",
        "context_length": "max_position_embeddings",
    }
    config: dict[str, Any] = {}
    for key, field in reader.fields.items():
        if (name := names.get(key.partition(".")[2])) and isinstance(value := field.contents(), int):
            config[name] = value
    return _sized(path, adapter, weights, config)
