"""The one client of language models: asks an endpoint, tries again within bounds, and keeps account.

async with Client(configured(), CallLog.for_journal(journal.folder)) as client:
    reply = await client.complete([{"role": "user", "content": "…"}], role="ideator")
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
import time
import weakref
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from mle_ideator_jupyter.endpoint import costs, faults, retrying
from mle_ideator_jupyter.endpoint.abilities import Abilities, abilities_of
from mle_ideator_jupyter.endpoint.account import Account, Spent
from mle_ideator_jupyter.endpoint.attempting import attempt, new_client
from mle_ideator_jupyter.endpoint.calls import CallLog
from mle_ideator_jupyter.endpoint.configuring import Endpoint
from mle_ideator_jupyter.endpoint.pieces import Fold, Piece, Reply, Restarted, ToolCall
from mle_ideator_jupyter.endpoint.question import Message, Question, Request, build
from mle_ideator_jupyter.endpoint.reading import Reader
from mle_ideator_jupyter.endpoint.settings import Role
from mle_ideator_jupyter.errors import EndpointError

Watch = Callable[[Piece], None]


class Client:
    """Asks one endpoint. It may be used from several event loops, one after the other or side by side.

    `log` is where calls are written down, unless the settings turn that off.
    """

    def __init__(self, endpoint: Endpoint, log: CallLog | None = None) -> None:
        self.endpoint = endpoint
        self.spent = Spent()
        self._log = log if endpoint.settings.call_log else None
        self._clients: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._only_model = ""

    async def __aenter__(self) -> Client:  # noqa: PYI034
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections that belong to the running event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    async def stream(self, messages: Sequence[Message], *, role: Role, **more: Any) -> AsyncGenerator[Piece, None]:
        """Yield the answer piece by piece; the keywords are the fields of `Question`.

        Raises `EndpointError`. Whoever does not read it to the end closes it (`contextlib.aclosing`),
        which closes the HTTP request, as cancellation does.
        """
        question = Question(messages=messages, role=role, **more)
        model = await self.model_for(role)
        account = Account(self.endpoint, question, model)
        fault: EndpointError | None = None
        try:
            async with contextlib.aclosing(self._attempts(question, model, account)) as pieces:
                async for piece in pieces:
                    yield account.take(piece)
        except EndpointError as error:
            fault = error
            raise
        except (asyncio.CancelledError, GeneratorExit):
            account.cancelled = True
            raise
        finally:
            self.spent += account.close(fault, self._log)

    async def complete(
        self, messages: Sequence[Message], *, role: Role, watch: Watch | None = None, **more: Any
    ) -> Reply:
        """Return the whole answer. `watch` is called with each piece as it comes. Raises `EndpointError`."""
        replies = await self._fold(messages, role, watch, more)
        return replies[0]

    async def sample(self, messages: Sequence[Message], n: int, *, role: Role, **more: Any) -> list[Reply]:
        """Return up to `n` answers to one question, at least one.

        By one request where the endpoint gives several answers at once, else by requests side by side.
        Raises `EndpointError` when none was answered.
        """
        replies: list[Reply] = []
        known = await self._known(role)
        if n > 1 and known.takes("n") is not False:
            replies = await self._fold(messages, role, None, {**more, "n": n})
            if len(replies) < n:
                known.refuse("n")
        gate = asyncio.Semaphore(self.endpoint.settings.parallel)
        seed = more.pop("seed", None)

        async def one(number: int) -> Reply:
            async with gate:
                own = {} if seed is None else {"seed": seed + number}
                return await self.complete(messages, role=role, **own, **more)

        missing = [one(number) for number in range(len(replies), n)]
        results = await asyncio.gather(*missing, return_exceptions=True)
        replies += [r for r in results if isinstance(r, Reply)]
        wrong = next((r for r in results if isinstance(r, BaseException)), None)
        if wrong is not None and (not replies or not isinstance(wrong, EndpointError)):
            raise wrong
        return replies

    async def models(self) -> list[str]:
        """Return the names of the endpoint's models, sorted. Raises `EndpointError`."""
        wrong: EndpointError | None = None
        try:
            listed = await (await self._client()).models.list(timeout=self.endpoint.settings.connect_seconds)
            return sorted(str(m.id) for m in listed.data or [])
        except (AttributeError, TypeError, ValueError):
            wrong = EndpointError(
                "the endpoint's list of models is not as it should be: check the base URL", "malformed"
            )
        except Exception as error:
            fault = faults.of_exception(error, self.endpoint, "")
            if fault is None:
                raise
            wrong = fault.error
        raise faults.bare(wrong)

    async def model_for(self, role: Role) -> str:
        """Return the model for a role: the one that is set, else the endpoint's only one. Raises `EndpointError`."""
        if name := self.endpoint.settings.model_for(role) or self._only_model:
            return name
        listed = [] if self.endpoint.settings.is_openai else await self.models()
        if len(listed) != 1:
            some = f" ({', '.join(listed[:5])} …)" if listed else ""
            msg = f"no model is set: set MLE_IDEATOR_MODEL to one of the endpoint's models{some}"
            raise EndpointError(msg, "not_configured")
        self._only_model = listed[0]
        return self._only_model

    async def takes(self, ability: str, role: Role) -> bool | None:
        """Return whether the role's model takes `tools`, `json_schema`, `stream` …; None while that was not tried."""
        return (await self._known(role)).takes(ability)

    async def _known(self, role: Role) -> Abilities:
        return abilities_of(self.endpoint.settings.base_url, await self.model_for(role))

    async def _client(self) -> Any:
        if "openai" not in sys.modules:  # takes about a second, in which others on this loop are to be answered
            with contextlib.suppress(ImportError):
                await asyncio.to_thread(importlib.import_module, "openai")
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = new_client(self.endpoint)
        return self._clients[loop]

    async def _fold(
        self, messages: Sequence[Message], role: Role, watch: Watch | None, more: dict[str, Any]
    ) -> list[Reply]:
        begun, fold = time.monotonic(), Fold()
        async with contextlib.aclosing(self.stream(messages, role=role, **more)) as pieces:
            async for piece in pieces:
                fold.add(piece)
                if watch is not None:
                    watch(piece)
        price = self.endpoint.settings.price_of(await self.model_for(role))
        return fold.replies(cost=costs.cost(fold.usage, price), seconds=time.monotonic() - begun)

    async def _attempts(self, question: Question, model: str, account: Account) -> AsyncGenerator[Piece, None]:
        """Yield the pieces of attempt after attempt until one is whole; raise the last one's error."""
        settings = self.endpoint.settings
        known = abilities_of(settings.base_url, model)
        deadline = time.monotonic() + settings.whole_seconds
        failed = 0
        while True:
            request = build(question, settings, model, known)
            reader = Reader(structured=request.structured, model=model, cap=settings.max_answer_characters)
            async with contextlib.aclosing(self._attempt(request, reader, deadline, account)) as pieces:
                async for piece in pieces:
                    yield piece
            fault = account.fault
            if fault is None:
                known.worked(request.uses)
                yield account.usage(reader.usage)
                last = reader.end()
                called = reader.full or any(isinstance(p, ToolCall) for p in last)
                if question.must_call and "tool_choice" in request.uses and not called:
                    known.refuse("tools")  # some endpoints take them and show them to no model
                for piece in last:
                    yield piece
                return
            if account.handed_on:
                yield account.usage(reader.usage)  # what was begun is paid for as well
            if known.learn(request.uses, fault.error.status, fault.said, fault.parameter):
                if account.handed_on:
                    yield Restarted(reason=str(fault.error), wait_seconds=0.0)
                continue
            failed += 1
            wait = retrying.wait_before_next(fault, failed, settings, deadline - time.monotonic())
            if wait is None:
                raise faults.bare(fault.error)
            account.retries = failed
            yield Restarted(reason=str(fault.error), wait_seconds=wait)
            await asyncio.sleep(wait)

    async def _attempt(
        self, request: Request, reader: Reader, deadline: float, account: Account
    ) -> AsyncGenerator[Piece, None]:
        """Yield the pieces of one attempt; what went wrong, if anything, is the account's `fault` then."""
        account.begin(request.body)
        try:
            tried = attempt(await self._client(), request, reader, self.endpoint, deadline)
            async with contextlib.aclosing(tried) as pieces:
                async for piece in pieces:
                    yield piece
        except Exception as error:
            account.fault = faults.of_exception(error, self.endpoint, request.body["model"])
            if account.fault is None:
                raise
