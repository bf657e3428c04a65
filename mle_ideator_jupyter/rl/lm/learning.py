"""TRL's GRPO trainer where answers are titles: a token's chance is the one that it was drawn with.

Of each question all answers are read at once, so that a step costs what its questions cost, not their answers.
"""

from __future__ import annotations

from typing import Any

from mle_ideator_jupyter.rl.lm.constrained import Rollout
from mle_ideator_jupyter.rl.lm.trees import read, spoken


def titles_trainer(trl: Any, rollout: Rollout) -> Any:
    """Return a trainer class that learns among allowed tokens only; `rollout` knows what they were."""
    import torch

    class Trainer(trl.GRPOTrainer):  # type: ignore[misc, name-defined, unused-ignore]  # the base is untyped
        places: Any = None

        def _generate(self, prompts: list[Any]) -> Any:
            made = super()._generate(prompts)
            self.places = rollout.places(prompts, made[1], self.processing_class).to(self.accelerator.device)
            return made

        def _generate_and_score_completions(self, inputs: Any) -> Any:
            made = super()._generate_and_score_completions(inputs)
            made["places"] = self.places
            return made

        def _compute_loss(self, model: Any, inputs: Any) -> Any:
            self.places = inputs["places"]
            return super()._compute_loss(model, inputs)

        def _get_per_token_logps_and_entropies(
            self, model: Any, input_ids: Any, attention_mask: Any, logits_to_keep: int, *args: Any, **given: Any
        ) -> Any:
            del attention_mask, args, given
            rows = self.places.tolist()
            asked = sorted({question for question, _ in rows})
            trees = [rollout.tree(k, self.processing_class) for k in asked]
            with self.accelerator.autocast():
                logits = read(model, [rollout.told(k) for k in asked], trees)
            chances = torch.zeros(len(input_ids), logits_to_keep, device=logits.device)
            entropies = torch.zeros_like(chances)
            for question, own, tree in zip(asked, logits, trees, strict=True):
                here = [k for k, (one, _) in enumerate(rows) if one == question]
                answers = [rows[k][1] for k in here]
                places = min(logits_to_keep, tree.said.shape[1])  # a batch is as wide as its longest answer
                for whole, part in zip((chances, entropies), spoken(own, tree, self.temperature), strict=True):
                    whole[here, :places] = part[answers, :places]
            return chances, entropies, None

    return Trainer
