"""Whether a failed attempt is made again, and after how long."""

from __future__ import annotations

import random

from mle_ideator_jupyter.endpoint.faults import Fault
from mle_ideator_jupyter.endpoint.settings import Settings

FIRST_WAIT = 0.5
LONGEST_BACKOFF = 8.0
"""Seconds; where the endpoint itself says how long to wait, that counts instead."""


def wait_before_next(fault: Fault, failed: int, settings: Settings, left: float) -> float | None:
    """Return how many seconds to wait after the `failed`-th failed attempt, or None to give up.

    `left` is the time that remains for the whole answer, in seconds: what would come after is not waited for.
    """
    if not fault.again or failed > settings.retries:
        return None
    asked = fault.error.retry_after
    if asked is not None:
        # A little later than asked, so that those who were all refused at once do not all come back at once.
        wait = asked + random.uniform(0, min(0.25, 0.1 * asked))  # noqa: S311
        return wait if wait < min(left, settings.longest_wait_seconds) else None
    backoff = min(FIRST_WAIT * 2.0 ** (failed - 1), LONGEST_BACKOFF)
    wait = backoff * random.uniform(0.75, 1)  # noqa: S311
    return wait if wait < left else None
