"""Reference boards: the population, how a board is built and resumed, and the boards that come with the package."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from mle_ideator_jupyter.bench.boards import BoardFile, Entry, Noise, board, building, noise, rank, running, solutions
from mle_ideator_jupyter.bench.boards.solutions import ALL, POPULATION, applicable
from mle_ideator_jupyter.bench.boards.solving import best_cuts, solve
from mle_ideator_jupyter.bench.boards.storing import DATA, read_board
from mle_ideator_jupyter.bench.public import EVALUATION, TRAINING
from mle_ideator_jupyter.bench.tasks import TaskData, write_task
from mle_ideator_jupyter.cli.app import app
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.model import Goal
from mle_ideator_jupyter.scoring.graded import FolderGrader, TaskFile, private, public
from tests.unit.recipe_cases import PROBLEMS, frames

PUBLIC = {**TRAINING, **EVALUATION}
STORED = sorted(p.stem for p in DATA.glob("*.json"))


def write(tmp_path, problem, metric, n=260):
    """Write a task of numbers, categories, dates and text, with answers that the features tell of."""
    train, test = frames(problem, n)
    both = pd.concat([train, test.assign(y=train["y"].sample(len(test), random_state=1).to_numpy())]).drop(columns="id")
    file = TaskFile(id=problem, target="y", metric=metric, problem=problem)
    split = TaskData(file=file, description="d", train=both[: n - 60], test=both[n - 60 : n].reset_index(drop=True))
    write_task(tmp_path / problem, split)
    return tmp_path / problem


# ---------------------------------------------------------------- the population


@pytest.mark.parametrize("problem", ALL)
def test_every_problem_has_at_least_40_solutions_even_without_text(problem):
    assert len(applicable(problem, has_text=False)) >= 50
    assert len(applicable(problem, has_text=True)) > len(applicable(problem, has_text=False))


def test_members_are_solutions_of_the_same_problems_and_no_combination():
    for solution in POPULATION.values():
        for member in solution.members:
            assert not POPULATION[member].members
            assert set(solution.problems) <= set(POPULATION[member].problems) or solution.as_number
            assert solution.needs_text or not POPULATION[member].needs_text


def test_each_is_told_apart_by_more_than_its_name():
    bare = [msgspec.structs.replace(s, name="", about="") for s in POPULATION.values()]
    assert len({msgspec.json.encode(s) for s in bare}) == len(bare)


QUICK = ["constant", "linear", "words-characters", "linear-bins", "svm", "bayes", "boosting-native", "lightgbm-tuned",
         "blend-linear-boosting", "boosting-clusters", "knn-components"]  # fmt: skip


@pytest.mark.parametrize("name", QUICK)
def test_a_solution_makes_a_valid_submission_without_the_answers(tmp_path, name):
    folder = write(tmp_path, "binary", "auc")
    hidden = private(folder).rename(tmp_path / "hidden")
    made = solve(POPULATION[name], folder)
    hidden.rename(private(folder))
    made.to_csv(tmp_path / "s.csv", index=False)
    assert 0 <= FolderGrader(folder).grade(tmp_path / "s.csv").value <= 1


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("problem", "metric"), [(p, m) for p, ms in PROBLEMS.items() for m in ms])
def test_every_solution_makes_a_valid_submission(tmp_path, problem, metric):
    folder = write(tmp_path, problem, metric)
    grader = FolderGrader(folder)
    failed = {}
    for solution in applicable(problem, has_text=True):
        if solution.model == "flaml":
            continue  # it has its own tests
        try:
            solve(solution, folder).to_csv(tmp_path / "s.csv", index=False)
            grader.grade(tmp_path / "s.csv")
        except Exception as error:
            failed[solution.name] = str(error)
    assert failed == {}


def test_cuts_are_ascending_and_no_worse_than_rounding():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, 400)
    known = 0.4 * codes + 0.8 + rng.normal(scale=0.4, size=400)  # shrunk to the middle, as regressions are
    cuts = best_cuts(codes, known)
    assert (np.diff(cuts) > 0).all()

    def kappa(guess):
        return cohen_kappa_score(codes, guess, weights="quadratic")

    assert kappa(np.digitize(known, cuts)) > kappa(np.clip(known.round(), 0, 4)) + 0.05


# ---------------------------------------------------------------- building


class Runner:
    """Stands for `run_solution`: writes what it is told to, counts what it was asked, stops where it is told to."""

    def __init__(self, folder, stop_before=None):
        self.folder, self.stop_before, self.asked = folder, stop_before, []

    def __call__(self, name, folder, seed, cpu_limit, path):
        if name == self.stop_before:
            raise KeyboardInterrupt
        self.asked.append(name)
        if name == "stump":
            return running.Run(seconds=40.0, failure="stopped after 40 CPU seconds")
        sample = pd.read_csv(public(folder) / "sample_submission.csv")
        if name not in {"constant", "commonest"}:
            sample["y"] = np.random.default_rng(sum(name.encode())).random(len(sample))
        sample.to_csv(path, index=False)
        return running.Run(seconds=0.1)


FEW = ["constant", "commonest", "stump", "tree-4", "linear"]


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "applicable", lambda *_, **__: [POPULATION[n] for n in FEW])
    folder = write(tmp_path, "binary", "auc")
    return folder, tmp_path / "boards"


def build(small, monkeypatch, runner):
    folder, out = small
    monkeypatch.setattr(building, "run_solution", runner)
    return building.build_boards([folder], out, noise=False, say=lambda *_: None)[0]


def test_a_build_that_was_killed_goes_on_and_makes_nothing_twice(small, monkeypatch):
    first = Runner(small[0], stop_before="tree-4")
    with pytest.raises(KeyboardInterrupt):
        build(small, monkeypatch, first)
    kept = read_board("binary", small[1])
    assert [e.name for e in kept.entries] == FEW[:3]
    second = Runner(small[0])
    done = build(small, monkeypatch, second)
    assert [e.name for e in done.entries] == FEW
    assert first.asked + second.asked == [running.BASELINE, *FEW]
    third = Runner(small[0])
    assert build(small, monkeypatch, third) == done
    assert third.asked == []


def test_failures_are_kept_and_equal_predictions_count_once(small, monkeypatch):
    done = build(small, monkeypatch, Runner(small[0]))
    entries = {e.name: e for e in done.entries}
    assert entries["stump"].score is None
    assert "40 CPU seconds" in entries["stump"].failure
    assert entries["commonest"].same_as == "constant"
    assert len(done.scores) == 3
    found = board("binary", small[1])
    assert found.goal is Goal.MAXIMIZE
    assert found.baseline == done.baseline
    assert found.percentile90() == max(done.scores)


def test_two_builds_do_not_meet_in_one_folder(small, monkeypatch):
    from filelock import FileLock

    small[1].mkdir()
    with FileLock(small[1] / ".lock"), pytest.raises(UsageError, match="another build"):
        build(small, monkeypatch, Runner(small[0]))


def test_a_damaged_board_is_said_to_be_one(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(IdeatorError, match="delete it and build it again"):
        board("x", tmp_path)
    assert board("unknown", tmp_path) is None


@pytest.mark.timeout(300)
def test_a_run_is_a_process_with_a_limit(tmp_path):
    folder = write(tmp_path, "multiclass", "logloss", 1200)
    path = tmp_path / "s.csv"
    quick = running.run_solution("constant", folder, 0, 60, path)
    assert (quick.failure, path.is_file()) == ("", True)
    base = running.run_solution(running.BASELINE, folder, 0, 60, path)
    assert base.failure == ""
    assert np.isfinite(FolderGrader(folder).grade(path).value)
    slow = running.run_solution("stack-wide", folder, 0, 1, path)
    assert slow.failure == "stopped after 1 CPU seconds"
    assert not path.exists()
    (public(folder) / "test.csv").write_text("")
    assert "EmptyDataError" in running.run_solution("constant", folder, 0, 60, path).failure


def test_the_command_builds_and_reports(small, monkeypatch):
    folder, out = small
    monkeypatch.setattr(building, "run_solution", Runner(folder))
    given = ["tasks", "boards", "--tasks-dir", str(folder.parent), "--out", str(out), "--json"]
    done = CliRunner().invoke(app, given, catch_exceptions=False)
    (row,) = json.loads(done.stdout)["boards"]
    assert (row["task"], row["solutions"]) == ("binary", 3)
    assert row["counts"] is not None
    with pytest.raises(UsageError, match="no task folder nowhere"):
        CliRunner().invoke(app, [*given, "--tasks", "nowhere"], catch_exceptions=False)


# ---------------------------------------------------------------- what counts


def made(goal, scores, baseline, task="credit_data"):
    entries = tuple(Entry(name=str(k), about="", seconds=0, score=s) for k, s in enumerate(scores))
    return BoardFile(task=task, metric="auc", goal=goal, seed=0, cpu_limit=1, baseline=baseline, entries=entries)


@pytest.mark.parametrize(
    ("goal", "r", "b", "sd", "counts"),
    [
        (Goal.MAXIMIZE, 0.9, 0.8, 0.04, True),
        (Goal.MAXIMIZE, 0.9, 0.8, 0.06, False),
        (Goal.MINIMIZE, 0.8, 0.9, 0.04, True),
        (Goal.MINIMIZE, 0.9, 0.8, 0.01, False),
        (Goal.MAXIMIZE, 0.9, 0.8, None, True),
        (Goal.MAXIMIZE, 0.8, 0.9, None, False),
    ],
)
def test_headroom_counts_from_two_standard_deviations_on(goal, r, b, sd, counts):
    measured = None if sd is None else Noise(solution="x", sd=sd, differences=(0.0, 1.0))
    assert noise.headroom_counts(made(goal, [r] * 10, b), measured) is counts


def test_noise_is_paired_split_by_split(monkeypatch):
    """Both solutions rise and fall together with the split: only their difference counts."""
    asked = []

    def run(name, folder, seed, cpu_limit, path):
        asked.append((name, seed))
        answers = pd.read_csv(private(folder) / "test.csv")
        flip = np.random.default_rng(seed).random(len(answers)) < 0.05 * seed
        answers["Status"] = np.where(flip, 1 - answers["Status"], answers["Status"])
        if name == running.BASELINE:
            answers["Status"] = 0.5 * answers["Status"]  # the same order: the same AUC
        answers.to_csv(path, index=False)
        return running.Run(seconds=0.1)

    frame = pd.DataFrame({"a": range(200), "Status": np.arange(200) % 2})
    task = msgspec.structs.replace(TRAINING["credit_data"], read=frame.copy)
    monkeypatch.setitem(noise.TRAINING, "credit_data", task)
    monkeypatch.setattr(noise, "run_solution", run)
    found = noise.measure_noise(made(Goal.MAXIMIZE, [0.9, 0.8], 0.7))
    assert found.solution == "0"
    assert found.differences == (0.0,) * 5
    assert found.sd == 0
    assert sorted({seed for _, seed in asked}) == [1, 2, 3, 4, 5]
    assert noise.measure_noise(made(Goal.MINIMIZE, [0.9], 0.7, task="chicago_ridership")) is None


# ---------------------------------------------------------------- the boards of the package


def test_a_submission_is_reported_under_mle_benchs_keys(tmp_path):
    frame = pd.DataFrame({"a": range(80), "Status": np.arange(80) % 2})
    file = TaskFile(id="credit_data", target="Status", metric="auc", problem="binary")
    data = TaskData(file=file, description="d", train=frame[:40], test=frame[40:].reset_index(drop=True))
    write_task(tmp_path / "credit_data", data)
    path, given = tmp_path / "s.csv", ["--task", str(tmp_path / "credit_data"), "--json"]

    def graded():
        done = CliRunner().invoke(app, ["tasks", "grade", str(path), *given], catch_exceptions=False)
        return json.loads(done.stdout)

    pd.read_csv(private(tmp_path / "credit_data") / "test.csv").to_csv(path, index=False)
    told = graded()
    assert (told["score"], told["gold_medal"], told["silver_medal"], told["above_median"]) == (1.0, True, False, True)
    assert told["gold_threshold"] < 1
    assert not told["is_lower_better"]
    path.write_text("id\n1\n")
    told = graded()
    assert (told["score"], told["valid_submission"], told["any_medal"]) == (None, False, False)
    with pytest.raises(UsageError, match="either --task"):
        CliRunner().invoke(app, ["tasks", "grade", str(path)], catch_exceptions=False)


def test_the_package_has_boards():
    assert STORED
    assert set(STORED) <= set(PUBLIC)


@pytest.mark.parametrize("name", STORED)
def test_a_stored_board_is_whole(name):
    stored, found = read_board(name), board(name)
    problem = PUBLIC[name].problem
    wanted = {s.name for s in solutions.applicable(problem, has_text=True)}
    assert {e.name for e in stored.entries} <= wanted
    assert {s.name for s in solutions.applicable(problem, has_text=False)} <= {e.name for e in stored.entries}
    assert len(found.scores) >= 40
    assert stored.counts is not None
    assert (stored.noise is not None) == (PUBLIC[name].split == "random")
    assert all((e.score is None) == bool(e.failure) for e in stored.entries)
    assert all(e.seconds <= stored.cpu_limit + 5 for e in stored.entries)
    assert rank(found.percentile90(), found.scores, found.goal) >= 0.9
    assert np.isfinite(found.baseline)
