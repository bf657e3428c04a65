"""`make audit`: a known fault, a changed file and a loose lock are named; a database that did not answer is never "clean"."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
from importlib.metadata import Distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLEAN = json.dumps({"dependencies": [{"name": "x", "version": "1.0", "vulns": []}]})
FAULTY = json.dumps({"dependencies": [{"name": "x", "version": "1.0", "vulns": [{"id": "PYSEC-0"}]}]})
UNKNOWN = json.dumps({"dependencies": [{"name": "x", "skip_reason": "not found"}, {"name": "y", "vulns": []}]})
NPM_CLEAN = json.dumps({"advisories": {}})
NPM_FAULTY = json.dumps({"advisories": {"7": {"module_name": "left", "title": "falls over"}}})
ENTRY = '"{0}@npm:^1":\n  version: 1.0.0\n  resolution: "{0}@{1}"\n{2}  linkType: hard\n\n'


@pytest.fixture
def audit():
    spec = importlib.util.spec_from_file_location("audit", ROOT / "scripts" / "audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("pip", "npm", "status", "says"),
    [
        (
            CLEAN,
            NPM_CLEAN,
            0,
            ["PyPI's advisory database: no known faults", "npm's advisory database: no known faults"],
        ),
        (FAULTY, NPM_CLEAN, 1, ["x 1.0: PYSEC-0", "PyPI's advisory database: 1 known faults"]),
        (CLEAN, NPM_FAULTY, 1, ["left: falls over"]),
        (UNKNOWN, NPM_CLEAN, 1, ["PyPI's advisory database (it knows nothing of 1 of 2 packages); run `make audit`"]),
        (
            "",
            "a traceback",
            1,
            ["not audited for known faults: PyPI's", "and npm's advisory database (it does not answer)"],
        ),
    ],
    ids=["clean", "python", "npm", "half", "silent"],
)
def test_what_the_databases_say(audit, monkeypatch, capsys, pip, npm, status, says):
    monkeypatch.setattr(audit, "ask", lambda line: pip if "pip_audit" in line else npm)
    monkeypatch.setattr(audit.metadata, "distributions", lambda **_: [])
    assert audit.main() == status
    told = capsys.readouterr().out
    for words in says:
        assert words in told
    unheard = [line for line in told.splitlines() if line.startswith("not audited")]
    assert len(unheard) == any("not audited" in words or "(it" in words for words in says)
    if unheard:
        assert unheard[0].endswith("run `make audit` where it can be reached")


def test_a_file_that_is_no_longer_what_was_installed_is_named(audit, tmp_path):
    info = tmp_path / "x-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1.0\n")
    names = ("same.py", "changed.py", "gone.py")
    lines = []
    for name in names:
        (tmp_path / name).write_text("1")
        digest = base64.urlsafe_b64encode(hashlib.sha256(b"1").digest()).decode().rstrip("=")
        lines.append(f"{name},sha256={digest},1\n")
    (info / "RECORD").write_text("".join(lines) + "x-1.0.dist-info/RECORD,,\n../../../bin/x,sha256=0,1\n")
    (tmp_path / "changed.py").write_text("2")
    (tmp_path / "gone.py").unlink()
    assert audit.changed(Distribution.at(info)) == ["x: changed.py is changed", "x: gone.py is gone"]


def test_a_lock_that_lets_a_package_change_is_named(audit):
    lock = (
        ENTRY.format("good", "npm:1.0.0", "  checksum: 12\n")
        + ENTRY.format("elsewhere-on-mac", "npm:1.0.0", "  conditions: os=darwin\n")
        + ENTRY.format("loose", "npm:1.0.0", "")
        + ENTRY.format("forked", "https://example.org/forked.git#1", "  checksum: 12\n")
    )
    count, wrong = audit.unpinned("__metadata:\n  version: 6\n  cacheKey: 8\n\n" + lock)
    assert count == 4
    assert [line.partition(":")[0] for line in wrong] == ["loose", "forked"]
    assert audit.unpinned((ROOT / "yarn.lock").read_text())[1] == []
