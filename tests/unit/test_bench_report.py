from __future__ import annotations

import json
import math

import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.bench.references import SAVED, references, saving
from mle_ideator_jupyter.bench.report import report_on
from mle_ideator_jupyter.bench.results import Results, claimed
from mle_ideator_jupyter.bench.rows import Plan
from mle_ideator_jupyter.bench.summary import measured, summary, tried
from mle_ideator_jupyter.bench.table import as_text
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.files import save_whole
from mle_ideator_jupyter.scoring.graded import private
from tests.bench_cases import BOARD, row, write_small_tasks

ROWS = [
    row("prior", "a", 0, (0.5, 0.7, 0.9)),
    row("prior", "a", 1, (0.55, 0.65, 0.75)),
    row("prior", "b", 0, (0.5, 0.6, 0.6)),
    row("no-ideator", "a", 0, (0.5, 0.5, 0.6)),
    row("no-ideator", "a", 1, (0.55, 0.55, 0.65)),
    row("no-ideator", "b", 0, (0.5, 0.5, 0.4)),
]
BOARDS = {"a": BOARD, "b": BOARD}


def test_gains_ranks_and_medals_are_on_the_rows_own_split():
    first, other = (m for m in measured(ROWS[:2], BOARDS))
    assert first.gains == pytest.approx((0, 0.5, 1.0))
    assert other.gains == pytest.approx((0, 0.25, 0.5)), "the reference moved with the baseline: 0.95"
    assert first.rank == 1.0
    assert other.rank == pytest.approx(4 / 6), "0.75 there is 0.70 on the board's split"
    assert (first.medal, other.medal) == ("gold", None)
    assert first.anytime == pytest.approx(0.75)


def test_a_summary_weighs_tasks_alike_and_pairs_what_both_arms_have():
    said = summary(measured(ROWS, BOARDS), BOARDS)
    prior, none = said.arms["prior"], said.arms["no-ideator"]
    assert prior.anytime_gain == pytest.approx(((0.75 + 0.375) / 2 + 0.25) / 2)
    assert prior.avg_at_k == pytest.approx(((1.0 + 0.5) / 2 + 0.25) / 2)
    assert prior.best_at_k == pytest.approx((1.0 + 0.25) / 2)
    assert prior.at["1"] == pytest.approx(((0.5 + 0.25) / 2 + 0.25) / 2), "after the first trial alone"
    assert math.isnan(prior.at["10"]), "no run was to have ten trials"
    assert prior.interval[0] <= prior.anytime_gain <= prior.interval[1]
    assert (prior.runs, prior.tasks, prior.k, prior.trials) == (3, 2, 2, 6)
    (compared,) = said.comparisons
    assert (compared.arm, compared.against) == ("prior", "no-ideator")
    assert compared.difference == pytest.approx(prior.anytime_gain - none.anytime_gain)
    assert compared.per_task["b"] == pytest.approx(0.375)
    assert compared.interval[0] > 0
    assert not said.left_out
    assert not said.missing


def test_a_run_that_one_arm_lacks_is_said_and_not_paired():
    said = summary(measured(ROWS[:-1], BOARDS), BOARDS)
    assert said.missing == ("no-ideator on b, seed 0",)
    assert set(said.comparisons[0].per_task) == {"a"}


@pytest.mark.parametrize(
    ("board", "rows", "why"),
    [
        (None, ROWS[2:3], "no reference board"),
        (replace(BOARD, counts=False), ROWS[2:3], "within the noise"),
        (replace(BOARD, strong=0.5), ROWS[2:3], "no better than the baseline"),
        (BOARD, [replace(ROWS[2], baseline=None)], "no grade"),
    ],
)
def test_a_task_without_room_is_left_out_and_why(board, rows, why):
    boards = {"a": BOARD} | ({"b": board} if board else {})
    said = summary(measured([*ROWS[:2], *rows], boards), boards)
    assert why in said.left_out["b"]
    assert said.arms["prior"].anytime_gain == pytest.approx((0.75 + 0.375) / 2)


def test_a_peer_is_compared_by_its_final_gain():
    peer = replace(row("flaml", "a", 0, (0.5, 0.8)), peer=True, trials=())
    said = summary(measured([*ROWS[:1], peer], BOARDS), BOARDS)
    assert math.isnan(said.arms["flaml"].anytime_gain)
    assert said.arms["flaml"].avg_at_k == pytest.approx(0.75)
    assert said.comparisons[0].measure == "final gain"
    assert said.comparisons[0].difference == pytest.approx(0.25)


def test_ideas_are_credited_with_what_they_added_to_their_parent():
    ideas = tried(measured(ROWS[:1], BOARDS), BOARDS)
    assert [(t.kind, t.action) for t in ideas] == [("feature_engineering", "play1:x"), ("ensembling", "play2:x")]
    assert [t.gain for t in ideas] == pytest.approx([0.5, 0.5])
    kinds = {(k.arm, k.kind): k for k in summary(measured(ROWS, BOARDS), BOARDS).kinds}
    assert kinds["prior", "feature_engineering"].trials == 3
    assert kinds["prior", "feature_engineering"].better == 3
    assert kinds["no-ideator", "feature_engineering"].better == 0


def bench_of(tmp_path, rows, boards=BOARDS):
    out = tmp_path / "out"
    with claimed(Plan(out=str(out), tasks_dir=str(tmp_path / "gone"), steps=2)) as results:
        for one in rows:
            assert results.add(one)
        save_whole(out / SAVED, saving(boards, out))
    return out


def test_a_report_is_made_of_the_rows_alone(tmp_path):
    hostile = replace(
        ROWS[0], task="<b>&", trials=tuple(replace(t, title="<script>") for t in ROWS[0].trials), page="x y.html"
    )
    out = bench_of(tmp_path, [hostile, *ROWS[1:]], {**BOARDS, "<b>&": BOARD})
    report = report_on(out)
    told = json.loads(report.json.read_text())
    assert told["arms"]["prior"]["runs"] == 3
    keys = {"competition_id", "score", "gold_threshold", "silver_threshold", "bronze_threshold", "median_threshold"}
    keys |= {"any_medal", "gold_medal", "silver_medal", "bronze_medal", "above_median", "submission_exists"}
    keys |= {"valid_submission", "is_lower_better", "created_at", "submission_path"}
    assert all(keys <= set(run) for run in told["runs"])
    best = next(r for r in told["runs"] if r["competition_id"] == "<b>&")
    assert (best["score"], best["gold_medal"], best["any_medal"], best["above_median"]) == (0.9, True, True, True)
    page = report.page.read_text()
    assert "<script" not in page
    assert "&lt;b&gt;&amp;" in page
    assert 'href="x%20y.html#trial-1"' in page
    assert page.count("<polyline") == 2
    assert "prior − no-ideator" in as_text(report.summary)
    assert Results(out).notes == []


def test_nothing_to_report_is_said(tmp_path):
    with pytest.raises(UsageError, match="no finished run"):
        report_on(bench_of(tmp_path, []))


def test_a_folder_may_bring_its_own_board(tmp_path):
    folder = write_small_tasks(tmp_path / "tasks", "a")
    found = references(["a", "nowhere"], tmp_path, folder)
    assert set(found) == {"a"}
    assert len(found["a"].scores) == 30
    assert found["a"].strong == pytest.approx(0.2, abs=0.01), "a tenth of the board is better"
    (private(folder / "a") / "leaderboard.csv").write_text("version https://git-lfs\n", encoding="utf-8")
    with pytest.raises(UsageError, match="Git LFS"):
        references(["a"], tmp_path, folder)
