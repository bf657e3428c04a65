from __future__ import annotations

import msgspec
import pytest

from mle_ideator_jupyter.bench.arms import arm_named
from mle_ideator_jupyter.bench.results import Results, claimed, saved_plan
from mle_ideator_jupyter.bench.rows import Job, Plan
from mle_ideator_jupyter.bench.running import Done, Planned, arms_in, jobs_of, run_bench, tasks_in
from mle_ideator_jupyter.errors import UsageError
from tests.bench_cases import row, write_small_tasks


class FakeEngine:
    """Gives a row for each job, and ends with an error after so many."""

    name, workers = "fake", 1

    def __init__(self, most=99, copies=1):
        self.most, self.copies, self.asked = most, copies, []

    def run(self, plan, jobs, tell):
        for job in jobs:
            if len(self.asked) >= self.most:
                raise KeyboardInterrupt
            self.asked.append(job)
            for _ in range(self.copies):
                yield row(job.arm, job.task, job.seed)


def plan_in(tmp_path, **more):
    return Plan(out=str(tmp_path / "out"), tasks_dir=str(tmp_path / "tasks"), **more)


def lines(tmp_path):
    return (tmp_path / "out" / "results.jsonl").read_bytes().splitlines()


def test_a_bench_that_was_cut_short_goes_on_with_nothing_lost_or_repeated(tmp_path):
    plan, jobs = plan_in(tmp_path), jobs_of(["a", "b"], ["prior", "no-ideator"], 2)
    first, second, told = FakeEngine(most=3), FakeEngine(), []
    with pytest.raises(KeyboardInterrupt):
        run_bench(plan, jobs, lambda: first, lambda _: None)
    rows = run_bench(plan, jobs, lambda: second, told.append)
    assert first.asked + second.asked == jobs
    assert [r.job for r in rows] == jobs
    assert len(lines(tmp_path)) == len(jobs)
    assert next(t for t in told if isinstance(t, Planned)).before == 3
    assert run_bench(plan, jobs, lambda: pytest.fail("all is done"), lambda _: None) == rows


def test_a_row_that_comes_twice_is_kept_once(tmp_path):
    told = []
    run_bench(plan_in(tmp_path), jobs_of(["a"], ["prior"], 2), lambda: FakeEngine(copies=2), told.append)
    assert len(lines(tmp_path)) == 2
    assert [t.fresh for t in told if isinstance(t, Done)] == [True, False, True, False]


def test_more_arms_and_seeds_may_be_added_but_the_budget_stays(tmp_path):
    run_bench(plan_in(tmp_path), jobs_of(["a"], ["prior"], 1), FakeEngine, lambda _: None)
    rows = run_bench(plan_in(tmp_path), jobs_of(["a"], ["prior", "no-ideator"], 2), FakeEngine, lambda _: None)
    assert len(rows) == 4
    with pytest.raises(UsageError, match="steps 10, not 4"):
        run_bench(plan_in(tmp_path, steps=4), jobs_of(["a"], ["prior"], 1), FakeEngine, lambda _: None)


def test_a_torn_last_line_costs_its_own_run_alone(tmp_path):
    plan, jobs = plan_in(tmp_path), jobs_of(["a"], ["prior"], 3)
    run_bench(plan, jobs, FakeEngine, lambda _: None)
    path = tmp_path / "out" / "results.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    engine = FakeEngine()
    assert [r.job for r in run_bench(plan, jobs, lambda: engine, lambda _: None)] == jobs
    assert engine.asked == jobs[2:]
    again = Results(tmp_path / "out")
    assert [*again.rows] == jobs
    assert len(again.notes) == 1


def test_a_second_bench_in_one_folder_is_refused(tmp_path):
    with claimed(plan_in(tmp_path)), pytest.raises(UsageError, match="another bench works in"):
        claimed(plan_in(tmp_path)).__enter__()
    with claimed(plan_in(tmp_path)) as results:
        assert results.rows == {}


def test_a_folder_that_holds_no_bench_says_so(tmp_path):
    with pytest.raises(UsageError, match="holds no bench"):
        saved_plan(tmp_path)
    (tmp_path / "bench.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="malformed"):
        saved_plan(tmp_path)


def test_rows_survive_being_written_and_read():
    one = row(flagged=("trial 1 names /x",), cost=0.5)
    assert msgspec.json.decode(msgspec.json.encode(one), type=type(one)) == one


def test_names_of_runs_are_folders_and_never_the_same_for_two():
    names = {Job(task="a", seed=s, arm=arm).name for s in (0, 1) for arm in ("llm:x/y", "llm:x-y", "llm-x-y", "prior")}
    assert len(names) == 8
    assert all(n.count("/") == 1 and ":" not in n for n in names)


def test_tasks_and_arms_are_chosen_by_name_or_refused_in_one_line(tmp_path):
    folder = write_small_tasks(tmp_path, "a", "b")
    assert tasks_in(folder, "all") == ["a", "b"]
    assert tasks_in(folder, "b, a,b") == ["b", "a"]
    for selection in ("c", ","):
        with pytest.raises(UsageError, match="there are a, b"):
            tasks_in(folder, selection)
    with pytest.raises(UsageError, match="tasks prepare"):
        tasks_in(tmp_path / "none", "all")
    assert arms_in("prior, random-order,prior", ["a"]) == ["prior", "random-order"]
    model = arm_named("llm:some/model")
    assert (model.ideator, model.model, model.implementer) == ("llm", "some/model", arm_named("prior").implementer)
    for arms, said in (
        ("nobody", "no-ideator, prior"),
        ("llm:", "no arm"),
        ("oracle-greedy:0", "no arm"),
        ("oracle-greedy:all", "no arm"),
        (",", "no arms"),
    ):
        with pytest.raises(UsageError, match=said):
            arms_in(arms, ["a"])
    with pytest.raises(UsageError, match="training tasks alone: leave out ames"):
        arms_in("oracle-greedy:5", ["vowel", "ames"])
    assert arm_named("oracle-greedy:5").oracle == 5
