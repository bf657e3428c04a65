from __future__ import annotations

import pytest
from playwright.sync_api import expect

from mle_ideator_jupyter.journal import Journal, journal_path

pytestmark = pytest.mark.long


def test_a_function_of_the_notebook_is_the_metric(lab):
    lab.run_all()
    lab.add_cell("def cost(true, predicted):\n    return float(abs(true - predicted).max())")
    lab.show()
    lab.idea()
    lab.get("task-line").click()
    lab.get("task-metric").select_option("cost")
    lab.get("task-form").get_by_text("lower ↓").click()
    lab.get("task-use").click()
    expect(lab.get("task-line")).to_contain_text("cost ↓")
    lab.idea()
    lab.trial()
    lab.rows(2)
    state = Journal.read(journal_path(lab.notebook)).state
    assert {t.score.metric for t in state.trials if t.score} == {"cost"}
