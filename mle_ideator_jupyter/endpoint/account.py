"""Keeps account of one call while it runs, and writes it down when it is over."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

from mle_ideator_jupyter.endpoint import costs
from mle_ideator_jupyter.endpoint.calls import Call, CallLog
from mle_ideator_jupyter.endpoint.configuring import Endpoint
from mle_ideator_jupyter.endpoint.faults import Fault
from mle_ideator_jupyter.endpoint.pieces import (
    Done,
    Fold,
    Piece,
    Restarted,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Usage,
)
from mle_ideator_jupyter.endpoint.question import Question
from mle_ideator_jupyter.errors import EndpointError
from mle_ideator_jupyter.model import Struct, new_id


class Spent(Struct, frozen=True, kw_only=True):
    """What calls came to. `cost` sums those with a known price, in US dollars; `unpriced` counts the others."""

    calls: int = 0
    failed: int = 0
    usage: Usage = Usage()
    cost: float = 0.0
    unpriced: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            calls=self.calls + other.calls,
            failed=self.failed + other.failed,
            usage=self.usage + other.usage,
            cost=self.cost + other.cost,
            unpriced=self.unpriced + other.unpriced,
        )


class Account:
    """Watches the pieces of one call. `handed_on` says whether anything of the present attempt's answer was.

    `fault` is what went wrong with that attempt.
    """

    def __init__(self, endpoint: Endpoint, question: Question, model: str) -> None:
        self.retries = 0
        self.cancelled = False
        self.handed_on = False
        self.fault: Fault | None = None
        self._endpoint = endpoint
        self._question = question
        self._model = model
        self._began = time.monotonic()
        self._at = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self._first: float | None = None
        self._fold = Fold()
        self._done: Done | None = None
        self._body: dict[str, Any] = {}

    def begin(self, body: dict[str, Any]) -> None:
        """An attempt with this request begins."""
        self._body = body
        self.fault = None

    def take(self, piece: Piece) -> Piece:
        """Take note of a piece and give it back."""
        if isinstance(piece, (TextDelta, ThinkingDelta, ToolCallDelta)):
            self.handed_on = True
            self._first = self._first or time.monotonic() - self._began
        elif isinstance(piece, Restarted):
            self.handed_on = False
        elif isinstance(piece, Done):
            self._done = self._done or piece
        self._fold.add(piece)
        return piece

    def usage(self, reported: Usage | None) -> Usage:
        """Return what the present attempt used, estimated where the endpoint did not say."""
        return reported or costs.estimate(self._body, self._fold.written())

    def close(self, fault: EndpointError | None, log: CallLog | None) -> Spent:
        """Write the call down and return what it came to."""
        settings = self._endpoint.settings
        if self.cancelled and self.handed_on and self._done is None:
            self._fold.add(self.usage(None))
        usage = self._fold.usage
        price = settings.price_of(self._model)
        cost = costs.cost(usage, price)
        if log is not None:
            call = Call(
                id=new_id(),
                at=self._at,
                role=self._question.role,
                purpose=self._question.purpose,
                model=self._model,
                host=settings.host,
                seconds=round(time.monotonic() - self._began, 4),
                first_token_seconds=None if self._first is None else round(self._first, 4),
                input_tokens=usage.input,
                cached_input_tokens=usage.cached_input,
                output_tokens=usage.output,
                thinking_tokens=usage.thinking,
                estimated=usage.estimated,
                cost=cost,
                finish=self._done.finish if self._done else None,
                retries=self.retries,
                request_id=self._done.request_id if self._done else "",
                error="cancelled" if self.cancelled and not self._done else (fault.kind if fault else None),
            )
            whole = settings.log_messages
            messages = self._body.get("messages", ()) if whole else ()
            log.write(call, self._endpoint.secret, messages, self._fold.texts()[0] if whole else None)
        failed = int(fault is not None or (self.cancelled and self._done is None))
        return Spent(calls=1, failed=failed, usage=usage, cost=cost or 0.0, unpriced=int(price is None))
