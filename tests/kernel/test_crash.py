"""kill -9 at random moments: nothing that was reported is lost, and the run ends as an unbroken one would."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from mle_ideator_jupyter.journal import Journal, journal_path
from tests.kernel.small import write_notebook

RUNNER = Path(__file__).with_name("run_reporting.py")
ROOT = Path(__file__).parents[2]


def shape(path: Path) -> list:
    state = Journal.read(path).state
    numbers = {t.id: t.number for t in state.trials}
    return [(t.number, t.title, numbers.get(t.parent), t.recipe, t.outcome) for t in state.trials]


def start(notebook: Path, steps: int, host: str) -> subprocess.Popen:
    command = [sys.executable, str(RUNNER), str(notebook), str(steps), host]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def run_until_killed(notebook: Path, steps: int, host: str, seconds: float) -> tuple[list[str], bool]:
    """Return the lines that were reported before the kill, and whether the run had ended by itself."""
    process = start(notebook, steps, host)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
    reader.start()
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    ended = process.poll() is not None
    process.send_signal(signal.SIGKILL)
    errors = process.stderr.read() if ended else ""
    process.wait()
    reader.join(10)
    assert not (ended and process.returncode), errors
    return lines, ended


def check_reported(lines: list[str], journal: Path) -> None:
    """Every trial that was reported is in the journal, and finished where it was reported as finished."""
    reported = [line.split() for line in lines if line.endswith("\n")]
    trials = [r for r in reported if len(r) == 3 and r[1] != "-"]
    if trials:
        state = Journal.read(journal).state
        for _, trial_id, done in trials:
            trial = state.trial(trial_id)
            assert trial is not None
            assert trial.outcome is not None or done == "0"


def crash_loop(tmp_path: Path, *, kills: int, steps: int, host: str, seed: int) -> None:
    unbroken, broken = tmp_path / "a", tmp_path / "b"
    for folder in (unbroken, broken):
        folder.mkdir()
        write_notebook(folder / "n.ipynb")
    began = time.monotonic()
    lines, ended = run_until_killed(unbroken / "n.ipynb", steps, host, 600)
    took = time.monotonic() - began
    assert ended
    journal = journal_path(broken / "n.improved.ipynb")
    generator = random.Random(seed)
    survived = 0
    for _ in range(kills):
        lines, ended = run_until_killed(broken / "n.ipynb", steps, host, generator.uniform(0.1, took))
        check_reported(lines, journal)
        survived += 1
        if ended:
            break
    if not ended:
        lines, ended = run_until_killed(broken / "n.ipynb", steps, host, 600)
        check_reported(lines, journal)
    assert ended
    assert shape(journal) == shape(journal_path(unbroken / "n.improved.ipynb"))
    result = nbformat.read(broken / "n.improved.ipynb", as_version=4)
    nbformat.validate(result)
    assert survived >= 1


def no_kernel_left(tmp_path: Path) -> bool:
    for _ in range(100):
        mine = [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(str(tmp_path))]
        if not mine:
            return True
        time.sleep(0.1)
    return False


def test_two_kills_lose_nothing(tmp_path):
    crash_loop(tmp_path, kills=2, steps=3, host="scratch", seed=1)
    assert no_kernel_left(tmp_path), "kernels end with the run that was killed"


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(4))
def test_twenty_kills_lose_nothing(tmp_path, seed):
    """Four runs, each killed up to five times at random moments: twenty kills."""
    crash_loop(tmp_path, kills=5, steps=4, host=("scratch", "fork")[seed % 2], seed=seed)
