"""Two notebooks on one kernel: ideas, trials, scores and journals apart."""

from __future__ import annotations

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from mle_ideator_jupyter.journal import Journal
from tests.kernel.page import LOAD, Page, kernel_in
from tests.kernel.test_session import DATA, approve_all, idea


@pytest.fixture
def kernel(tmp_path):
    with kernel_in(tmp_path) as kernel:
        kernel.folder = tmp_path
        yield kernel


def opened(kernel, path: str, **hello) -> Page:
    """Open a notebook's page; its file is there where the kernel can see it."""
    if "/" not in path:
        (kernel.folder / path).write_text("{}")
    page = Page(kernel, path)
    page.run(LOAD)
    page.open(**hello)
    page.until(lambda: page.state.get("journal"))
    return page


def both(kernel) -> tuple[Page, Page]:
    """Open two notebooks; the first has loaded data."""
    one = opened(kernel, "one.ipynb")
    one.run(DATA)
    two = opened(kernel, "two.ipynb")
    two.until(lambda: two.state["task"])
    return one, two


def titles(kernel, name: str) -> list[str]:
    return [t.title for t in Journal.read(kernel.folder / f"{name}.ideas.jsonl").state.trials]


def test_each_has_its_own_ideas_trials_and_journal(kernel):
    one, two = both(kernel)
    assert one.state["journal"] != two.state["journal"]
    assert one.state["notebook_id"] != two.state["notebook_id"]
    approve_all(one)
    assert two.state["approval_mode"] == "cell"
    one.send("try_idea", idea=idea(one)["id"])
    one.until(lambda: len(one.scored()) == 2 and one.state["activity"] == "idle", 90)
    card = idea(two)
    assert (len(one.state["ideas"]), len(two.state["ideas"])) == (1, 1)
    assert not two.rows
    assert not two.asked, "its page was asked for nothing"

    approve_all(two)  # the same baseline's source in both: each knows its own cell
    two.send("try_idea", idea=card["id"])
    two.until(lambda: len(two.scored()) == 2 and two.state["activity"] == "idle", 90)
    assert {row["cells"][0] for row in two.scored()} == {c for c, _ in two.cells[-2:]}
    assert {row["cells"][0] for row in one.scored()} == {c for c, _ in one.cells[-2:]}
    assert len(titles(kernel, "one")) == len(titles(kernel, "two")) == 2


def test_a_score_and_a_magic_go_to_the_notebook_whose_cell_it_is(kernel):
    one, two = both(kernel)
    score = "from mle_ideator_jupyter import report_score\nreport_score({}, metric='rmse')"
    one.run(score.format(0.5))
    two.run(score.format(0.25))
    one.run("%score 0.75 --metric rmse")
    two.run("%ideate -n 2")
    two.until(lambda: len(two.state["ideas"]) == 2 and len(two.scored()) == 1)
    one.until(lambda: len(one.scored()) == 2)
    assert [row["value"] for row in one.scored()] == [0.5, 0.75]
    assert [row["value"] for row in two.scored()] == [0.25]
    assert one.state["ideas"] == []
    assert one.value("len(__import__('mle_ideator_jupyter').session().trials)") == "2"
    two.run("import mle_ideator_jupyter as mij; n = len(mij.session().trials)")
    assert two.value("n") == "1"


def test_a_page_may_speak_through_another_ones_connection(kernel):
    one, two = both(kernel)
    cells = BlockingKernelClient(connection_file=kernel.connection_file)
    cells.load_connection_file()
    cells.start_channels()
    two.send("hello", wire=1, path="two.ipynb", client=cells.session.session)
    two.send("get_idea")
    two.until(lambda: two.state["ideas"])
    cells.execute("from mle_ideator_jupyter import report_score\nreport_score(0.125, metric='rmse')")
    two.until(two.scored)
    cells.stop_channels()
    assert [row["value"] for row in two.scored()] == [0.125]
    assert not one.rows


def test_data_that_one_loads_are_seen_by_the_other(kernel):
    one = opened(kernel, "one.ipynb")
    two = opened(kernel, "two.ipynb")
    two.until(lambda: two.state["empty"])
    one.run(DATA)
    two.send("get_idea")
    two.until(lambda: two.state["ideas"])


def test_a_rename_goes_along_and_a_copy_is_another(kernel):
    one = opened(kernel, "one.ipynb")
    one.run(DATA)
    idea(one)
    one.path = "new.ipynb"
    (kernel.folder / "one.ipynb").rename(kernel.folder / "new.ipynb")
    one.send("hello", wire=1, path="new.ipynb", notebook_id=one.state["notebook_id"])
    again = opened(kernel, "new.ipynb", notebook_id=one.state["notebook_id"])
    again.until(lambda: again.state["ideas"])
    assert again.state["journal"] == one.state["journal"]

    copy = opened(kernel, "copy.ipynb", notebook_id=one.state["notebook_id"], events=tuple(one.lines))
    copy.until(lambda: copy.state["ideas"])
    assert copy.state["notebook_id"] != one.state["notebook_id"]
    idea(copy)
    copy.run("print(1)")
    assert (len(copy.state["ideas"]), len(again.state["ideas"])) == (2, 1)


def test_a_notebook_of_the_same_name_elsewhere_has_a_journal_of_its_own(kernel):
    one = opened(kernel, "one.ipynb")
    one.run(DATA)
    idea(one)
    far = opened(kernel, "far/one.ipynb")
    assert far.state["journal"] != one.state["journal"]
    assert far.state["ideas"] == []
    assert "cannot see the notebook" in "".join(far.state["notes"])


def test_what_a_cell_began_before_any_page_came_is_the_first_pages(kernel):
    one = Page(kernel, "one.ipynb")
    (kernel.folder / "one.ipynb").write_text("{}")
    one.run(LOAD)
    one.run(DATA)
    one.run("%ideate -n 2")
    one.open()
    one.until(lambda: len(one.state.get("ideas", ())) == 2)
    two = opened(kernel, "two.ipynb")
    assert two.state["ideas"] == []
