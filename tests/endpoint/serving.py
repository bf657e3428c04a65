"""Starts `serve-local` as a user would, and stops it as a user would."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

KEY = "sk-local-0123456789"


@contextlib.contextmanager
def served() -> Iterator[dict[str, Any]]:
    """Give what `serve-local --json` says of itself; see that it goes when it is told to."""
    started = subprocess.Popen(
        [sys.executable, "-m", "mle_ideator_jupyter.cli", "serve-local", "--json", "--threads", "1"],
        stdout=subprocess.PIPE,
        env={**os.environ, "MLE_IDEATOR_API_KEY": KEY},
        text=True,
    )
    with started:
        try:
            assert started.stdout
            yield json.loads(started.stdout.readline())
        finally:
            started.send_signal(signal.SIGINT)
            status = started.wait(20)
    assert status == 0
