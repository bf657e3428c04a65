from __future__ import annotations

import pytest

from mle_ideator_jupyter.protocols import CellResult
from mle_ideator_jupyter.scoring.printed import read
from tests.doubles import FakeHost
from tests.unit.test_loop import drive, wire


def said(text: str, name: str = "stdout") -> tuple[dict, ...]:
    return ({"output_type": "stream", "name": name, "text": text},)


@pytest.mark.parametrize(
    ("text", "metric", "value"),
    [
        ("rmse: 0.25", "rmse", 0.25),
        ("  RMSE : 2.5e-1  ", "rmse", 0.25),
        ("val_rmse: 1\n", "rmse", 1.0),
        ("cv rmse: .5", "rmse", 0.5),
        ("validation-rmse: 3.", "rmse", 3.0),
        ("roc_auc: 0.9", "auc", 0.9),
        ("ROC-AUC: 0.9", "auc", 0.9),
        ("Log loss: 0.4", "logloss", 0.4),
        ("neg_root_mean_squared_error: -0.25", "rmse", 0.25),
        ("epoch 1\rrmse: 0.5\rrmse: 0.25\n", "rmse", 0.25),
        ("rmse: 0.5\nauc: 0.9\ndone", "rmse", 0.5),
        ("pinball loss: 0.3", "pinball_loss", 0.3),
    ],
)
def test_a_line_of_its_own_that_names_the_metric_is_a_score(text, metric, value):
    assert read(said(text), metric).value == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0.25",
        "rmse 0.25",
        "rmse = 0.25",
        "rmse: 0.25 ± 0.01",
        "rmse: 0,25",
        "the rmse: 0.25",
        "train_rmse: 0.25",
        "test rmse: 0.25",
        "mae: 0.25",
        "rmse: best",
        "rmse: 0.25, mae: 0.2",
        "best rmse: 0.25",
        "score: 0.25",
        "rmse: 0.25%",
        "rmse: 0x1",
    ],
)
def test_nothing_looser_counts(text):
    assert read(said(text), "rmse") is None


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_a_last_word_that_is_no_number_leaves_no_score(value):
    assert read(said(f"rmse: 0.25\nrmse: {value}"), "rmse") is None


def test_only_standard_output_counts():
    assert read(said("rmse: 0.25", "stderr"), "rmse") is None
    shown = ({"output_type": "display_data", "data": {"text/plain": "rmse: 0.25"}},)
    assert read(shown, "rmse") is None


def test_a_huge_output_is_read_quickly():
    assert read(said("a " * 200_000 + "\n" + "val " * 200_000 + ":" + " " * 100_000), "rmse") is None


def test_a_trial_that_prints_its_score_has_one(tmp_path):
    host = FakeHost(lambda _: CellResult(status="ok", outputs=said("rmse: 0.75")))
    wiring = wire(tmp_path, host=host)
    drive(wiring)
    assert wiring.journal.state.trials[0].score.value == 0.75


def test_what_was_reported_outweighs_what_was_printed(tmp_path):
    host = FakeHost()
    before = host.answer
    host.answer = lambda source: CellResult(status="ok", reported=before(source).reported, outputs=said("rmse: 0.001"))
    wiring = wire(tmp_path, host=host)
    drive(wiring)
    assert wiring.journal.state.trials[0].score.value > 1
