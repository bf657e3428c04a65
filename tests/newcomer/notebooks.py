"""Runs a notebook from top to bottom, as nobody sitting in front of it would."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]


def run_copy(name: str, folder: Path, **env: str) -> Any:
    """Return a notebook of `binder/` as it is after all its cells have run in `folder`; a cell that fails raises."""
    path = Path(shutil.copy(ROOT / "binder" / name, folder))
    with pytest.MonkeyPatch.context() as patch:
        for key in [k for k in os.environ if k.startswith(("MLE_IDEATOR_", "OPENAI_", "JPY_"))]:
            patch.delenv(key)
        for key, value in env.items():
            patch.setenv(key, value)
        node = nbformat.read(path, as_version=4)
        NotebookClient(node, timeout=900, resources={"metadata": {"path": str(folder)}}).execute()
    return node


def text_of(node: Any) -> str:
    """Return all that the cells of a notebook printed or showed as text."""
    found = []
    for cell in node.cells:
        for output in cell.get("outputs", ()):
            found.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(found)
