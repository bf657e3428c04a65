"""What only the fork host does: many fits in a row without a hang, and nothing of a trial in the next one."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import time

import pytest

from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import cell
from tests.kernel.hosting import DATA, KEEP, text, with_host

LIGHTGBM = importlib.util.find_spec("lightgbm") is not None
HIST = (
    "from sklearn.ensemble import HistGradientBoostingRegressor as M\n"
    "from mle_ideator_jupyter import report_score\n"
    "report_score(M(max_iter=5, min_samples_leaf=5).fit(df[['a']], df['y']).score(df[['a']], df['y']), metric='r2')"
)
LIGHT = (
    "from lightgbm import LGBMRegressor as M\nfrom mle_ideator_jupyter import report_score\n"
    "report_score(M(n_estimators=5, min_child_samples=5, verbose=-1).fit(df[['a']], df['y']).score(df[['a']], df['y']), metric='r2')"
)


def fits(count: int) -> None:
    kinds = [HIST, LIGHT] if LIGHTGBM else [HIST]

    async def use(host):
        return [await host.run(cell(kinds[k % len(kinds)], keep=()), Limits(seconds=30)) for k in range(count)]

    results = with_host("fork", use, DATA)
    assert [r.status for r in results] == ["ok"] * count, next(r for r in results if r.status != "ok")
    assert len({r.reported.value for r in results}) == len(kinds), "the same fit gives the same score"


def test_60_boosting_fits_in_a_row():
    fits(60)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_500_boosting_fits_in_a_row():
    fits(500)


@pytest.mark.long
def test_more_than_one_thread_and_process_in_a_trial():
    """Threads and workers begin in the child, after the fork, where they may."""
    source = (
        "import threading\nfrom sklearn.ensemble import RandomForestRegressor\n"
        "from sklearn.model_selection import cross_val_score\nX, y = df[['a']], df['y']\n"
        "print(len(cross_val_score(RandomForestRegressor(5, n_jobs=2), X, y, n_jobs=2)))\n"
        "t = threading.Thread(target=lambda: print('thread')); t.start(); t.join()"
    )

    async def use(host):
        return [await host.run(cell(source, keep=()), Limits(seconds=60)) for _ in range(3)]

    for result in with_host("fork", use, DATA):
        assert result.status == "ok", result
        assert "5\n" in text(result)
        assert "thread" in text(result)


def test_nothing_of_a_trial_is_in_the_next_one():
    async def use(host):
        await host.run(
            cell("df.loc[:, 'a'] = -1; kept = 1; np.random.seed(1); import os; os.environ['LEFT'] = '1'", keep=KEEP)
        )
        return await host.run(
            cell("import os\nprint(df['a'].max(), 'kept' in globals(), 'LEFT' in os.environ)", keep=KEEP)
        )

    assert text(with_host("fork", use, DATA)) == "59.0 False False\n"


def test_what_a_cell_defines_can_be_pickled_and_decorated():
    source = (
        "import dataclasses, pickle\n@dataclasses.dataclass\nclass P:\n    x: int\n"
        "def double(p): return p.x * 2\n"
        "print(pickle.loads(pickle.dumps(double))(pickle.loads(pickle.dumps(P(4)))))\ndf.shape"
    )

    async def use(host):
        return await host.run(cell(source, keep=()))

    result = with_host("fork", use, DATA)
    assert text(result) == "8\n", result
    assert result.outputs[-1]["data"] == {"text/plain": "(60, 2)"}


def test_a_traceback_shows_the_cells_own_lines_and_no_others():
    async def use(host):
        return await host.run(cell("def f():\n    return 1 / 0\nf()", keep=()))

    trace = with_host("fork", use).traceback
    assert "return 1 / 0" in trace
    assert "executing.py" not in trace


def test_a_setup_cell_that_hangs_is_stopped_by_cancelling():
    async def use(host):
        began = time.monotonic()
        task = asyncio.ensure_future(host.start())
        await asyncio.sleep(4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    assert with_host("fork", use, "import time\nprint('x')\ntime.sleep(600)") < 20


@pytest.mark.parametrize("place", ["library", "folder"])
def test_a_heavy_library_is_loaded_once_before_trials_and_never_from_their_folder(place, tmp_path, monkeypatch):
    where = tmp_path / place
    where.mkdir()
    (where / "catboost.py").write_text("import os\nloaded_in = os.getpid()\n", encoding="utf-8")
    if place == "library":
        monkeypatch.setenv("PYTHONPATH", str(where), prepend=os.pathsep)
    source = "import os\nfrom catboost import loaded_in\nprint(loaded_in, loaded_in == os.getpid())"

    async def use(host):
        return [(text(await host.run(cell(source, keep=()), Limits(seconds=30)))).split() for _ in range(2)]

    first, second = with_host("fork", use, DATA, cwd=where if place == "folder" else tmp_path)
    assert (first[1], second[1]) == (("False", "False") if place == "library" else ("True", "True"))
    assert (first[0] == second[0]) == (place == "library")
