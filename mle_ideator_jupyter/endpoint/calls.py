"""The call log: one line for each call, in the journal's folder, readable by its owner only.

It holds numbers and names. Messages and replies are in it only where `log_messages` says so, and
keys never. A disk that refuses it costs one warning (in `notes`, too) and no call.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.endpoint.secret import Secret
from mle_ideator_jupyter.endpoint.settings import Role

FILE_NAME = "calls.jsonl"
TEXT_CAP = 1 << 20
"""Most characters of messages or reply that one line holds."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one call. Times are UTC and in seconds, tokens are counts, cost is in US dollars or unknown."""

    id: str
    at: str
    role: Role
    purpose: str
    model: str
    host: str
    seconds: float
    first_token_seconds: float | None
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    thinking_tokens: int
    estimated: bool
    cost: float | None
    finish: str | None
    retries: int
    request_id: str
    error: str | None
    """The kind of an EndpointError, `cancelled`, or None."""


class CallLog:
    """Appends calls to a file. `for_journal` puts it where a notebook's blobs are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._torn = False
        self.notes: list[str] = []

    @classmethod
    def for_journal(cls, folder: Path) -> CallLog:
        """Return the log of the journal with this folder (`Journal.folder`)."""
        return cls(folder / FILE_NAME)

    def write(self, call: Call, secret: Secret, messages: Sequence[Any] = (), reply: str | None = None) -> None:
        """Append one line; messages and reply are written only if they are given."""
        line: dict[str, Any] = msgspec.structs.asdict(call)
        if messages:
            line["messages"] = msgspec.json.encode(messages).decode(errors="replace")[:TEXT_CAP]
        if reply is not None:
            line["reply"] = reply[:TEXT_CAP]
        cleaned = {k: secret.scrub(v) if isinstance(v, str) else v for k, v in line.items()}
        try:
            self._append(msgspec.json.encode(cleaned) + b"\n")
        except OSError as error:
            self._warn(error)

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        file = os.open(self.path, flags, 0o600)
        try:
            whole = b"\n" + line if self._torn else line
            written = os.write(file, whole)
            self._torn = written < len(whole)
        finally:
            os.close(file)

    def _warn(self, error: OSError) -> None:
        if not self.notes:
            why = error.strerror or type(error).__name__
            self.notes.append(f"the call log {self.path} cannot be written: {why}; calls go on without it")
            logging.getLogger(__name__).warning(self.notes[0])
