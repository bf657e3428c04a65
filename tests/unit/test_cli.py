from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from mle_ideator_jupyter.cli.app import app
from mle_ideator_jupyter.cli.progress import Progress
from mle_ideator_jupyter.cli.running import summary_line
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.model import Budget
from mle_ideator_jupyter.session import RunSummary
from tests.unit.test_exports import journal_of


def invoke(*arguments: object, status: int = 0):
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == status, done.output
    return done


def command(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess:
    line = [sys.executable, "-m", "mle_ideator_jupyter.cli", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, cwd=cwd, check=False, timeout=100)


@pytest.fixture
def recorded(tmp_path):
    journal_of(tmp_path, [2.0, 1.5, None])
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "n.ipynb")
    return tmp_path / "n.ipynb"


def test_every_verb_has_help():
    for verb in app.commands:
        assert invoke(verb, "--help").output.startswith("Usage:")


def test_history_in_every_format(recorded, tmp_path):
    assert "idea 1" in invoke("history", recorded).output
    assert len(json.loads(invoke("history", recorded, "--json").stdout)["trials"]) == 3
    assert invoke("history", recorded, "--format", "csv").stdout.count("\n") == 4
    invoke("history", recorded, "--format", "html", "--output", tmp_path / "h.html")
    assert (tmp_path / "h.html").read_text().startswith("<!doctype html>")


def test_tasks_are_listed():
    listed = json.loads(invoke("tasks", "list", "--json").stdout)["tasks"]
    assert len(listed) == 18
    assert {t["set"] for t in listed} == {"train", "eval"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell):
    assert "jupyter-ideate" in invoke("completion", shell).output


def test_completion_works():
    import os

    environment = {
        **os.environ,
        "_JUPYTER_IDEATE_COMPLETE": "bash_complete",
        "COMP_WORDS": "jupyter-ideate s",
        "COMP_CWORD": "1",
    }
    line = [sys.executable, "-m", "mle_ideator_jupyter.cli"]
    done = subprocess.run(line, capture_output=True, text=True, env=environment, check=False)
    assert "suggest" in done.stdout


def test_doctor_names_what_is_there():
    found = json.loads(invoke("doctor", "--quick", "--json").stdout)
    assert found["ok"]
    assert {"python", "pandas", "scikit-learn", "disk"} <= {c["name"] for c in found["checks"]}


def write(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


V3 = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []})
GOOD = nbformat.writes(nbformat.v4.new_notebook())


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (None, (), "no notebook at"),
        ("{", (), "not JSON"),
        ("[]", (), "no notebook"),
        (V3, (), "nbconvert --to notebook --nbformat 4"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}', (), "no valid notebook"),
        (GOOD, ("--metric", "rmsee"), "did you mean rmse"),
        (GOOD, ("--ideator", "playbok"), "did you mean playbook"),
        (GOOD, ("--policy", "best"), "random-order"),
        (GOOD, ("--implementer", "nobody"), "no implementer is called"),
        (GOOD, ("--output", "n.ipynb"), "never overwritten"),
        (GOOD, ("--steps", "0"), "--steps"),
    ],
)
def test_unusable_arguments_are_one_line_and_status_2(tmp_path, content, arguments, words):
    notebook = tmp_path / "n.ipynb"
    if content is not None:
        write(notebook, content)
    done = command("run", "n.ipynb", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith(("Usage", "Try "))]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert content is None or notebook.read_text() == content


def test_work_that_fails_is_status_1_and_debug_shows_where(tmp_path):
    done = command("history", "n.ideas.jsonl", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Traceback" in command("history", "n.ideas.jsonl", "--debug", cwd=tmp_path).stderr


def test_the_summary_line():
    summary = RunSummary(
        task="t",
        metric="rmse",
        goal="minimize",
        baseline=2.0,
        best=1.5,
        grader_baseline=2.1,
        grader_best=1.6,
        trials=3,
        improved=1,
        seconds=1.0,
        notebook=Path("n"),
        journal=Path("j"),
        page=Path("p"),
    )
    assert summary_line(summary) == "baseline rmse 2 → best rmse 1.5 (grader: 2.1 → 1.6), 3 trials, 1 improved"


def test_the_live_table_shows_trials_time_left_and_best(tmp_path):
    from rich.console import Console

    state = journal_of(tmp_path, [2.0, 1.5, None]).state
    progress = Progress(Budget(steps=3, seconds=60))
    for number, trial in enumerate(state.trials):
        left = Budget(steps=3 - number, seconds=60 - number)
        progress.update(Update(kind="trial_finished", trial=trial, best=state.best, improved=number == 1, left=left))
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(progress._drawn())
    text = console.export_text()
    for part in ("idea 1", "rmse 1.5", "-0.5", "1 of 3 trials left", "58 s left", "best 1.5 (trial 1)"):
        assert part in text
