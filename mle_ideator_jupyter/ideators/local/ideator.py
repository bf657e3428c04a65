"""The Ideator that asks a checkpoint on this machine: question, reading and ranking are the LLM Ideator's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from mle_ideator_jupyter.brief import Brief, estimate_tokens
from mle_ideator_jupyter.endpoint import Message, plain_settings
from mle_ideator_jupyter.errors import CheckpointError, UsageError
from mle_ideator_jupyter.ideators import playbook
from mle_ideator_jupyter.ideators.llm import coercing, prompt
from mle_ideator_jupyter.ideators.llm.answering import idea_of, why_fewer
from mle_ideator_jupyter.ideators.llm.draft import schema
from mle_ideator_jupyter.ideators.llm.evidence import Material
from mle_ideator_jupyter.ideators.llm.growing import paced
from mle_ideator_jupyter.ideators.llm.parsing import Read, read
from mle_ideator_jupyter.ideators.llm.ranking import choose
from mle_ideator_jupyter.ideators.local import checkpoint as checkpoints
from mle_ideator_jupyter.ideators.local import naming
from mle_ideator_jupyter.ideators.local.checkpoint import Card, Checkpoint
from mle_ideator_jupyter.ideators.local.generating import Answer, Engine
from mle_ideator_jupyter.model import Idea
from mle_ideator_jupyter.protocols import Ideas

Watch = Callable[[str], None]
TOKENS_EACH, TOKENS_MORE = 400, 100
"""Tokens that an answer may have: so many for each idea, and for what stands around them."""
LEAST_BRIEF = 300
TEMPERATURE = 0.7

_engines: dict[str, Engine] = {}
_engines_lock = threading.Lock()


def unload() -> list[str]:
    """Free the memory of what is loaded, the GPU's too, and return its names; a running answer ends first."""
    with _engines_lock:
        freed = [engine.checkpoint.name for engine in _engines.values()]
        for engine in _engines.values():
            engine.close()
        _engines.clear()
    return freed


class LocalIdeator:
    """Proposes what a language model on this machine says: same Brief in, Ideas out, nothing sent.

    The checkpoint is loaded when the first idea is asked for, once for all notebooks of a process, and stays until
    `unload`. `watch` is called a few times a second with what the answer says so far, as text to be read.
    """

    name = "local"

    def __init__(self, setting: str | None = None, *, device: str | None = None, watch: Watch | None = None) -> None:
        """Take a checkpoint's folder or file, and `auto`, `cpu` or `cuda`; by default, what is configured."""
        self.watch = watch
        self._setting, self._device = setting, device

    def check(self) -> None:
        """Return if a checkpoint is set up. Raises `UsageError` with what to do if not."""
        self._checkpoint()

    def told(self, brief: Brief, n: int = 1) -> str:
        """Return all that the model is told, as text to be read; it does not leave this machine."""
        checkpoint = self._checkpoint()
        if checkpoint.card is not None:
            return prompt.listed(naming.messages(naming.shortened(brief, checkpoint.card.brief_tokens)))
        return prompt.told(self._fitted(brief, n, checkpoint), n)

    async def propose(self, brief: Brief, n: int = 1) -> Ideas:
        """Return up to `n` ideas, best first; fewer, or none, where the model says nothing new that can be read.

        Raises `UsageError` where no checkpoint is set up, `CheckpointError` where it cannot be loaded or run.
        Cancelling it stops the model.
        """
        if n < 1:
            return Ideas()
        checkpoint = await asyncio.to_thread(self._checkpoint)
        if checkpoint.card is not None:
            return await self._named(checkpoint, checkpoint.card, brief, n)
        brief = self._fitted(brief, n, checkpoint)
        sent = prompt.messages(brief, n)
        told = str(sent[-1]["content"])
        held = schema(prompt.asked_for(n)[0], brief.kinds, Material(brief, told).facts())
        answer = await self._ask(checkpoint, sent, brief, n, held=held)
        found = await _read(answer, brief)
        chosen = choose(found.drafts, brief, told, n)
        if not chosen.drafts:
            again = prompt.repair(sent, answer.text, why_fewer(found, chosen))
            if _tokens(again) + _budget(n) <= checkpoint.context:
                found = await _read(await self._ask(checkpoint, again, brief, n, held=held, attempt=1), brief)
                chosen = choose(found.drafts, brief, told, n)
        ideas = [idea_of(d, brief, f"local:{coercing.text(checkpoint.name, 80)}") for d in chosen.drafts]
        return Ideas(ideas, why=why_fewer(found, chosen) if len(ideas) < n else "")

    async def _named(self, checkpoint: Checkpoint, card: Card, brief: Brief, n: int) -> Ideas:
        """Return what a checkpoint that was trained to name plays chooses, one after the other, none twice."""
        left = await asyncio.to_thread(naming.named, brief, card.most)
        sent = naming.messages(naming.shortened(brief, card.brief_tokens))
        ideas: list[Idea] = []
        while left and len(ideas) < n:
            texts = [naming.said(title) for title in left]
            answer = await self._ask(checkpoint, sent, brief, 1, held=texts, attempt=len(ideas))
            chosen = left.pop(naming.title_in(answer.text) or "", None)
            if chosen is None:  # its context was too short for the whole title
                return Ideas(ideas, why="the model's answer was cut off")
            ideas.append(playbook.idea_of(chosen, brief, f"local:{coercing.text(checkpoint.name, 80)}"))
        return Ideas(ideas, why="no play applies that was not tried" if len(ideas) < n else "")

    def unload(self) -> list[str]:
        """Free the memory of what is loaded."""
        return unload()

    def _checkpoint(self) -> Checkpoint:
        return checkpoints.find(plain_settings().checkpoint if self._setting is None else self._setting)

    def _fitted(self, brief: Brief, n: int, checkpoint: Checkpoint) -> Brief:
        """Return the Brief cut to what the model's context holds beside instructions and answer."""
        bare = estimate_tokens(str(prompt.messages(brief, n)[0]["content"]))
        room = int((checkpoint.context - _budget(n) - bare) * 0.85)
        if room < LEAST_BRIEF:
            msg = f"{checkpoint.name} has a context of {checkpoint.context} tokens, too few to be told of a notebook"
            raise UsageError(msg)
        return brief if brief.tokens <= room else replace(brief, token_limit=room)

    async def _ask(
        self,
        checkpoint: Checkpoint,
        messages: list[Message],
        brief: Brief,
        n: int,
        *,
        held: dict[str, Any] | list[str],
        attempt: int = 0,
    ) -> Answer:
        """Return one answer, generated on a thread; a cancelled one has stopped when this ends."""
        loop, stop = asyncio.get_running_loop(), threading.Event()
        settings = plain_settings()

        def grown(text: str) -> None:
            if self.watch is not None and not stop.is_set():
                loop.call_soon_threadsafe(self.watch, text)

        told = paced(grown)

        def work() -> Answer:
            engine = _engine(checkpoint, self._device or settings.checkpoint_device)
            return engine.answer(
                messages,
                held=held,
                most=min(_budget(n), settings.max_output_tokens),
                temperature=TEMPERATURE if settings.temperature is None else settings.temperature,
                seed=1_000_003 * brief.seed + 2 * brief.step + attempt,
                grown=told,
                stop=stop,
            )

        running = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()  # its failure, if any, is nobody's news any more
            raise


def _budget(n: int) -> int:
    """Return how many tokens an answer of so many ideas may have."""
    return TOKENS_EACH * prompt.asked_for(n)[0] + TOKENS_MORE


def _engine(checkpoint: Checkpoint, device: str) -> Engine:
    """Return the loaded checkpoint, loading it where it is not yet; another one gives its memory back first."""
    lacking = checkpoints.missing()
    if lacking:
        msg = f"{' and '.join(lacking)} not installed: {checkpoints.HOW}"
        raise CheckpointError(msg)
    key = f"{checkpoint.adapter or checkpoint.path} {device}"
    with _engines_lock:
        if key not in _engines:
            for other in _engines.values():
                other.close()
            _engines.clear()
            _engines[key] = Engine(checkpoint, device)
        return _engines[key]


async def _read(answer: Answer, brief: Brief) -> Read:
    return await asyncio.to_thread(read, answer.text, brief.kinds, truncated=answer.truncated)


def _tokens(messages: list[Message]) -> int:
    said: list[Any] = [m.get("content") or "" for m in messages]
    return sum(estimate_tokens(str(text)) for text in said)
