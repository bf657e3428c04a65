from __future__ import annotations


def pytest_collection_modifyitems(items):
    """Run the browser tests last: from the first of them on, Playwright's event loop runs on the main thread.

    Workers take whole files in this order (`--no-loadscope-reorder`), so it holds in each of them; likewise the
    tests in `unit` that start IPython for good come after those in `kernel` that make shells of their own.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
