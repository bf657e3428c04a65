"""What tests of the LLM Implementer share: answers that act, a host that needs no kernel, a run with a scripted model."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from mle_ideator_jupyter.endpoint import CallLog, Client
from mle_ideator_jupyter.events import RunStarted, TaskSet
from mle_ideator_jupyter.facts import Namespace, Variable
from mle_ideator_jupyter.implementers.llm import LlmImplementer
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.loop import Update, autopilot
from mle_ideator_jupyter.model import Budget, Limits
from mle_ideator_jupyter.protocols import CellResult, Reported
from mle_ideator_jupyter.wiring import Wiring
from tests.doubles import TASK, FakeHost
from tests.endpoint.asking import KEY, endpoint
from tests.endpoint.ideas import PROFILE
from tests.endpoint.scripted import Answer, text, tool_call

SCORES = """\
from sklearn.model_selection import KFold
cv = KFold(n_splits=5, shuffle=True, random_state=0)
folds = [0.1 for fit, val in cv.split(train)]
report_score(folds, metric="rmse")
"""
"""What a good cell looks like to the screening; the host below does not run it."""


class Kernel(FakeHost):
    """Fails for `boom`, reports five folds for `report_score`, else prints what `said` says; runs nothing."""

    def __init__(self, said: str = "hello\n", value: float = 0.5) -> None:
        super().__init__(self.answered)
        self.said, self.value, self.dropped = said, value, []

    def answered(self, source: str) -> CellResult:
        if "boom" in source:
            return CellResult(status="error", message="ValueError: boom", traceback="Traceback: boom")
        if "report_score(" in source:
            folds = (self.value,) * 5
            return CellResult(status="ok", reported=Reported(value=self.value, folds=folds, metric="rmse"), seconds=0.1)
        return CellResult(status="ok", outputs=({"output_type": "stream", "name": "stdout", "text": self.said},))

    async def namespace(self) -> Namespace:
        frame = Variable(name="train", type="pandas.DataFrame", shape=(1460, 4), columns=("price", "quality"))
        return Namespace(variables=(frame,), names=("train", "df", "helper"))

    async def drop(self, names) -> None:
        self.dropped.append(tuple(names))


def acts(action: str, **arguments: Any) -> Answer:
    """Return a tool call."""
    return tool_call(action, arguments, size=400)


def says(action: str, code: str = "", **lines: Any) -> Answer:
    """Return an action in the text protocol."""
    named = "".join(f"{name.upper()}: {value}\n" for name, value in lines.items())
    return text(f"ACTION: {action}\n{named}" + (f"```python\n{code}\n```\n" if code else ""), size=400)


def good(title: str = "Fit a ridge", code: str = SCORES) -> Answer:
    return acts("run_cell", title=title, code=code)


class Run:
    """A run on a scripted model, to its end; `trials` are those after the baseline."""

    def __init__(self, tmp_path, server, *, steps: int = 1, host=None, ideator=None, prices=None, **settings) -> None:
        self.journal = Journal.open(tmp_path / "n.ideas.jsonl")
        budget = Budget(steps=steps, cost=settings.pop("cost", None))
        if not self.journal.state.runs:
            self.journal.append(TaskSet(task=TASK))
            self.journal.append(RunStarted(run="r", seed=0, budget=budget, limits=Limits(), implementer="llm"))
        self.host = host or Kernel()
        self.updates: list[Update] = []
        self.error: Exception | None = None

        async def go() -> None:
            patient = {"first_token_seconds": 20.0, "between_tokens_seconds": 20.0, "whole_seconds": 30.0}
            made = endpoint(server.base_url, **{**patient, "prices": prices or {}, **settings})
            async with Client(made, CallLog.for_journal(self.journal.folder)) as client:
                self.implementer = LlmImplementer(client)
                wiring = Wiring(
                    task=TASK,
                    host=self.host,
                    implementer=self.implementer,
                    ideator=ideator,
                    journal=self.journal,
                    profile=PROFILE,
                    run="r",
                    budget=budget,
                )
                try:
                    async for update in autopilot(wiring):
                        self.updates.append(update)
                except Exception as error:
                    self.error = error

        asyncio.run(asyncio.wait_for(go(), 60))
        self.trials = [t for t in self.journal.state.trials if t.number > 0]
        assert self.journal.state.baseline is not None, "the baseline's score is never lost"
        self.written = "".join(p.read_text(errors="replace") for p in tmp_path.rglob("*") if p.is_file())
        assert KEY not in self.written

    @property
    def last(self):
        return self.trials[-1]

    def source(self, trial) -> str:
        return self.journal.get_blob(trial.source).decode()


def asked(server) -> list[dict]:
    """Return the bodies of the questions to the Implementer."""
    return [r.body for r in server.received if r.method == "POST" and "You are the Implementer" in json.dumps(r.body)]


def told(body: dict) -> str:
    """Return what the model was told last."""
    return str(body["messages"][-1]["content"])
