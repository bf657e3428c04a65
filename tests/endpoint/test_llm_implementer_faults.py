"""An endpoint that fails in the middle of a trial: nothing hangs, no score is lost, no key is anywhere."""

from __future__ import annotations

import asyncio
import threading
import time
import traceback

import pytest

from mle_ideator_jupyter.endpoint import Client
from mle_ideator_jupyter.errors import EndpointError
from mle_ideator_jupyter.implementers.llm import LlmImplementer
from mle_ideator_jupyter.model import FailureKind
from tests.doubles import FakeIdeator
from tests.endpoint.asking import KEY, endpoint
from tests.endpoint.ideas import brief
from tests.endpoint.implementing import Kernel, Run, acts, asked, good, told
from tests.endpoint.scripted import CUT, HANG, ScriptedServer, chunk, error, stream, text

BEGUN = chunk(
    {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "run_cell", "arguments": '{"ti'}}]}
)


@pytest.mark.parametrize(
    "fault",
    [
        error(429, "slow down", retry_after="0"),
        error(500, "oops"),
        error(503, "busy"),
        stream(BEGUN, CUT),
        stream(BEGUN, HANG),
        stream(chunk({"content": "half of it"}), CUT),
    ],
)
def test_what_passes_is_tried_again_and_the_score_is_made(tmp_path, fault):
    with ScriptedServer([fault, good()]) as server:
        run = Run(tmp_path, server, between_tokens_seconds=1.0)
    assert run.error is None
    assert run.last.score.value == 0.5
    assert len(run.host.ran) == 2


@pytest.mark.parametrize(
    "fault", [error(500, "oops"), stream(BEGUN, CUT), stream(BEGUN, HANG), error(400, "no such thing")]
)
def test_what_does_not_pass_ends_the_trial_then_the_run(tmp_path, fault):
    with ScriptedServer([good(), acts("inspect")], default=fault, key=KEY) as server:
        run = Run(tmp_path, server, steps=5, between_tokens_seconds=0.5, retries=0)
    first, second, third = run.trials
    assert first.score
    assert second.outcome.kind is FailureKind.NO_SCORE, "one may pass"
    assert third.outcome.kind is FailureKind.ENDPOINT, "two in a row do not"
    assert isinstance(run.error, EndpointError)
    assert "\n" not in str(run.error)
    assert str(run.error) == third.outcome.message
    assert run.updates[-1].trial.id == third.id, "its end is told before the run ends"


def test_a_wrong_key_ends_the_run_with_one_line_and_the_journal_whole(tmp_path):
    with ScriptedServer(key="sk-another-0123456789") as server:
        run = Run(tmp_path, server, steps=5)
    assert run.error.kind == "unreachable"
    assert "the endpoint refused the key from the test" in str(run.error)
    (trial,) = run.trials
    assert trial.outcome.kind is FailureKind.ENDPOINT
    (begun,) = run.journal.state.runs.values()
    assert begun.finished is None, "it can be taken up again"
    shown = "".join(traceback.TracebackException.from_exception(run.error, capture_locals=True).format())
    assert KEY not in shown


def test_nobody_there_ends_the_run_and_another_takes_up_its_idea(tmp_path):
    with ScriptedServer() as gone:
        pass
    run = Run(tmp_path, gone, steps=1, ideator=FakeIdeator(), retries=0)
    assert "nobody answers at" in str(run.error)
    (cut,) = run.trials
    with ScriptedServer([good()]) as server:
        again = Run(tmp_path, server, steps=1, ideator=FakeIdeator())
    assert again.error is None
    assert [t.idea for t in again.trials] == [cut.idea, cut.idea]
    assert again.last.score, "the trial that was cut off spent no step"


def test_a_failure_within_a_trial_keeps_what_went_before(tmp_path):
    with ScriptedServer([acts("run_cell", title="Look", code="rows = 1")], default=error(401, "no")) as server:
        run = Run(tmp_path, server)
    assert run.last.outcome.kind is FailureKind.ENDPOINT
    assert "rows = 1" in run.source(run.last)
    assert run.host.dropped == [("rows",)]


def test_arguments_that_are_almost_json_are_mended(tmp_path):
    code = (
        "from sklearn.model_selection import KFold\\ncv = KFold(5, shuffle=True, random_state=0)\\nreport_score(train)"
    )
    begun = {
        "index": 0,
        "id": "c",
        "type": "function",
        "function": {"name": "run_cell", "arguments": f'{{"title": "Fit", "code": "{code}",'},
    }
    broken = stream(chunk({"tool_calls": [begun]}), chunk(finish="tool_calls"), b"data: [DONE]\n\n")
    with ScriptedServer([broken]) as server:
        run = Run(tmp_path, server)
    assert run.last.title == "Fit"
    assert run.last.score


def test_a_huge_answer_is_cut_and_told_so(tmp_path):
    with ScriptedServer([text("x" * 300_000, size=50_000), good()]) as server:
        run = Run(tmp_path, server, max_answer_characters=50_000)
    assert "it was cut off" in told(asked(server)[1]) or "cut off" in told(asked(server)[1])
    assert len(told(asked(server)[1])) < 2_000
    assert run.last.score


def test_two_actions_in_one_answer_are_one(tmp_path):
    calls = [
        {
            "index": k,
            "id": f"c{k}",
            "type": "function",
            "function": {"name": "inspect", "arguments": '{"name": "train"}'},
        }
        for k in range(2)
    ]
    both = stream(*(chunk({"tool_calls": [c]}) for c in calls), chunk(finish="tool_calls"), b"data: [DONE]\n\n")
    with ScriptedServer([both, good()]) as server:
        Run(tmp_path, server)
    body = asked(server)[1]
    assert "only the first of your actions was done" in told(body)
    assert len(body["messages"][2]["tool_calls"]) == 1


def test_an_ideator_that_fails_is_no_help_and_no_end(tmp_path):
    class Failing(FakeIdeator):
        async def propose(self, brief, n=1):
            if brief.hint:
                msg = "nobody answers at ideas.example"
                raise EndpointError(msg, "unreachable")
            return await super().propose(brief, n)

    with ScriptedServer([acts("seek_help", question="what?"), good()]) as server:
        run = Run(tmp_path, server, ideator=Failing())
    assert run.last.score
    assert "no help: nobody answers at ideas.example" in told(asked(server)[1])
    (helped,) = run.journal.state.help
    assert helped.why == "nobody answers at ideas.example"


def test_keys_that_a_cell_prints_are_not_kept_and_not_sent(tmp_path):
    said = f"OPENAI_API_KEY={KEY}\nother sk-proj-abcdefghijklmnop\n"
    with ScriptedServer(
        [acts("run_cell", title="Look", code="print(1)"), acts("finish", reason=f"it was {KEY}")]
    ) as server:
        run = Run(tmp_path, server, host=Kernel(said=said))
    sent = str([b["messages"] for b in asked(server)])
    assert KEY not in sent
    assert "sk-proj-abcdefghijklmnop" not in sent + run.written
    assert "[redacted]" in told(asked(server)[1])


def test_cancelling_closes_the_request(tmp_path):
    begun = threading.Event()

    def reply(_):
        begun.set()
        return stream(chunk({"content": "let me"}), HANG)

    with ScriptedServer(default=reply) as server:

        async def go():
            async with Client(
                endpoint(server.base_url, first_token_seconds=30.0, between_tokens_seconds=30.0, whole_seconds=60.0)
            ) as client:
                drive = LlmImplementer(client).implement(brief(), None, 1, None)
                await drive.asend(None)
                asking = asyncio.ensure_future(drive.asend(None))
                await asyncio.to_thread(begun.wait, 20)
                began = time.monotonic()
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                assert asking.cancelled()
                await drive.aclose()
                return time.monotonic() - began

        asyncio.run(asyncio.wait_for(go(), 60))
        assert server.received[-1].gone.wait(10), "the connection is closed while the server still answers"
