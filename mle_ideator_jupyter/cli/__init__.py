"""`jupyter ideate …`, also `jupyter-ideate …`: doors that decode, call the session, and print."""

from __future__ import annotations

from mle_ideator_jupyter.cli.app import main

__all__ = ["main"]
