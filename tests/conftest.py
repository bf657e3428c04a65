from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _data_folder(tmp_path_factory):
    """Keep the journals of notebooks that nobody can find out of the user's own data folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        yield


def pytest_collection_modifyitems(items):
    """Run the browser tests last: from the first of them on, Playwright's event loop runs on the main thread.

    Workers take whole files in this order (`--no-loadscope-reorder`), so it holds in each of them; likewise the
    tests in `unit` that start IPython for good come after those in `kernel` that make shells of their own.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
