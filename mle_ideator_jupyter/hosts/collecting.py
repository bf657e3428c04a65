"""Collects what a cell puts out as nbformat outputs, within caps, and picks the score out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.protocols import Reported
from mle_ideator_jupyter.scoring.reported import MIME, read_report

TEXT_CAP = 100_000
"""Characters of text kept of one cell."""
IMAGE_CAP = 4_000_000
"""Characters (base64) of images and other rich data kept of one cell."""
Status = Literal["ok", "error", "timeout", "memory", "interrupted", "died"]


_ENDINGS: dict[str, Status] = {
    "KeyboardInterrupt": "interrupted",
    "SystemExit": "died",
    "MemoryError": "memory",
    "OutOfMemoryError": "memory",  # torch's, of a GPU
}


def status_of(error: str) -> Status:
    """Return how a cell ended that raised the error of this name."""
    return _ENDINGS.get(error, "error")


def message_of(error: str, value: str) -> str:
    """Return an error as one line."""
    first = (value.strip().splitlines() or [""])[0]
    return f"{error}: {first}".strip().rstrip(":")[:500]


class Collector:
    """The outputs of one cell, capped; `reported` is the last score that it reported.

    A submission counts only when it lies in the folder `submissions`: a cell may name any file.
    """

    def __init__(self, submissions: Path | None = None) -> None:
        self.submissions = submissions
        self.outputs: list[dict[str, Any]] = []
        self.reported: Reported | None = None
        self.cut_text = 0
        self.cut_data = 0
        self._text = 0
        self._data = 0

    def stream(self, name: str, text: str) -> None:
        """Add printed text; successive prints to one stream become one output."""
        text = self._capped(text)
        if not text:
            return
        last = self.outputs[-1] if self.outputs else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def display(self, data: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        """Add display data; what is too large is left out, and a score is taken down."""
        if MIME in data:
            try:
                self.reported = self._checked(read_report(data[MIME]))
            except msgspec.ValidationError:
                data = {k: v for k, v in data.items() if k != MIME}
        kept = {}
        for mime, value in data.items():
            size = len(value) if isinstance(value, str) else len(msgspec.json.encode(value))
            if self._data + size > IMAGE_CAP:
                self.cut_data += 1
                continue
            self._data += size
            kept[mime] = value
        if kept:
            self.outputs.append({"output_type": "display_data", "data": kept, "metadata": metadata or {}})

    def error(self, name: str, value: str, traceback: list[str]) -> None:
        """Add an error with its traceback."""
        lines = [self._capped(line) for line in traceback]
        self.outputs.append({"output_type": "error", "ename": name, "evalue": value[:2000], "traceback": lines})

    def message(self, message: dict[str, Any]) -> None:
        """Add the output that an IOPub message carries, if it carries one."""
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "stream":
            self.stream(content["name"], content["text"])
        elif kind in {"display_data", "execute_result"}:
            self.display(content["data"], content.get("metadata"))
        elif kind == "error":
            self.error(content["ename"], content["evalue"], content["traceback"])

    def result(self) -> tuple[dict[str, Any], ...]:
        """Return the outputs, with a last line that says what was cut."""
        if not (self.cut_text or self.cut_data):
            return tuple(self.outputs)
        said = f"[{self.cut_text} characters and {self.cut_data} rich outputs were cut]\n"
        return (*self.outputs, {"output_type": "stream", "name": "stderr", "text": said})

    def _checked(self, reported: Reported) -> Reported:
        if reported.submission is None:
            return reported
        folder, path = self.submissions, Path(reported.submission)
        if folder is not None and path.resolve().parent == folder.resolve():
            return reported
        return replace(reported, submission=None)

    def _capped(self, text: str) -> str:
        room = max(0, TEXT_CAP - self._text)
        self._text += min(room, len(text))
        self.cut_text += max(0, len(text) - room)
        return text[:room]
