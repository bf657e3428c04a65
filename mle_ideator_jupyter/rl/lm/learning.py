"""TRL's GRPO trainer where answers are titles: a token's chance is the one that it was drawn with."""

from __future__ import annotations

from typing import Any

from mle_ideator_jupyter.rl.lm.constrained import Rollout, among


def titles_trainer(trl: Any, rollout: Rollout) -> Any:
    """Return a trainer class that learns among allowed tokens only; `rollout` knows what they were."""
    import torch

    class Trainer(trl.GRPOTrainer):  # type: ignore[misc, name-defined, unused-ignore]
        allowed: Any = None

        def _generate(self, prompts: list[Any]) -> Any:
            made = super()._generate(prompts)
            device = self.accelerator.device
            self.allowed = rollout.allowed(prompts, made[1], self.processing_class).to(device)
            return made

        def _generate_and_score_completions(self, inputs: Any) -> Any:
            made = super()._generate_and_score_completions(inputs)
            made["allowed"] = self.allowed
            return made

        def _compute_loss(self, model: Any, inputs: Any) -> Any:
            self.allowed = inputs["allowed"]
            return super()._compute_loss(model, inputs)

        def _get_per_token_logps_and_entropies(
            self,
            model: Any,
            input_ids: Any,
            attention_mask: Any,
            logits_to_keep: int,
            batch_size: int | None = None,
            **given: Any,
        ) -> Any:
            del given
            found = []
            size = batch_size or len(input_ids)
            for start in range(0, len(input_ids), size):
                rows = slice(start, start + size)
                with self.accelerator.autocast():
                    logits = model(
                        input_ids=input_ids[rows],
                        attention_mask=attention_mask[rows],
                        logits_to_keep=logits_to_keep + 1,
                    ).logits[:, :-1]
                answers = input_ids[rows, -logits_to_keep:]
                found.append(among(logits / self.temperature, answers, self._padded(rows, logits_to_keep)))
            return torch.cat([one for one, _ in found]), torch.cat([other for _, other in found]), None

        def _padded(self, rows: slice, places: int) -> Any:
            """Return what was allowed in so many places; behind an answer's end, where no loss is, anything is."""
            allowed = self.allowed[rows]
            lacking = places - allowed.shape[1]
            return torch.nn.functional.pad(allowed, (0, 0, 0, lacking), value=-1) if lacking > 0 else allowed

    return Trainer
