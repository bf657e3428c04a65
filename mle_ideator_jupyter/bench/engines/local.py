"""The local engine: as many runs at a time as there are workers, each pinned to a core, GPUs dealt out."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor

from mle_ideator_jupyter.bench.engines.engine import Began, Failed, Told
from mle_ideator_jupyter.bench.engines.process import execute
from mle_ideator_jupyter.bench.rows import Job, Plan, Row
from mle_ideator_jupyter.errors import IdeatorError


class LocalEngine:
    """Runs on this machine.

    Args:
        workers: runs at a time; each has a core of its own where there are enough.
        gpus: GPUs that each run may see; 0 leaves them all to all.
        pin: whether each run is held to its core; not where others compute on this machine too.
    """

    name = "local"

    def __init__(self, workers: int = 1, gpus: int = 0, *, pin: bool = True) -> None:
        self.workers, self.gpus, self.pin = workers, gpus, pin
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, plan: Plan, jobs: Sequence[Job], tell: Callable[[Told], None]) -> Generator[Row, None, None]:
        """Yield the Row of each job as it completes; closing the iterator ends what runs."""
        free: queue.Queue[tuple[int | None, str | None]] = queue.Queue()
        for slot in slots(self.workers, self.gpus):
            free.put(slot)
        done: queue.Queue[Row | None] = queue.Queue()

        def one(job: Job) -> None:
            slot = free.get()
            try:
                if not self._stopped:
                    tell(Began(job=job))
                    done.put(
                        execute(plan, job, tell, core=slot[0] if self.pin else None, gpus=slot[1], begun=self._begun)
                    )
                    return
            except IdeatorError as error:
                tell(Failed(job=job, message=str(error)))
            except Exception as error:  # noqa: BLE001 - one run's fault must not end the others
                tell(Failed(job=job, message=f"{type(error).__name__}: {error}"))
            finally:
                free.put(slot)
            done.put(None)

        pool = ThreadPoolExecutor(self.workers)
        try:
            for job in jobs:
                pool.submit(one, job)
            for _ in jobs:
                row = done.get()
                if row is not None:
                    yield row
        finally:
            self._stop()
            pool.shutdown(wait=True, cancel_futures=True)

    def _begun(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.add(process)
            if self._stopped:
                process.kill()

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                if process.poll() is None:
                    process.kill()


def slots(workers: int, gpus: int) -> list[tuple[int | None, str | None]]:
    """Return a core and the visible GPUs for each worker, dealt out in turn."""
    cores: list[int | None] = [None]
    if hasattr(os, "sched_getaffinity"):
        cores = [*sorted(os.sched_getaffinity(0))]
    seen = devices() if gpus else []
    dealt: list[tuple[int | None, str | None]] = []
    for k in range(workers):
        mine = [seen[(k * gpus + g) % len(seen)] for g in range(gpus)] if seen else []
        dealt.append((cores[k % len(cores)], ",".join(dict.fromkeys(mine)) if mine else None))
    return dealt


def devices() -> list[str]:
    """Return the GPUs that CUDA may see here, by the names that it knows them by."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [d for d in given.split(",") if d.strip()]
    try:
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return []
    return told.stdout.split()
