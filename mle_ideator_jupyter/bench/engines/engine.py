"""The seam between a bench and where its runs are executed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol, Union

from mle_ideator_jupyter.bench.rows import Job, Plan, Row
from mle_ideator_jupyter.model import Struct


class Began(Struct, frozen=True, kw_only=True, tag="began"):
    """A run began (again)."""

    job: Job


class Tried(Struct, frozen=True, kw_only=True, tag="tried"):
    """A run has finished its trial of this number."""

    job: Job
    number: int
    title: str = ""


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """A run could not be done; the same command tries it again."""

    job: Job
    message: str


Told = Union[Began, Tried, Failed]


class Engine(Protocol):
    """Executes runs. However often one was begun, it comes back as one Row, or is `Failed`."""

    name: str
    workers: int

    def run(self, plan: Plan, jobs: Sequence[Job], tell: Callable[[Told], None]) -> Generator[Row, None, None]:
        """Yield the Row of each job as it completes; `tell` may be called from any thread."""
        ...
