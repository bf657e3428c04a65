"""The Dask engine: runs on the workers of a Dask Distributed scheduler, each in a process of its own there.

All workers must see the bench's folder and the tasks at the same paths, and have the package. A run whose worker is
lost goes on elsewhere from its journal; one that was finished when its worker was lost is read, not done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mle_ideator_jupyter.bench.engines.engine import Began, Failed, Told
from mle_ideator_jupyter.bench.engines.process import execute
from mle_ideator_jupyter.bench.rows import Job, Plan, Row
from mle_ideator_jupyter.errors import IdeatorError, UsageError

CONNECT_SECONDS = 20
LOSSES = 10
"""Workers that one run may lose before it is given up: on a preemptible cluster losing some is no fault of a run's."""


class DaskEngine:
    """Runs on a cluster.

    Args:
        address: of the scheduler, `tcp://host:port`.
        gpus: the resource `GPU` that a run asks of its worker (`dask worker --resources GPU=1`); 0 asks for none.
    """

    name = "dask"

    def __init__(self, address: str, gpus: int = 0) -> None:
        try:
            import distributed
        except ImportError:
            msg = "a cluster needs Dask: pip install 'mle_ideator_jupyter[dask]'"
            raise IdeatorError(msg) from None
        try:
            self._client: Any = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            msg = f"no Dask scheduler answers at {address}: start one with `dask scheduler` ({error})".splitlines()[0]
            raise UsageError(msg) from None
        self.gpus = gpus
        self.workers = max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def run(self, plan: Plan, jobs: Sequence[Job], tell: Callable[[Told], None]) -> Iterator[Row]:
        """Yield the Row of each job as it completes; closing the iterator takes back what has not."""
        from distributed import as_completed

        resources = {"GPU": self.gpus} if self.gpus else None
        waiting = {}
        with self._client as client:
            client.run_on_scheduler(_allow_losses)
            for job in jobs:
                future = client.submit(on_worker, plan, job, resources=resources, pure=False)
                waiting[future] = job
                tell(Began(job=job))
            try:
                for future in as_completed(list(waiting)):
                    error = future.exception()
                    if error is None:
                        yield future.result()
                    else:
                        tell(Failed(job=waiting[future], message=str(error).splitlines()[0][:400]))
            finally:
                client.cancel(list(waiting), force=True)


def on_worker(plan: Plan, job: Job) -> Row:
    """Do one run on a worker and return its Row."""
    return execute(plan, job, lambda _: None)


def _allow_losses(dask_scheduler: Any = None) -> None:
    dask_scheduler.allowed_failures = max(dask_scheduler.allowed_failures, LOSSES)
