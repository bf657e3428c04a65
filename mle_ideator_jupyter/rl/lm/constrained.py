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
from mle_ideator_jupyter.ideators.local import naming
from mle_ideator_jupyter.ideators.local.paths import Paths, Walk
from mle_ideator_jupyter.rl.lm.asking import Question


def installed() -> bool:
    """Return whether whole ideas can be held to the schema here."""
    return importlib.util.find_spec("llguidance") is not None


def paths_of(tokenizer: Any, titles: Sequence[str]) -> Paths:
    """Return the answers that name one of these titles, as tokens."""
    texts = [tokenizer.encode(naming.said(t), add_special_tokens=False) for t in titles]
    return Paths(texts, tokenizer.eos_token_id)


class Titles:
    """A logits processor that holds each answer of a batch to one of its titles."""

    def __init__(self, paths: Sequence[Paths], prompt_length: int) -> None:
        self._walks = [Walk(p) for p in paths]
        self._seen = prompt_length

    def __call__(self, ids: Any, scores: Any) -> Any:
        """Return scores where nothing else can be drawn."""
        import torch

        new = ids[:, self._seen :].tolist()
        self._seen = ids.shape[1]
        allowed = []
        for walk, tokens in zip(self._walks, new, strict=True):
            walk.consume_tokens(tokens)
            allowed.append(walk.allowed())
        places = torch.tensor([(r, t) for r, own in enumerate(allowed) for t in own]).T.to(scores.device)
        held = torch.full_like(scores, float("-inf"))
        held[places[0], places[1]] = scores[places[0], places[1]]
        return held


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

    Args:
        questions: all that may be asked; each is known again by what it tells.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        self._asked = {q.text: q for q in questions}
        self._known: Any = None
        self._paths: dict[str, Paths] = {}

    def __call__(self, prompts: list[Any], trainer: Any) -> dict[str, Any]:
        """Return prompts and answers as tokens, and which tokens the model itself chose."""
        import torch
        from transformers import LogitsProcessorList
        from trl.models.utils import unwrap_model_for_generation

        tokenizer = trainer.processing_class
        asked = [
            tokenizer.apply_chat_template(p, add_generation_prompt=True, tokenize=True, return_dict=False)
            for p in prompts
        ]
        length = max(map(len, asked))
        pad, device = tokenizer.pad_token_id, trainer.accelerator.device
        padded = torch.tensor([[pad] * (length - len(a)) + a for a in asked], device=device)
        attended = torch.tensor([[0] * (length - len(a)) + [1] * len(a) for a in asked], device=device)
        texts = [p[-1]["content"] for p in prompts]
        by_title = bool(self._asked[texts[0]].titles)
        held: Any
        if by_title:
            held = Titles([self._path(t, tokenizer) for t in texts], length)
        else:
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
            counts = (
                [len(a) for a in self._path(texts[row], tokenizer).allowed(tokens[:end])]
                if by_title
                else [held.choices[k][row] for k in range(end)]
            )
            own.append([int(count > 1) for count in counts])
        return {"prompt_ids": asked, "completion_ids": answers, "logprobs": None, "env_mask": own}

    def allowed(self, prompts: list[Any], answers: Sequence[Sequence[int]], tokenizer: Any) -> Any:
        """Return what was allowed in each place of each answer, as a `table`."""
        return table(
            [self._path(p[-1]["content"], tokenizer).allowed(a) for p, a in zip(prompts, answers, strict=True)]
        )

    def _path(self, text: str, tokenizer: Any) -> Paths:
        if text not in self._paths:
            self._paths[text] = paths_of(tokenizer, self._asked[text].titles)
        return self._paths[text]

    def _schema(self, texts: Sequence[str], length: int, tokenizer: Any) -> Schema:
        import llguidance.hf

        if self._known is None:
            self._known = llguidance.hf.from_tokenizer(tokenizer)
        return Schema(self._known, [self._asked[t].facts for t in texts], length, tokenizer.eos_token_id)


def table(allowed: Sequence[Sequence[Sequence[int]]]) -> Any:
    """Return the tokens that were allowed in each place of each answer: answers x places x most, filled up with -1."""
    import torch

    places, most = max(map(len, allowed)), max(len(one) for own in allowed for one in own)
    made = torch.full((len(allowed), places, most), -1)
    for row, own in enumerate(allowed):
        for place, one in enumerate(own):
            made[row, place, : len(one)] = torch.tensor(one)
    return made


def among(logits: Any, tokens: Any, allowed: Any) -> tuple[Any, Any]:
    """Return the log chance of each token among those allowed in its place, and the entropy there.

    Shapes: logits answers x places x vocabulary, tokens answers x places, allowed answers x places x most (-1: none).
    Where nothing was allowed (behind an answer's end) both are 0.
    """
    import torch

    none = (allowed < 0).all(-1)
    scores = logits.gather(-1, allowed.clamp_min(0)).float().masked_fill(allowed < 0, -1e9)
    scores = scores.masked_fill(none.unsqueeze(-1), 0.0)
    chances = torch.log_softmax(scores, -1)
    drawn = logits.gather(-1, tokens.unsqueeze(-1)).squeeze(-1).float() - torch.logsumexp(scores, -1)
    entropy = -(chances.exp() * chances.masked_fill(allowed < 0, 0.0)).sum(-1)
    return drawn.masked_fill(none, 0.0), entropy
