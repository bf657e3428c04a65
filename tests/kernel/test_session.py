from __future__ import annotations

import json

import pytest

from mle_ideator_jupyter.journal import Journal
from tests.kernel.page import LOAD, Page, kernel_in

DATA = """
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
df = pd.DataFrame({"a": rng.random(300), "b": rng.random(300), "c": rng.choice(list("xyz"), 300)})
df["price"] = np.exp(3 * df.a) + (df.c == "x") + rng.normal(0, 0.1, 300)
"""

NAMES = "sorted(n for n in globals() if not n.startswith('_'))"


@pytest.fixture
def page(tmp_path):
    with kernel_in(tmp_path) as kernel:
        (tmp_path / "n.ipynb").write_text("{}")
        page = Page(kernel)
        page.run(LOAD)
        page.run(DATA)
        page.folder = tmp_path
        page.kernel = kernel
        page.open()
        page.until(lambda: page.state.get("task"))
        yield page


def approve_all(page: Page) -> None:
    page.send("choose", approval_mode="autopilot")
    page.until(lambda: page.state["approval_mode"] == "autopilot")


def idea(page: Page) -> dict:
    before = len(page.state["ideas"])
    page.send("get_idea")
    page.until(lambda: len(page.state["ideas"]) > before or page.state["error"])
    assert not page.state["error"]
    page.idle()
    return page.state["ideas"][0]


def test_an_idea_is_tried_scored_undone_and_kept(page):
    before = page.value(NAMES)
    card = idea(page)
    assert page.state["task"]["target"] == "price"
    approve_all(page)
    page.send("try_idea", idea=card["id"], after=page.cells[-1][0])
    page.until(lambda: len(page.scored()) == 2 and page.state["activity"] == "idle", 90)
    baseline, trial = page.scored()
    assert (baseline["number"], trial["number"]) == (0, 1)
    assert trial["idea"] == card["id"]
    assert trial["delta"] is not None
    assert [c for c, _ in page.cells][-1:] == trial["cells"][:1]
    assert Journal.read(page.folder / "n.ideas.jsonl").state.trials[1].outputs, "what the cell showed is kept"
    for row in (trial, baseline):
        page.send("undo_trial", trial=row["id"])
        page.until(lambda: page.rows[row["id"]]["undone"])
    assert len(page.cells) == 2
    assert page.value(NAMES) == before
    page.send("keep_trial", trial=trial["id"], after="")
    page.until(lambda: page.rows[trial["id"]]["kept"])
    assert len(page.cells) > 2


def test_nothing_runs_before_it_is_approved(page):
    card = idea(page)
    page.send("try_idea", idea=card["id"])
    asked = page.until(lambda: page.state["approval"])
    assert "def trial_00" in asked["source"]
    assert not page.asked
    page.send("decide", request=asked["request"], yes=False)
    page.until(lambda: page.state["approval"] is None or page.state["approval"]["request"] != asked["request"])
    first = page.until(lambda: [r for r in page.rows.values() if r["number"] == 0])[0]
    page.until(lambda: page.rows[first["id"]]["message"] == "declined by the user")


def test_an_idea_comes_while_a_cell_trains(page):
    idea(page)
    busy = page.execute("t = __import__('time').time()\nwhile __import__('time').time() - t < 8: pass")
    card = idea(page)
    assert card["title"]
    assert {"idle": True} not in page.outputs.get(busy, []), "the cell was still running"
    page.wait_for(busy)


def test_stop_interrupts_only_what_belongs_to_a_trial(page):
    approve_all(page)
    page.send("start_autopilot", steps=3)
    page.until(lambda: len(page.scored()) >= 1, 60)
    mine = page.execute("import time; time.sleep(4); kept = 1")
    page.send("control", what="stop")
    page.idle(30)
    page.wait_for(mine)
    assert page.value("kept") == "1"
    assert all(row["status"] != "running" for row in page.rows.values())


def test_a_long_cell_of_a_trial_is_stopped(page):
    approve_all(page)
    page.run("import time\nfrom sklearn.ensemble import HistGradientBoostingRegressor as H\n_fit = H.fit")
    page.run("H.fit = lambda *a, **k: time.sleep(60)\nfrom sklearn.linear_model import Ridge; Ridge.fit = H.fit")
    page.send("start_autopilot", steps=1)
    page.until(lambda: page.running, 30)
    page.send("control", what="stop")
    page.idle(20)
    assert [r["message"] for r in page.rows.values()] == ["stopped by the user"]


def test_an_edited_cell_is_left_by_undo(page):
    approve_all(page)
    page.send("try_idea", idea=idea(page)["id"])
    page.until(lambda: len(page.scored()) == 2 and page.state["activity"] == "idle", 90)
    trial = page.scored()[1]
    page.cells = [(c, s + "\n# mine" if c in trial["cells"] else s) for c, s in page.cells]
    page.send("undo_trial", trial=trial["id"])
    page.until(lambda: page.rows[trial["id"]]["undone"])
    assert trial["cells"][0] in dict(page.cells)
    page.until(lambda: "edited" in "".join(page.state["notes"]))


def test_a_restart_keeps_the_history(page):
    approve_all(page)
    page.send("try_idea", idea=idea(page)["id"])
    page.until(lambda: len(page.scored()) == 2 and page.state["activity"] == "idle", 90)
    lines = page.lines
    page.kernel.restart_kernel(now=True)
    again = Page(page.kernel)
    again.run(LOAD)
    again.open(events=tuple(lines), notebook_id=page.state["notebook_id"])
    again.until(lambda: len(again.scored()) == 2 and again.state)
    assert again.state["imported"] == 0, "the metadata's copy says nothing new"
    assert len(again.state["ideas"]) == 1
    assert again.state["empty"] or again.until(lambda: again.state["empty"])


def test_a_page_that_closes_in_the_middle_loses_nothing(page):
    approve_all(page)
    page.answer = lambda data: (
        page.send("placed", request=data["request"], cell="c1"),
        page.execute(data["cell"]["source"], "c1"),
    )
    page.send("start_autopilot", steps=1)
    page.until(lambda: page.asked)
    page.close()
    other = Page(page.kernel)
    other.open(notebook_id=page.state["notebook_id"])
    other.until(lambda: len(other.scored()) == 2 and other.state["activity"] == "idle", 90)
    journal = Journal.read(page.folder / "n.ideas.jsonl").state
    assert [t.number for t in journal.trials] == [0, 1]


def test_cells_asked_for_at_once_all_run_also_the_same_one_twice(page):
    approve_all(page)
    page.run(
        "import asyncio\nfrom mle_ideator_jupyter import kernel\nfrom mle_ideator_jupyter.protocols import cell\n"
        "_host = kernel.session_of(get_ipython()).host\n"
        "async def _all():\n    return await asyncio.gather(*[_host.run(cell(f'print({n})')) for n in (1, 1, 2)])\n"
        "_got = kernel.session_of(get_ipython()).call(_all())"
    )
    page.until(lambda: len(page.cells) == 6 and not page.running)
    assert page.value("[(r.status, r.outputs[0]['text']) for r in _got.result(20)]") == str(
        [("ok", "1\n"), ("ok", "1\n"), ("ok", "2\n")]
    )


def test_scores_of_the_users_own_cells_are_kept_apart(page):
    page.run("from mle_ideator_jupyter import report_score\nreport_score([0.5, 0.7], metric='rmse')")
    page.until(page.scored)
    page.send("choose", watch="best")
    page.until(lambda: page.state["watch"] == "best")
    page.run("best = 0.25")
    page.run("other = 1")
    page.until(lambda: len(page.scored()) == 2)
    page.run("best = 0.125")
    page.until(lambda: len(page.scored()) == 3)
    assert [row["value"] for row in page.scored()] == [0.6, 0.25, 0.125]
    assert all("own" in row["series"] for row in page.scored())
    assert page.state["best"] is None


@pytest.mark.parametrize("data", [{"type": "zzz"}, {"type": "get_idea", "n": "x"}, [], {"type": "hello", "wire": 999}])
def test_what_is_forged_is_one_line(page, data):
    page._comm("comm_msg", {"comm_id": page.comm, "data": data})
    page.until(lambda: page.state["error"])
    assert "\n" not in page.state["error"]
    assert "install the same" in page.state["error"]


def test_bulk_is_fetched(page):
    for what, words in (("brief", "# Task"), ("csv", "number"), ("json", "trials"), ("source", "")):
        page.send("fetch", request=what, what=what, trial="no such")
        page.until(lambda: what in page.fetched)
        assert words in page.fetched[what]["text"]
    assert page.fetched["source"]["error"]
    assert json.loads(page.fetched["json"]["text"])
