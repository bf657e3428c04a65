"""Answers within what may be said, while training: tokens that cannot be drawn, and those that were no choice.

A token without an alternative says nothing of the policy, so the loss leaves it out. Where answers are titles, the
policy that learns is the one that is drawn from: each token's chance is among those that were allowed in its place.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from typing import Any

from mle_ideator_jupyter.ideators.llm.draft import schema
from mle_ideator_jupyter.rl.lm.asking import Question
from mle_ideator_jupyter.rl.lm.trees import Tree, read, spoken


def installed() -> bool:
    """Return whether whole ideas can be held to the schema here."""
    return importlib.util.find_spec("llguidance") is not None


class Schema:
    """A logits processor that holds each answer of a batch to the schema of one idea, citing lines of its Brief.

    The masks of all rows are computed in parallel, as bits, and unpacked where the scores are.
    """

    def __init__(self, known: Any, facts: Sequence[Sequence[str]], prompt_length: int, end: int) -> None:
        import llguidance

        overrides: Any = {"whitespace_flexible": False}
        made: dict[tuple[str, ...], Any] = {}
        for own in map(tuple, facts):
            if own not in made:
                grammar = llguidance.LLMatcher.grammar_from_json_schema(
                    json.dumps(schema(1, facts=own)), overrides=overrides
                )
                made[own] = llguidance.LLMatcher(known, grammar)
        self._matchers = [made[tuple(own)].deep_copy() for own in facts]
        self._executor = llguidance.LLExecutor()
        self._seen, self._end = prompt_length, end
        self.choices: list[list[int]] = []
        """For each token that was drawn, and each answer: how many tokens the grammar allowed."""

    def __call__(self, ids: Any, scores: Any) -> Any:
        """Return scores where what the grammar forbids cannot be drawn."""
        import torch
        from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask_par

        for matcher, tokens in zip(self._matchers, ids[:, self._seen :].tolist(), strict=True):
            if tokens and not matcher.is_stopped():
                matcher.consume_tokens(tokens)
        self._seen = ids.shape[1]
        words = allocate_token_bitmask(len(self._matchers), scores.shape[1])
        over = [k for k, m in enumerate(self._matchers) if m.is_stopped() or m.is_error()]
        going = [(m, k) for k, m in enumerate(self._matchers) if k not in over]
        if going:
            fill_next_token_bitmask_par(self._executor, going, words)
        bits = torch.arange(32, device=scores.device, dtype=torch.int32)
        mask = (
            ((torch.from_numpy(words).to(scores.device).unsqueeze(-1) >> bits) & 1)
            .flatten(1)[:, : scores.shape[1]]
            .bool()
        )
        mask[over] = False
        mask[over, self._end] = True
        self.choices.append(mask.sum(1).tolist())
        return scores.masked_fill(~mask, float("-inf"))


class Rollout:
    """Generates for TRL's trainer as it would itself, but within what may be said; returns what the trainer asks for.

    Where answers are titles, one is drawn by its chance, which is exact: nothing is generated token by token.

    Args:
        questions: all that may be asked; each is known again by what it tells.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        self._asked = {q.text: q for q in questions}
        self._known: Any = None
        self._trees: dict[str, Tree] = {}
        self._told: dict[str, list[int]] = {}

    def __call__(self, prompts: list[Any], trainer: Any) -> dict[str, Any]:
        """Return prompts and answers as tokens, and which tokens the model itself chose."""
        texts = [p[-1]["content"] for p in prompts]
        for prompt, text in zip(prompts, texts, strict=True):
            if text not in self._told:
                self._told[text] = trainer.processing_class.apply_chat_template(
                    prompt, add_generation_prompt=True, tokenize=True, return_dict=False
                )
        made = self._drawn if self._asked[texts[0]].titles else self._generated
        answers, own = made(texts, trainer)
        told = [self._told[t] for t in texts]
        return {"prompt_ids": told, "completion_ids": answers, "logprobs": None, "env_mask": own}

    def places(self, prompts: list[Any], answers: Sequence[Sequence[int]], tokenizer: Any) -> Any:
        """Return the places of each question among all, and of each answer among its question's titles."""
        import torch

        known = [*self._asked]
        found = [
            (known.index(p[-1]["content"]), self.tree(p[-1]["content"], tokenizer).answers.index([*a]))
            for p, a in zip(prompts, answers, strict=True)
        ]
        return torch.tensor(found)

    def tree(self, question: str | int, tokenizer: Any) -> Tree:
        """Return the answers to a question, given by what it tells or by its place."""
        text = question if isinstance(question, str) else [*self._asked][question]
        if text not in self._trees:
            self._trees[text] = Tree(tokenizer, self._asked[text].titles)
        return self._trees[text]

    def told(self, question: int) -> list[int]:
        """Return what was asked, as tokens."""
        return self._told[[*self._asked][question]]

    def _drawn(self, texts: Sequence[str], trainer: Any) -> tuple[list[list[int]], list[list[int]]]:
        import torch
        from trl.models.utils import unwrap_model_for_generation

        each = list(dict.fromkeys(texts))
        trees = [self.tree(t, trainer.processing_class) for t in each]
        with unwrap_model_for_generation(trainer.model_wrapped, trainer.accelerator) as model, torch.no_grad():
            logits = read(model, [self._told[t] for t in each], trees)
            chances = {
                text: spoken(own, tree, trainer.temperature)[0].sum(-1).exp().cpu()
                for text, own, tree in zip(each, logits, trees, strict=True)
            }
        answers, own = [], []
        for text in texts:
            tree, place = self._trees[text], int(torch.multinomial(chances[text], 1))
            answers.append(tree.answers[place])
            own.append(tree.own[place])
        return answers, own

    def _generated(self, texts: Sequence[str], trainer: Any) -> tuple[list[list[int]], list[list[int]]]:
        import torch
        from transformers import LogitsProcessorList
        from trl.models.utils import unwrap_model_for_generation

        tokenizer = trainer.processing_class
        asked = [self._told[t] for t in texts]
        length = max(map(len, asked))
        pad, device = tokenizer.pad_token_id, trainer.accelerator.device
        padded = torch.tensor([[pad] * (length - len(a)) + a for a in asked], device=device)
        attended = torch.tensor([[0] * (length - len(a)) + [1] * len(a) for a in asked], device=device)
        held = self._schema(texts, length, tokenizer)
        with unwrap_model_for_generation(trainer.model_wrapped, trainer.accelerator) as model, torch.no_grad():
            made = model.generate(
                input_ids=padded,
                attention_mask=attended,
                generation_config=trainer.generation_config,
                logits_processor=LogitsProcessorList([held]),
            )
        answers, own = [], []
        for row, tokens in enumerate(made[:, length:].tolist()):
            end = tokens.index(tokenizer.eos_token_id) + 1 if tokenizer.eos_token_id in tokens else len(tokens)
            answers.append(tokens[:end])
            own.append([int(held.choices[k][row] > 1) for k in range(end)])
        return answers, own

    def _schema(self, texts: Sequence[str], length: int, tokenizer: Any) -> Schema:
        import llguidance.hf

        if self._known is None:
            self._known = llguidance.hf.from_tokenizer(tokenizer)
        return Schema(self._known, [self._asked[t].facts for t in texts], length, tokenizer.eos_token_id)
