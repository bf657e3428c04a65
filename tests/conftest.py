from __future__ import annotations

import os
import tempfile

import pytest


@pytest.fixture(scope="session", autouse=True)
def _data_folder():
    """Keep the journals of notebooks that nobody can find out of the user's own data folder."""
    before = os.environ.get("JUPYTER_DATA_DIR")
    with tempfile.TemporaryDirectory(prefix="mle-ideator-", ignore_cleanup_errors=True) as folder:
        os.environ["JUPYTER_DATA_DIR"] = folder
        yield
    if before is None:
        del os.environ["JUPYTER_DATA_DIR"]
    else:
        os.environ["JUPYTER_DATA_DIR"] = before


def pytest_collection_modifyitems(items):
    """Run the browser tests last: from the first of them on, Playwright's event loop runs on the main thread.

    Workers take whole files in this order (`--no-loadscope-reorder`), so it holds in each of them; likewise the
    tests in `unit` that start IPython for good come after those in `kernel` that make shells of their own.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
