"""The local Ideator: a Hugging Face checkpoint or a GGUF file on this machine, through torch; nothing is sent."""

from mle_ideator_jupyter.ideators.local.ideator import LocalIdeator, unload

__all__ = ["LocalIdeator", "unload"]
