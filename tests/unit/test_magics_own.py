"""Scores and code of the user's own, through the magics."""

from __future__ import annotations

import json
import sys

import pytest
from IPython.core.error import UsageError
from IPython.utils.capture import capture_output

from mle_ideator_jupyter import api
from mle_ideator_jupyter.model import Failure


@pytest.mark.parametrize(
    ("line", "value", "metric", "folds"),
    [
        ("0.5", 0.5, "rmse", ()),
        ("[1, 2] --metric mae", 1.5, "mae", (1.0, 2.0)),
        ("mine * 2 --metric=auc", 0.5, "auc", ()),
        ("{'a': 3}['a']", 3.0, "rmse", ()),
    ],
)
def test_a_score_of_ones_own_is_recorded_once(asked, line, value, metric, folds):
    asked.user_ns["mine"] = 0.25
    asked.run_cell(f"%score {line}")
    (trial,) = api.of_shell(asked).trials
    assert (trial.score.value, trial.score.metric, trial.score.protocol) == (value, metric, "own")
    assert trial.score.folds == folds


@pytest.mark.parametrize("line", ["", "nope", "'text'", "float('nan')", "1 +"])
def test_what_is_no_score_is_one_line(asked, line):
    with pytest.raises(UsageError) as raised:
        asked.run_line_magic("score", line)
    assert "\n" not in str(raised.value)
    assert not api.of_shell(asked).trials


@pytest.mark.parametrize(
    "said",
    [
        "from mle_ideator_jupyter import report_score\nreport_score([0.2, 0.3])",
        "print('val_rmse: 0.25')",
        "watched = 0.25",
        "%score 0.25",
        "import sys\nsys.stdout.writelines(['rmse: ', '0.25'])",
    ],
)
def test_own_code_for_an_idea_is_its_trial(asked, said):
    asked.run_line_magic("ideate", "setup --watch watched")
    frame = asked.user_ns["train"]
    asked.run_cell(f"%%implement 2\nmade = len(train)\n{said}")
    session = api.of_shell(asked)
    (trial,) = session.trials
    assert trial.idea == session.ideas[1].id
    assert trial.score.value == 0.25
    assert session.journal.get_blob(trial.source).decode().startswith("made = len(train)")
    assert asked.user_ns["made"] == 180
    assert asked.user_ns["train"] is frame


def test_one_trial_comes_of_a_cell_that_says_its_score_twice(asked):
    asked.run_cell(
        "%%implement 1\nfrom mle_ideator_jupyter import report_score\nreport_score(0.5)\nprint('rmse: 0.25')"
    )
    assert [t.score.value for t in api.of_shell(asked).trials] == [0.5]


def test_what_an_ordinary_cell_prints_is_a_score_of_ones_own(asked, capsys):
    write = sys.stdout.write
    asked.run_cell("print('epoch 1')\nprint('rmse:', 0.75, flush=True)\nprint('rmse: 0.5', end='')")
    asked.run_cell("print('mae: 0.25')\nprint('rmse 0.25')")
    asked.run_cell("print('rmse: 0.125')\n1 / 0")
    assert "epoch 1\nrmse: 0.75\nrmse: 0.5" in capsys.readouterr().out
    assert sys.stdout.write == write
    (trial,) = api.of_shell(asked).trials
    assert (trial.score.value, trial.score.protocol, trial.title) == (0.5, "own", "Own cell")


def test_a_cell_that_is_run_again_is_no_new_trial(asked):
    for cell in ("print('rmse: 0.5')", "print('rmse: 0.5')", "print('rmse: 0.5')  # changed", "print('rmse: 0.25')"):
        asked.run_cell(cell)
    assert [t.score.value for t in api.of_shell(asked).trials] == [0.5, 0.5, 0.25]


def test_a_watched_value_from_before_is_not_the_trials(asked):
    asked.run_line_magic("ideate", "setup --watch watched")
    asked.user_ns["watched"] = 0.5
    asked.run_cell("%%implement 1\nother = 1")
    assert api.of_shell(asked).trials[0].outcome.kind.value == "no_score"


def test_an_error_in_own_code_is_shown_recorded_and_raised(asked, capsys):
    asked.run_cell("%%implement 1\nmade = 1\nprint('rmse: 0.25')\n1 / 0")
    told = capsys.readouterr()
    assert "ZeroDivisionError" in told.out + told.err
    assert "body.py" not in told.out + told.err, "tracebacks are of the user's own lines"
    (trial,) = api.of_shell(asked).trials
    assert isinstance(trial.outcome, Failure)
    assert trial.outcome.message == "ZeroDivisionError: division by zero"
    assert asked.user_ns["made"] == 1


def test_own_code_shows_what_it_shows(asked):
    with capture_output() as captured:
        asked.run_cell("%%implement 1\nfrom IPython.display import display\nprint('hello')\ndisplay(train)\n40 + 2")
    assert "hello" in captured.stdout
    assert any("price" in output.data["text/plain"] for output in captured.outputs)
    trial = api.of_shell(asked).trials[0]
    kept = json.loads(api.of_shell(asked).journal.get_blob(trial.outputs))
    assert {o["output_type"] for o in kept} == {"stream", "display_data"}
