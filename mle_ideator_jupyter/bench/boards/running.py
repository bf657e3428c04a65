"""One solution in a process of its own, with a limit of CPU seconds; what comes back is plain data, whatever happens.

The process is forked from a server that has imported the libraries and never fitted anything, so a run does not pay
for imports. It reads a task's public files; the answers are graded elsewhere.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.model import Struct

BASELINE = "default boosting"
"""Stands for the default Recipe among the names of solutions."""
_PRELOAD = [
    "pandas",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.feature_extraction.text",
    "sklearn.neural_network",
    "sklearn.compose",
    "sklearn.calibration",
    "lightgbm",
]
"""What the server imports, where it is installed; importing fits nothing."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PATIENCE = 60
"""On a busy machine a CPU second may take so many seconds on the clock, if other work comes first."""


class Run(Struct, frozen=True, kw_only=True):
    """What became of one run: CPU seconds, and why there is no submission, where there is none."""

    seconds: float
    failure: str = ""


def run_solution(name: str, folder: Path, seed: int, cpu_limit: float, path: Path) -> Run:
    """Run one solution of the population (or `BASELINE`) on a task folder; its submission is written to `path`.

    The process is ended when it has used `cpu_limit` CPU seconds, where the system can limit them, and after a
    multiple of that on the clock in any case.
    """
    path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="board-") as scratch:
        said = Path(scratch) / "run.json"
        for variable in _THREADS:
            os.environ.setdefault(variable, "1")
        process = _context().Process(target=_work, args=(name, str(folder), seed, cpu_limit, str(path), str(said)))
        process.start()
        process.join(cpu_limit * _PATIENCE + 60)
        if process.is_alive():
            process.kill()
            process.join()
            return Run(seconds=cpu_limit, failure="stopped: it took too long on the clock")
        if said.is_file():
            return msgspec.json.decode(said.read_bytes(), type=Run)
        return Run(seconds=cpu_limit, failure=_ended(process.exitcode, cpu_limit))


def _context() -> Any:
    kind = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(kind)
    if kind == "forkserver":
        context.set_forkserver_preload(_PRELOAD)
    return context


def _ended(code: int | None, cpu_limit: float) -> str:
    over = {-int(getattr(signal, "SIGXCPU", 0)), -int(getattr(signal, "SIGKILL", 0))}
    if code in over - {0}:
        return f"stopped after {cpu_limit:g} CPU seconds"
    return f"its process ended with status {code}"


def _work(name: str, folder: str, seed: int, cpu_limit: float, *to: str) -> None:
    """Be the process: solve, write the submission to the first file, then how it went to the second."""
    path, said = to
    from mle_ideator_jupyter.bench.boards.baseline import default_boosting
    from mle_ideator_jupyter.bench.boards.solutions import POPULATION
    from mle_ideator_jupyter.bench.boards.solving import solve

    _limit(cpu_limit)
    began, failure = time.process_time(), ""
    try:
        if name == BASELINE:
            frame = default_boosting(Path(folder), seed)
        else:
            frame = solve(POPULATION[name], Path(folder), seed)
        frame.to_csv(path, index=False)
    except Exception as error:  # noqa: BLE001 - a solution may fail in any way; its entry says how
        failure = f"{type(error).__name__}: {error}".strip().splitlines()[0][:200]
    done = Run(seconds=round(time.process_time() - began, 2), failure=failure)
    begun = Path(f"{said}.begun")
    begun.write_bytes(msgspec.json.encode(done))
    begun.replace(said)


def _limit(cpu_limit: float) -> None:
    if sys.platform == "win32":
        return
    import resource

    whole = max(1, round(cpu_limit + time.process_time()))
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 5))
