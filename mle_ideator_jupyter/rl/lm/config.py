"""What a training of a language model is told: one JSON file; some ship with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.ideators.local.naming import MOST
from mle_ideator_jupyter.model import Struct

SHIPPED = Path(__file__).with_name("configs")


class WarmUp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The supervised warm-up on what the Playbook proposes. `each` is ideas of a state; `share_test` is held out."""

    ideas: int = 400
    each: int = 4
    epochs: int = 3
    batch: int = 8
    learning_rate: float = 1e-4


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One training.

    Args:
        model: a folder in the Hugging Face layout; `--model` replaces it.
        reading: what is asked, and how an answer becomes a Recipe: `words`, a whole idea, as the Recipe Implementer
            reads it; or `titles`, one of the `titles` best plays that apply, by its title alone (`naming`).
        steps: updates; `prompts` states of `group` answers each are one update.
        micro_batch: answers that go through the model at once while it learns.
        completion_tokens: most tokens of an answer; `brief_tokens` of a Brief (None: its level's).
        constrained: hold answers to what may be said (the schema of a whole idea, where llguidance is installed, and
            evidence that is a line of the Brief; or the titles); tokens left without a choice do not enter the loss.
        entropy: weight of the mean entropy of the tokens that were chosen. Where answers are titles, the policy's
            loss is a mean over the same tokens, so that the weight is in units of reward.
        worth: ask only in states where the best that may be chosen earns more than this above the median of all (None:
            ask in all); what may be chosen there is executed first. For `titles` alone.
        beta: weight of the divergence from where training began; 0 keeps no second model.
        rank, alpha: of the LoRA adapter; rank 0 trains all weights.
        rows, variants, runs, run_steps, cpu_seconds: of the rollouts, as for `train collect`.
        vllm: have vLLM generate, where it is installed.
        ddp_timeout: seconds that ranks wait for each other's executions.
    """

    model: str = ""
    reading: Literal["words", "titles"] = "words"
    titles: int = MOST
    worth: float | None = None
    steps: int = 100
    prompts: int = 4
    group: int = 8
    micro_batch: int = 8
    completion_tokens: int = 400
    brief_tokens: int | None = None
    constrained: bool = True
    learning_rate: float = 1e-5
    temperature: float = 1.0
    epsilon: float = 0.2
    epsilon_high: float = 0.28
    beta: float = 0.0
    entropy: float = 0.0
    rank: int = 16
    alpha: int = 32
    bf16: bool = True
    gradient_checkpointing: bool = False
    vllm: bool = False
    ddp_timeout: int = 7200
    save_every: int = 5
    seed: int = 0
    tasks: str = "all"
    rows: int = 1500
    variants: int = 1
    runs: int = 1
    run_steps: int = 10
    cpu_seconds: float = 30.0
    warm_hosts: int = 12
    warm_up: WarmUp = WarmUp()


def read_config(name: str) -> Config:
    """Return the configuration in a file, or a shipped one by its name. Raises `UsageError`."""
    path = Path(name)
    if not path.is_file() and (SHIPPED / f"{name}.json").is_file():
        path = SHIPPED / f"{name}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Config)
    except OSError:
        there = ", ".join(sorted(p.stem for p in SHIPPED.glob("*.json")))
        msg = f"no configuration {name!r}: give a file, or one of {there}"
        raise UsageError(msg) from None
    except msgspec.MsgspecError as error:
        msg = f"{path} is no configuration: {error}"
        raise UsageError(msg) from None
