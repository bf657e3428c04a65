"""One run in a process of its own, which ends when whoever began it does, however that was.

The process is told on its arguments what to do, prints a JSON line for each finished trial, and leaves its Row in the
run's folder. Its standard input is a pipe that its parent holds: at its end the process leaves at once,
and what it began is ended by the keepers of its Hosts.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from mle_ideator_jupyter.bench.engines.engine import Failed, Told, Tried
from mle_ideator_jupyter.bench.rows import Job, Plan, Row
from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.hosts.forklife import ONE_THREAD
from mle_ideator_jupyter.hosts.processes import python
from mle_ideator_jupyter.loop import Update

_told = msgspec.json.Decoder(Told)
LOG = "log.txt"
TAIL = 400


class Order(msgspec.Struct, kw_only=True):
    """What the process is told."""

    plan: Plan
    job: Job
    core: int | None = None


def execute(
    plan: Plan,
    job: Job,
    tell: Callable[[Told], None],
    *,
    core: int | None = None,
    gpus: str | None = None,
    begun: Callable[[subprocess.Popen[bytes]], None] = lambda _: None,
) -> Row:
    """Execute one run in a process of its own and return its Row. Raises `IdeatorError` when there is none.

    `core` is where it is pinned to, `gpus` what CUDA may see; `begun` is given the process.
    """
    folder = Path(plan.out) / "runs" / job.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot write to {folder}: {error.strerror or error}; every worker must see the same --out"
        raise IdeatorError(msg) from error
    environment = {**os.environ, **ONE_THREAD}
    if gpus is not None:
        environment["CUDA_VISIBLE_DEVICES"] = gpus
    order = msgspec.json.encode(Order(plan=plan, job=job, core=core)).decode()
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            python(__name__, order), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
        )
    begun(process)
    try:
        for told in _heard(process):
            if isinstance(told, Failed):
                raise IdeatorError(told.message)
            tell(told)
    finally:
        # By the end of its input it knows that nobody waits for it any more.
        with contextlib.suppress(BrokenPipeError):
            process.communicate()
    row = folder / "row.json"
    if process.returncode == 0 and row.exists():
        return msgspec.json.decode(row.read_bytes(), type=Row)
    said = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip()[-TAIL:].splitlines()
    msg = f"its process ended with {process.returncode}: {said[-1] if said else 'nothing said'} ({folder / LOG})"
    raise IdeatorError(msg)


def _heard(process: subprocess.Popen[bytes]) -> Iterator[Told]:
    for line in process.stdout or ():
        with contextlib.suppress(msgspec.MsgspecError):
            yield _told.decode(line)


def main() -> int:
    """Do one run as the order in the arguments says."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    if order.core is not None and hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {order.core})
    words = os.dup(1)
    os.dup2(2, 1)  # what libraries print goes to the log

    def say(told: Told) -> None:
        with contextlib.suppress(OSError):
            os.write(words, msgspec.json.encode(told) + b"\n")

    def tell(update: Update) -> None:
        trial = update.trial
        if update.kind == "trial_finished" and trial is not None:
            say(Tried(job=order.job, number=trial.number, title=trial.title))
        elif update.kind == "status":
            print(time.strftime("%H:%M:%S"), update.message, file=sys.stderr, flush=True)  # noqa: T201 - the run's log

    from mle_ideator_jupyter.bench.course import Run

    try:
        Run(order.plan, order.job).row(tell)
    except IdeatorError as error:
        say(Failed(job=order.job, message=str(error)))
        return 1
    return 0


def _leave_with_parent() -> None:
    while os.read(0, 1 << 10):
        pass
    os._exit(1)
