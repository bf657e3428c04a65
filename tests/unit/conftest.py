"""A shell with data in it, for the tests of magics."""

from __future__ import annotations

import pytest
from IPython.testing.globalipapp import start_ipython

from mle_ideator_jupyter import api, kernel
from tests.kernel.small import SETUP


@pytest.fixture(scope="session")
def shell():
    shell = start_ipython()
    shell.run_line_magic("load_ext", "mle_ideator_jupyter")
    return shell


@pytest.fixture
def ready(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    shell.run_cell(SETUP)
    yield shell
    shell.reset()
    api._made.clear()
    kernel.close(shell)


@pytest.fixture
def asked(ready):
    """A shell whose notebook has two ideas."""
    ready.run_line_magic("ideate", "-n 2 --metric rmse")
    return ready
