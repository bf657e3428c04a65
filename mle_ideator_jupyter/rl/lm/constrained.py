"""Answers within the schema while training: a grammar for each answer, and a mask of the tokens that it forced.

A token that the grammar left no choice about says nothing of the policy, so the loss leaves it out.
"""

from __future__ import annotations

import importlib.util
import json
from typing import Any

from mle_ideator_jupyter.ideators.llm.draft import schema


def installed() -> bool:
    """Return whether answers can be held to the schema here."""
    return importlib.util.find_spec("llguidance") is not None


class Holding:
    """A logits processor that holds a batch of answers to the schema of one idea each."""

    def __init__(self, tokenizer: Any, known: Any, prompt_length: int, rows: int) -> None:
        import llguidance

        grammar = llguidance.LLMatcher.grammar_from_json_schema(
            json.dumps(schema(1)), overrides={"whitespace_flexible": False}
        )
        self._matchers = [llguidance.LLMatcher(known, grammar) for _ in range(rows)]
        self._seen = prompt_length
        self._end = tokenizer.eos_token_id
        self.choices: list[list[int]] = []
        """For each token that was drawn, and each answer: how many tokens the grammar allowed."""

    def __call__(self, ids: Any, scores: Any) -> Any:
        """Return scores where what the grammar forbids cannot be drawn."""
        import torch

        new = ids[:, self._seen :].tolist()
        self._seen = ids.shape[1]
        masks, counts = [], []
        for matcher, tokens in zip(self._matchers, new, strict=True):
            if tokens and not matcher.is_stopped():
                matcher.consume_tokens(tokens)
            mask = torch.zeros(scores.shape[1], dtype=torch.bool)
            if matcher.is_stopped() or matcher.is_error():
                mask[self._end] = True
            else:
                allowed = torch.frombuffer(bytearray(matcher.compute_logit_bias()), dtype=torch.uint8) > 0
                mask[: len(allowed)] = allowed[: scores.shape[1]]
            masks.append(mask)
            counts.append(int(mask.sum()))
        self.choices.append(counts)
        return scores.masked_fill(~torch.stack(masks).to(scores.device), float("-inf"))


class Rollout:
    """Generates for TRL's trainer as it would itself, but within the schema; returns what the trainer asks for."""

    def __init__(self) -> None:
        self._known: Any = None

    def __call__(self, prompts: list[Any], trainer: Any) -> dict[str, Any]:
        """Return prompts and answers as tokens, and which tokens the model itself chose."""
        import llguidance.hf
        import torch
        from transformers import LogitsProcessorList
        from trl.models.utils import unwrap_model_for_generation

        tokenizer = trainer.processing_class
        if self._known is None:
            self._known = llguidance.hf.from_tokenizer(tokenizer)
        asked = [
            tokenizer.apply_chat_template(p, add_generation_prompt=True, tokenize=True, return_dict=False)
            for p in prompts
        ]
        length = max(map(len, asked))
        pad, device = tokenizer.pad_token_id, trainer.accelerator.device
        padded = torch.tensor([[pad] * (length - len(a)) + a for a in asked], device=device)
        attended = torch.tensor([[0] * (length - len(a)) + [1] * len(a) for a in asked], device=device)
        holding = Holding(tokenizer, self._known, length, len(asked))
        with unwrap_model_for_generation(trainer.model_wrapped, trainer.accelerator) as model, torch.no_grad():
            made = model.generate(
                input_ids=padded,
                attention_mask=attended,
                generation_config=trainer.generation_config,
                logits_processor=LogitsProcessorList([holding]),
            )
        answers, own = [], []
        for row, tokens in enumerate(made[:, length:].tolist()):
            end = tokens.index(tokenizer.eos_token_id) + 1 if tokenizer.eos_token_id in tokens else len(tokens)
            answers.append(tokens[:end])
            own.append([int(holding.choices[k][row] > 1) for k in range(end)])
        return {"prompt_ids": asked, "completion_ids": answers, "logprobs": None, "env_mask": own}
