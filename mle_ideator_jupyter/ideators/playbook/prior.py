"""The untrained policy: what usually helps, weighed by the evidence and by what was tried.

All its numbers are in this file. They come from common practice in tabular competitions and from runs on the ten
training tasks; no evaluation task was looked at. `fingerprint` names exactly this table, but for what came `LATER`.
"""

from __future__ import annotations

import hashlib
import json
import re

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.ideators.playbook.past import Past
from mle_ideator_jupyter.ideators.playbook.play import Candidate
from mle_ideator_jupyter.ideators.playbook.policy import chance
from mle_ideator_jupyter.model import Trigger

VERSION = "1"

GAINS: dict[str, float] = {
    # Expected relative gain of a play at full strength of evidence, on a solution that has not had it.
    # Whole strategies first: ten trials leave no time to find each part alone.
    "blend_for_numbers": 0.20,
    "blend_for_classes": 0.20,
    "blend_for_text": 0.30,
    # The target and the loss decide what is learned at all.
    "ordered_target": 0.10,
    "transform_target": 0.13,
    "fit_the_loss": 0.115,
    "linear_beside_trees": 0.11,
    # New columns: large where the profile shows them, else nothing.
    "date_parts": 0.125,
    "crosses": 0.07,
    "cycles": 0.05,
    "text_terms": 0.10,
    "ratios": 0.045,
    "differences": 0.045,
    "products": 0.04,
    "string_parts": 0.05,
    "target_means": 0.04,
    "group_statistics": 0.035,
    "row_summaries": 0.03,
    "log_numbers": 0.05,
    "curves_for_linear": 0.04,
    "combine_numbers": 0.03,
    "scale_numbers": 0.035,
    "value_counts": 0.025,
    "text_length": 0.03,
    "vocabulary": 0.03,
    "places": 0.025,
    "select_features": 0.03,
    "round_numbers": 0.01,
    # Preparation: what a boosting baseline does not do by itself.
    "missing_flags": 0.025,
    "fill_missing": 0.015,
    "sentinels": 0.03,
    "drop_leaks": 0.01,
    "drop_drift": 0.03,
    "repeated_rows": 0.01,
    "trim_target": 0.02,
    "recent_rows": 0.08,
    "clip_numbers": 0.025,
    "drop_columns": 0.025,
    "numbers_as_categories": 0.05,
    "ordered_levels": 0.045,
    "merge_rare_levels": 0.02,
    "encode_categories": 0.035,
    "encode_many_levels": 0.045,
    # Other models: rarely better alone than in a blend.
    "kernel_machine": 0.08,
    "nearest_neighbours": 0.04,
    "linear_model": 0.05,
    "bagged_trees": 0.04,
    "other_booster": 0.03,
    "neural_network": 0.03,
    "gaussian_process": 0.06,
    "naive_bayes": 0.03,
    # Settings: small and steady.
    "slower_boosting": 0.04,
    "tree_size": 0.03,
    "regularise_boosting": 0.03,
    "search": 0.035,
    "linear_penalty": 0.03,
    "bagging_settings": 0.03,
    "distance_settings": 0.05,
    "balance_classes": 0.05,
    "average_seeds": 0.02,
    "sample_while_boosting": 0.03,
    # More models.
    "add_to_blend": 0.045,
    "add_smooth_model": 0.04,
    "blend_weights": 0.03,
    "leave_out_model": 0.025,
    "stack_models": 0.03,
    "two_boosters": 0.025,
    # Predictions.
    "calibrate": 0.03,
    "choose_thresholds": 0.06,
    "bound_predictions": 0.015,
}

WEIGHTS: dict[str, float] = {
    "unknown_play": 0.02,  # a play that the table does not know
    "play_failed": 0.45,  # per failure of the play: another parameter may still work, but less likely
    "kind_failed": 0.9,  # per failure of the kind since its last success
    "play_won": 0.8,  # after a success the play has less left to give
    "follows": 1.4,  # after a success of a play that opens the way to this one
    "over_limit": 0.02,  # guessed to exceed the limit of a trial, or what is left of the budget
    "near_limit": 0.5,  # guessed to use more than `near` of it: the guess is good to a factor of three
    "near": 0.6,
    "cost": 0.08,  # exponent of the relative cost
    "last_steps": 2,  # with so few trials left, finishing touches count
    "finish_last": 1.5,  # finishing touches at the end
    "finish_early": 0.7,  # and before: they make every later trial slower
    "plateau_fresh": 2.0,  # on a plateau: kinds not tried lately
    "plateau_window": 4,
    "hint": 0.1,  # added per matching word of the hint: about as much as a strong play
    "tie": 1e-6,
}

FINISHING = frozenset({"average_seeds", "stack_models", "search"})

FOLLOWS: dict[str, tuple[str, ...]] = {
    # Success of the first makes those after it more likely to help.
    "blend_for_numbers": ("blend_weights", "crosses", "date_parts", "cycles", "add_smooth_model", "log_numbers"),
    "blend_for_classes": ("distance_settings", "add_smooth_model", "log_numbers", "add_to_blend", "bagging_settings"),
    "blend_for_text": ("vocabulary", "linear_penalty", "text_length", "add_to_blend"),
    "kernel_machine": ("distance_settings", "add_to_blend", "scale_numbers"),
    "add_smooth_model": ("distance_settings", "scale_numbers", "blend_weights"),
    "add_to_blend": ("blend_weights", "linear_penalty", "bagging_settings"),
    "linear_beside_trees": ("blend_weights", "linear_penalty", "curves_for_linear", "date_parts"),
    "date_parts": ("cycles", "crosses", "group_statistics"),
    "cycles": ("crosses",),
    "crosses": ("target_means", "group_statistics"),
    "numbers_as_categories": ("crosses", "encode_categories", "merge_rare_levels"),
    "ratios": ("products", "differences"),
    "differences": ("ratios", "products"),
    "products": ("ratios", "differences"),
    "slower_boosting": ("regularise_boosting", "sample_while_boosting"),
    "regularise_boosting": ("sample_while_boosting",),
    "sample_while_boosting": ("average_seeds",),
    "ordered_target": ("add_to_blend", "numbers_as_categories"),
    "text_terms": ("vocabulary", "linear_penalty"),
}

LATER: dict[str, float] = {
    # Gains of plays that came after the table above was frozen. The fingerprint leaves them out: every one of them
    # needs torch in the kernel, so that without it the prior proposes what it always did, in the order it always had.
    "torch_images": 0.30,
    "torch_tables": 0.12,
    "torch_texts": 0.10,
    "torch_augmentation": 0.06,
    "torch_schedule": 0.04,
    "torch_stopping": 0.03,
    "torch_size": 0.04,
    "torch_precision": 0.02,
    # What ran out of memory was expected to be the best idea there was.
    "torch_memory": 0.35,
}

LATER_FOLLOWS: dict[str, tuple[str, ...]] = {
    "torch_images": ("torch_augmentation", "torch_schedule", "torch_size", "torch_stopping", "average_seeds"),
    "torch_tables": ("torch_schedule", "torch_size", "blend_weights"),
    "torch_texts": ("torch_size", "blend_weights", "vocabulary"),
    "torch_memory": ("torch_schedule", "torch_augmentation"),
}

OPENED = {**FOLLOWS, **LATER_FOLLOWS}
"""The plays that the success of a play opens the way to."""

_COMMON = frozenset(
    {"a", "an", "and", "are", "can", "do", "for", "from", "how", "i", "in", "is", "it", "make", "model", "of", "on"}
    | {"or", "please", "some", "that", "the", "to", "try", "use", "with"}
)


class Prior:
    """Scores by expected gain and evidence, discounted by what failed and by cost."""

    name = "prior"

    def __init__(self) -> None:
        self._past: tuple[Brief, Past] | None = None

    @staticmethod
    def fingerprint() -> str:
        """Return the SHA-256 of the version and the whole table but for `LATER`."""
        table = {
            "version": VERSION,
            "gains": GAINS,
            "weights": WEIGHTS,
            "follows": FOLLOWS,
            "finishing": sorted(FINISHING),
        }
        return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()

    def score(self, brief: Brief, candidate: Candidate) -> float:
        """Return the expected relative gain, as far as the table and the history tell."""
        past = self._of(brief)
        known = GAINS.get(candidate.play) or LATER.get(candidate.play) or WEIGHTS["unknown_play"]
        gain = known * candidate.strength
        gain *= WEIGHTS["play_failed"] ** past.fruitless[candidate.play]
        gain *= WEIGHTS["play_won"] ** past.fruitful[candidate.play]
        gain *= WEIGHTS["kind_failed"] ** past.fruitless_kind(candidate.kind)
        if any(candidate.play in OPENED.get(play, ()) for play in past.fruitful):
            gain *= WEIGHTS["follows"]
        gain *= _timely(brief, candidate)
        if brief.trigger is Trigger.PLATEAU and candidate.kind not in past.lately(int(WEIGHTS["plateau_window"])):
            gain *= WEIGHTS["plateau_fresh"]
        gain += WEIGHTS["hint"] * overlap(brief.hint, candidate)
        return gain * _affordable(brief, candidate) + WEIGHTS["tie"] * chance(brief, candidate.action)

    def _of(self, brief: Brief) -> Past:
        """Return the Brief's past; it is read once for all of its Candidates."""
        if self._past is None or self._past[0] is not brief:
            self._past = (brief, Past(brief))
        return self._past[1]


def _affordable(brief: Brief, candidate: Candidate) -> float:
    """Return a discount for cost, against the limit of a trial and the budget that is left."""
    limits = brief.task.limits
    bounds = [b for b in (limits.cpu_seconds, limits.seconds, brief.left.seconds) if b]
    used = candidate.seconds / min(bounds) if bounds else 0.0
    factor: float = max(candidate.cost, 0.1) ** -WEIGHTS["cost"]
    if used > 1:
        return factor * WEIGHTS["over_limit"]
    return factor * (WEIGHTS["near_limit"] if used > WEIGHTS["near"] else 1.0)


def _timely(brief: Brief, candidate: Candidate) -> float:
    """Return more than 1 for finishing touches at the end of a run, less than 1 before."""
    if candidate.play not in FINISHING:
        return 1.0
    last = brief.left.steps is not None and brief.left.steps <= WEIGHTS["last_steps"]
    return WEIGHTS["finish_last"] if last else WEIGHTS["finish_early"]


def overlap(hint: str, candidate: Candidate) -> int:
    """Return how many words of a hint a play's name, keywords or title hold."""
    asked = _words(hint) - _COMMON
    return len(asked & _words(f"{candidate.play} {candidate.words} {candidate.title}")) if asked else 0


def _words(text: str) -> frozenset[str]:
    """Return a text's words in lower case, without plural endings."""
    return frozenset(w.rstrip("s") or w for w in re.findall(r"[^\W_]+", text.lower()))
