"""An Implementer from outside: any coding agent that works on a notebook by its own means.

It may ask the Ideator for help, read what was tried, and report what came of it. The notebook is chosen by whoever
starts this, never by the agent: its cells run in a kernel of their own, once, and again only when they have changed.
Everything goes to the notebook's own journal, which the panel shows too.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from mle_ideator_jupyter.abilities import Checks
from mle_ideator_jupyter.errors import NoIdeaError, UsageError
from mle_ideator_jupyter.events import IdeaProposed, TaskSet, TrialFinished, TrialStarted
from mle_ideator_jupyter.exports.table import Row, one_line, rows
from mle_ideator_jupyter.headless import RunOptions
from mle_ideator_jupyter.headless.wiring import make_ideator, prepared
from mle_ideator_jupyter.journal import Journal, journal_path
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.metrics import metric_named
from mle_ideator_jupyter.model import (
    Failure,
    FailureKind,
    Idea,
    IdeaKind,
    Outcome,
    Score,
    Struct,
    Task,
    Trial,
    Trigger,
    new_id,
)
from mle_ideator_jupyter.notebooks import read_notebook
from mle_ideator_jupyter.protocols import Ideas
from mle_ideator_jupyter.session.own import OWN, SAME
from mle_ideator_jupyter.wiring import Wiring

QUESTION_CAP = 4_000
TITLE_CAP = 200
MESSAGE_CAP = 2_000
SOURCE_CAP = 1 << 20
FOLDS_CAP = 1_000
IDEAS_AT_ONCE = 10
TRIALS_SHOWN = 100


class History(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What was tried in a notebook: its task, the latest trials in order, and the ideas that no trial took up.

    `best` is the id of the best trial among those whose scores compare; `left_out` counts the trials before these.
    """

    task: Task | None
    best: str | None
    trials: list[Row]
    untried: list[Idea]
    left_out: int


class Outside:
    """One notebook, as an agent from outside sees it; its journal is begun when there is something to keep."""

    def __init__(self, options: RunOptions, on_update: Callable[[Update], None]) -> None:
        self._options, self._on_update = options, on_update
        self._ready: Wiring | None = None
        self._sources: tuple[str, ...] = ()
        self._turn = asyncio.Lock()
        self._kept: Journal | None = None

    @property
    def path(self) -> Path:
        """Return where the notebook's journal is."""
        return journal_path(self._options.notebook)

    async def seek_help(self, question: str = "", kinds: Sequence[str] = (), n: int = 1) -> list[Idea]:
        """Return up to `n` new ideas for the notebook as it stands, journalled.

        Raises `UsageError` for a question that cannot work, `NoIdeaError` when there is nothing new to propose.
        """
        _within(question, QUESTION_CAP, "question")
        if not 1 <= n <= IDEAS_AT_ONCE:
            msg = f"n is a number of ideas from 1 to {IDEAS_AT_ONCE}"
            raise UsageError(msg)
        wanted = _kinds(kinds)
        async with self._turn:
            wiring = await self._wired()
            if wiring.ideator is None:
                msg = "there is no Ideator to ask: leave --no-ideator out"
                raise UsageError(msg)
            if wiring.journal.state.task != wiring.task:
                wiring.journal.append(TaskSet(task=wiring.task))
            # Like a person, an agent that asks again wants to hear something else.
            brief = replace(wiring.brief(trigger=Trigger.HUMAN), trigger=Trigger.IMPLEMENTER)
            found = Ideas.of(await wiring.ideator.propose(replace(brief, hint=question, kinds=wanted), n))
            for number, idea in enumerate(found):
                wiring.journal.append(IdeaProposed(idea=idea, cost=0.0 if number else found.cost))
        if not found:
            why = f" ({found.why})" if found.why else ""
            msg = f"nothing new to propose{why}: ask something else, or try what was proposed"
            raise NoIdeaError(msg)
        return list(found)

    def get_history(self, limit: int = TRIALS_SHOWN) -> History:
        """Return what was tried, at most the latest `limit` trials; nothing is begun and no cell runs."""
        if limit < 1:
            raise UsageError("limit is a number of trials, 1 or more")
        journal = self._looked_at()
        state = journal.state
        every, taken = rows(state), {t.idea for t in state.trials}
        return History(
            task=state.task,
            best=state.best.id if state.best else None,
            trials=every[-limit:],
            untried=[i for i in state.ideas.values() if i.id not in taken][-limit:],
            left_out=max(0, len(every) - limit),
        )

    def report_score(
        self,
        metric: str,
        value: float | Sequence[float] | None = None,
        *,
        failure: str = "",
        idea: str = "",
        title: str = "",
        source: str = "",
        seconds: float = 0.0,
    ) -> Trial:
        """Keep what a try came to as a trial, and return it: a score, or why there is none.

        `value` is a number, or one per fold, whose mean counts. Such scores compare with each other alone, for nobody
        knows how they were made. The same value of the same source is no new trial. Raises `UsageError` for what
        cannot be kept; when this returns, the trial is on the disk.
        """
        name = _metric(metric)
        outcome = _outcome(name, value, failure)
        _within(title, TITLE_CAP, "title")
        _within(source, SOURCE_CAP, "source")
        if not (math.isfinite(seconds) and seconds >= 0):
            raise UsageError("seconds is how long it took: a finite number, 0 or more")
        journal = self._journal()
        tried = _idea(journal, idea) if idea else None
        blob = journal.put_blob(source.encode(errors="replace")) if source else None
        same = _same(journal, blob, outcome)
        if same is not None:
            return same
        trial = Trial(
            id=new_id(),
            number=1 + max((t.number for t in journal.state.trials), default=0),
            title=one_line(title) or (tried.title if tried else "An agent's own step"),
            idea=tried.id if tried else None,
            parent=tried.parent if tried else None,
        )
        journal.append(TrialStarted(trial=trial))
        journal.append(TrialFinished(trial=trial.id, outcome=outcome, seconds=seconds, source=blob))
        return journal.state.trial(trial.id) or trial

    # ------------------------------------------------------------ in between

    def _journal(self) -> Journal:
        """Return the notebook's journal for writing, up to date; where there is none it is begun."""
        if self._kept is None:
            notebook = read_notebook(self._options.notebook)
            self._kept = Journal.open(self.path, None if self.path.exists() else notebook.id)
        self._kept.merge(())
        return self._kept

    def _looked_at(self) -> Journal:
        """Return the journal for reading; where there is none, an empty one that stays unwritten."""
        if not self.path.exists():
            read_notebook(self._options.notebook)
            return Journal(self.path)
        return Journal.read(self.path)

    async def _wired(self) -> Wiring:
        """Return the notebook's wiring, made anew where its cells have changed; its kernel has ended by then."""
        notebook, journal = read_notebook(self._options.notebook), self._journal()
        if self._ready is None or self._sources != notebook.sources:
            asked = make_ideator(self._options)
            if isinstance(asked, Checks):  # before the notebook's cells take their time
                asked.check()
            async with prepared(self._options, notebook, journal, self._on_update) as ready:
                self._ready, self._sources = ready.log_calls(), notebook.sources
        return self._ready


def _within(text: str, cap: int, what: str) -> None:
    if len(text) > cap:
        msg = f"the {what} has {len(text)} characters: {cap} are the most that is kept"
        raise UsageError(msg)


def _kinds(names: Sequence[str]) -> tuple[IdeaKind, ...]:
    try:
        return tuple(IdeaKind(name) for name in names)
    except ValueError as error:
        msg = f"{error}: kinds are {', '.join(k.value for k in IdeaKind)}"
        raise UsageError(msg) from None


def _metric(name: str) -> str:
    """Return a metric's name in one spelling: a built-in one's, else a function's as it is written."""
    given = name.strip()
    try:
        return metric_named(given).name
    except UsageError:
        if not all(part.isidentifier() for part in given.split(".")) or len(given) > TITLE_CAP:
            msg = f"name the metric of the score, such as rmse or auc; {given[:40]!r} is none"
            raise UsageError(msg) from None
        return given


def _outcome(metric: str, value: float | Sequence[float] | None, failure: str) -> Outcome:
    if failure.strip() and value is None:
        return Failure(kind=FailureKind.ERROR, message=one_line(failure)[:MESSAGE_CAP])
    if failure.strip() or value is None:
        raise UsageError("report one of two: a value, or the failure that kept it from having one")
    folds = [float(v) for v in value] if isinstance(value, Sequence) else [float(value)]
    if not folds or len(folds) > FOLDS_CAP or not all(math.isfinite(v) for v in folds):
        msg = f"a score is a finite number, or 1 to {FOLDS_CAP} of them, one per fold; a try without one has a failure"
        raise UsageError(msg)
    mean = math.fsum(folds) / len(folds)
    return Score(value=mean, metric=metric, protocol=OWN, folds=tuple(folds) if len(folds) > 1 else ())


def _idea(journal: Journal, which: str) -> Idea:
    ideas = journal.state.ideas
    found = [i for i in ideas.values() if i.id.startswith(which.strip())]
    if which.strip() and len(found) == 1:
        return found[0]
    msg = f"no idea has the id {which[:40]!r}: take one that seek_help or get_history gave, or leave it out"
    raise UsageError(msg)


def _same(journal: Journal, source: str | None, outcome: Outcome) -> Trial | None:
    """Return the trial that says the same already: an agent that heard no answer reports again."""
    if source is None or not isinstance(outcome, Score):
        return None
    for trial in journal.state.trials:
        score = trial.score
        alike = trial.source == source and score is not None and score.metric == outcome.metric
        if alike and score is not None and math.isclose(score.value, outcome.value, rel_tol=SAME):
            return trial
    return None
