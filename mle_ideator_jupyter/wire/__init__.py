"""What crosses between a notebook's kernel and its panel: commands go up, messages come down, and nothing else.

`src/protocol.ts` is generated from this module. Every field is written, defaults too, so that TypeScript sees no
optional ones. State carries summaries; code, outputs and Briefs travel when they are fetched.
Text in it may come from anywhere (a hostile notebook too): a front end shows it as text.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.wire.down import (
    AgentsView,
    ApprovalView,
    BestView,
    Events,
    Fetched,
    FrameView,
    Growing,
    IdeaView,
    InsertCells,
    Message,
    NewCell,
    PanelState,
    PlacedCell,
    RemoveCells,
    RunCell,
    RunView,
    TaskView,
    Trials,
    TrialView,
)
from mle_ideator_jupyter.wire.part import TARGET, WIRE, Activity, ApprovalMode
from mle_ideator_jupyter.wire.up import (
    Answers,
    Changed,
    Choose,
    Command,
    Control,
    Decide,
    Fetch,
    GetIdea,
    Hello,
    KeepTrial,
    MarkIdea,
    Placed,
    Ran,
    Rescore,
    SetTask,
    StartAutopilot,
    TryIdea,
    UndoTrial,
)

__all__ = [
    "TARGET",
    "WIRE",
    "Activity",
    "AgentsView",
    "Answers",
    "ApprovalMode",
    "ApprovalView",
    "BestView",
    "Changed",
    "Choose",
    "Command",
    "Control",
    "Decide",
    "Events",
    "Fetch",
    "Fetched",
    "FrameView",
    "GetIdea",
    "Growing",
    "Hello",
    "IdeaView",
    "InsertCells",
    "KeepTrial",
    "MarkIdea",
    "Message",
    "NewCell",
    "PanelState",
    "Placed",
    "PlacedCell",
    "Ran",
    "RemoveCells",
    "Rescore",
    "RunCell",
    "RunView",
    "SetTask",
    "StartAutopilot",
    "TaskView",
    "TrialView",
    "Trials",
    "TryIdea",
    "UndoTrial",
    "decode",
    "encode",
    "schema",
]


def decode(data: Any) -> Command:
    """Return the command that a front end sent. Raises `UsageError` for anything else, forged shapes too."""
    try:
        command: Command = msgspec.convert(data, Command)
    except msgspec.ValidationError as error:
        msg = f"the panel sent what this version does not know ({error}); install the same version in both"
        raise UsageError(msg) from None
    return command


def encode(message: Message) -> dict[str, Any]:
    """Return a message as plain data."""
    plain: dict[str, Any] = msgspec.to_builtins(message)
    return plain


def schema() -> dict[str, Any]:
    """Return the JSON schema of all messages and commands, which `src/protocol.ts` is made of."""
    _, commands = msgspec.json.schema_components([Command], ref_template="#/definitions/{name}")
    both, parts = msgspec.json.schema_components([Message, Command], ref_template="#/definitions/{name}")
    for name, part in parts.items():
        if name not in commands:  # what goes down is written in full
            part["required"] = list(part["properties"])
    return {"definitions": {**parts, **dict(zip(("Message", "Command"), both, strict=True))}}
