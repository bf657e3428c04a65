from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mle_ideator_jupyter import report_score
from mle_ideator_jupyter.scoring.reported import SUBMISSIONS, read_report, set_sink


@pytest.fixture
def reports():
    seen: list[dict] = []
    set_sink(seen.append)
    yield seen
    set_sink(None)


@pytest.mark.parametrize("value", [0.5, 1, np.float64(0.5), np.array(0.5), [0.4, 0.6], np.array([0.4, 0.6]), (0.5,)])
def test_numbers_and_folds(reports, value, capsys):
    assert report_score(value, metric="auc") == pytest.approx(np.mean(value))
    assert reports[0]["value"] == pytest.approx(np.mean(value))
    assert len(reports[0]["folds"]) == (np.size(value) if np.size(value) > 1 else 0)
    assert capsys.readouterr().out.startswith("auc ")
    assert read_report(reports[0]).metric == "auc"


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), "0.5x", None, [], [0.1, float("nan")], [[1, 2]], object()]
)
def test_what_is_no_score_is_refused_in_one_line(reports, value):
    with pytest.raises(ValueError) as caught:
        report_score(value)
    assert "\n" not in str(caught.value)
    assert not reports


def test_a_submission_is_written_where_the_host_wants_it(reports, tmp_path, monkeypatch):
    frame = pd.DataFrame({"id": [1, 2], "y": [0.1, 0.2]})
    report_score(1.0, submission=frame)
    assert reports[-1]["submission"] is None
    monkeypatch.setenv(SUBMISSIONS, str(tmp_path / "s"))
    report_score(1.0, submission=frame)
    pd.testing.assert_frame_equal(pd.read_csv(reports[-1]["submission"]), frame)
    report_score(1.0, submission=pl.from_pandas(frame))
    pd.testing.assert_frame_equal(pd.read_csv(reports[-1]["submission"]), frame)
