"""Ideators and Implementers by name: what is installed is found, also what is installed later."""

from __future__ import annotations

import importlib.metadata
import shutil

import pytest

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.plugins import IDEATORS, load, names


def test_a_package_that_comes_or_goes_is_noticed_and_nothing_is_read_twice(tmp_path, monkeypatch):
    reads = []
    whole = importlib.metadata.entry_points
    monkeypatch.setattr("mle_ideator_jupyter.plugins.entry_points", lambda **w: reads.append(w) or whole(**w))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "playbook" in names(IDEATORS)
    before = len(reads)
    assert "late" not in names(IDEATORS)
    assert len(reads) == before
    info = tmp_path / "late-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: late\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[{IDEATORS}]\nlate = collections:OrderedDict\n")
    assert "late" in names(IDEATORS)
    assert load(IDEATORS, "late")() == {}
    shutil.rmtree(info)
    assert "late" not in names(IDEATORS)


@pytest.mark.parametrize(("name", "says"), [("playbok", "did you mean playbook?"), ("zzz", "installed are ")])
def test_a_name_that_nobody_has_is_answered_with_those_there_are(name, says):
    with pytest.raises(UsageError, match=says.replace("?", r"\?")):
        load(IDEATORS, name)
