"""What only a real kernel does: the live namespace put back, figures, magics, packages that are not there."""

from __future__ import annotations

import asyncio
import os
import sys
import venv

import psutil
import pytest

from mle_ideator_jupyter.errors import HostError
from mle_ideator_jupyter.hosts import collecting
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import cell
from tests.kernel.hosting import DATA, KEEP, Marked, text, with_host

STATE = """\
import json as _json, zlib as _zlib
print(_json.dumps({k: [id(v), _zlib.crc32(repr(v).encode())] for k, v in list(globals().items())
    if k in ('df', 'model', 'numbers', 'x', 'np', 'pd', '_', '__', '_private') or k.startswith(('_1', 'trial', 'Out'))}, sort_keys=True))
del _json, _zlib"""
USERS = (
    DATA
    + "\nfrom sklearn.linear_model import LinearRegression\nmodel, numbers, x, _private = LinearRegression(), [1, [2]], 'mine', 7"
)

TRIALS = {
    "that fails": ("df = None; helper = 3\n1 / 0", "error"),
    "that is no Python": ("df = None; def", "error"),
    "that exits": ("df = None; import sys; sys.exit()", "died"),
    "that interrupts": ("df = None; helper = 3; raise KeyboardInterrupt", "interrupted"),
    "that deletes all": ("for k in [k for k in globals() if not k.startswith('__')]: del globals()[k]", "ok"),
    "that works": ("df = 1; x = 2; helper = 3; _private = 8; import os, json\ndel numbers\nkept = 5\n'shown'", "ok"),
}


def test_the_namespace_is_as_it_was_whatever_the_trial_does():
    async def use(host):
        before = text(await host.run(cell(STATE)))
        for source, status in TRIALS.values():
            result = await host.run(cell(source, keep=KEEP))
            assert result.status == status, result
            assert result.changed == ()
            assert text(await host.run(cell(STATE))) == before, source
        return await host.run(cell("print(sorted(k for k in globals() if not k.startswith('_')))"))

    names = text(with_host("scratch", use, USERS))
    assert "kept" in names
    assert "helper" not in names
    assert "'json'" not in names


def test_changes_in_place_are_named_also_of_trials_that_fail():
    changes = {
        "df['z'] = 1": ("df",),
        "df.loc[0, 'a'] = -1\n1 / 0": ("df",),
        "model.fit([[0], [1]], [0, 1])": ("model",),
        "numbers[1].append(3)\nraise KeyboardInterrupt": ("numbers",),
        "d2 = df.copy(); d2['q'] = 3; kept = d2": (),
    }

    async def use(host):
        return [(await host.run(cell(source, keep=KEEP))).changed for source in changes]

    assert with_host("scratch", use, USERS) == list(changes.values())


def test_an_interrupted_or_cancelled_trial_is_put_back_too():
    async def use(host):
        before = text(await host.run(cell(STATE)))
        for stop in ("interrupt", "cancel"):
            task = asyncio.ensure_future(host.run(cell("df = 1; helper = 2\nimport time; time.sleep(60)", keep=KEEP)))
            await asyncio.sleep(0.6)
            if stop == "interrupt":
                await host.interrupt()
                assert (await task).status == "interrupted"
            else:
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert text(await host.run(cell(STATE))) == before

    with_host("scratch", use, USERS)


def test_magics_figures_and_tables_come_back_as_data(monkeypatch):
    monkeypatch.setattr(collecting, "IMAGE_CAP", 60_000)
    plot = "%matplotlib inline\nimport matplotlib.pyplot as plt, numpy as np\n"

    async def use(host):
        small = await host.run(cell(plot + "plt.plot([1, 2]); plt.show()\ndf.head()", keep=KEEP))
        noise = "plt.figure(figsize=(12, 9)); plt.imshow(np.random.rand(900, 900)); plt.show()"
        return small, await host.run(cell(plot + noise, keep=KEEP))

    small, large = with_host("scratch", use, DATA)
    mimes = [set(o.get("data", {})) for o in small.outputs]
    assert any("image/png" in m for m in mimes)
    assert any("text/html" in m for m in mimes)
    assert not any("image/png" in o.get("data", {}) for o in large.outputs)
    assert "rich outputs were cut" in text(large)


@pytest.mark.long
def test_a_flood_of_displays_ends(monkeypatch):
    monkeypatch.setattr(collecting, "IMAGE_CAP", 100_000)
    flood = "for k in range(30000): display({'text/plain': 'x' * 500}, raw=True)"

    async def use(host):
        result = await host.run(cell(flood, keep=()), Limits(seconds=60))
        return result, await host.run(cell("print(1)", keep=()))

    result, after = with_host("scratch", use)
    assert result.status == "ok", result.message
    assert len(result.outputs) < 300
    assert text(after) == "1\n"


def test_a_kernel_that_goes_after_its_cell_is_that_cells_fault():
    late = "import os, threading\nthreading.Timer(0.05, lambda: os._exit(0)).start()"

    async def use(host):
        statuses = [(await host.run(cell(late, keep=KEEP))).status for _ in range(3)]
        await asyncio.sleep(0.3)
        return statuses, await host.run(cell("print(df.shape)", keep=KEEP))

    statuses, after = with_host("scratch", use, DATA)
    assert set(statuses) <= {"ok", "died"}
    assert after.status == "ok", after
    assert "(60, 2)" in text(after)


def test_workers_of_joblib_end_with_the_trial_and_come_again():
    marked = Marked()
    source = (
        f"import os\nos.environ['MARK'] = {marked.word!r}\n"
        "from joblib import Parallel, delayed\nkept = Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(8))\nprint(sum(kept))"
    )

    async def use(host):
        results = []
        for _ in range(2):
            results.append(await host.run(cell(source, keep=KEEP)))
            # Trackers stay: they clean up when the kernel ends.
            assert not [p for p in marked.alive() if "resource_tracker" not in " ".join(psutil.Process(p).cmdline())]
        return results

    for result in with_host("scratch", use, DATA):
        assert result.status == "ok", result
        assert "28" in text(result)


def test_a_kernel_that_is_not_there_is_one_line():
    async def use(host):
        await host.start()

    with pytest.raises(HostError, match="no kernel 'klingon'"):
        with_host("scratch", use, kernel_name="klingon")


def test_a_kernel_without_the_package_says_what_to_install(tmp_path, monkeypatch):
    """A kernelspec of another environment: cells run, but looking at data needs the package there."""
    folder = tmp_path / "jupyter" / "kernels" / "bare"
    folder.mkdir(parents=True)
    hide = "import sys; sys.modules['mle_ideator_jupyter'] = None; import runpy; runpy.run_module('ipykernel_launcher', run_name='__main__')"
    argv = [sys.executable, "-c", hide, "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(
        __import__("json").dumps({"argv": argv, "display_name": "bare", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))

    async def use(host):
        plain = await host.run(cell("print(1)"))
        with pytest.raises(HostError) as caught:
            await host.namespace()
        return plain, str(caught.value)

    plain, said = with_host("scratch", use, kernel_name="bare")
    assert plain.status == "ok"
    assert "pip install mle_ideator_jupyter`" in said
    assert "\n" not in said


def test_a_kernel_without_pandas_says_what_to_install():
    async def use(host):
        await host.run(cell("import sys; sys.modules['narwhals'] = None"))
        from tests.kernel.test_scratch_and_fork import BINDING

        await host.profile(BINDING)

    with pytest.raises(HostError, match=r"pip install 'mle_ideator_jupyter\[recipe\]'"):
        with_host("scratch", use, DATA)


@pytest.mark.long
def test_an_environment_without_ipykernel_is_one_line(tmp_path, monkeypatch):
    venv.create(tmp_path / "bare", with_pip=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))

    async def use(host):
        await host.start()

    with pytest.raises(HostError) as caught:
        with_host("scratch", use)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("cores", "asked", "given"), [(2, None, "1"), (2, "2", "2"), (8, None, "None")])
def test_few_cores_are_not_shared_by_threads_unless_the_user_says_so(monkeypatch, cores, asked, given):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if asked:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)

    async def use(host):
        return text(await host.run(cell("import os; print(os.environ.get('OMP_NUM_THREADS'))")))

    assert with_host("scratch", use).strip() == given
