"""A notebook without anybody in front of it: its cells run, and its solution is improved within a budget."""

from __future__ import annotations

from mle_ideator_jupyter.headless.options import POLICIES, RunOptions
from mle_ideator_jupyter.headless.running import run_headless, suggest, told
from mle_ideator_jupyter.headless.summary import RunSummary

__all__ = ["POLICIES", "RunOptions", "RunSummary", "run_headless", "suggest", "told"]
