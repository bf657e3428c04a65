from __future__ import annotations

import json
import multiprocessing
import os
import resource
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mle_ideator_jupyter.errors import JournalError, JournalFullError
from mle_ideator_jupyter.events import (
    IdeaProposed,
    Opened,
    RunFinished,
    RunStarted,
    TaskSet,
    TrialFinished,
    TrialStarted,
)
from mle_ideator_jupyter.journal import Journal, journal_path
from mle_ideator_jupyter.model import Budget, Failure, FailureKind, Limits, Score, Trial, new_id
from mle_ideator_jupyter.state import fold
from tests.doubles import TASK, idea_number


def score(value: float) -> Score:
    return Score(value=value, metric="rmse", protocol=TASK.binding.splitter.protocol)


def some_events(values: list[float | None]) -> list:
    events: list = [TaskSet(task=TASK), RunStarted(run="r", seed=0, budget=Budget(), limits=Limits(), implementer="x")]
    for number, value in enumerate(values):
        idea = idea_number(number)
        trial = Trial(id=new_id(), number=number, title=idea.title, run="r", idea=idea.id)
        outcome = Failure(kind=FailureKind.ERROR, message="no") if value is None else score(value)
        events += [IdeaProposed(idea=idea, run="r", cost=0.5), TrialStarted(trial=trial)]
        events.append(TrialFinished(trial=trial.id, outcome=outcome))
    return [*events, RunFinished(run="r", reason="steps")]


def test_path_is_beside_the_notebook():
    assert journal_path(Path("a/houses.ipynb")) == Path("a/houses.ideas.jsonl")


def test_what_is_appended_is_read_back(tmp_path):
    journal = Journal.open(tmp_path / "n.ideas.jsonl")
    for event in some_events([2.0, 1.0, None]):
        journal.append(event)
    again = Journal.open(tmp_path / "n.ideas.jsonl")
    assert again.events == journal.events
    assert again.state == journal.state
    assert again.state.best.score.value == 1.0
    assert again.state.baseline.score.value == 2.0
    assert again.state.runs["r"].cost == 1.5
    assert again.state.runs["r"].finished == "steps"


def test_journal_and_blobs_are_the_users_alone(tmp_path):
    journal = Journal.open(tmp_path / "n.ideas.jsonl")
    journal.put_blob(b"x")
    for path in [journal.path, journal.folder, *journal.folder.iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_blobs_are_stored_once_by_content(tmp_path):
    journal = Journal.open(tmp_path / "n.ideas.jsonl")
    first, second = journal.put_blob(b"bulk"), journal.put_blob(b"bulk")
    assert first == second
    assert journal.get_blob(first) == b"bulk"
    assert journal.get_blob("0" * 64) is None
    assert journal.get_blob("../n.ideas.jsonl") is None


def test_a_torn_last_line_is_set_aside_and_said(tmp_path):
    path = tmp_path / "n.ideas.jsonl"
    journal = Journal.open(path)
    journal.append(TaskSet(task=TASK))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"type":"task_s')
    reader = Journal.read(path)
    assert len(reader.events) == 2
    assert "torn" in reader.notes[0]
    assert path.read_bytes().endswith(b'{"type":"task_s'), "reading changes nothing"
    reader.append(RunFinished(run="r", reason="steps"))
    assert path.read_bytes().startswith(whole)
    assert len(Journal.read(path).events) == 3
    assert [p.read_bytes() for p in reader.folder.glob("torn-*")] == [b'{"type":"task_s']


def test_a_newer_format_is_refused_and_untouched(tmp_path):
    path = tmp_path / "n.ideas.jsonl"
    path.write_text('{"type":"opened","id":"1","time":0,"notebook_id":"a","format":99}\n')
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"newer.*pip install"):
        Journal.open(path)
    assert path.read_bytes() == before


def test_a_journal_of_another_notebook_is_refused(tmp_path):
    path = tmp_path / "n.ideas.jsonl"
    Journal.open(path, "mine")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="another notebook"):
        Journal.open(path, "yours")
    assert path.read_bytes() == before


def test_what_is_not_understood_stays_in_the_file(tmp_path):
    path = tmp_path / "n.ideas.jsonl"
    Journal.open(path)
    strange = b'{"type":"from_the_future","id":"9"}\nnot json at all\n{"type":"task_set"}\n'
    path.write_bytes(path.read_bytes() + strange)
    journal = Journal.open(path)
    journal.append(TaskSet(task=TASK))
    assert strange in path.read_bytes()
    assert journal.state.task == TASK
    assert len(journal.notes) == 2


def test_an_event_over_the_cap_is_refused(tmp_path):
    journal = Journal.open(tmp_path / "n.ideas.jsonl")
    before = journal.path.read_bytes()
    with pytest.raises(JournalError, match="blobs"):
        journal.append(RunFinished(run="r", reason="x" * (1 << 21)))
    assert journal.path.read_bytes() == before


def test_a_missing_journal_says_what_makes_one(tmp_path):
    with pytest.raises(JournalError, match="jupyter ideate run"):
        Journal.read(tmp_path / "none.ideas.jsonl")


def test_a_symlinked_journal_is_not_followed(tmp_path):
    (tmp_path / "other").write_text("precious\n")
    (tmp_path / "n.ideas.jsonl").symlink_to(tmp_path / "other")
    with pytest.raises(JournalError):
        Journal.open(tmp_path / "n.ideas.jsonl").append(TaskSet(task=TASK))
    assert (tmp_path / "other").read_text() == "precious\n"


def _fill(path: Path, pipe, many: int) -> None:
    """Append so many at once until the file-size limit refuses, then lift the limit and append once more."""
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = Journal.open(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
    written = [e.id for e in journal.events]
    message = ""
    for k in range(1000):
        events = [RunFinished(run="r", reason=f"{k:0100d}") for _ in range(many)]
        try:
            journal.append(*events)
        except JournalFullError as error:
            waiting = {e.id for e in journal.pending}
            written += [e.id for e in events if e.id not in waiting]
            message, lost = str(error), [e.id for e in events if e.id in waiting]
            break
        written += [e.id for e in events]
    readable = [e.id for e in Journal.read(path).events]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    journal.append(RunFinished(run="r", reason="after"))
    pipe.send((written, readable, message, lost, [e.id for e in Journal.read(path).events]))


@pytest.mark.parametrize("many", [1, 20])
def test_a_full_disk_is_one_clear_error_and_no_lost_event(tmp_path, many):
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_fill, args=(tmp_path / "n.ideas.jsonl", theirs, many))
    child.start()
    assert ours.poll(60)
    written, readable, message, refused, after = ours.recv()
    child.join()
    assert readable == written, "every event that was reported reads back, and the file ends after a whole line"
    assert "free space" in message
    assert "\n" not in message
    assert after[: len(written)] == written
    assert len(written) > 20, "what fits of those that came together is written"
    assert refused
    assert after[len(written) : -1] == refused, "what was refused is written once there is room, in its order"


def _append_many(path: Path, n: int) -> None:
    journal = Journal.open(path)
    for k in range(n):
        journal.append(RunFinished(run=f"{os.getpid()}", reason=str(k)))


def test_two_processes_append_without_loss(tmp_path):
    path = tmp_path / "n.ideas.jsonl"
    Journal.open(path)
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_append_many, args=(path, 40)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    journal = Journal.read(path)
    assert sum(isinstance(e, RunFinished) for e in journal.events) == 80
    assert sum(isinstance(e, Opened) for e in journal.events) == 1
    assert not journal.notes


def test_what_comes_twice_at_once_is_written_once(tmp_path):
    journal = Journal.open(tmp_path / "n.ideas.jsonl")
    events = some_events([2.0])
    journal.append(*events, *events)
    assert len(journal.path.read_bytes().splitlines()) == 1 + len(events)


def test_imported_events_do_not_rank_until_trusted(tmp_path):
    mine, theirs = Journal.open(tmp_path / "a.ideas.jsonl"), Journal.open(tmp_path / "b.ideas.jsonl")
    for event in some_events([2.0]):
        mine.append(event)
    for event in some_events([0.1]):
        theirs.append(event)
    assert mine.merge(theirs.events) > 0
    assert mine.state.best.score.value == 2.0
    assert len(mine.state.trials) == 2
    assert mine.merge(theirs.events) == 0
    mine.trust()
    assert mine.state.best.score.value == 0.1


# ------------------------------------------------------------ properties

values = st.lists(st.one_of(st.none(), st.floats(0.1, 10, allow_nan=False)), max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values, st.randoms(use_true_random=False), st.integers(0, 2**32))
def test_the_union_of_any_copies_in_any_order_gives_the_same_state(tmp_path, trial_values, random, salt):
    events = some_events(trial_values)
    copies = [[e for e in events if random.random() < 0.7] for _ in range(2)]
    for copy in copies:
        random.shuffle(copy)
    states = []
    for name, order in (("ab", copies), ("ba", copies[::-1])):
        journal = Journal(tmp_path / f"{name}-{salt}-{new_id()}.ideas.jsonl")
        for copy in order:
            journal.merge(copy, trusted=True)
        states.append(journal.state)
        assert Journal.read(journal.path).state == journal.state, "a fold is the same after reload"
    assert states[0] == states[1] == fold(copies[0] + copies[1])


@settings(max_examples=60, deadline=None)
@given(values, st.randoms(use_true_random=False))
def test_a_fold_ignores_order_and_repeats(trial_values, random):
    events = some_events(trial_values)
    shuffled = events + [e for e in events if random.random() < 0.5]
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(events)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values, st.floats(0, 1))
def test_cut_anywhere_a_journal_reads_back_all_whole_lines(tmp_path, trial_values, share):
    path = tmp_path / f"{new_id()}.ideas.jsonl"
    journal = Journal.open(path)
    for event in some_events(trial_values):
        journal.append(event)
    data = path.read_bytes()
    cut = round(share * len(data))
    path.write_bytes(data[:cut])
    whole = [json.loads(line)["id"] for line in data[:cut].split(b"\n")[:-1]]
    assert [e.id for e in Journal.read(path).events] == sorted(whole)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_two_events_that_claim_one_id_fold_the_same_in_any_order(tmp_path, random):
    first = RunFinished(run="r", reason="one")
    forged = msgspec.structs.replace(first, reason="two")
    start = RunStarted(run="r", seed=0, budget=Budget(), limits=Limits(), implementer="x", id="0")
    endings = set()
    for order in ([first, forged], [forged, first]):
        journal = Journal(tmp_path / f"{new_id()}.ideas.jsonl")
        for event in [start, *order]:
            journal.merge([event], trusted=True)
        endings.add(journal.state.runs["r"].finished)
        assert Journal.read(journal.path).state == journal.state
    assert len(endings) == 1
