from __future__ import annotations

import os
import threading

import pytest
from click.testing import CliRunner

from mle_ideator_jupyter.bench.engines import local, process
from mle_ideator_jupyter.bench.engines.engine import Began, Failed, Tried
from mle_ideator_jupyter.bench.engines.local import LocalEngine, devices, slots
from mle_ideator_jupyter.bench.rows import Job, Plan
from mle_ideator_jupyter.bench.running import Done, Planned, jobs_of
from mle_ideator_jupyter.cli.app import app
from mle_ideator_jupyter.cli.benchprogress import BenchProgress
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from tests.bench_cases import row

JOBS = jobs_of(["a", "b", "c"], ["prior"], 2)
PLAN = Plan(out="out", tasks_dir="tasks")


def test_each_worker_has_a_core_and_gpus_of_its_own_dealt_out_in_turn(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {4, 7}, raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,2,3")
    assert slots(3, 0) == [(4, None), (7, None), (4, None)]
    assert slots(3, 1) == [(4, "0"), (7, "2"), (4, "3")]
    assert slots(2, 2) == [(4, "0,2"), (7, "3,0")]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert devices() == []
    assert slots(1, 1) == [(4, None)]


def test_as_many_runs_at_a_time_as_workers_and_one_that_fails_ends_no_other(monkeypatch):
    both, cores, told = threading.Barrier(2, timeout=20), [], []

    def execute(plan, job, tell, *, core, gpus, begun):
        both.wait()
        cores.append(core)
        if job == JOBS[1]:
            msg = "the disk is full"
            raise IdeatorError(msg)
        if job == JOBS[2]:
            raise ZeroDivisionError
        return row(job.arm, job.task, job.seed)

    monkeypatch.setattr(local, "execute", execute)
    rows = list(LocalEngine(2).run(PLAN, JOBS, told.append))
    assert sorted(r.job for r in rows) == sorted(j for j in JOBS if j not in JOBS[1:3])
    failed = {t.job: t.message for t in told if isinstance(t, Failed)}
    assert failed == {JOBS[1]: "the disk is full", JOBS[2]: "ZeroDivisionError: "}
    assert {t.job for t in told if isinstance(t, Began)} == set(JOBS)
    if hasattr(os, "sched_getaffinity"):
        assert set(cores) <= os.sched_getaffinity(0)


def test_without_pinning_no_core_is_given(monkeypatch):
    cores = []
    monkeypatch.setattr(local, "execute", lambda *a, core, **k: cores.append(core) or row(task="a"))
    list(LocalEngine(1, pin=False).run(PLAN, JOBS[:1], lambda _: None))
    assert cores == [None]


def test_closing_an_engine_begins_nothing_more(monkeypatch):
    begun = []

    def execute(plan, job, tell, **_):
        begun.append(job)
        return row(job.arm, job.task, job.seed)

    monkeypatch.setattr(local, "execute", execute)
    engine = LocalEngine(1)
    running = engine.run(PLAN, JOBS, lambda _: None)
    next(running)
    running.close()
    assert len(begun) < len(JOBS)


def test_what_a_run_cannot_do_comes_back_in_one_line(tmp_path):
    plan = Plan(out=str(tmp_path / "out"), tasks_dir=str(tmp_path))
    with pytest.raises(IdeatorError, match="is no task folder"):
        process.execute(plan, Job(task="none", seed=0, arm="prior"), lambda _: None)
    with pytest.raises(IdeatorError, match="no arm is called 'x'"):
        process.execute(plan, Job(task="none", seed=0, arm="x"), lambda _: None)


def test_a_place_that_a_worker_cannot_write_to_is_named(tmp_path):
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(IdeatorError, match="every worker must see the same --out"):
        process.execute(Plan(out=str(tmp_path / "out"), tasks_dir="t"), JOBS[0], lambda _: None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "needs --tasks-dir and --out"),
        (("--tasks-dir", "none", "--out", "out"), "no task folders in none"),
        (("--report", "none"), "holds no bench"),
    ],
)
def test_unusable_arguments_are_one_line(given, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["bench", *given])
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_an_engine_is_local_or_an_address(tmp_path):
    from mle_ideator_jupyter.cli.benchverb import _engine

    assert _engine({"engine": "local", "workers": 3, "gpus": 0, "pin": True}).workers == 3
    with pytest.raises(UsageError, match="tcp://host:8786"):
        _engine({"engine": "dusk", "gpus": 0})


def test_progress_counts_what_was_done_before_and_says_what_failed(capsys):
    with BenchProgress() as progress:
        progress.take(Planned(jobs=tuple(JOBS), before=2))
        progress.take(Began(job=JOBS[2]))
        progress.take(Tried(job=JOBS[2], number=1, title="x"))
        assert progress.running == {JOBS[2]: "trial 1: x"}
        progress.take(Done(row=row(JOBS[2].arm, JOBS[2].task, JOBS[2].seed, flagged=("x",))))
        progress.take(Failed(job=JOBS[3], message="why"))
        assert progress.running == {}
        assert progress.failed == {JOBS[3]: "why"}
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "6 runs, 2 of them done before"
    assert lines[1].startswith("3 of 6, about ")
    assert lines[1].endswith("FLAGGED")
    assert lines[2] == f"failed {JOBS[3].name}: why"


def test_a_cluster_gives_a_row_for_each_run_and_says_what_failed(monkeypatch):
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    from mle_ideator_jupyter.bench.engines import cluster

    def execute(plan, job, tell):
        if job == JOBS[1]:
            msg = "the disk is full"
            raise IdeatorError(msg)
        return row(job.arm, job.task, job.seed)

    monkeypatch.setattr(cluster, "execute", execute)
    told = []
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as here:
        engine = cluster.DaskEngine(here.scheduler_address)
        assert engine.workers == 2
        rows = list(engine.run(PLAN, JOBS, told.append))
    assert sorted(r.job for r in rows) == sorted(j for j in JOBS if j != JOBS[1])
    assert {t.job: t.message for t in told if isinstance(t, Failed)} == {JOBS[1]: "the disk is full"}


def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch):
    pytest.importorskip("distributed", reason="needs the extra dask")
    from mle_ideator_jupyter.bench.engines import cluster

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(UsageError, match="no Dask scheduler answers at tcp"):
        cluster.DaskEngine("tcp://127.0.0.1:9")
