"""The call log: what it holds, what it never holds, and that it never costs a call."""

from __future__ import annotations

import errno
import json
import os
import stat

import pytest

from mle_ideator_jupyter.endpoint import CallLog, Price
from mle_ideator_jupyter.errors import EndpointError
from tests.endpoint.asking import ASK, KEY, asked, complete
from tests.endpoint.scripted import ScriptedServer, error, text


def calls(log):
    return [json.loads(line) for line in log.path.read_text().splitlines()]


@pytest.fixture
def log(tmp_path):
    return CallLog.for_journal(tmp_path / "houses.ideas")


def test_each_call_is_one_line_that_only_its_owner_reads(log):
    answers = [error(500), text("hello", **{"x-request-id": "req-9"}), error(401)]
    with ScriptedServer(answers) as server:
        complete(server, log, {"purpose": "propose"}, prices={"*": Price(input=1.0, output=1.0)})
        with pytest.raises(EndpointError):
            complete(server, log)
    first, second = calls(log)
    assert (first["role"], first["purpose"]) == ("ideator", "propose")
    assert (first["model"], first["finish"], first["retries"], first["error"]) == ("scripted-1", "stop", 1, None)
    assert (first["input_tokens"], first["output_tokens"], first["estimated"]) == (11, 7, False)
    assert first["cost"] == pytest.approx(18e-6)
    assert first["request_id"] == "req-9"
    assert 0 < first["first_token_seconds"] <= first["seconds"] < 5
    assert first["id"] < second["id"]
    assert (second["error"], second["finish"], second["cost"]) == ("wrong_key", None, None)
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700
    assert "What next?" not in log.path.read_text()
    assert "hello" not in log.path.read_text()


def test_messages_are_in_it_only_when_asked_for_and_keys_never(log):
    with ScriptedServer([text(f"your key is {KEY}")]) as server:
        asked(
            server,
            lambda c: c.complete([*ASK, {"role": "user", "content": f"token: {KEY}"}], role="ideator", purpose=KEY),
            log,
            log_messages=True,
        )
    (line,) = calls(log)
    assert "What next?" in line["messages"]
    assert line["reply"].startswith("your key is [redacted")
    assert KEY not in log.path.read_text()


def test_it_can_be_turned_off(log):
    with ScriptedServer([text("ok")]) as server:
        complete(server, log, call_log=False)
    assert not log.path.exists()


def test_a_full_disk_costs_one_warning_and_no_call(log, monkeypatch, caplog):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with ScriptedServer(default=text("ok")) as server:
        monkeypatch.setattr(os, "write", full)
        assert [complete(server, log).text for _ in range(3)] == ["ok"] * 3
        monkeypatch.undo()
    assert len(log.notes) == 1
    assert "cannot be written: No space left on device; calls go on" in log.notes[0]
    assert caplog.messages == log.notes


def test_a_line_that_was_torn_does_not_tear_the_next(log, monkeypatch):
    write = os.write
    with ScriptedServer(default=text("ok")) as server:
        monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:20]))
        complete(server, log)
        monkeypatch.undo()
        complete(server, log)
    torn, whole = log.path.read_text().splitlines()
    assert len(torn) == 20
    assert json.loads(whole)["finish"] == "stop"


def test_it_is_never_written_through_a_link(log, tmp_path):
    log.path.parent.mkdir()
    log.path.symlink_to(tmp_path / "elsewhere")
    with ScriptedServer([text("ok")]) as server:
        complete(server, log)
    assert "cannot be written" in log.notes[0]
    assert not (tmp_path / "elsewhere").exists()
