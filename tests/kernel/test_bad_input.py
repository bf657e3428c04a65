"""Bad input gives one clear line, or works; nothing of the user's is overwritten."""

from __future__ import annotations

import asyncio

import pytest

from mle_ideator_jupyter.errors import IdeatorError, JournalError
from mle_ideator_jupyter.headless import RunOptions, run_headless
from mle_ideator_jupyter.journal import Journal, journal_path
from mle_ideator_jupyter.model import Budget, Limits
from tests.kernel.small import SETUP, write_notebook

FRAME = "import numpy as np, pandas as pd\nrng = np.random.default_rng(0)\ndf = pd.DataFrame({'a': rng.normal(size=60), 'b': list('xyz') * 20})\n"


def run(tmp_path, source: str, **more):
    notebook = write_notebook(tmp_path / "n.ipynb", source)
    before = notebook.read_bytes()
    options = {"budget": Budget(steps=1), "limits": Limits(seconds=60), **more}
    try:
        return asyncio.run(run_headless(RunOptions(notebook=notebook, **options), lambda u: None))
    finally:
        assert notebook.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "more", "words"),
    [
        (FRAME, {}, "--target"),
        (FRAME, {"target": "price"}, "price"),
        (FRAME + "df['y'] = np.nan", {"target": "y", "metric": "rmse"}, "y"),
        (FRAME + "df['y'] = 'same'", {"target": "y", "metric": "accuracy"}, "y"),
        (FRAME + "df['y'] = 3.0", {"target": "y", "metric": "rmse"}, "y"),
        (FRAME + "df['y'] = df['a']\ndf.columns = ['a', 'a', 'y']", {"target": "y"}, "a"),
        (FRAME + "df['y'] = df['a']\ndf = df[:0]", {"target": "y", "metric": "rmse"}, ""),
        (FRAME + "df['y'] = list('pqr') * 20", {"target": "y", "metric": "rmse"}, "y"),
        (FRAME, {"data": "fd", "target": "a"}, "df"),
    ],
)
def test_data_that_cannot_be_used_are_one_line(tmp_path, source, more, words):
    with pytest.raises(IdeatorError) as caught:
        run(tmp_path, source, **more)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    assert words in message
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("name", ["class", 'a"b', "it's", "two\nlines", "{x}", "", "日本"])
def test_columns_of_any_name_work(tmp_path, name):
    source = FRAME + f"df['y'] = df['a'] * 2 + rng.normal(size=60)\ndf = df.rename(columns={{'a': {name!r}}})"
    assert run(tmp_path, source, target="y", metric="rmse").baseline is not None


def test_a_target_of_any_name_works(tmp_path):
    source = FRAME + "df['it\\'s \"y\"\\n'] = df['a'] * 2 + rng.normal(size=60)"
    assert run(tmp_path, source, target='it\'s "y"\n', metric="rmse").best is not None


def test_mixed_types_and_infinities_work(tmp_path):
    source = FRAME + "df['y'] = df['a'] + rng.normal(size=60)\ndf['m'] = [1, 'x', 2.5] * 20\ndf.loc[3, 'a'] = np.inf"
    assert run(tmp_path, source, target="y", metric="rmse").baseline is not None


@pytest.mark.long
@pytest.mark.timeout(600)
def test_ten_thousand_columns_work(tmp_path):
    source = FRAME + "df = pd.DataFrame(rng.normal(size=(60, 10000))).add_prefix('c')\ndf['y'] = df['c0'] + df['c1']"
    summary = run(tmp_path, source, target="y", metric="rmse", limits=Limits(seconds=240))
    assert summary.trials == 1


def test_a_journal_with_a_torn_line_goes_on(tmp_path):
    first = run(tmp_path, SETUP)
    journal = journal_path(first.notebook)
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"type":"trial_st')
    second = run(tmp_path, SETUP)
    assert journal.read_bytes().startswith(whole)
    assert second.trials == 2
    assert list(journal.with_suffix("").glob("torn-*"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"type":"opened","id":"1","time":0,"notebook_id":"other","format":1}\n', "another notebook"),
        ('{"type":"opened","id":"1","time":0,"notebook_id":"other","format":77}\n', "newer"),
    ],
)
def test_a_journal_that_is_not_ours_is_untouched(tmp_path, line, words):
    journal = journal_path(tmp_path / "n.improved.ipynb")
    journal.write_text(line)
    with pytest.raises(JournalError, match=words):
        run(tmp_path, SETUP)
    assert journal.read_text() == line


def test_fresh_keeps_the_old_journal(tmp_path):
    first = run(tmp_path, SETUP)
    old = Journal.read(first.journal).events
    second = run(tmp_path, SETUP, fresh=True)
    assert second.trials == 1
    kept = [p for p in tmp_path.glob("*.ideas.jsonl") if p != second.journal]
    assert [Journal.read(p).events for p in kept] == [old]


def test_an_output_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(IdeatorError) as caught:
        run(tmp_path, SETUP, output=tmp_path / "file" / "r.ipynb")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "mine"
