"""A checkpoint on torch: loaded, asked, stopped, unloaded. The one place where torch and transformers are imported."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mle_ideator_jupyter.endpoint import Message
from mle_ideator_jupyter.errors import CheckpointError
from mle_ideator_jupyter.ideators.local.checkpoint import HOW, Checkpoint, check_room
from mle_ideator_jupyter.ideators.local.sampling import Choice, Grammar, Sampling, choice, constraint
from mle_ideator_jupyter.model import Struct

CHUNK = 256
"""Tokens of the question that are taken in at a time, so that stopping need not wait for all of them."""


class Answer(Struct, frozen=True, kw_only=True):
    """What the model wrote, whether it was cut off, and whether it was held to the schema."""

    text: str
    truncated: bool = False
    held: bool = False


class _StoppedError(Exception):
    """The answer is no longer wanted."""


class Engine:
    """One loaded checkpoint; it answers one question at a time, whatever thread asks."""

    def __init__(self, checkpoint: Checkpoint, device: str) -> None:
        import torch

        self.checkpoint = checkpoint
        self.device = _device(checkpoint, device)
        self._lock = threading.Lock()
        half = torch.bfloat16
        if self.device == "cuda" and not torch.cuda.is_bf16_supported():
            half = torch.float16
        with _quiet(), _faults(checkpoint):
            self._model, self._tokenizer = _loaded(checkpoint, half, self.device)

    def answer(
        self,
        messages: Sequence[Message],
        *,
        held: dict[str, Any] | Sequence[str],
        most: int,
        temperature: float,
        seed: int,
        grown: Callable[[str], None],
        stop: threading.Event,
    ) -> Answer:
        """Return what the model answers, in at most so many tokens.

        It is held to a JSON Schema where that can be had, or to one of a few texts.

        The same seed gives the same answer on the same machine; the process's own random state is not touched.
        `grown` gets the answer so far, on this thread. Once `stop` is set the model ends within one step.
        """
        import torch
        from transformers import GenerationConfig, LogitsProcessorList

        with self._lock, _faults(self.checkpoint), torch.inference_mode():
            if self._model is None:
                msg = "the checkpoint was unloaded while it was being asked: ask again"
                raise CheckpointError(msg)
            asked = self._encoded(messages)
            length = asked["input_ids"].shape[1]
            if length + most > self.checkpoint.context:
                most = self.checkpoint.context - length
            if most < 1:
                msg = (
                    f"{self.checkpoint.name} has a context of {self.checkpoint.context} tokens, the question "
                    f"has {length}: leave parts of the Brief out"
                )
                raise CheckpointError(msg)
            matcher: Grammar | Choice | None
            if isinstance(held, dict):
                matcher = constraint(self._tokenizer, held)
            else:
                matcher = choice(self._tokenizer, held, self._ends()[0])
            steps = LogitsProcessorList([Sampling(matcher, length, temperature, seed, self.device)])
            config = GenerationConfig(
                max_new_tokens=most,
                do_sample=False,
                prefill_chunk_size=CHUNK,
                pad_token_id=self._tokenizer.pad_token_id if self._tokenizer.pad_token_id is not None else 0,
                eos_token_id=self._ends(),
            )
            with self._stopping(stop):
                made = self._model.generate(
                    **asked, generation_config=config, logits_processor=steps, streamer=_stream(self._tokenizer, grown)
                )
            new = made[0, length:]
            text = self._tokenizer.decode(new, skip_special_tokens=True)
            ended = len(new) > 0 and int(new[-1]) in self._ends()
            return Answer(text=text, truncated=not ended and len(new) >= most, held=matcher is not None)

    def close(self) -> None:
        """Give the memory back, the GPU's cache too; waits for an answer under way."""
        import torch

        with self._lock:
            self._model = self._tokenizer = None
            gc.collect()
            with contextlib.suppress(
                OSError, AttributeError
            ):  # where the C library is not glibc, it stays the process's
                ctypes.CDLL("libc.so.6").malloc_trim(0)
            if self.device == "cuda":
                # cuBLAS keeps a workspace of tens of MiB; torch frees it by this name only, where it has it.
                getattr(torch._C, "_cuda_clearCublasWorkspaces", lambda: None)()  # noqa: SLF001
                torch.cuda.empty_cache()

    def _encoded(self, messages: Sequence[Message]) -> dict[str, Any]:
        plain = [{"role": m["role"], "content": str(m["content"])} for m in messages]
        if self._tokenizer.chat_template:
            text = self._tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=True)
            made = self._tokenizer(text, return_tensors="pt", add_special_tokens=False)
        else:
            made = self._tokenizer("\n\n".join(m["content"] for m in plain) + "\n\nAnswer:\n", return_tensors="pt")
        return {
            "input_ids": made["input_ids"].to(self.device),
            "attention_mask": made["attention_mask"].to(self.device),
        }

    def _ends(self) -> list[int]:
        """Return the tokens that end an answer: the tokenizer's and the checkpoint's own."""
        own = self._model.generation_config.eos_token_id
        several = own if isinstance(own, list) else [own]
        return [t for t in dict.fromkeys([self._tokenizer.eos_token_id, *several]) if t is not None]

    @contextlib.contextmanager
    def _stopping(self, stop: threading.Event) -> Iterator[None]:
        """Make every step of the model look whether it is still wanted."""

        def look(*_: Any) -> None:
            if stop.is_set():
                raise _StoppedError

        hook = self._model.register_forward_pre_hook(look)
        try:
            yield
        finally:
            hook.remove()


def _device(checkpoint: Checkpoint, wanted: str) -> str:
    """Return where the checkpoint goes; raises `CheckpointError` where it does not fit there."""
    import psutil
    import torch

    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        msg = "MLE_IDEATOR_CHECKPOINT_DEVICE is cuda, and torch finds no GPU here: set it to cpu"
        raise CheckpointError(msg)
    if there and wanted != "cpu":
        check_room(checkpoint, torch.cuda.mem_get_info()[0] / 2**20, "the GPU's memory")
        return "cuda"
    check_room(checkpoint, psutil.virtual_memory().available / 2**20, "this machine's memory")
    return "cpu"


def _loaded(checkpoint: Checkpoint, dtype: Any, device: str) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    more: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    weights: dict[str, Any] = {}
    folder = checkpoint.path
    if checkpoint.gguf:
        from transformers import GgufConfig

        folder = checkpoint.path.parent
        more["gguf_file"] = checkpoint.path.name
        weights["quantization_config"] = GgufConfig(dequantize=True)
    else:
        weights["use_safetensors"] = True
    tokenizer = AutoTokenizer.from_pretrained(folder, **more)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **more, **weights)
    if checkpoint.adapter is not None:
        model, tokenizer = _adapted(checkpoint, model, tokenizer)
    return model.to(device).eval(), tokenizer


def _adapted(checkpoint: Checkpoint, model: Any, tokenizer: Any) -> tuple[Any, Any]:
    """Return the model with its adapter merged in, and the adapter's tokenizer where it has one."""
    try:
        from peft import PeftModel
    except ImportError:
        msg = f"peft, which loads the adapter {checkpoint.name}, is not installed: {HOW}"
        raise CheckpointError(msg) from None
    from transformers import AutoTokenizer

    adapter = checkpoint.adapter
    if adapter is not None and (adapter / "tokenizer_config.json").is_file():
        tokenizer = AutoTokenizer.from_pretrained(adapter, local_files_only=True, trust_remote_code=False)
    return PeftModel.from_pretrained(model, str(adapter)).merge_and_unload(), tokenizer


def _stream(tokenizer: Any, grown: Callable[[str], None]) -> Any:
    from transformers import TextStreamer

    class Growing(TextStreamer):  # type: ignore[misc, unused-ignore]  # the base is untyped
        def __init__(self) -> None:
            super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
            self.said = ""

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            del stream_end
            if text:
                self.said += text
                grown(self.said)

    return Growing()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's progress bars out of the notebook."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@contextlib.contextmanager
def _faults(checkpoint: Checkpoint) -> Iterator[None]:
    """Say in one line what is wrong with a checkpoint, whatever its libraries raise."""
    wrong = ""
    try:
        yield
    except CheckpointError:
        raise
    except _StoppedError:
        wrong = "the answer was stopped"
    except Exception as error:  # noqa: BLE001 - a checkpoint's fault may be of any type, and is no fault of ours
        memory = "memory" in str(error).lower()
        why = "it ran out of memory" if memory else " ".join(f"{type(error).__name__}: {error}".split())[:300]
        wrong = f"{checkpoint.name} failed: {why}"
    if wrong:
        raise CheckpointError(wrong)
