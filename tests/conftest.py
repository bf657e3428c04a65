from __future__ import annotations


def pytest_collection_modifyitems(items):
    """Run the browser tests last: from the first of them on, Playwright's event loop runs on the main thread."""
    items.sort(key=lambda item: "browser" in item.path.parts)
