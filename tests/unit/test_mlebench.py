"""The adaptor of the mlebench package, on a hand-written double: mlebench itself is on no index.

The double has the package's names, shapes and traps: importing leaves a folder, preparing asks a question, an invalid
submission has no score, and one leaderboard is the pointer that Git LFS leaves.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from mle_ideator_jupyter.bench import mlebench
from mle_ideator_jupyter.bench.boards import medal, thresholds
from mle_ideator_jupyter.cli.app import app
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.model import Goal

DOUBLE = Path(__file__).parent / "mlebench_double"
pytestmark = pytest.mark.timeout(300)
LABELS = ["x", "y"] * 10


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(DOUBLE))
    monkeypatch.syspath_prepend(DOUBLE)
    stand = tmp_path / "stand"
    stand.mkdir()
    monkeypatch.chdir(stand)
    private = tmp_path / "data" / "toy" / "prepared" / "private"
    private.mkdir(parents=True)
    pd.DataFrame({"id": range(20), "label": LABELS}).to_csv(private / "answers.csv", index=False)
    yield tmp_path / "data"
    assert list(stand.iterdir()) == []  # nothing of it is left where the caller stands


def submit(tmp_path: Path, right: int) -> Path:
    path = tmp_path / "submission.csv"
    pd.DataFrame({"id": range(20), "label": LABELS[:right] + ["z"] * (20 - right)}).to_csv(path, index=False)
    return path


def test_competitions_are_listed(data_dir):
    assert mlebench.competitions() == ["pointer", "toy"]
    assert mlebench.competitions(lite=True) == ["toy"]
    assert mlebench.is_prepared("toy", data_dir)
    assert not mlebench.is_prepared("pointer", data_dir)


@pytest.mark.parametrize(("right", "name"), [(18, "silver"), (15, "bronze"), (10, None)])
def test_its_own_report_agrees_with_our_medals(data_dir, tmp_path, right, name):
    report = mlebench.grade(submit(tmp_path, right), "toy", data_dir)
    assert report.score == right / 20
    assert report.valid_submission
    assert report.any_medal is (name is not None)
    assert [report.gold_medal, report.silver_medal, report.bronze_medal] == [
        name == m for m in ("gold", "silver", "bronze")
    ]
    board = mlebench.leaderboard("toy")
    assert board.goal is Goal.MAXIMIZE
    assert medal(report.score, board.scores, board.goal) == name
    ours = thresholds(board.scores, board.goal)
    assert (ours.gold, ours.silver, ours.bronze) == (
        report.gold_threshold,
        report.silver_threshold,
        report.bronze_threshold,
    )
    assert ours.median == pytest.approx(report.median_threshold)


def test_an_invalid_submission_has_no_score_and_no_medal(data_dir, tmp_path):
    path = submit(tmp_path, 20)
    path.write_text("id,label\n1,x\n")
    report = mlebench.grade(path, "toy", data_dir)
    assert report.score is None
    assert not report.valid_submission
    assert not report.any_medal
    assert report.gold_threshold == 0.92


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda d: mlebench.leaderboard("pointer"), "Git LFS pointer.*git lfs pull"),
        (lambda d: mlebench.grade(d / "s.csv", "pointer", d), "not prepared.*mlebench prepare -c pointer"),
        (lambda d: mlebench.grade(d / "s.csv", "tory", d), "no competition 'tory': did you mean toy"),
    ],
)
def test_what_cannot_work_is_said_in_a_line(data_dir, call, words):
    with pytest.raises(UsageError, match=words) as caught:
        call(data_dir)
    assert "\n" not in str(caught.value)


def test_a_pointer_is_found_before_grading_fails_on_it(data_dir, tmp_path):
    private = data_dir / "pointer" / "prepared" / "private"
    private.mkdir(parents=True)
    (private / "answers.csv").write_text("id,label\n1,x\n")
    with pytest.raises(UsageError, match="Git LFS pointer"):
        mlebench.grade(submit(tmp_path, 20), "pointer", data_dir)


def test_a_question_is_a_failure_not_a_wait(data_dir):
    with pytest.raises(IdeatorError, match="asked a question that nobody could answer"):
        mlebench.prepare("toy", data_dir)


def test_the_command_line_lists_and_grades(data_dir, tmp_path):
    listed = CliRunner().invoke(app, ["tasks", "list", "--mlebench", "--json"], catch_exceptions=False)
    assert json.loads(listed.stdout)["competitions"] == ["pointer", "toy"]
    given = ["tasks", "grade", str(submit(tmp_path, 19)), "--competition", "toy", "--data-dir", str(data_dir)]
    assert CliRunner().invoke(app, given, catch_exceptions=False).stdout == "toy: 0.95, gold medal\n"
    with pytest.raises(IdeatorError, match="asked a question"):
        CliRunner().invoke(
            app, ["tasks", "prepare", "--competition", "toy", "--out", str(data_dir)], catch_exceptions=False
        )


def test_without_the_package_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(mlebench, "installed", lambda: False)
    with pytest.raises(UsageError, match="pip install git"):
        mlebench.competitions()
