"""The LLM Ideator: asks a language model for ideas, reads whatever comes back, checks it, and ranks it."""

from mle_ideator_jupyter.ideators.llm.ideator import LlmIdeator

__all__ = ["LlmIdeator"]
