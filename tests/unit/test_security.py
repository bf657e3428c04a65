"""Threats of docs/security.md that no other test has: who may write where, links, paths and bombs."""

from __future__ import annotations

import json
import os
import stat
import uuid
from pathlib import Path

import nbformat
import pytest

from mle_ideator_jupyter import files
from mle_ideator_jupyter import journal as journals
from mle_ideator_jupyter.errors import IdeatorError, JournalError, UsageError
from mle_ideator_jupyter.events import Opened, RunStarted, TaskSet, Watching
from mle_ideator_jupyter.exports.notebook import write_text
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Budget, Limits
from mle_ideator_jupyter.notebooks import read_notebook
from mle_ideator_jupyter.session import place
from tests.doubles import TASK

DEEP = "[" * 200_000
ROOT = Path(__file__).resolve().parents[2]


def bomb() -> str:
    begun = RunStarted(run="r", seed=0, budget=Budget(), limits=Limits(), implementer="x", settings={"a": "DEEP"})
    return journals._encoder.encode(begun).decode().replace('"DEEP"', DEEP)


def guessed(monkeypatch) -> None:
    """Let others know beforehand what temporary files are called."""
    monkeypatch.setattr(files.uuid, "uuid4", lambda: uuid.UUID(int=0))


def private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_the_journal_is_the_users_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        journal = Journal.open(tmp_path / "n.ideas.jsonl")
        journal.put_blob(b"secret")
        with journal.path.open("ab") as file:
            file.write(b'{"torn')
        Journal.open(journal.path).append(TaskSet(task=TASK))
    finally:
        os.umask(before)
    found = [journal.path, journal.folder, *journal.folder.iterdir()]
    assert any(p.name.startswith("torn-") for p in found)
    assert [p for p in found if not private(p)] == []


def test_a_blob_is_never_written_or_read_through_a_link(tmp_path, monkeypatch):
    journal = Journal.open(tmp_path / "n.ideas.jsonl")
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    name = journal.put_blob(b"bulk")
    (journal.folder / name).unlink()
    (journal.folder / name).symlink_to(precious)
    assert journal.get_blob(name) is None
    (journal.folder / name).unlink()
    guessed(monkeypatch)
    (journal.folder / f".{name}.{uuid.UUID(int=0).hex}").symlink_to(precious)
    with pytest.raises(JournalError):
        journal.put_blob(b"bulk")
    assert precious.read_text() == "keep me"


def test_a_result_is_never_written_through_a_link(tmp_path, monkeypatch):
    """In a folder that others may write, somebody puts links where a temporary file will be, and in the result's place."""
    precious, result = tmp_path / "precious", tmp_path / "r.ipynb"
    precious.write_text("keep me")
    result.symlink_to(precious)
    write_text(result, "new")
    assert (precious.read_text(), result.read_text(), result.is_symlink()) == ("keep me", "new", False)
    guessed(monkeypatch)
    (tmp_path / f".r.ipynb.{uuid.UUID(int=0).hex}").symlink_to(precious)
    with pytest.raises(IdeatorError):
        write_text(result, "newer")
    assert precious.read_text() == "keep me"


@pytest.mark.parametrize("identity", ["../../../etc/cron.d/x", "/etc/passwd", "..", "a/b\\c", "x" * 10_000, "\0"])
def test_a_forged_notebook_id_names_a_file_in_the_data_folder_only(identity, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    placed = place.open_for("elsewhere/unseen.ipynb", identity)
    assert placed.journal.path.parent == tmp_path / "data" / "mle_ideator"
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_a_forged_path_begins_no_journal_beside_what_is_no_notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "precious.txt").write_text("x")
    for path in (str(tmp_path / "precious.txt"), str(tmp_path / "no.ipynb"), "../../../../etc/passwd"):
        placed = place.open_for(path, "id")
        assert placed.journal.path.parent == tmp_path / "data" / "mle_ideator"


def test_what_a_notebook_brings_along_neither_chooses_the_task_nor_is_evaluated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "n.ipynb")
    evil = (
        TaskSet(task=TASK),
        Watching(expression="__import__('os').system('evil')"),
        Opened(notebook_id="z", format=1),
    )
    lines = tuple(journals._encoder.encode(e).decode() for e in evil)
    journal = place.open_for("n.ipynb", "", lines).journal
    assert (journal.state.task, journal.state.watching) == (None, "")
    assert journal.state.notebook_id != "z"


def test_a_line_nested_without_end_is_left_alone(tmp_path):
    journal = Journal.open(tmp_path / "n.ideas.jsonl")
    with journal.path.open("a") as file:
        file.write(bomb() + "\n")
    again = Journal.open(journal.path)
    again.append(TaskSet(task=TASK))
    assert again.state.task == TASK
    assert "no events" in again.notes[0]
    assert DEEP in journal.path.read_text()
    assert place.events_of((bomb(),)) == []
    (tmp_path / "other.ideas.jsonl").write_text(bomb() + "\n")
    assert place._first_id(tmp_path / "other.ideas.jsonl") == ""


def test_a_notebook_brings_along_so_many_events_and_no_more(monkeypatch):
    monkeypatch.setattr(place, "LINES_CAP", 3)
    line = journals._encoder.encode(Watching(expression="")).decode()
    assert len(place.events_of((line,) * 10)) == 3


def test_a_journal_too_large_to_be_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(journals, "JOURNAL_CAP", 1000)
    path = tmp_path / "n.ideas.jsonl"
    path.write_bytes(b"x" * 1001)
    with pytest.raises(JournalError, match="move it away"):
        Journal.open(path)
    assert path.stat().st_size == 1001


def test_a_notebook_nested_without_end_is_one_line(tmp_path):
    (tmp_path / "n.ipynb").write_text('{"nbformat": 4, "cells": ' + DEEP)
    with pytest.raises(UsageError, match="not JSON"):
        read_notebook(tmp_path / "n.ipynb")


def test_every_test_that_the_threat_model_names_is_there():
    """`docs/security.md` names a test for each threat, as `path::name`; none of them may have been renamed away."""
    import re

    text = (ROOT / "docs" / "security.md").read_text()
    named = re.findall(r"`((?:tests|src)/[\w./]+)::([^`]+)`", text)
    assert len(named) > 25
    absent = [f"{path}::{test}" for path, test in named if test not in (ROOT / path).read_text()]
    assert absent == []


def test_every_threat_has_a_test():
    rows = [
        r for r in (ROOT / "docs" / "security.md").read_text().splitlines() if r.startswith("| ") and "---" not in r
    ]
    threats = [r for r in rows if not r.startswith(("| threat", "| what "))]
    assert threats
    assert [r for r in threats if "::" not in r] == []
    assert json.dumps(threats)
