"""Trials that run, are stopped, wait, and outlive their page."""

from __future__ import annotations

import pytest

from mle_ideator_jupyter.journal import Journal, journal_path

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]
SLOW = """
import time
from sklearn.ensemble import HistGradientBoostingRegressor as _H
_H.fit = lambda self, *a, **k: time.sleep(120)
"""
BUSY = {
    "python": "import time\nt = time.time()\nwhile time.time() - t < 25: pass",
    "sleep": "import time; time.sleep(25)",
}


def begin(lab):
    lab.run_all()
    lab.show()
    lab.idea()
    lab.idle()


def autopilot(lab, steps):
    if not lab.get("start").count():
        lab.get("autopilot-toggle").click()
    lab.get("autopilot-approval").select_option("autopilot")
    lab.get("autopilot-steps").fill(str(steps))
    lab.get("start").click()


FOLDED = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(c => c.model.getMetadata('mle_ideator')).map(c => c.inputHidden)"""


def test_an_autopilot_makes_its_trials_and_stops(lab):
    begin(lab)
    autopilot(lab, 3)
    lab.rows(4, 120)
    lab.idle()
    journal = Journal.read(journal_path(lab.notebook)).state
    assert [t.number for t in journal.trials] == [0, 1, 2, 3]
    assert next(iter(journal.runs.values())).finished == "steps"
    marks = [c["mark"]["number"] for c in lab.cells() if c["mark"]]
    assert marks == [0, 1, 2, 3], "one after the other, in their order"
    assert lab.page.evaluate(FOLDED) == [True] * 4, "many cells of code do not hide the notebook"
    lab.get("trial-row").nth(1).click()  # the newest come first
    lab.page.wait_for_function(f"() => !({FOLDED})()[2]")
    assert lab.page.evaluate(FOLDED) == [True, True, False, True], "a row shows its trial's code"


def test_stop_ends_a_long_cell_and_the_kernel_goes_on(lab):
    begin(lab)
    lab.add_cell(SLOW)
    autopilot(lab, 2)
    lab.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets.some(c => c.model.executionState === 'running'"
        " && c.model.getMetadata('mle_ideator'))",
        timeout=60_000,
    )
    lab.page.wait_for_timeout(1500)
    lab.get("stop").click()
    lab.idle(20)
    assert "stopped by the user" in Journal.read(journal_path(lab.notebook)).state.trials[0].outcome.message
    assert lab.ask("1 + 1") == "2"


@pytest.mark.parametrize("kind", BUSY)
def test_an_idea_comes_while_a_cell_trains(lab, kind):
    begin(lab)
    lab.add_cell(BUSY[kind])
    lab.page.wait_for_timeout(1500)
    lab.idea()
    assert (
        lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.at(-1).model.executionState")
        == "running"
    )


def test_a_reload_while_a_cell_trains_finds_the_panel_again(lab):
    begin(lab)
    lab.page.wait_for_timeout(1200)
    lab.save()
    lab.add_cell(BUSY["sleep"])
    lab.page.wait_for_timeout(1500)
    lab.reload()
    lab.show()
    lab.page.wait_for_selector('[data-testid="mij-state"][data-link="ready"]', timeout=15_000)
    lab.idea()


def test_a_reload_in_the_middle_of_a_trial_loses_nothing(lab):
    begin(lab)
    lab.add_cell(
        "from sklearn.ensemble import HistGradientBoostingRegressor as _H\n_fit = _H.fit\n"
        "def slow(self, *a, **k):\n    __import__('time').sleep(1.5)\n    return _fit(self, *a, **k)\n_H.fit = slow"
    )
    autopilot(lab, 1)
    lab.page.wait_for_selector(".mij-badge")
    lab.page.wait_for_timeout(1500)
    lab.save()
    lab.reload()
    lab.show()
    lab.rows(2, 120)
    lab.idle()
    trials = Journal.read(journal_path(lab.notebook)).state.trials
    assert [t.number for t in trials] == [0, 1]
    assert trials[0].score


def test_another_tab_in_front_changes_nothing(lab):
    begin(lab)
    autopilot(lab, 1)
    lab.do("notebook:create-new")
    lab.page.wait_for_timeout(1000)
    for _ in range(240):
        lab.page.wait_for_timeout(500)
        trials = Journal.read(journal_path(lab.notebook)).state.trials
        if len(trials) == 2 and trials[1].outcome:
            break
    assert trials[1].score


def test_the_panel_is_linked_again_after_each_restart(lab):
    begin(lab)
    for _ in range(8):
        lab.restart()
        lab.get("get-idea").click()
        lab.page.get_by_text("the kernel holds no train yet: run the cells that load it").wait_for()
        lab.run_all()
        lab.idea()


MEND = """
from mle_ideator_jupyter import kernel
from mle_ideator_jupyter.model import Trial
from mle_ideator_jupyter.protocols import cell

session = kernel.session_of(get_ipython())
session.approving.mode, session.pages.trial = "autopilot", Trial(id="t", number=1, title="t")
first, second = cell("a = 1 / 0"), cell("b = a")


async def mend():
    ran = [await session.host.run(first), await session.host.run(second)]
    ran.append(await session.host.run(cell("a = 1", replaces=first.id)))
    return [one.status for one in ran]
"""


@pytest.mark.long
def test_a_mended_cell_takes_the_place_of_the_one_that_failed(lab):
    begin(lab)
    lab.add_cell(MEND)
    lab.add_cell("mended = session.call(mend())")
    lab.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets.some(c => c.model.sharedModel.getSource() === 'a = 1')"
    )
    assert lab.ask("mended.result(20)") == str(["error", "error", "ok"])
    ours = [c for c in lab.cells() if c["mark"]]
    assert [c["source"] for c in ours] == ["a = 1", "b = a"]
    assert ours[0]["count"] > ours[1]["count"]
