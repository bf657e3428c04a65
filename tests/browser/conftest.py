from __future__ import annotations

import shutil

import pytest

from mle_ideator_jupyter.bench.demo import write_demo
from tests.browser import server as servers
from tests.browser.lab import Lab


@pytest.fixture(scope="session")
def chromium():
    with servers.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Return (address, folder) of a JupyterLab on the demo notebook."""
    folder = tmp_path_factory.mktemp("notebooks")
    write_demo(folder)
    with servers.jupyterlab(tmp_path_factory.mktemp("home"), folder) as address:
        yield address, folder


@pytest.fixture
def lab(chromium, server, request):
    """A page on a fresh copy of the demo notebook, in a fresh workspace."""
    address, folder = server
    name = f"{request.node.name.replace('[', '-').replace(']', '')}.ipynb"
    shutil.copy(folder / "penguins.ipynb", folder / name)
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    lab = Lab(context.new_page(), address, folder / name)
    lab.open()
    yield lab
    lab.shut()
    context.close()
    assert not lab.faults, lab.faults
