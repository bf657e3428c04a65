"""kill -9 at random moments: nothing that was reported is lost, and the run ends as an unbroken one would."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from mle_ideator_jupyter.exports.notebook import written_runs
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
    lines: list[str] = []
    with start(notebook, steps, host) as process:
        reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
        reader.start()
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        ended = process.poll() is not None
        process.kill()
        reader.join(30)
        errors = process.stderr.read() if ended else ""
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


def crash_loop(tmp_path: Path, *, kills: int, steps: int, host: str) -> None:
    """Kill runs at random moments until `kills` kills were made; each run must end as the unbroken one."""
    unbroken = tmp_path / "unbroken"
    unbroken.mkdir()
    notebook = write_notebook(unbroken / "n.ipynb")
    began = time.monotonic()
    _, ended = run_until_killed(notebook, steps, host, 600)
    took = time.monotonic() - began
    assert ended
    expected = shape(journal_path(unbroken / "n.improved.ipynb"))
    generator = random.Random(kills)
    made = runs = 0
    while made < kills:
        folder, runs = tmp_path / f"broken-{runs}", runs + 1
        folder.mkdir()
        notebook = write_notebook(folder / "n.ipynb")
        journal = journal_path(folder / "n.improved.ipynb")
        ended = False
        while not ended:
            patience = generator.uniform(0.1, took) if made < kills else 600
            lines, ended = run_until_killed(notebook, steps, host, patience)
            check_reported(lines, journal)
            made += not ended
            # Killed after its result was written, nothing was left to do: once more would be a run more.
            ended = ended or bool(written_runs(folder / "n.improved.ipynb"))
        assert shape(journal) == expected
        nbformat.validate(nbformat.read(folder / "n.improved.ipynb", as_version=4))


def no_kernel_left(tmp_path: Path) -> bool:
    for _ in range(100):
        mine = [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(str(tmp_path))]
        if not mine:
            return True
        time.sleep(0.1)
    return False


def test_two_kills_lose_nothing(tmp_path):
    crash_loop(tmp_path, kills=2, steps=2, host="scratch")
    assert no_kernel_left(tmp_path), "kernels end with the run that was killed"


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("host", ["scratch", "fork"])
def test_twenty_kills_lose_nothing(tmp_path, host):
    crash_loop(tmp_path, kills=20, steps=4, host=host)
    assert no_kernel_left(tmp_path)


def test_killed_before_its_result_was_written_a_run_only_writes_it(tmp_path):
    notebook, result = write_notebook(tmp_path / "n.ipynb"), tmp_path / "n.improved.ipynb"
    counts = []
    for lost in (True, False, False):
        _, ended = run_until_killed(notebook, 1, "scratch", 600)
        assert ended
        nbformat.validate(nbformat.read(result, as_version=4))
        counts.append(len(shape(journal_path(result))))
        if lost:
            result.unlink()
    assert counts == [2, 2, 3], "baseline and a trial; then only the result; then, as that is there, one trial more"
