"""The LLM Implementer in a notebook's page: every cell is seen and approved, mended in its place, and undone."""

from __future__ import annotations

import pytest

from mle_ideator_jupyter.journal import Journal
from tests.endpoint.asking import KEY
from tests.endpoint.implementing import acts, asked, told
from tests.endpoint.scripted import HANG, ScriptedServer, chunk, stream
from tests.kernel.page import LOAD, Page, kernel_in

DATA = """
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
df = pd.DataFrame({"a": rng.random(300), "b": rng.random(300)})
df["price"] = np.exp(3 * df.a) + rng.normal(0, 0.1, 300)
"""
FIT = """\
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import KFold
df["a2"] = df["a"] ** 2
X, y = df.drop(columns="price"), df["price"]
cv = KFold(5, shuffle=True, random_state=0)
folds = []
for fit, val in cv.split(X, y):
    prediction = Ridge().fit(X.iloc[fit], y.iloc[fit]).predict(X.iloc[val])
    folds.append(root_mean_squared_error(y.iloc[val], prediction))
"""
NAMES = "sorted(n for n in globals() if not n.startswith(('_', 'trial_00')))"
"""All names but what the baseline leaves."""


def page_of(kernel, folder) -> Page:
    (folder / "n.ipynb").write_text("{}")
    page = Page(kernel)
    page.run(LOAD)
    page.run(DATA)
    page.open()
    page.until(lambda: page.state.get("task"))
    page.send("choose", implementer="llm")
    page.until(lambda: page.state["agents"]["implementer"] == "llm")
    assert not page.state["error"]
    return page


@pytest.fixture
def place(tmp_path, monkeypatch):
    def start(server):
        monkeypatch.setenv("MLE_IDEATOR_BASE_URL", server.base_url)
        monkeypatch.setenv("MLE_IDEATOR_API_KEY", KEY)
        return kernel_in(tmp_path)

    return start


def approve(page) -> dict:
    asked_of = page.until(lambda: page.state["approval"], 60)
    page.send("decide", request=asked_of["request"], yes=True, rest=False)
    page.until(lambda: (page.state["approval"] or {}).get("request") != asked_of["request"])
    return asked_of


def test_each_cell_is_shown_before_it_runs_and_the_namespace_stays_the_users(tmp_path, place):
    script = [
        acts("run_cell", title="Fit a ridge", code=FIT.replace("Ridge()", "Rigde()")),
        acts("edit_cell", cell=1, find="Rigde()", replace="Ridge()"),
        acts("report_score", expression="folds"),
    ]
    with ScriptedServer(script, key=KEY) as server, place(server) as kernel:
        page = page_of(kernel, tmp_path)
        before = page.value(NAMES)
        page.send("get_idea")
        page.until(lambda: page.state["ideas"])
        page.send("try_idea", idea=page.state["ideas"][0]["id"])
        shown = [approve(page) for _ in range(4)]
        page.until(lambda: len(page.scored()) == 2 and page.state["activity"] == "idle", 60)
        assert page.value(NAMES) == before, "what the trial left for its own cells is gone"
        assert page.value("list(df.columns)") == "['a', 'b', 'price']"
        trial = page.scored()[1]
        page.send("undo_trial", trial=trial["id"])
        page.until(lambda: page.rows[trial["id"]]["undone"])
        assert page.value(NAMES) == before
    assert "def trial_00" in shown[0]["source"]
    assert "Rigde()" in shown[1]["source"]
    assert "df = df.copy()" in shown[1]["source"]
    assert shown[1]["touches"] == []
    assert "Ridge()" in shown[2]["source"]
    assert "report_score(folds" in shown[3]["source"]
    assert [a["replaces"] is not None for a in page.asked if a["type"] == "run_cell"] == [False, False, True, False]
    assert "NameError" in told(asked(server)[1])
    assert KEY not in "".join(p.read_text(errors="replace") for p in tmp_path.rglob("*") if p.is_file())


def test_stop_closes_the_models_request_and_answers_meanwhile(tmp_path, place):
    with (
        ScriptedServer(default=stream(chunk({"content": "let me think"}), HANG), key=KEY) as server,
        place(server) as kernel,
    ):
        page = page_of(kernel, tmp_path)
        page.send("choose", approval_mode="autopilot")
        page.send("start_autopilot", steps=1)
        page.until(lambda: asked(server), 60)
        page.send("get_idea")
        page.until(lambda: len(page.state["ideas"]) > 1, 30)
        page.send("control", what="stop")
        page.until(lambda: page.state["activity"] == "idle", 30)
        assert next(r for r in server.received if r.method == "POST").gone.wait(10)
    state = Journal.read(tmp_path / "n.ideas.jsonl").state
    assert state.baseline is not None
    assert state.trials[-1].outcome.message == "stopped by the user"
