"""A key that can be used and never be seen: not by printing, pickling, encoding or copying."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from mle_ideator_jupyter.brief import redact
from mle_ideator_jupyter.errors import EndpointError

SHORTEST = 6
"""Keys of fewer characters are placeholders; replacing them in texts would only garble those."""
HIDDEN = "[redacted]"


class Secret:
    """Holds one key. `reveal()` gives it to whoever builds the request; nothing else does."""

    __slots__ = ("reveal",)

    def __init__(self, key: str) -> None:
        key = key.strip()
        if not key.isascii() or not key.isprintable() or any(c.isspace() for c in key):
            msg = "the key holds characters that no key has: copy it again into MLE_IDEATOR_API_KEY"
            raise EndpointError(msg, "wrong_key")
        # In a closure, so that no debugger or pretty-printer that lists attributes shows it.
        self.reveal: Callable[[], str] = lambda: key

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __repr__(self) -> str:
        return "Secret(set)" if self else "Secret(none)"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        msg = "a key is never pickled: set it in the environment of whoever needs it"
        raise TypeError(msg)

    def scrub(self, text: str) -> str:
        """Return the text without this key and without anything that looks like one."""
        key = self.reveal()
        if len(key) >= SHORTEST:
            text = text.replace(key, HIDDEN)
        return redact(text)
