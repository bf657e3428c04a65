"""The talk with a model within one trial: what was said and what came of it, as tool calls or as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from mle_ideator_jupyter.brief.wording import line
from mle_ideator_jupyter.endpoint import Client, Message, Reply, ToolCall
from mle_ideator_jupyter.errors import EndpointError
from mle_ideator_jupyter.implementers.llm import prompt, textual
from mle_ideator_jupyter.implementers.llm.wanting import Unusable, Wanted, as_json, of_call, tools
from mle_ideator_jupyter.model import Struct

KEPT_WHOLE = 3
"""So many latest turns are told in full; of earlier ones what came of them is cut."""
SAID, OLDER = 12_000, 800
ONE_AT_A_TIME = "\n(only the first of your actions was done: one action in each answer)"


class Turn(Struct, frozen=True, kw_only=True):
    """What the model said, the action that it wanted, and what it was told then."""

    said: str
    wanted: Wanted | None
    call: ToolCall | None
    told: str


class Conversation:
    """Asks for action after action.

    Args:
        client: asks the endpoint.
        opening: the first message.
        help_there: whether there is an Ideator to ask.
    """

    def __init__(self, client: Client, opening: str, *, help_there: bool) -> None:
        self.turns: list[Turn] = []
        self.native = True
        self._client, self._opening, self._help = client, opening, help_there
        self._waiting: tuple[str, Wanted | None, ToolCall | None] | None = None
        self._more = False

    async def ask(self) -> Wanted | Unusable:
        """Return the next action that the model wants, or what was wrong with its answer. Raises `EndpointError`."""
        reply = await self._reply()
        self._more = len(reply.tool_calls) > 1
        call = reply.tool_calls[0] if reply.tool_calls else None
        if reply.finish == "refused" or reply.refusal:
            found: Wanted | Unusable = Unusable(
                why=f"the model declined: {line(reply.refusal or reply.text, 200) or 'it gave no reason'}",
                declined=True,
            )
        elif call is not None:
            found = of_call(call)
            if isinstance(found, Unusable) and reply.truncated:
                found = Unusable(why="the answer was cut off: write less")
        else:
            found = textual.read(reply.text, truncated=reply.truncated)
        if isinstance(found, Wanted) and found.action == "seek_help" and not self._help:
            found = Unusable(why="there is no Ideator to ask: decide yourself")
        self._waiting = reply.text[:SAID], found if isinstance(found, Wanted) else None, call
        return found

    def tell(self, told: str) -> None:
        """Tell the model what came of its last action."""
        said, wanted, call = self._waiting or ("", None, None)
        self.turns.append(Turn(said=said, wanted=wanted, call=call, told=told + (ONE_AT_A_TIME if self._more else "")))
        self._waiting = None

    async def _reply(self) -> Reply:
        """Ask once: with tools where the model takes them, else in text."""
        purpose = f"action {len(self.turns) + 1} of a trial"
        text = self._client.endpoint.settings.tools == "text"
        if self.native and (text or await self._client.takes("tools", "implementer") is False):
            self.native = False
        if self.native:
            try:
                return await self._client.complete(
                    self.messages(),
                    role="implementer",
                    tools=tools(help_there=self._help),
                    tool_choice="required",
                    purpose=purpose,
                )
            except EndpointError as error:
                if error.kind != "no_tools":
                    raise
            self.native = False
        return await self._client.complete(self.messages(), role="implementer", purpose=purpose)

    def messages(self) -> list[Message]:
        """Return what is sent, free of secrets."""
        scrub = self._client.endpoint.scrub
        sent: list[Message] = [
            {"role": "system", "content": prompt.system(native=self.native, help_there=self._help)},
            {"role": "user", "content": scrub(self._opening)},
        ]
        recent = len(self.turns) - KEPT_WHOLE
        for number, turn in enumerate(self.turns):
            told = turn.told if number >= recent or len(turn.told) <= OLDER else f"{turn.told[:OLDER]}\n[…]"
            sent += self._turn(turn, scrub(told), scrub)
        return sent

    def _turn(self, turn: Turn, told: str, scrub: Callable[[str], str]) -> list[Message]:
        if self.native and turn.call is not None:
            arguments = turn.call.arguments if turn.call.decoded() is not None else "{}"
            function = {"name": turn.call.name or "none", "arguments": arguments}
            call = {"id": turn.call.id, "type": "function", "function": function}
            return [
                {"role": "assistant", "content": scrub(turn.said) or None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": turn.call.id, "content": told},
            ]
        said = scrub(turn.said) or _as_text(turn.wanted)
        return [{"role": "assistant", "content": said or "(nothing)"}, {"role": "user", "content": told}]


def _as_text(wanted: Wanted | None) -> str:
    """Return an action that was a tool call as an answer in text."""
    if wanted is None:
        return ""
    arguments: dict[str, Any] = json.loads(as_json(wanted))
    return json.dumps({"action": wanted.action, "arguments": arguments}, ensure_ascii=False)
