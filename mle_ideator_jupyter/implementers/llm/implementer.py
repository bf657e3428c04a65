"""The Implementer that asks a language model for one action after the other, and yields them to the loop.

Trial 0 is the embedded baseline, so that scores compare from the first trial on. The number of questions is bounded,
whatever the model says; what it writes is looked at before it may run (`screening`, `touching`).
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

from mle_ideator_jupyter.brief import Brief, redact
from mle_ideator_jupyter.endpoint import CallLog, Client, Spent, configured
from mle_ideator_jupyter.errors import EndpointError, EndpointFault, UsageError
from mle_ideator_jupyter.implementers.llm import prompt
from mle_ideator_jupyter.implementers.llm.attempt import Attempt
from mle_ideator_jupyter.implementers.llm.conversation import Conversation
from mle_ideator_jupyter.implementers.llm.wanting import Unusable
from mle_ideator_jupyter.implementers.recipe import RecipeImplementer
from mle_ideator_jupyter.model import Idea, Trial, Trigger
from mle_ideator_jupyter.protocols import Action, Cell, Finish, Grants, Inspect, Observation, Seen, cell
from mle_ideator_jupyter.touching import bound

QUESTIONS = 16
"""Answers of the model in one trial, at most."""
UNUSABLE = 3
"""Answers in a row that hold no action, after which a trial ends."""
OUTAGES = 2
"""Trials in a row without an answer, after which the run ends."""
_FOR_GOOD: frozenset[EndpointFault] = frozenset(
    {
        "not_configured",
        "missing_package",
        "wrong_key",
        "forbidden",
        "unknown_model",
        "out_of_credit",
        "unreachable",
        "rate_limited",
    }
)
"""Faults that the next trial would meet as well."""


class LlmImplementer:
    """Has a language model write, run and mend the cells of each trial.

    Without a client, one is made of what is configured when the first trial begins, and its connections are closed
    after each. `rescore` is as for the recipe Implementer, which measures the baseline.
    """

    name = "llm"
    improvises = True
    grants = Grants(cells=6, failures=4, looks=7, help=2, strict=True, must_seek=True)

    def __init__(self, client: Client | None = None, *, rescore: str | None = None) -> None:
        self._baseline = RecipeImplementer(rescore)
        self._client = client
        self._own = client is None
        self._log: CallLog | None = None
        self._outages = 0

    # ------------------------------------------------------------ what the loop asks

    def log_calls(self, folder: Path) -> None:
        """Write the calls of a client that is yet to be made down in a journal's folder."""
        self._log = CallLog.for_journal(folder)

    def check(self) -> None:
        """Return if a model is set up. Raises `UsageError` with what to do if not, `EndpointError` for a package."""
        _need_packages()
        if self._client is None:
            wrong = ""
            try:
                configured()
            except EndpointError as error:
                if error.kind != "not_configured":
                    raise
                wrong = str(error)
            if wrong:
                raise UsageError(wrong)

    @property
    def spent(self) -> Spent:
        """Return what all calls so far came to, failed ones included."""
        return self._client.spent if self._client else Spent()

    @property
    def cost(self) -> float:
        """Return what all calls so far came to, in US dollars."""
        return self.spent.cost

    def scrub(self, text: str) -> str:
        """Return the text without keys."""
        return self._client.endpoint.scrub(text) if self._client else redact(text)

    def plan(self, brief: Brief, idea: Idea | None, parent: Trial | None) -> dict[str, Any] | None:
        """Return the baseline's Recipe; trials of a model have none."""
        return self._baseline.plan(brief, None, parent) if idea is None else None

    def own_move(self, brief: Brief) -> Idea | None:
        """Return None: its own steps are trials without an idea, which it decides on as it goes."""
        del brief
        return None

    def keep(self, brief: Brief, best: Trial) -> Sequence[Cell]:
        """Return the best trial's own code as ordinary cells; a Recipe's as the recipe Implementer writes it."""
        if best.recipe is not None:
            return self._baseline.keep(brief, best)
        if not brief.source:
            return ()
        cells = [cell(brief.source.strip() + "\n", "The best solution")]
        if brief.task.binding.test and "submission" in bound(brief.source):
            write = 'submission.to_csv("submission.csv", index=False)\nsubmission.head()\n'
            cells.append(cell(write, "Write the submission"))
        return cells

    async def implement(
        self, brief: Brief, idea: Idea | None, number: int, recipe: dict[str, Any] | None
    ) -> AsyncGenerator[Action, Observation]:
        """Yield what the model asks for, one action after the other; a trial of number 0 is the embedded baseline.

        Raises `EndpointError` when the endpoint is of no use to further trials either.
        """
        drive = self._baseline.implement(brief, idea, 0, recipe) if number == 0 else self._asked(brief, idea, number)
        observation: Observation = None
        async with contextlib.aclosing(drive):
            while True:
                try:
                    action = await drive.asend(observation)
                except StopAsyncIteration:
                    return
                observation = yield action

    # ------------------------------------------------------------ a trial

    async def _asked(self, brief: Brief, idea: Idea | None, number: int) -> AsyncGenerator[Action, Observation]:
        failed = ""
        try:
            async with self._open() as client, contextlib.aclosing(self._act(client, brief, idea, number)) as acts:
                observation: Observation = None
                while True:
                    try:
                        action = await acts.asend(observation)
                    except StopAsyncIteration:
                        return
                    observation = yield action
        except EndpointError as error:
            self._outages += 1
            if error.kind in _FOR_GOOD or self._outages >= OUTAGES:
                raise
            failed = str(error)
        yield Finish(reason=failed)

    async def _act(
        self, client: Client, brief: Brief, idea: Idea | None, number: int
    ) -> AsyncGenerator[Action, Observation]:
        """Look once at the kernel, then ask and act until the trial ends."""
        looked = yield Inspect()
        seen = looked if isinstance(looked, Seen) else None
        help_there = _help_there(idea)
        must_seek = help_there and brief.trigger is Trigger.PLATEAU
        opening = prompt.opening(brief, idea, number, seen, must_seek=must_seek)
        talk = Conversation(client, opening, help_there=help_there)
        attempt = Attempt(brief, number, seen, self.grants, idea=idea, help_there=help_there)
        wrong: list[str] = []
        for _ in range(QUESTIONS):
            wanted = await talk.ask()
            self._outages = 0
            if isinstance(wanted, Unusable):
                wrong.append(wanted.why)
                if len(wrong) >= (UNUSABLE - 1 if wanted.declined else UNUSABLE):
                    yield Finish(reason=_gave_none(wanted))
                    return
                talk.tell(f"That cannot be used: {wanted.why}. Answer with one action.")
                continue
            wrong.clear()
            action = attempt.action(wanted)
            if isinstance(action, str):
                talk.tell(action)
                continue
            observation = yield action
            talk.tell(attempt.told(action, observation))
        yield Finish(reason=f"the model did not come to an end within {QUESTIONS} answers")

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncGenerator[Client, None]:
        """Give the client, making it where there is none; its connections are closed again."""
        _need_packages()
        client = self._client = self._client or Client(configured(), self._log)
        try:
            yield client
        finally:
            if self._own:
                await client.aclose()


def _help_there(idea: Idea | None) -> bool:
    """Return whether there is an Ideator to ask: an idea came from somewhere, a step of its own from nowhere."""
    return idea is not None


def _gave_none(last: Unusable) -> str:
    return last.why if last.declined else f"the model gave no action that can be used: {last.why}"


def _need_packages() -> None:
    lacking = [p for p, m in (("openai", "openai"), ("json-repair", "json_repair")) if not importlib.util.find_spec(m)]
    if lacking:
        msg = f"missing packages ({', '.join(lacking)}): pip install 'mle_ideator_jupyter[llm]'"
        raise EndpointError(msg, "missing_package")
