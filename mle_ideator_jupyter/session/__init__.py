"""The session: one for each notebook, on a thread of its own.

`mle_ideator_jupyter.session()` is the public way to it. Once this room is imported it goes by that name too, so it
can be called, and then does what the name did before.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from mle_ideator_jupyter.session.pages import Door
from mle_ideator_jupyter.session.session import Session

__all__ = ["Door", "Session"]


class _Room(ModuleType):
    def __call__(self) -> Any:
        return sys.modules[__package__.partition(".")[0]].__getattr__("session")()


sys.modules[__name__].__class__ = _Room
