"""Trains a language model as an Ideator: a supervised warm-up on Playbook ideas, then GRPO from executed ideas.

TRL's trainers do the learning; here stand what is asked, what an answer is worth, and what is written down. Both
continue from their newest checkpoint when they are begun again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.files import save_whole
from mle_ideator_jupyter.ideators.local import naming
from mle_ideator_jupyter.ideators.local.checkpoint import CARD, Card
from mle_ideator_jupyter.rl.lm.asking import Example, Question
from mle_ideator_jupyter.rl.lm.config import Config
from mle_ideator_jupyter.rl.lm.constrained import Rollout, installed
from mle_ideator_jupyter.rl.lm.gpu import Busy
from mle_ideator_jupyter.rl.lm.judging import Judge
from mle_ideator_jupyter.rl.lm.learning import titles_trainer
from mle_ideator_jupyter.rl.lm.watching import LOG, RUN, Watch, note, timed

HOW = "pip install 'mle_ideator_jupyter[train]'"
FINAL, WARM = "final", "warm-up"


def libraries() -> tuple[Any, Any]:
    """Return TRL and PEFT. Raises `IdeatorError`, saying how to get them."""
    try:
        import peft
        import trl
    except ImportError as error:
        msg = f"{error.name} is not installed: {HOW}"
        raise IdeatorError(msg) from None
    return trl, peft


def check_model(config: Config) -> None:
    """Raise `UsageError` where the configuration's model is none."""
    if not (Path(config.model) / "config.json").is_file():
        msg = f"no model in {config.model!r}: --model is a folder in the Hugging Face layout, with config.json"
        raise UsageError(msg)


def loaded(config: Config, adapter: Path | None) -> tuple[Any, Any, Any]:
    """Return the model, its tokenizer, and what makes a new adapter (None where one is there, or none is wanted).

    `adapter` is a folder with an adapter that training goes on with.
    """
    _, peft = libraries()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # its backward is not finite at some lengths where rows that fill a batch up see nothing
    torch.backends.cuda.enable_cudnn_sdp(False)
    dtype = torch.bfloat16 if config.bf16 and torch.cuda.is_available() else torch.float32
    tokenizer = AutoTokenizer.from_pretrained(config.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model: Any = AutoModelForCausalLM.from_pretrained(config.model, dtype=dtype)
    if adapter is not None and (adapter / "adapter_config.json").is_file():
        return peft.PeftModel.from_pretrained(model, adapter, is_trainable=True), tokenizer, None
    if not config.rank:
        return model, tokenizer, None
    lora = peft.LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        base_model_name_or_path=str(Path(config.model).resolve()),
    )
    return model, tokenizer, lora


def warm_up(config: Config, examples: list[Example], out: Path, tell: Callable[[str], None]) -> Path:
    """Imitate Playbook ideas and return the folder of the adapter (or model) that comes of it."""
    trl, _ = libraries()
    final = out / WARM / FINAL
    if final.is_dir():
        tell("the warm-up is done already")
        return final
    from datasets import Dataset

    model, tokenizer, lora = loaded(config, None)
    rows = [{"prompt": list(e.question.messages), "completion": [_said(e.answer)]} for e in examples]
    given = config.warm_up
    settings = trl.SFTConfig(
        **_common(config, out / WARM),
        per_device_train_batch_size=given.batch,
        num_train_epochs=given.epochs,
        learning_rate=given.learning_rate,
        max_length=None,
        completion_only_loss=True,
        save_steps=max(1, len(rows) // given.batch),
    )
    trainer = trl.SFTTrainer(
        model=model,
        args=settings,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=lora,
    )
    tell(f"warm-up on {len(rows)} Playbook ideas")
    trainer.train(resume_from_checkpoint=newest(out / WARM))
    _save(trainer, tokenizer, config, final)
    note(out / LOG, {"phase": WARM, "examples": len(rows), "losses": _losses(trainer)})
    return final


def reinforce(
    judge: Judge,
    asked: list[Question],
    out: Path,
    *,
    adapter: Path | None,
    seconds: float | None,
    tell: Callable[[str], None],
) -> Path:
    """Learn from executed ideas until the configuration's steps are done, and return the folder of what came of it.

    After `seconds` it stops behind a checkpoint; the same command goes on from there.
    """
    trl, _ = libraries()
    from datasets import Dataset

    config = judge.config
    model, tokenizer, lora = loaded(config, adapter)
    rows = [{"prompt": list(q.messages), "moment": msgspec.json.encode(q.moment).decode()} for q in asked]
    cards = _world()
    settings = trl.GRPOConfig(
        **_common(config, out / RUN),
        per_device_train_batch_size=config.micro_batch,
        gradient_accumulation_steps=max(1, config.prompts * config.group // (config.micro_batch * cards)),
        max_steps=config.steps,
        save_steps=config.save_every,
        num_generations=config.group,
        max_completion_length=config.completion_tokens,
        shuffle_dataset=False,
        temperature=config.temperature,
        beta=config.beta,
        epsilon=config.epsilon,
        epsilon_high=config.epsilon_high,
        entropy_coef=config.entropy,
        loss_type="bnpo" if config.reading == "titles" else "dr_grpo",  # bnpo is a mean over tokens, as the entropy is
        scale_rewards="none",
        mask_truncated_completions=True,
        learning_rate=config.learning_rate,
        lr_scheduler_type="constant",
        use_vllm=config.vllm,
        vllm_mode="colocate",
        ddp_timeout=config.ddp_timeout,
    )
    watch = Watch(out, judge, Busy(), seconds)
    held: dict[str, Any] = {}
    trainer_class = trl.GRPOTrainer
    if config.constrained and (config.reading == "titles" or installed()):
        rollout = Rollout(asked)
        held["rollout_func"] = timed(rollout, watch)
        if config.reading == "titles":
            trainer_class = titles_trainer(trl, rollout)
    trainer = trainer_class(
        model=model,
        reward_funcs=watch.reward,
        args=settings,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=lora,
        callbacks=[watch.callback()],
        **held,
    )
    if not held:
        trainer._generate = timed(trainer._generate, watch)  # noqa: SLF001 - there is no other place to time it
    begun = newest(out / RUN)
    tell(f"GRPO, {config.steps} steps" + (f", on from {Path(begun).name}" if begun else ""))
    with contextlib.closing(watch.busy):
        trainer.train(resume_from_checkpoint=begun)
    final = out / FINAL
    _save(trainer, tokenizer, config, final)
    tell(f"{judge.executed} answers were ideas that were executed, {len(judge.ideas)} of them different, in this run")
    return final


def execute(judge: Judge, asked: list[Question], tell: Callable[[str], None]) -> None:
    """Execute all that may be chosen in the states that will be asked of, in that order; nothing is learned.

    In a process of its own beside the training it keeps the cores busy while the GPU generates and learns, and out of
    the training's interpreter, which rendering and grading would hold up.
    """
    moments = list(dict.fromkeys(q.moment for q in asked))
    ordered = judge.order_all(moments)
    tell(f"{len(ordered)} trials of all that may be chosen in {len(moments)} states")
    for done, future in enumerate(ordered, 1):
        if future.exception() is None and done % 500 == 0:
            tell(f"{done} of them are done")


def newest(folder: Path) -> str | None:
    """Return the newest whole checkpoint in a folder, or None."""
    found = [p for p in folder.glob("checkpoint-*") if (p / "trainer_state.json").is_file()]
    return str(max(found, key=lambda p: int(p.name.rpartition("-")[2]))) if found else None


def _common(config: Config, out: Path) -> dict[str, Any]:
    import torch

    gpu = torch.cuda.is_available()
    return {
        "output_dir": str(out),
        "use_cpu": not gpu,
        "bf16": config.bf16 and gpu,
        "logging_steps": 1,
        "report_to": [],
        "seed": config.seed,
        "save_total_limit": 2,
        "disable_tqdm": True,
        **({"gradient_checkpointing": True} if config.gradient_checkpointing else {}),
    }


def _world() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def _said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def _save(trainer: Any, tokenizer: Any, config: Config, folder: Path) -> None:
    """Save what was learned, and how the local Ideator is to ask it."""
    trainer.save_model(str(folder))
    tokenizer.save_pretrained(str(folder))
    if config.reading == "titles":
        card = Card(asked="titles", brief_tokens=config.brief_tokens or naming.BRIEF_TOKENS, most=config.titles)
        save_whole(folder / CARD, msgspec.json.encode(card))


def _losses(trainer: Any) -> list[float]:
    return [round(line["loss"], 4) for line in trainer.state.log_history if "loss" in line]


@contextlib.contextmanager
def settled(config: Config, out: Path) -> Iterator[None]:
    """Hold a training's folder to one configuration. Raises `UsageError` where it was begun with another."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "config.json"
    if not path.exists():
        save_whole(path, msgspec.json.format(msgspec.json.encode(config)))
    begun = msgspec.json.decode(path.read_bytes(), type=Config)
    differ = [f for f in Config.__struct_fields__ if getattr(begun, f) != getattr(config, f) and f != "steps"]
    if differ:
        said = ", ".join(f"{f} {getattr(begun, f)!r}, not {getattr(config, f)!r}" for f in differ)
        msg = f"{out} holds a training with {said}: give the same, or another --out"
        raise UsageError(msg)
    yield
