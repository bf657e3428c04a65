"""One trial: an idea taken through an Implementer to an outcome.

Every action of the Implementer is granted or refused, done, counted and journalled here.
"""

from __future__ import annotations

import ast
import builtins
import math
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.abilities import Drops, Forgets, Scrubs, Spends
from mle_ideator_jupyter.brief import Brief, redact, redact_outputs
from mle_ideator_jupyter.errors import EndpointError, UsageError
from mle_ideator_jupyter.events import HelpSought, IdeaProposed, Spent, TrialFinished
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Failure, FailureKind, Idea, Limits, Outcome, Score, Trial, Trigger
from mle_ideator_jupyter.protocols import (
    Action,
    Cell,
    CellResult,
    Finish,
    Grants,
    Ideas,
    Inspect,
    Observation,
    Refused,
    ReportScore,
    RunCell,
    SeekHelp,
    Seen,
    cell,
)
from mle_ideator_jupyter.scoring import printed
from mle_ideator_jupyter.scoring.protocol import off_protocol
from mle_ideator_jupyter.selection import clearly_worse
from mle_ideator_jupyter.wiring import Wiring

NO_SCORE = "the cell reported no score: call report_score(value), or print a line `metric: value`"
MUST_SEEK = "the run is on a plateau: seek help before you run a cell"
NO_MONEY = "the money of the budget is spent"
NO_TIME = "the time of the budget is spent"


async def run_trial(wiring: Wiring, brief: Brief, idea: Idea | None, trial: Trial, limits: Limits) -> Trial:
    """Take a begun trial through the Implementer to an outcome, journal it, and return it finished.

    An endpoint that fails is an outcome too, of the kind `ENDPOINT`. Cut short otherwise, only its cost is journalled.
    """
    course = Course(wiring, brief, trial, limits)
    drive = wiring.implementer.implement(brief, idea, trial.number, trial.recipe)
    observation: Observation = None
    try:
        while not course.ended:
            observation = await course.take(await drive.asend(observation))
    except StopAsyncIteration:
        pass
    except EndpointError as error:
        course.outcome = Failure(kind=FailureKind.ENDPOINT, message=str(error))
    except BaseException:
        course.abandon()
        raise
    finally:
        await drive.aclose()
        await course.tidy()
    return course.close()


class Course:
    """What was run in a trial, what came of it, and what the Implementer may still do."""

    def __init__(self, wiring: Wiring, brief: Brief, trial: Trial, limits: Limits) -> None:
        self.wiring, self.brief, self.trial, self.limits = wiring, brief, trial, limits
        grants: Grants = getattr(wiring.implementer, "grants", Grants())
        self.cells, self.failures, self.looks, self.help = grants.cells, grants.failures, grants.looks, grants.help
        self.strict = grants.strict
        self.must_seek = grants.must_seek and wiring.ideator is not None and brief.trigger is Trigger.PLATEAU
        self.scrub: Callable[[str], str] = (
            wiring.implementer.scrub if isinstance(wiring.implementer, Scrubs) else redact
        )
        self.title = ""
        self.left: set[str] = set()
        self.help_cost = 0.0
        self.cost_before = self._cost()
        self.began = time.monotonic()
        self.seconds = 0.0
        self.outcome: Outcome = Failure(kind=FailureKind.NO_SCORE, message="it ended without running a cell")
        self.screen: Score | None = None
        self.sources: dict[str, str] = {}
        self.last = ""
        self.result: CellResult | None = None
        self.changed: list[str] = []
        self.ended = False

    async def take(self, action: Action) -> Observation:
        """Do what the action asks for as far as it is granted, and return what is to be told of it."""
        observation = await self._do(action)
        if not self.ended and (over := self._over()):
            self._finish(Finish(reason=over))
        return observation

    def _over(self) -> str:
        """Return which part of the budget is spent within this trial, or ""."""
        left = self.brief.left
        if left.cost is not None and self._spent() + self.help_cost >= left.cost:
            return NO_MONEY
        return NO_TIME if left.seconds is not None and time.monotonic() - self.began >= left.seconds else ""

    def _limits(self) -> Limits:
        """Return the limits of the next cell: none runs longer than the budget."""
        left = self.brief.left.seconds
        if left is None or self.limits.seconds is None:
            return self.limits
        rest = max(1.0, left - (time.monotonic() - self.began))
        return replace(self.limits, seconds=min(self.limits.seconds, rest))

    async def _do(self, action: Action) -> Observation:
        if isinstance(action, RunCell):
            return await self._run_cell(action)
        if isinstance(action, ReportScore):
            return await self._report_score(action)
        if isinstance(action, Inspect):
            return await self._inspect(action)
        if isinstance(action, SeekHelp):
            return await self._seek_help(self.scrub(action.question))
        self._finish(action)
        return None

    async def _run_cell(self, action: RunCell) -> CellResult | Refused:
        """Run a cell within the limits, and take down its score or failure."""
        if self.must_seek and self.help > 0:
            return Refused(reason=MUST_SEEK)
        screening = action.fidelity != "full"
        if action.cell.passing:
            self.left.update(action.cell.keep or ())
        self.title = self.scrub(action.cell.title) or self.title
        result = self._scrubbed(await self.wiring.host.run(self._whole(action.cell), self._limits()))
        self.seconds += result.seconds
        self.changed += [name for name in result.changed if name not in self.changed]
        self.last, self.result = action.cell.source, result
        self.outcome = self._outcome(result, action.fidelity)
        if result.reported and isinstance(self.outcome, Failure):
            self.result = result = replace(result, message=self.outcome.message)
        if screening:
            self._screened()
            return result
        self.cells -= 1
        self.failures -= result.status != "ok"
        if result.status == "ok":
            self.sources.pop(action.cell.replaces, None)
            self.sources[action.cell.id] = action.cell.source
        self.ended = isinstance(self.outcome, Score) or self.cells <= 0 or self.failures <= 0
        return result

    def _whole(self, given: Cell) -> Cell:
        """Return the cell as it has to run: where nothing of earlier ones is left, after those that led to it."""
        host = self.wiring.host
        if not given.passing or not isinstance(host, Forgets) or not host.forgets:
            return given
        earlier = [source for identity, source in self.sources.items() if identity != given.replaces]
        return replace(given, source="\n\n\n".join((*earlier, given.source)))

    def _scrubbed(self, result: CellResult) -> CellResult:
        return replace(
            result,
            outputs=redact_outputs(result.outputs, self.scrub),
            message=self.scrub(result.message),
            traceback=self.scrub(result.traceback),
        )

    def _screened(self) -> None:
        """End the trial where it is clearly worse on the sample than what it builds on."""
        if isinstance(self.outcome, Score):
            self.screen = self.outcome
            mark = self.brief.parent.screen if self.brief.parent else None
            self.ended = mark is not None and clearly_worse(self.outcome, mark, self.wiring.task.metric)

    async def _report_score(self, action: ReportScore) -> CellResult | Refused:
        """Run the cell that reports an expression's value; a number that was written down is none."""
        expression = action.expression.strip()
        try:
            tree = ast.parse(expression, mode="eval")
        except (SyntaxError, ValueError):
            return Refused(reason="report_score takes one Python expression")
        read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        if not read - set(dir(builtins)):
            return Refused(reason="report_score takes an expression of the kernel's variables, not a number")
        metric = self.wiring.task.metric.name
        source = f"from mle_ideator_jupyter import report_score\n\nreport_score({expression}, metric={metric!r});"
        title = self.title or "Report the score"
        return await self._run_cell(RunCell(cell=cell(source, title, keep=(), passing=True)))

    async def _inspect(self, action: Inspect) -> Seen | Refused:
        """Look at a variable, or at what there is."""
        if self.looks <= 0:
            return Refused(reason="no more looks in this trial: run a cell")
        self.looks -= 1
        namespace = await self.wiring.host.namespace()
        if not action.name:
            return Seen(variables=namespace.variables, names=namespace.names)
        found = tuple(v for v in namespace.variables if v.name == action.name)
        if not found and action.name not in namespace.names:
            return Refused(reason=f"there is no variable {action.name[:80]!r}")
        return Seen(variables=found, names=(action.name,))

    async def _seek_help(self, question: str) -> Idea | Refused | None:
        """Ask the Ideator for the Implementer, and take down question and answer."""
        ideator, journal = self.wiring.ideator, self.wiring.journal
        if ideator is None:
            return None
        if self.help <= 0:
            return Refused(reason="no more help in this trial: go on with what you have")
        self.help -= 1
        trigger = Trigger.PLATEAU if self.must_seek else Trigger.IMPLEMENTER
        self.must_seek = False
        asked, why = replace(self.brief, hint=question, trigger=trigger), ""
        try:
            ideas = Ideas.of(await ideator.propose(asked, 1))
        except (EndpointError, UsageError) as error:  # the trial can go on without
            ideas, why = Ideas(), str(error)
        self.help_cost += ideas.cost
        idea = ideas[0] if ideas else None
        if idea:
            journal.append(IdeaProposed(idea=idea, run=self.wiring.run, cost=ideas.cost))
            journal.append(HelpSought(trial=self.trial.id, question=question, idea=idea.id, trigger=trigger))
            return idea
        why = why or ideas.why or "the Ideator has nothing new to say"
        journal.append(HelpSought(trial=self.trial.id, question=question, trigger=trigger, why=why, cost=ideas.cost))
        return Refused(reason=f"no help: {why}")

    def _finish(self, action: Finish) -> None:
        """End the trial, and take down why the Implementer gave up where no score or failure says so."""
        self.ended = True
        quiet = self.result is None or (self.result.status == "ok" and isinstance(self.outcome, Failure))
        if action.reason and quiet:
            self.outcome = Failure(kind=FailureKind.NO_SCORE, message=self.scrub(action.reason))

    async def tidy(self) -> None:
        """Take what passing cells left out of the kernel."""
        host = self.wiring.host
        if self.left and isinstance(host, Drops):
            await host.drop(sorted(self.left))

    def abandon(self) -> None:
        """Take down what a trial has cost that is cut short."""
        if cost := self._spent():
            self.wiring.journal.append(Spent(trial=self.trial.id, cost=cost))

    def _cost(self) -> float:
        return self.wiring.implementer.cost if isinstance(self.wiring.implementer, Spends) else 0.0

    def _spent(self) -> float:
        return round(self._cost() - self.cost_before, 9)

    def close(self) -> Trial:
        """Write the ending to the journal and return the finished trial."""
        journal = self.wiring.journal
        outputs = submission = None
        if self.result and self.result.outputs:
            outputs = journal.put_blob(msgspec.json.encode(self.result.outputs))
        if self.result and self.result.reported and self.result.reported.submission:
            submission = take_file(journal, self.result.reported.submission)
        source = "\n\n\n".join(self.sources.values()) or self.last
        own = self.trial.idea is None and self.trial.number > 0
        ending = TrialFinished(
            trial=self.trial.id,
            outcome=self.outcome,
            title=self.title if own else "",
            cost=self._spent(),
            seconds=round(self.seconds, 3),
            screen=self.screen,
            source=journal.put_blob(source.encode()) if source else None,
            outputs=outputs,
            submission=submission,
            changed=tuple(self.changed),
        )
        journal.append(ending)
        return journal.state.trial(self.trial.id) or self.trial

    def _outcome(self, result: CellResult, fidelity: str) -> Outcome:
        task = self.wiring.task
        if result.status != "ok":
            return Failure(kind=FailureKind(result.status), message=result.message)
        reported = result.reported or (None if self.strict else printed.read(result.outputs, task.metric.name))
        if reported is None or not math.isfinite(reported.value):
            return Failure(kind=FailureKind.NO_SCORE, message=NO_SCORE)
        wrong = off_protocol(reported, task.binding) if self.strict else ""
        if wrong:
            return Failure(kind=FailureKind.NO_SCORE, message=wrong)
        return Score(
            value=reported.value,
            metric=reported.metric or task.metric.name,
            protocol=task.binding.splitter.protocol,
            folds=reported.folds,
            fidelity=fidelity,
        )


def take_file(journal: Journal, name: str) -> str | None:
    """Move a submission that a cell wrote into the journal's blobs."""
    path = Path(name)
    if not path.is_file():
        return None
    blob = journal.put_blob(path.read_bytes())
    path.unlink()
    return blob
