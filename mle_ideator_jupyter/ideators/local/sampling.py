"""How the next token is chosen: within what may be answered, by a seed of its own.

A schema can be held to where llguidance is installed; a choice among a few texts needs nothing.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from typing import Any

from mle_ideator_jupyter.ideators.local.paths import Paths, Walk


class Grammar:
    """What llguidance's matcher lets come next."""

    def __init__(self, matcher: Any) -> None:
        self.matcher = matcher

    def consume_tokens(self, tokens: list[int]) -> None:
        """Go on by these tokens."""
        self.matcher.consume_tokens(tokens)

    def mask(self, size: int) -> Any:
        """Return which of so many tokens may come next."""
        import torch

        allowed = torch.frombuffer(bytearray(self.matcher.compute_logit_bias()), dtype=torch.uint8) > 0
        mask = torch.zeros(size, dtype=torch.bool)
        mask[: len(allowed)] = allowed[:size]
        return mask


class Choice(Walk):
    """One of a few texts."""

    def mask(self, size: int) -> Any:
        """Return which of so many tokens may come next."""
        import torch

        mask = torch.zeros(size, dtype=torch.bool)
        mask[self.allowed()] = True
        return mask


def choice(tokenizer: Any, texts: Sequence[str], end: int) -> Choice:
    """Return what holds an answer to one of these texts."""
    return Choice(Paths([tokenizer.encode(text, add_special_tokens=False) for text in texts], end))


def constraint(tokenizer: Any, held: dict[str, Any]) -> Grammar | None:
    """Return what holds an answer to a schema, or None where that cannot be had; the answer is then read tolerantly."""
    if importlib.util.find_spec("llguidance") is None:
        return None
    import llguidance
    import llguidance.hf

    try:
        known = llguidance.hf.from_tokenizer(tokenizer)
        grammar = llguidance.LLMatcher.grammar_from_json_schema(
            json.dumps(held), overrides={"whitespace_flexible": False}
        )
        matcher = llguidance.LLMatcher(known, grammar)
    except Exception:  # noqa: BLE001 - some tokenizers it does not know: their answers are read as they come
        return None
    return None if matcher.is_error() else Grammar(matcher)


class Sampling:
    """Leaves one token only: drawn by its own generator, so that the process's random state stays as it is.

    Adding Gumbel noise and taking the largest is drawing from the softmax; temperature 0 adds none.
    """

    def __init__(
        self, matcher: Grammar | Choice | None, length: int, temperature: float, seed: int, device: str
    ) -> None:
        import torch

        self._matcher, self._seen = matcher, length
        self._temperature = temperature
        self._random = torch.Generator(device=device).manual_seed(seed % 2**63)

    def __call__(self, ids: Any, scores: Any) -> Any:
        """Return scores among which the largest is the token that is drawn."""
        import torch

        scores = scores.float()
        if self._matcher is not None:
            if new := ids[0, self._seen :].tolist():
                self._matcher.consume_tokens(new)
            self._seen = ids.shape[1]
            mask = self._matcher.mask(scores.shape[1])
            scores = scores.masked_fill(~mask.to(scores.device), float("-inf"))
        if self._temperature > 0:
            noise = torch.rand(scores.shape, generator=self._random, device=scores.device).clamp_min(1e-12)
            scores = scores / self._temperature - torch.log(-torch.log(noise))
        return scores
