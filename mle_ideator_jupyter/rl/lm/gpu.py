"""How busy the GPUs are while a training runs, as the driver counts it; nothing where there is none."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading

PERIOD = 1.0


class Busy:
    """Asks the driver once a second how busy the GPUs are, until it is closed."""

    def __init__(self) -> None:
        self._shares: list[float] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        if shutil.which("nvidia-smi"):
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def taken(self) -> float | None:
        """Return the mean share since it was last asked for, or None where there is no GPU."""
        with self._lock:
            shares, self._shares = self._shares, []
        return sum(shares) / len(shares) if shares else None

    def close(self) -> None:
        """Stop asking."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        while not self._over.wait(PERIOD):
            with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
                said = subprocess.run(query, capture_output=True, text=True, check=True, timeout=10).stdout.split()
                with self._lock:
                    self._shares.append(sum(map(float, said)) / (100 * max(1, len(said))))
