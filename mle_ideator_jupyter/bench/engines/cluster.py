"""The Dask engine: runs on the workers of a Dask Distributed scheduler, each in a process of its own there.

All workers must see the bench's folder and the tasks at the same paths, and have the package. A run whose worker is
lost goes on elsewhere from its journal; one that was finished when its worker was lost is read, not done again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from typing import Any

from mle_ideator_jupyter.bench.engines.engine import Began, Failed, Told
from mle_ideator_jupyter.bench.engines.process import execute
from mle_ideator_jupyter.bench.rows import Job, Plan, Row
from mle_ideator_jupyter.errors import IdeatorError, UsageError

CONNECT_SECONDS = 20
TRIES = 5
"""How often a run is handed in that Dask gave up on after several lost workers: on a cluster whose machines are
taken away now and then that is no fault of the run's."""


def connected(address: str) -> Any:
    """Return a client of the scheduler at `tcp://host:port`.

    Raises `IdeatorError` where Dask is not installed, `UsageError` where that is no address or no scheduler answers.
    """
    if "://" not in address:
        msg = f"--engine is local or a Dask scheduler's address such as tcp://host:8786, not {address!r}"
        raise UsageError(msg)
    try:
        import distributed
    except ImportError:
        msg = "a cluster needs Dask: pip install 'mle_ideator_jupyter[dask]'"
        raise IdeatorError(msg) from None
    try:
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = f"no Dask scheduler answers at {address}: start one with `dask scheduler` ({error})".splitlines()[0]
        raise UsageError(msg) from None


class DaskEngine:
    """Runs on a cluster.

    Args:
        address: of the scheduler, `tcp://host:port`.
        gpus: the resource `GPU` that a run asks of its worker (`dask worker --resources GPU=1`); 0 asks for none.
    """

    name = "dask"

    def __init__(self, address: str, gpus: int = 0) -> None:
        self._client = connected(address)
        self.gpus = gpus
        self.workers = max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def run(self, plan: Plan, jobs: Sequence[Job], tell: Callable[[Told], None]) -> Generator[Row, None, None]:
        """Yield the Row of each job as it completes; closing the iterator takes back what has not."""
        from distributed import as_completed
        from distributed.scheduler import KilledWorker

        resources = {"GPU": self.gpus} if self.gpus else None
        waiting: dict[Any, Job] = {}
        tries: Counter[Job] = Counter()

        def submitted(job: Job) -> Any:
            future = self._client.submit(on_worker, plan, job, resources=resources, pure=False)
            waiting[future] = job
            tries[job] += 1
            tell(Began(job=job))
            return future

        with self._client as client:
            completed = as_completed([submitted(job) for job in jobs], loop=client.loop)
            try:
                for future in completed:
                    job, error = waiting.pop(future), future.exception()
                    if error is None:
                        yield future.result()
                    elif isinstance(error, KilledWorker) and tries[job] < TRIES:
                        completed.add(submitted(job))
                    else:
                        tell(Failed(job=job, message=(str(error).splitlines() or [type(error).__name__])[0][:400]))
            finally:
                client.cancel(list(waiting), force=True)


def on_worker(plan: Plan, job: Job) -> Row:
    """Do one run on a worker and return its Row."""
    return execute(plan, job, lambda _: None)
