"""A real JupyterLab and a real Chromium for as long as a block runs; no setting of the user's is touched."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
NEWS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
PLACES = {
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "IPYTHONDIR": "ipython",
}


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Run a headless Chromium."""
    from playwright.sync_api import sync_playwright

    found = next((path for name in NAMES if name and (path := shutil.which(name))), None)
    if found is None:
        msg = "the browser tests need Chromium: apt-get install chromium, or set CHROMIUM to the path of one"
        raise FileNotFoundError(msg)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def with_others() -> dict[str, str]:
    """Return the environment in which jupyter-collaboration, Notebook and the kernel gateway are there."""
    there = Path(sys.prefix) / "others"
    assert there.is_dir(), "`make test-all` installs what these tests need"
    return {
        "PYTHONPATH": str(there),
        "JUPYTER_PATH": str(there / "share" / "jupyter"),
        "JUPYTER_CONFIG_PATH": str(there / "etc" / "jupyter"),
    }


def _private(home: Path) -> dict[str, str]:
    return {**os.environ, **{name: str(home / place) for name, place in PLACES.items()}}


@contextlib.contextmanager
def gateway(home: Path, folder: Path) -> Iterator[str]:
    """Run a kernel gateway whose kernels are at home in a folder; gives its address."""
    home.mkdir(parents=True)
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "kernel_gateway", "--KernelGatewayApp.ip=127.0.0.1"),
            *(f"--KernelGatewayApp.port={port}", "--KernelGatewayApp.port_retries=0"),
            "--JupyterWebsocketPersonality.list_kernels=True",
        ],
        env={**_private(home), **with_others(), "KG_ENV_PROCESS_WHITELIST": "JUPYTER_DATA_DIR"},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _answering(f"http://127.0.0.1:{port}")
    finally:
        _end(process)


@contextlib.contextmanager
def jupyterlab(
    home: Path, folder: Path, *options: str, others: bool = False, python: str | Path = sys.executable
) -> Iterator[str]:
    """Run JupyterLab on a folder, its settings in `home`; gives its address. With `others`, notebooks are shared.

    It is the one that is installed where `python` is the interpreter.
    """
    settings = home / "settings" / NEWS
    settings.parent.mkdir(parents=True)
    settings.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    port = free_port()
    process = subprocess.Popen(
        [
            *(python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--IdentityProvider.token="),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *("--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}"),
            *options,
        ],
        env={**_private(home), **(with_others() if others else {})},
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _answering(f"http://127.0.0.1:{port}")
    finally:
        _end(process)


@contextlib.contextmanager
def notebook(home: Path, folder: Path) -> Iterator[str]:
    """Run Jupyter Notebook 7 on a folder, without our labextension; gives its address."""
    config = home / "config" / "labconfig" / "page_config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"disabledExtensions": {"mle_ideator_jupyter": true}}')
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "notebook", "--no-browser", "--allow-root", "--IdentityProvider.token="),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *("--JupyterNotebookApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}"),
        ],
        env={**_private(home), **with_others()},
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _answering(f"http://127.0.0.1:{port}")
    finally:
        _end(process)


def _answering(address: str) -> str:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}/api", timeout=5).close()
            break
        except OSError:
            time.sleep(0.25)
    return address


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:  # a server that waits for its clients to save
        process.kill()
        process.wait()
