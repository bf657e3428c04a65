"""The session as Python code in a cell uses it: `import mle_ideator_jupyter as mij; mij.session().get_idea()`.

The magics say the same in fewer words and call this. Every call returns when the thing is done; trials run in the
cell that asks for them, in any front end or none. Ideas and scores go to the same journal as the panel's.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Literal

import msgspec

from mle_ideator_jupyter import kernel, wire
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.exports.table import as_csv, as_json, as_text
from mle_ideator_jupyter.hosts import body
from mle_ideator_jupyter.hosts.hooks import UserCell
from mle_ideator_jupyter.hosts.inline import InlineHost
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Budget, Idea, Task, Trial
from mle_ideator_jupyter.protocols import Cell, Reported
from mle_ideator_jupyter.scoring import reported
from mle_ideator_jupyter.session import Session, anywhere, asking, own
from mle_ideator_jupyter.session.commands import budget_of
from mle_ideator_jupyter.session.incell import RunningCell
from mle_ideator_jupyter.session.telling import Shower, Teller, show, tell, tell_end
from mle_ideator_jupyter.state import State

STEPS = 5
"""Trials of an autopilot that is given no budget."""
_made: dict[Session, NotebookSession] = {}


def session() -> NotebookSession:
    """Return the session of this notebook. Raises `UsageError` outside IPython."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise UsageError("a session needs IPython or a notebook: run this in a cell")
    return of_shell(shell)


def of_shell(shell: Any) -> NotebookSession:
    """Return the session of the notebook whose cell an IPython shell runs."""
    session = kernel.session_of(shell)
    found = _made.get(session)
    if found is None:
        found = _made[session] = NotebookSession(shell, session)
    return found


class NotebookSession:
    """What the panel's buttons do, as calls. Ideas are named by their number in this notebook, or their id."""

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell, self._session = shell, session
        self._cell = RunningCell(shell, session)
        self._told = 0
        self._in_body = False

    def __repr__(self) -> str:
        return f"<session of {self._session.name}: {len(self.ideas)} ideas, {len(self.trials)} trials>"

    # ------------------------------------------------------------ what there is

    @property
    def state(self) -> State:
        """Return all that the journal says."""
        return self._cell.do(asking.opened(self._session)).state

    @property
    def journal(self) -> Journal:
        """Return the notebook's journal."""
        return self._cell.do(asking.opened(self._session))

    @property
    def ideas(self) -> list[Idea]:
        """Return all ideas of this notebook; the first is number 1."""
        return list(self.state.ideas.values())

    @property
    def trials(self) -> list[Trial]:
        """Return all trials of this notebook, in the order in which they began."""
        return list(self.state.trials)

    def idea(self, which: Idea | int | str) -> Idea:
        """Return the idea of this number, or of this id or its beginning. Raises `UsageError` when there is none."""
        ideas = self.ideas
        if isinstance(which, Idea):
            which = which.id
        text = str(which).strip()
        if text.isdecimal() and 0 < int(text) <= len(ideas):
            return ideas[int(text) - 1]
        found = [i for i in ideas if text and i.id.startswith(text)]
        if len(found) == 1:
            return found[0]
        has = f"this notebook has ideas 1 to {len(ideas)}" if ideas else "this notebook has no ideas yet: get one first"
        msg = f"several ideas begin with {text!r}: give more of the id" if found else f"no idea {text!r}: {has}"
        raise UsageError(msg)

    def number(self, idea: Idea) -> int:
        """Return an idea's number in this notebook."""
        return 1 + [i.id for i in self.ideas].index(idea.id)

    def notes(self) -> list[str]:
        """Return what is to be known and was not said yet: where the journal is, say."""
        notes, told = self._session.notes, self._told
        self._told = len(notes)
        return notes[told:]

    def history(self, form: str = "table") -> str:
        """Return the trials as text: a `table`, `csv` or `json`."""
        state = self.state
        if form == "json":
            return msgspec.json.format(msgspec.json.encode(as_json(state)), indent=1).decode()
        return as_csv(state) if form == "csv" else as_text(state)

    # ------------------------------------------------------------ the task, ideas

    def setup(
        self,
        data: str = "",
        *,
        test: str = "",
        target: str = "",
        metric: str = "",
        goal: Literal["", "maximize", "minimize"] = "",
        description: str = "",
        watch: str | None = None,
        level: str | None = None,
        without: Sequence[str] | None = None,
        ideator: str = "",
        implementer: str = "",
    ) -> Task:
        """Choose the task and return it; what is not given stays as it was, or is found.

        Args:
            data: an expression for the training frame, or a file.
            test: an expression for the test frame, or a file.
            target: the column to predict.
            metric: what counts: accuracy, auc, logloss, macro_f1, qwk, rmse, rmsle or mae, or a function of
                your own in the kernel that takes the true and the predicted values and returns a number.
            goal: which way a function of your own improves.
            description: the task in words.
            watch: an expression whose value after each cell is a score of your own; empty for none.
            level: how much agents are told: full, standard or brief.
            without: parts that agents are not told: profile, libraries, gpus, resident, out_of_memory, source.
            ideator: who proposes: playbook, llm, local, or one that is installed.
            implementer: who implements: recipe, llm, or one that is installed.

        Raises:
            UsageError: with what is needed, when the data, target or metric cannot be found, or an agent is not set up.
        """
        asked = wire.SetTask(train=data, test=test, target=target, metric=metric, goal=goal, description=description)
        agents = ideator, implementer
        return self._cell.do(asking.setup(self._session, asked, watch, agents=agents, level=level, without=without))

    def get_idea(self, hint: str = "", kinds: Sequence[str] = ()) -> Idea:
        """Return one new idea. Raises `UsageError` when there is none, or no task."""
        return self.get_ideas(1, hint, kinds)[0]

    def get_ideas(self, n: int = 3, hint: str = "", kinds: Sequence[str] = ()) -> list[Idea]:
        """Return up to `n` new ideas of these kinds (none: of any), journalled; nothing is tried."""
        if n < 1:
            raise UsageError("ask for 1 idea or more")
        return self._cell.do(asking.ideas(self._session, n, hint, tuple(kinds)))

    def brief(self, hint: str = "", kinds: Sequence[str] = ()) -> str:
        """Return exactly what an agent would be told."""
        return self._cell.do(asking.brief(self._session, hint, tuple(kinds)))

    # ------------------------------------------------------------ trials

    def try_idea(self, which: Idea | int | str, tell: Teller = tell, show: Shower = show) -> Trial:
        """Try an idea in this cell, on copies of the data, and return its trial; no variable changes.

        What a language model wrote is shown before it runs.
        """
        idea = self.idea(which)

        def shown(cell: Cell) -> None:
            if cell.passing:
                show(cell, None)

        self._cell.run(lambda here: self._session.running.try_idea(idea, here=here), tell, shown)
        return next(t for t in reversed(self.trials) if t.idea == idea.id)

    def autopilot(
        self,
        steps: int | None = None,
        minutes: float | None = None,
        cost: float | None = None,
        *,
        seed: int = 0,
        ideator: bool = True,
        tell: Teller = tell,
    ) -> list[Trial]:
        """Try idea after idea in this cell within a budget, and return the trials; no variable changes.

        Without `ideator`, the Implementer makes its own moves. An interrupt ends it; what was done is kept.
        """
        if steps is minutes is cost is None:
            steps = STEPS
        budget: Budget = budget_of(wire.StartAutopilot(steps=steps, minutes=minutes, cost=cost))
        running = self._session.running
        self._cell.run(lambda here: running.autopilot(budget, here=here, seed=seed, ideate=ideator), tell)
        return self.last_run()

    def go(self, show: Shower = show, tell: Teller = tell_end) -> str:
        """Run in this cell what was asked for in the panel and waits for a cell; no variable changes.

        Returns when nothing waits any more, or with one line that says what it waits for. An interrupt stops it; what
        was done is kept.
        """

        def work(host: InlineHost) -> Coroutine[Any, Any, str]:
            pump = anywhere.Pump(
                host,
                lambda cell, trial: host.call(lambda: show(cell, trial)),
                lambda update: host.call(lambda: tell(update)),
            )
            return anywhere.run_waiting(self._session, pump)

        return self._cell.drive(work)

    def last_run(self) -> list[Trial]:
        """Return the trials of the latest autopilot."""
        state = self.state
        return state.of_run(list(state.runs)[-1]) if state.runs else []

    def unload(self) -> list[str]:
        """Free the memory, the GPU's too, of a language model that the Ideator `local` has loaded; return its name."""
        from mle_ideator_jupyter.ideators import local

        return local.unload()

    def implement(self, which: Idea | int | str, source: str) -> Trial:
        """Run code of yours as the trial of an idea, in your own namespace, and return the trial.

        Its score is what it reports with `report_score`, the watched expression or a printed line `metric: value`.
        What the code raises is recorded and raised again.
        """
        __tracebackhide__ = True
        idea, journal = self.idea(which), self.journal
        watched = own.Watched(journal.state.watching, self._shell.user_ns)
        cell = self._cell.take()
        trial = self._cell.do(asking.publishing(self._session, lambda: own.begin(journal, idea, cell)))
        self._in_body = True
        try:
            result, error = body.run(self._shell, source, journal.folder / "submissions")
        finally:
            self._in_body = False
        value = watched.value()
        trial = self._cell.do(asking.publishing(self._session, lambda: own.end(journal, trial, source, result, value)))
        if error is not None:
            raise error
        return trial

    def score(self, value: Any, metric: str | None = None) -> Trial | None:
        """Record a score of your own: a number, or one per fold, whose mean counts.

        Within `%%implement` it is the score of that trial, and nothing is returned.
        """
        try:
            if self._in_body:
                reported.report_score(value, metric=metric)
                return None
            taken: list[Reported] = []
            with reported.sink(lambda report: taken.append(reported.read_report(report))):
                reported.report_score(value, metric=metric)
        except ValueError as error:
            raise UsageError(str(error).replace("report_score", "a score")) from None
        source = self._shell.history_manager.input_hist_raw[-1:] if self._shell.history_manager else []
        cell = UserCell(source="".join(source), cell=self._cell.take(), ok=True, seconds=0.0, reported=taken[-1])
        journal = self.journal
        self._cell.do(asking.publishing(self._session, lambda: own.take(journal, cell, taken[-1].value)))
        return self.trials[-1]

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the user's namespace. Raises `UsageError` where it has none."""
        try:
            return eval(expression, self._shell.user_global_ns, self._shell.user_ns)  # noqa: S307 - the user's own
        except Exception as error:  # noqa: BLE001 - whatever it raises is said in one line
            msg = f"{expression!r} has no value here: {type(error).__name__}: {error}"
            raise UsageError(msg) from None
