"""The room of language models: settings and keys, one client for any OpenAI-compatible endpoint, its account.

It knows nothing of ideas or trials. `docs/privacy.md` says what is sent, where and when. Importing it
loads neither `openai` nor an HTTP client.
"""

from __future__ import annotations

from mle_ideator_jupyter.endpoint.account import Spent
from mle_ideator_jupyter.endpoint.calls import CallLog
from mle_ideator_jupyter.endpoint.client import Client
from mle_ideator_jupyter.endpoint.configuring import Endpoint, configured, plain_settings
from mle_ideator_jupyter.endpoint.pieces import (
    Done,
    Finish,
    Fold,
    Piece,
    Reply,
    Restarted,
    TextDelta,
    TextWasThinking,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from mle_ideator_jupyter.endpoint.question import Message, Question
from mle_ideator_jupyter.endpoint.secret import Secret
from mle_ideator_jupyter.endpoint.settings import Price, Role, Settings

__all__ = [
    "CallLog",
    "Client",
    "Done",
    "Endpoint",
    "Finish",
    "Fold",
    "Message",
    "Piece",
    "Price",
    "Question",
    "Reply",
    "Restarted",
    "Role",
    "Secret",
    "Settings",
    "Spent",
    "TextDelta",
    "TextWasThinking",
    "ThinkingDelta",
    "ToolCall",
    "ToolCallDelta",
    "Usage",
    "configured",
    "plain_settings",
]
