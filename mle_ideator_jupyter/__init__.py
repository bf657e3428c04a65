"""The notebook assistant that tells a data scientist what to try next, tries it, and remembers what worked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mle_ideator_jupyter.scoring.reported import report_score
    from mle_ideator_jupyter.widget import Panel

__all__ = ["Panel", "load_ipython_extension", "report_score", "session"]


def load_ipython_extension(ipython: Any) -> None:
    """Make the magics known and let pages in: what `%load_ext mle_ideator_jupyter` calls."""
    from mle_ideator_jupyter import comm, magics

    magics.register(ipython)
    comm.register(ipython)


def __getattr__(name: str) -> Any:
    """Load public names on first use, so that a plain import stays light."""
    if name == "report_score":
        from mle_ideator_jupyter.scoring.reported import report_score

        return report_score
    if name == "Panel":
        from mle_ideator_jupyter.widget import Panel

        return Panel
    if name == "session":
        from mle_ideator_jupyter import api

        return api.session
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
