"""A real JupyterLab and a real Chromium; both end with the tests, and nothing of the user's settings is touched."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from mle_ideator_jupyter.bench.demo import write_demo
from tests.browser.lab import Lab

NAMES = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
NEWS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"


@pytest.fixture(scope="session")
def chromium():
    found = next((path for name in NAMES if name and (path := shutil.which(name))), None)
    assert found, "the browser tests need Chromium: apt-get install chromium, or set CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Return (address, folder) of a JupyterLab on the demo notebook."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("notebooks")
    settings = home / "settings" / NEWS
    settings.parent.mkdir(parents=True)
    settings.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    write_demo(folder)
    places = {
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--IdentityProvider.token="),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *("--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}"),
        ],
        env={**os.environ, **{name: str(home / place) for name, place in places.items()}},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except OSError:
                time.sleep(0.25)
        yield address, folder
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def lab(chromium, server, request):
    """A page on a fresh copy of the demo notebook, in a fresh workspace."""
    address, folder = server
    name = f"{request.node.name.replace('[', '-').replace(']', '')}.ipynb"
    shutil.copy(next(Path(folder).glob("*.ipynb")), folder / name)
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    lab = Lab(page, address, folder / name)
    lab.open()
    yield lab
    lab.shut()
    context.close()
    assert not lab.faults, lab.faults
