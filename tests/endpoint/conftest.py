from __future__ import annotations

import os

import pytest

from mle_ideator_jupyter.endpoint import abilities


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """Nothing of this machine's own keys, proxies and config, and nothing learnt in another test."""
    for name in list(os.environ):
        if name.startswith(("MLE_IDEATOR_", "OPENAI_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH"):
        monkeypatch.setenv(name, str(tmp_path / "config"))
    abilities.forget()
