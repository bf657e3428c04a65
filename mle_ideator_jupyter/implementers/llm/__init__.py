"""The LLM Implementer: a language model that writes cells, sees what came of them, and mends them, within grants."""

from mle_ideator_jupyter.implementers.llm.implementer import LlmImplementer

__all__ = ["LlmImplementer"]
