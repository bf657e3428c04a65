from __future__ import annotations

import pytest
from IPython.testing.globalipapp import start_ipython

from tests.kernel.small import SETUP


@pytest.fixture(scope="module")
def shell():
    shell = start_ipython()
    shell.run_line_magic("load_ext", "mle_ideator_jupyter")
    return shell


@pytest.fixture
def ready(shell):
    shell.run_cell(SETUP)
    yield shell
    shell.reset()


def test_it_says_what_to_try_and_changes_nothing(ready, capsys):
    before = {k: id(v) for k, v in ready.user_ns.items() if not k.startswith("_")}
    ready.run_line_magic("ideate", "-n 2 --metric rmse")
    told = capsys.readouterr().out
    assert "train + test → price" in told
    assert "1. " in told
    assert "2. " in told
    assert "3. " not in told
    assert {k: id(v) for k, v in ready.user_ns.items() if not k.startswith("_")} == before


@pytest.mark.parametrize(
    ("line", "words"),
    [("--target nope", "nope"), ("--metric rmsee", "did you mean rmse"), ("--n x", "usage"), ("'", "quotation")],
)
def test_what_cannot_work_is_one_line(ready, capsys, line, words):
    ready.run_line_magic("ideate", line)
    told = capsys.readouterr().out.strip()
    assert told.startswith("error: ")
    assert words in told
    assert "\n" not in told


def test_an_empty_kernel_is_told_what_is_needed(shell, capsys):
    shell.reset()
    shell.run_line_magic("ideate", "")
    assert "--data" in capsys.readouterr().out
