"""The notebook assistant that tells a data scientist what to try next, tries it, and remembers what worked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mle_ideator_jupyter.scoring.reported import report_score

__all__ = ["load_ipython_extension", "report_score"]


def load_ipython_extension(ipython: Any) -> None:
    """Make `%ideate` known: what `%load_ext mle_ideator_jupyter` calls."""
    from mle_ideator_jupyter.magics import register

    register(ipython)


def __getattr__(name: str) -> Any:
    """Load public names on first use, so that a plain import stays light."""
    if name == "report_score":
        from mle_ideator_jupyter.scoring.reported import report_score

        return report_score
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
