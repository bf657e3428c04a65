"""Puts the built front end into wheels; a wheel without it, or with an old one, cannot be made by accident."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LABEXTENSION = "mle_ideator_jupyter/labextension"
WIDGET = "mle_ideator_jupyter/static/widget.js"
SHARE = "share/jupyter/labextensions/mle_ideator_jupyter"
SOURCES = ("package.json", "yarn.lock", "src/**/*", "schema/*", "style/*")


class FrontEnd(BuildHookInterface):  # type: ignore[misc]  # the base is untyped
    """Adds the labextension as shared data; an editable install has none: `make lab` and `make test` link it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise in one line when a wheel is asked for and the front end was not built from these sources."""
        root = Path(self.root)
        built = [*(root / LABEXTENSION / "static").glob("remoteEntry*.js"), *root.glob(WIDGET)]
        if version == "editable":  # installing data would write, and uninstalling them delete, through the link
            return
        if len(built) == 2:
            build_data["shared_data"][LABEXTENSION] = SHARE
            build_data["shared_data"]["install.json"] = f"{SHARE}/install.json"
            build_data["artifacts"] += ["/mle_ideator_jupyter/static"]
            problem = "is older than its sources" if _changed(root) > min(_time(path) for path in built) else ""
        else:
            problem = "is not built"
        if problem:
            msg = f"the front end {problem}: run `make dist` (it needs node), or take a wheel from a release"
            raise RuntimeError(msg)


def _changed(root: Path) -> float:
    """Return when the sources were last changed; tests are not built."""
    found = (path for pattern in SOURCES for path in root.glob(pattern))
    return max(_time(path) for path in found if path.is_file() and ".test." not in path.name)


def _time(path: Path) -> float:
    return path.stat().st_mtime
