"""Keeps `<think>…</think>` apart from the answer, however the tags fall between the parts of a stream."""

from __future__ import annotations

import re

from mle_ideator_jupyter.endpoint.pieces import TextDelta, TextWasThinking, ThinkingDelta

_OPENING = ("<think>", "<thinking>")
_CLOSING = ("</think>", "</thinking>")
_CLOSE = re.compile("</think(?:ing)?>")


class Splitter:
    """Takes text as it streams and says what of it is thinking.

    A thought opens only at the very beginning: later on the tag is text like any other. Some
    models' templates open the thought themselves, so that only its end is seen: then all before
    it was thinking.
    """

    def __init__(self, choice: int = 0) -> None:
        self._choice = choice
        self._where = "start"  # then "thought" or "text"; "answer" is text in which no thought can end
        self._held = ""

    def feed(self, text: str) -> list[TextDelta | ThinkingDelta | TextWasThinking]:
        """Return what this text adds; the beginning of what may become a tag is held back."""
        self._held += text
        if self._where == "start" and not self._begin():
            return []
        if self._where == "answer":
            return self._said(self._take(len(self._held)))
        close = _CLOSE.search(self._held)
        if close is None:
            return self._said(self._take(_safe(self._held)))
        before = self._take(close.start())
        pieces = self._said(before)
        if self._where == "text":
            pieces.append(TextWasThinking(choice=self._choice))
        self._where, self._held = "answer", self._held[close.end() - close.start() :]
        return pieces + self._said(self._take(len(self._held)))

    def end(self) -> list[TextDelta | ThinkingDelta | TextWasThinking]:
        """Return what was held back."""
        if self._where == "start":
            self._where = "text"
        return self._said(self._take(len(self._held)))

    def _begin(self) -> bool:
        """Decide whether the answer begins with a thought; False while that is not clear yet."""
        begun = self._held.lstrip()
        for tag in _OPENING:
            if begun.startswith(tag):
                self._where, self._held = "thought", begun[len(tag) :]
                return True
        if any(tag.startswith(begun) for tag in _OPENING):
            return False
        self._where = "text"
        return True

    def _take(self, length: int) -> str:
        taken, self._held = self._held[:length], self._held[length:]
        return taken

    def _said(self, text: str) -> list[TextDelta | ThinkingDelta | TextWasThinking]:
        if not text:
            return []
        kind = ThinkingDelta if self._where == "thought" else TextDelta
        return [kind(text=text, choice=self._choice)]


def _safe(text: str) -> int:
    """Return how much of the text can be no beginning of a closing tag."""
    at = text.rfind("<")
    return at if at >= 0 and any(tag.startswith(text[at:]) for tag in _CLOSING) else len(text)
