"""The release script, dry; what it refuses; and the checks of what `make dist` built."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "release.py"
BADGE = ROOT / "scripts" / "badge.py"


@pytest.fixture
def tree(tmp_path):
    """Return a small clean repository with a version and a changelog."""
    (tmp_path / "package.json").write_text(json.dumps({"name": "x", "version": "0.1.0"}))
    (tmp_path / "README.md").write_text("# x\n\n<!-- binder -->\n\nText.\n")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-01-01\n"
    )
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def release(tree: Path, *words: str) -> subprocess.CompletedProcess:
    line = [sys.executable, SCRIPT, *words, "--root", tree]
    return subprocess.run([str(w) for w in line], capture_output=True, text=True, check=False)


def test_a_dry_run_says_every_step_and_does_none(tree):
    before = {p.name: p.read_bytes() for p in tree.iterdir() if p.is_file()}
    done = release(tree, "0.2.0", "--dry-run")
    assert done.returncode == 0, done.stderr
    for step in ("version 0.2.0", "make check", "make dist", "git tag v0.2.0", "twine upload", "nothing was done"):
        assert step in done.stdout
    assert {p.name: p.read_bytes() for p in tree.iterdir() if p.is_file()} == before
    tags = subprocess.run(["git", "tag"], cwd=tree, capture_output=True, text=True, check=True).stdout
    assert tags == ""


def test_it_refuses_what_is_no_release(tree):
    for version, says in (("0.1.0", "not newer"), ("0.0.9", "not newer"), ("two", "no version")):
        done = release(tree, version, "--dry-run")
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    (tree / "new").write_text("x")
    assert "commit them first" in release(tree, "0.2.0", "--dry-run").stderr
    (tree / "new").unlink()
    (tree / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-01-01\n")
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "y"], cwd=tree, check=True)
    assert "nothing under Unreleased" in release(tree, "0.2.0", "--dry-run").stderr


def test_a_wheel_or_sdist_that_lacks_something_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "x-0.1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("x/__init__.py", "")
    with tarfile.open(tmp_path / "x-0.1.0.tar.gz", "w:gz") as source:
        source.add(ROOT / "README.md", "x-0.1.0/README.md")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "dist.py", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "lacks /pyproject.toml" in done.stdout
    assert "lacks the front end" in done.stdout


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:someone/some-thing.git", "https://mybinder.org/v2/gh/someone/some-thing/HEAD?"),
        ("https://github.com/someone/some-thing", "https://mybinder.org/v2/gh/someone/some-thing/HEAD?"),
        ("https://name:secret@github.com/someone/x.git", "https://mybinder.org/v2/gh/someone/x/HEAD?"),
        ("https://gitlab.com/group/sub/x.git", "https://mybinder.org/v2/gl/group%2Fsub%2Fx/HEAD?"),
        (
            "ssh://git@git.example.org/a/x.git",
            "https://mybinder.org/v2/git/https%3A%2F%2Fgit.example.org%2Fa%2Fx/HEAD?",
        ),
    ],
)
def test_the_badge_is_for_the_remote(tree, remote, address):
    subprocess.run(["git", "remote", "add", "origin", remote], cwd=tree, check=True)
    for _ in range(2):  # a second time it takes its own place
        done = subprocess.run([sys.executable, BADGE, tree], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    text = (tree / "README.md").read_text()
    assert text.startswith("# x\n\n[![Binder](https://mybinder.org/badge_logo.svg)](" + address)
    assert text.count("mybinder.org/v2") == 1
    assert text.endswith("ipynb)\n\nText.\n")
    assert "secret" not in text + done.stdout


@pytest.mark.parametrize(
    "remote", ["", "/srv/git/x.git", "file:///srv/x", "http://localhost:3000/a/x", "http://10.0.0.1/a/x"]
)
def test_no_badge_for_what_others_cannot_reach(tree, remote):
    if remote:
        subprocess.run(["git", "remote", "add", "origin", remote], cwd=tree, check=True)
    before = (tree / "README.md").read_text()
    done = subprocess.run([sys.executable, BADGE, tree], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    assert done.stdout.startswith("no Binder badge: ")
    assert (tree / "README.md").read_text() == before


def test_a_release_writes_the_badge_too(tree):
    subprocess.run(["git", "remote", "add", "origin", "https://github.com/a/x"], cwd=tree, check=True)
    done = release(tree, "0.2.0", "--dry-run")
    assert "Binder badge: https://mybinder.org/v2/gh/a/x/HEAD" in done.stdout
    assert "README.md: version 0.2.0" in done.stdout


def test_the_readme_and_the_binder_folder_are_ready_for_it():
    readme = (ROOT / "README.md").read_text()
    assert readme.count("<!-- binder -->") + readme.count("[![Binder]") == 1
    assert (ROOT / "binder" / "classification.ipynb").is_file(), "what the badge opens"
