"""An answer that must be one of a few texts: which tokens may come next, whatever was written so far.

Each text has one path of tokens, its tokenizer's own, so that the chance of each text is the product of its tokens'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Node = dict[int, Any]


class Paths:
    """The texts as a tree of tokens; each path ends with the token that ends an answer."""

    def __init__(self, texts: Sequence[Sequence[int]], end: int) -> None:
        self.end = end
        self.root: Node = {}
        for tokens in texts:
            node = self.root
            for token in (*tokens, end):
                node = node.setdefault(token, {})

    def allowed(self, tokens: Sequence[int]) -> list[list[int]]:
        """Return for each of these tokens of an answer what was allowed in its place."""
        node, found = self.root, []
        for token in tokens:
            found.append([*node] or [self.end])
            node = node.get(token, {})
        return found


class Walk:
    """One answer on its way through the tree; behind its end only the ending token may come."""

    def __init__(self, paths: Paths) -> None:
        self._node, self._end = paths.root, paths.end

    def consume_tokens(self, tokens: Sequence[int]) -> None:
        """Go on by these tokens."""
        for token in tokens:
            self._node = self._node.get(token, {})

    def allowed(self) -> list[int]:
        """Return the tokens that may come next."""
        return [*self._node] or [self._end]
