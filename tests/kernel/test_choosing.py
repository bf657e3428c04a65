"""A session's newer choices through a real kernel: what agents are told, and one's own model as a trial."""

from __future__ import annotations

import pytest

from mle_ideator_jupyter.journal import Journal
from tests.kernel.page import LOAD, Page, kernel_in
from tests.kernel.test_session import DATA, approve_all

MODELS = """
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler
model = LinearRegression().fit(df[["a", "b"]], df.price)
scaler = StandardScaler().fit(df[["a"]])
raw = LinearRegression()
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("choosing")
    with kernel_in(folder) as kernel:
        (folder / "n.ipynb").write_text("{}")
        page = Page(kernel)
        page.run(LOAD)
        page.run(DATA)
        page.run(MODELS)
        page.folder = folder
        page.open()
        page.until(lambda: page.state.get("task"))
        yield page


def test_a_model_of_ones_own_is_scored_like_the_trials(page):
    assert page.state["estimators"] == ["model"], "a transformer predicts nothing, and raw is not fitted"
    approve_all(page)
    page.send("rescore", estimator="model", after=page.cells[-1][0])
    page.until(lambda: len(page.scored()) == 1 and page.state["activity"] == "idle", 60)
    own = page.scored()[0]
    assert (own["number"], own["title"], own["series"]) == (0, "Your own `model`", "")
    assert page.state["estimators"] == []
    assert page.value("model.coef_.shape") == "(2,)", "the user's own is left as it was"
    page.send("rescore", estimator="forest")
    page.until(lambda: page.state["error"])
    assert page.state["error"] == "the kernel holds no estimator 'forest': it holds model"


def test_how_much_agents_are_told_is_chosen_and_kept(page):
    def brief(request):
        page.send("fetch", request=request, what="brief")
        return page.until(lambda: page.fetched.get(request))["text"]

    whole = brief("before")
    page.send("choose", brief_level="brief", brief_without=["profile"])
    page.until(lambda: page.state["brief_without"] == ["profile"] and page.state["brief_level"] == "brief")
    less = brief("after")
    assert "300 training rows" in whole
    assert "300 training rows" not in less
    assert "# Left out\nthe profile of the data" in less
    state = Journal.read(page.folder / "n.ideas.jsonl").state
    assert (state.brief.level, state.brief.without) == ("brief", ("profile",))
    page.send("choose", brief_without=["key"])
    page.until(lambda: page.state["error"])
    assert page.state["error"].startswith("a Brief has no part 'key': what can be left out is profile")


def test_what_a_cell_makes_that_ran_as_the_panel_opened_is_seen(tmp_path):
    with kernel_in(tmp_path) as kernel:
        (tmp_path / "n.ipynb").write_text("{}")
        page = Page(kernel)
        page.run("import time")
        slow = page.execute(f"time.sleep(3)\n{DATA}")
        page.until(lambda: slow in page.begun)
        load = "__import__('mle_ideator_jupyter').load_ipython_extension(get_ipython())"
        page.aside(load)
        page.open()
        page.until(lambda: page.state)
        assert {"idle": True} not in page.outputs.get(slow, []), "the cell was still running"
        page.wait_for(slow)
        page.send("get_idea")
        page.until(lambda: page.state["ideas"] or page.state["error"])
        assert not page.state["error"]
