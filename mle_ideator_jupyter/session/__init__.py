"""The session: one for each notebook, on a thread of its own."""

from mle_ideator_jupyter.session.pages import Door
from mle_ideator_jupyter.session.session import Session

__all__ = ["Door", "Session"]
