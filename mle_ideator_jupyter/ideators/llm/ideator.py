"""The Ideator that asks a language model: one question, at most one more to repair its answer, then what there is."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.endpoint import (
    CallLog,
    Client,
    Endpoint,
    Message,
    Reply,
    Spent,
    configured,
)
from mle_ideator_jupyter.errors import EndpointError, UsageError
from mle_ideator_jupyter.ideators.llm import coercing, prompt
from mle_ideator_jupyter.ideators.llm.answering import idea_of, why_fewer
from mle_ideator_jupyter.ideators.llm.draft import schema
from mle_ideator_jupyter.ideators.llm.growing import watching
from mle_ideator_jupyter.ideators.llm.parsing import Read, read
from mle_ideator_jupyter.ideators.llm.ranking import choose
from mle_ideator_jupyter.protocols import Ideas

Watch = Callable[[str], None]


class LlmIdeator:
    """Proposes what a language model says, as far as it can be read, is new, and ranks well.

    Without a client, one is made of what is configured when the first idea is asked for, and its connections are
    closed whenever nothing is being asked. `watch` is called a few times a second with what the answer says so far, as
    text to be read, from the beginning again where an attempt failed; where several answers are asked for at once it
    is not called.
    """

    name = "llm"

    def __init__(self, client: Client | None = None, *, watch: Watch | None = None) -> None:
        self.watch = watch
        self._client = client
        self._own = client is None
        self._log: CallLog | None = None
        self._asking = 0

    def log_calls(self, folder: Path) -> None:
        """Write the calls of a client that is yet to be made down in a journal's folder."""
        self._log = CallLog.for_journal(folder)

    @property
    def spent(self) -> Spent:
        """Return what all calls so far came to, failed ones included."""
        return self._client.spent if self._client else Spent()

    def check(self) -> None:
        """Return if a model is set up. Raises `UsageError` with what to do if not, `EndpointError` for a package."""
        _need_package()
        if self._client is None:
            _endpoint()

    def messages(self, brief: Brief, n: int = 1) -> list[Message]:
        """Return what is sent to be given `n` ideas; the user's message is `brief.text()`, byte for byte."""
        return prompt.messages(brief, n)

    def told(self, brief: Brief, n: int = 1) -> str:
        """Return all that would be sent, as text to be read."""
        return prompt.told(brief, n)

    async def propose(self, brief: Brief, n: int = 1) -> Ideas:
        """Return up to `n` ideas, best first; fewer, or none, where the model says nothing new that can be read.

        Raises `EndpointError` where there is no answer at all, `UsageError` where no model is set up.
        """
        if n < 1:
            return Ideas()
        async with self._open() as client:
            sent = self.messages(brief, n)
            told = str(sent[-1]["content"])
            replies = await self._ask(client, sent, brief, n)
            found = await _read(replies, brief)
            chosen = choose(found.drafts, brief, told, n)
            if not chosen.drafts and not _refusal(replies):
                again = prompt.repair(sent, replies[0].text, why_fewer(found, chosen))
                replies = [*replies, *await self._ask(client, again, brief, n, purpose="repair an answer")]
                found = await _read(replies[-1:], brief)
                chosen = choose(found.drafts, brief, told, n)
        ideas = [idea_of(draft, brief, f"llm:{coercing.text(replies[-1].model, 80)}") for draft in chosen.drafts]
        why = (_refusal(replies) or why_fewer(found, chosen)) if len(ideas) < n else ""
        return Ideas(ideas, cost=sum(reply.cost or 0.0 for reply in replies), why=why)

    async def _ask(
        self, client: Client, messages: Sequence[Message], brief: Brief, n: int, purpose: str = ""
    ) -> list[Reply]:
        """Return the answers: one, or several where one could not hold so many ideas; a repair is always one."""
        count, answers = prompt.asked_for(n)
        held, name = schema(count, brief.kinds), "ideas"
        if answers > 1 and not purpose:
            return await client.sample(
                messages, answers, role="ideator", schema=held, schema_name=name, purpose="propose ideas"
            )
        said = purpose or "propose ideas"
        watch = watching(self.watch) if self.watch else None
        return [
            await client.complete(messages, role="ideator", watch=watch, schema=held, schema_name=name, purpose=said)
        ]

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncGenerator[Client, None]:
        """Give the client, making it where there is none; the last one out closes its connections."""
        _need_package()  # said before an answer is paid for
        client = self._client = self._client or Client(_endpoint(), self._log)
        self._asking += 1
        try:
            yield client
        finally:
            self._asking -= 1
            if self._own and not self._asking:
                await client.aclose()


def _need_package() -> None:
    if importlib.util.find_spec("json_repair") is None:
        msg = "the json-repair package is missing: pip install 'mle_ideator_jupyter[llm]'"
        raise EndpointError(msg, "missing_package")


def _endpoint() -> Endpoint:
    """Return the endpoint that is set up. Raises `UsageError` where none is."""
    wrong = ""
    try:
        return configured()
    except EndpointError as error:
        if error.kind != "not_configured":
            raise
        wrong = str(error)
    raise UsageError(wrong)


async def _read(replies: Sequence[Reply], brief: Brief) -> Read:
    """Return what the answers hold; read on another thread, for mending a long one takes a moment."""
    whole = [await asyncio.to_thread(read, r.text, brief.kinds, truncated=r.truncated) for r in replies]
    drafts = tuple(dict.fromkeys(draft for one in whole for draft in one.drafts))
    return Read(drafts=drafts, wrong=tuple(dict.fromkeys(w for one in whole for w in one.wrong))[:6])


def _refusal(replies: Sequence[Reply]) -> str:
    said = [coercing.text(r.refusal or r.text, 200) for r in replies if r.finish == "refused"]
    return f"the model declined: {said[-1] or 'it gave no reason'}" if said else ""
