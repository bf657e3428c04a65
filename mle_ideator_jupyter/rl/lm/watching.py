"""What a step of training came to: its rewards, its variety, and where its seconds went; a JSON line for each."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.rl.lm.gpu import Busy
from mle_ideator_jupyter.rl.lm.judging import Judge, summary
from mle_ideator_jupyter.rl.states import Moment

LOG, ANSWERS, RUN = "log.jsonl", "answers.jsonl", "grpo"


class Watch:
    """Rewards answers for the trainer, times the parts of a step, and writes a line for each."""

    def __init__(self, out: Path, judge: Judge, busy: Busy, seconds: float | None) -> None:
        self.out, self.judge, self.busy, self.seconds = out, judge, busy, seconds
        self.began = self.turn = time.perf_counter()
        self.generated = self.executed = 0.0
        self.tokens = self.skipped = 0
        self.found: dict[str, float] = {}
        self.main = int(os.environ.get("RANK", "0")) == 0

    def reward(self, completions: list[Any], moment: list[str], **given: Any) -> list[float | None]:
        """Return the rewards of a batch; a fault of the machinery has none."""
        began = time.perf_counter()
        moments = [msgspec.json.decode(m, type=Moment) for m in moment]
        texts = [str(c[0]["content"]) for c in completions]
        verdicts = self.judge.judge(moments, texts)
        self.executed += time.perf_counter() - began
        lengths = [len(ids) for ids in given.get("completion_ids") or []]
        self.tokens += sum(lengths)
        self.found = summary(moments, verdicts, lengths)
        if self.main:
            step = getattr(given.get("trainer_state"), "global_step", 0)
            for asked, text, verdict in zip(moments, texts, verdicts, strict=True):
                note(
                    self.out / ANSWERS,
                    {
                        "step": step,
                        "moment": asked.name,
                        "reward": verdict.reward,
                        "outcome": verdict.answer.outcome,
                        "wrong": verdict.answer.wrong,
                        "title": verdict.answer.title,
                        "text": text[:4000],
                    },
                )
        if all(v.reward is None for v in verdicts):
            return [0.0] * len(verdicts)  # the trainer needs some number; equal ones teach nothing
        return [v.reward for v in verdicts]

    def callback(self) -> Any:
        """Return what the trainer calls after each step."""
        from transformers import TrainerCallback

        watch = self

        class Steps(TrainerCallback):  # type: ignore[misc]  # the base is untyped
            def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
                del args, state, control, given
                watch.turn = time.perf_counter()

            def on_pre_optimizer_step(
                self, args: Any, state: Any, control: Any, model: Any = None, **given: Any
            ) -> None:
                del args, state, control, given
                watch.skipped += int(not kept_finite(model))

            def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> Any:
                del given
                watch.line(state.global_step)
                late = watch.seconds is not None and time.perf_counter() - watch.began > watch.seconds
                if late and state.global_step < args.max_steps:
                    control.should_save = control.should_training_stop = True
                return control

        return Steps()

    def line(self, step: int) -> None:
        """Write the line of a step."""
        now = time.perf_counter()
        whole, self.turn = now - self.turn, now
        line = {
            "phase": RUN,
            "step": step,
            **{k: round(v, 5) for k, v in self.found.items()},
            "seconds": round(whole, 2),
            "seconds_generating": round(self.generated, 2),
            "seconds_executing": round(self.executed, 2),
            "seconds_updating": round(max(0.0, whole - self.generated - self.executed), 2),
            "skipped_updates": self.skipped,
            "share_waiting": round(self.executed / whole, 4) if whole else 0.0,
            "tokens_per_second": round(self.tokens / self.generated, 1) if self.generated else 0.0,
            "gpu_busy": self.busy.taken(),
            "executed": self.judge.executed,
            "ideas": len(self.judge.ideas),
            "trials_run": self.judge.collection.executor.fresh,
            "trials_from_cache": self.judge.collection.executor.reused,
        }
        self.generated = self.executed = 0.0
        self.tokens = self.skipped = 0
        if self.main:
            note(self.out / LOG, line)


def kept_finite(model: Any) -> bool:
    """Return whether all gradients are finite; where one is not, none is applied, or the weights would be lost."""
    import torch

    learned = [p for p in model.parameters() if p.grad is not None]
    if all(bool(torch.isfinite(p.grad).all()) for p in learned):
        return True
    for parameter in learned:
        parameter.grad = None
    return False


def timed(work: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    """Return the same work, its seconds counted as generating."""

    def counted(*given: Any) -> Any:
        began = time.perf_counter()
        try:
            return work(*given)
        finally:
            watch.generated += time.perf_counter() - began

    return counted


def note(path: Path, line: dict[str, Any]) -> None:
    """Append a line to a log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")
