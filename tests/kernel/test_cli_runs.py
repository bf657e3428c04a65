"""The command line with real kernels: what it prints, what it leaves, and that a run cut short goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from mle_ideator_jupyter.journal import Journal
from tests.kernel.small import write_notebook

COMMAND = [sys.executable, "-m", "mle_ideator_jupyter.cli"]
KEYS = [
    "task",
    "metric",
    "goal",
    "baseline",
    "best",
    "grader_baseline",
    "grader_best",
    "trials",
    "improved",
    "seconds",
    "notebook",
    "journal",
]


def command(folder, *arguments, status=0) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=folder, check=False, timeout=110
    )
    assert done.returncode == status, done.stderr
    return done


def test_the_demo_prints_one_object_and_leaves_notebook_journal_and_page(tmp_path):
    done = command(tmp_path, "demo", "--steps", 1, "--json")
    said = json.loads(done.stdout)
    assert list(said) == KEYS
    assert said["trials"] == 1
    assert said["metric"] == "rmse"
    assert said["grader_baseline"] > 0
    assert (tmp_path / said["notebook"]).is_file()
    assert (tmp_path / said["journal"]).is_file()
    assert (tmp_path / said["notebook"]).with_suffix(".html").is_file()
    answers = json.dumps([p.read_text() for p in tmp_path.glob("demo-out/*.ideas.jsonl")])
    assert str(said["grader_baseline"]) not in answers, "no graded score enters the journal"


def test_a_run_ends_on_its_summary_and_its_progress_is_on_standard_error(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    done = command(tmp_path, "run", "n.ipynb", "--steps", 1, "--no-ideator")
    assert done.stdout.splitlines()[-1].startswith("baseline rmse ")
    assert done.stdout.splitlines()[-1].endswith(" improved")
    assert "Baseline" in done.stderr
    assert "\x1b" not in done.stderr + done.stdout, "plain lines where there is no terminal"


def test_a_run_that_is_stopped_goes_on(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    arguments = [*COMMAND, "run", "n.ipynb", "--steps", "3"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as going:
        for line in going.stderr:
            if "Baseline" in line:
                break
        going.send_signal(signal.SIGINT)
        _, said = going.communicate(timeout=60)
    assert going.returncode == 1
    assert "go on" in said
    assert "Traceback" not in said
    assert (tmp_path / "n.improved.ipynb").is_file(), "what there is so far is written"
    before = Journal.read(tmp_path / "n.improved.ideas.jsonl").events
    assert json.loads(command(tmp_path, "run", "n.ipynb", "--steps", 3, "--json").stdout)["trials"] == 3
    after = Journal.read(tmp_path / "n.improved.ideas.jsonl")
    assert {e.id for e in before} <= {e.id for e in after.events}
    assert len(after.state.runs) == 1


def test_suggest_runs_no_trial_writes_nothing_and_shows_what_is_sent(tmp_path):
    write_notebook(tmp_path / "n.ipynb")
    ideas = json.loads(command(tmp_path, "suggest", "n.ipynb", "-n", 2, "--json").stdout)["ideas"]
    assert len(ideas) == 2
    assert all(i["evidence"] and i["steps"] for i in ideas)
    text = command(tmp_path, "suggest", "n.ipynb", "--show-brief").stdout
    assert json.loads(command(tmp_path, "suggest", "n.ipynb", "--show-brief", "--json").stdout)["text"] == text
    assert [p.name for p in tmp_path.iterdir()] == ["n.ipynb"]


@pytest.mark.parametrize(
    ("source", "arguments", "words"),
    [
        ("x = 1", (), "--data"),
        (None, ("--target", "prise"), "price"),
        (None, ("--rescore", "model"), "--rescore"),
    ],
)
def test_what_is_found_wrong_only_after_the_cells_ran_is_one_line_and_status_2(tmp_path, source, arguments, words):
    write_notebook(tmp_path / "n.ipynb", *([source] if source else []))
    done = command(tmp_path, "run", "n.ipynb", *arguments, status=2)
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_the_doctor_starts_a_kernel(tmp_path):
    checks = json.loads(command(tmp_path, "doctor", "--json").stdout)["checks"]
    assert {"name": "kernel", "ok": True, "said": "starts and runs a cell", "optional": False} in checks
