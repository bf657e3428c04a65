"""Finds where a task's data are in one notebook, and says what is needed when it cannot.

`infer` is pure: it works from a summary of the namespace, the cells' sources and the notebook's folder,
outside the kernel. `settle` refines what it found once the data were profiled.
"""

from __future__ import annotations

from mle_ideator_jupyter.binding.finding import check, infer
from mle_ideator_jupyter.binding.settling import settle, setup_cell

__all__ = ["check", "infer", "settle", "setup_cell"]
