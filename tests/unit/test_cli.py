from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from mle_ideator_jupyter.cli.app import app, main
from mle_ideator_jupyter.cli.progress import Progress
from mle_ideator_jupyter.cli.running import summary_line
from mle_ideator_jupyter.headless import RunSummary
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.model import Budget
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
    invoke("history", recorded, "--output", tmp_path / "h.txt")
    assert "idea 1" in (tmp_path / "h.txt").read_text()


def test_titles_cannot_steer_the_terminal(tmp_path):
    journal_of(tmp_path, [2.0, None], title="\x1b[2Jgone\rover")
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "n.ipynb")
    shown = invoke("history", tmp_path / "n.ipynb").output
    assert "gone" in shown
    assert not {"\x1b", "\r"} & set(shown)


def test_a_terminal_without_arrows_is_no_reason_to_fail(recorded):
    call = [sys.executable, "-m", "mle_ideator_jupyter.cli", "run", "--help"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(call, capture_output=True, env=environment, check=False)
    assert done.returncode == 0
    line = [*call[:3], "history", str(recorded), "--format", "html"]
    assert subprocess.run(line, capture_output=True, env=environment, check=False).returncode == 0


def test_history_of_a_notebook_without_a_run_says_what_makes_one(tmp_path):
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "n.ipynb")
    done = command("history", "n.ipynb", cwd=tmp_path)
    assert done.returncode == 1
    assert "ideate run" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["n.ipynb"], "looking writes nothing"


def test_tasks_are_listed():
    listed = json.loads(invoke("tasks", "list", "--json").stdout)["tasks"]
    assert len(listed) == 18
    assert {t["set"] for t in listed} == {"train", "eval"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell):
    assert "jupyter-ideate" in invoke("completion", shell).output


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("s", "suggest"),
        ("run n.ipynb --metric macro", "macro_f1"),
        ("run n.ipynb --ideator p", "playbook"),
        ("suggest n.ipynb --policy r", "random-order"),
        ("tasks pre", "prepare"),
    ],
)
def test_completion_offers(line, offered):
    words = ["jupyter-ideate", *line.split()]
    environment = {
        **os.environ,
        "_JUPYTER_IDEATE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    call = [sys.executable, "-m", "mle_ideator_jupyter.cli"]
    done = subprocess.run(call, capture_output=True, text=True, env=environment, check=False)
    assert offered in done.stdout


def test_jupyter_finds_the_verb():
    """`jupyter ideate` runs the script `jupyter-ideate`, wherever that is installed."""
    found = [e for e in importlib.metadata.entry_points(group="console_scripts") if e.name == "jupyter-ideate"]
    assert found
    assert found[0].load() is main


def test_verbs_without_the_libraries_say_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for arguments in (
        ("demo", "--output", tmp_path / "d"),
        ("run", tmp_path / "n.ipynb"),
        ("tasks", "prepare", "--out", tmp_path / "t"),
    ):
        done = CliRunner().invoke(app, [str(a) for a in arguments])
        assert "mle_ideator_jupyter[recipe]" in str(done.exception)
    assert not list(tmp_path.iterdir())


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
        (GOOD, ("--stepz", "1"), "run --help"),
        (GOOD, ("--output", "n.ipynb/r.ipynb"), "give an --output"),
        (GOOD, ("--grade", "."), "tasks prepare"),
    ],
)
def test_unusable_arguments_are_one_line_and_status_2(tmp_path, content, arguments, words):
    notebook = tmp_path / "n.ipynb"
    if content is not None:
        write(notebook, content)
    done = command("run", "n.ipynb", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not done.stdout
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
