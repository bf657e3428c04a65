"""Puts the built front end into wheels; a wheel without it cannot be made by accident."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LABEXTENSION = "mle_ideator_jupyter/labextension"
SHARE = "share/jupyter/labextensions/mle_ideator_jupyter"


class FrontEnd(BuildHookInterface):  # type: ignore[misc]
    """Adds the labextension as shared data; an editable install without one works, with no panel in JupyterLab."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise in one line when a wheel is asked for and the front end was not built."""
        root = Path(self.root)
        built = any((root / LABEXTENSION / "static").glob("remoteEntry*.js"))
        widget = (root / "mle_ideator_jupyter/static/widget.js").exists()
        if built and widget:
            build_data["shared_data"][LABEXTENSION] = SHARE
            build_data["shared_data"]["install.json"] = f"{SHARE}/install.json"
            build_data["artifacts"] += ["/mle_ideator_jupyter/static"]
        elif version != "editable":
            msg = "the front end is not built: run `make dist` (it needs node), or take a wheel from a release"
            raise RuntimeError(msg)
