"""Tells each page what has changed since it was last told: the state, rows, and events for the metadata."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING

import msgspec

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.brief import PARTS, chosen
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import Budget
from mle_ideator_jupyter.plugins import IDEATORS, IMPLEMENTERS, names
from mle_ideator_jupyter.session import view
from mle_ideator_jupyter.session.looking import frames
from mle_ideator_jupyter.state import State
from mle_ideator_jupyter.wiring import steps

if TYPE_CHECKING:
    from mle_ideator_jupyter.session.pages import Door
    from mle_ideator_jupyter.session.session import Session

NOTES_SHOWN = 5
MIRRORED = 2_000_000
"""Characters of events that a page is greeted with: as many as it keeps in the notebook's metadata, the newest."""


class _Told(msgspec.Struct):
    """What one page knows."""

    state: wire.PanelState | None = None
    rows: dict[str, wire.TrialView] = {}
    events: set[str] = set()


class Publisher:
    """Sends each page the differences."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told: dict[int, _Told] = {}
        self._rows: tuple[object, tuple[wire.TrialView, ...]] = (None, ())
        self.last = wire.PanelState()
        """What was last told to all."""
        self._agents = names(IDEATORS), names(IMPLEMENTERS)

    def greet(self, door: Door) -> None:
        """Tell this page everything at the next occasion."""
        self._told[id(door)] = _Told()

    def drop(self, door: Door) -> None:
        """Keep nothing for a page that is gone."""
        self._told.pop(id(door), None)

    def publish(self) -> None:
        """Send what has changed to every page that has said hello."""
        journal = self._session.journal
        state = journal.state if journal else State()
        if self._rows[0] is not state:
            self._rows = state, view.trial_rows(state)
        rows, shown = self._rows[1], self.panel_state(state)
        self.last = shown
        lines = journal.lines() if journal else {}
        for door in list(self._session.pages.doors):
            told = self._told.get(id(door))
            if told is not None:
                self._tell(door, told, rows, lines, shown)

    def _tell(
        self,
        door: Door,
        told: _Told,
        rows: tuple[wire.TrialView, ...],
        lines: dict[str, str],
        shown: wire.PanelState,
    ) -> None:
        first = told.state is None
        changed = tuple(row for row in rows if told.rows.get(row.id) != row)
        if changed or first:
            told.rows.update((row.id, row) for row in changed)
            self._session.pages.tell(wire.Trials(rows=changed, all=first), door)
        if told.state != shown:
            told.state = shown
            self._session.pages.tell(shown, door)
        new = [identity for identity in lines if identity not in told.events]
        if new or first:
            told.events.update(new)
            self._session.pages.tell(wire.Events(lines=_newest([lines[i] for i in new]), all=first), door)

    def panel_state(self, state: State) -> wire.PanelState:
        """Return all that the panel draws but for the rows."""
        session = self._session
        namespace = session.looking.seen
        baseline = state.baseline
        level, without = chosen(state.brief.level, state.brief.without)
        return wire.PanelState(
            version=_version(),
            notebook_id=state.notebook_id,
            journal=str(session.journal.path) if session.journal else "",
            activity=session.activity,
            message=session.message,
            error=session.error,
            notes=tuple(session.notes[-NOTES_SHOWN:]),
            empty=namespace is not None and not frames(namespace),
            task=view.task_view(state.task, confirmed=session.asked is not None) if state.task else None,
            frames=frames(namespace) if namespace else (),
            metrics=tuple(METRICS),
            functions=namespace.functions if namespace else (),
            watch=state.watching,
            baseline=baseline.score.value if baseline and baseline.score else None,
            best=view.best_view(state),
            improved=sum(row.best and row.number > 0 for row in self._rows[1]),
            trials=len(state.trials),
            imported=len(state.imported),
            ideas=view.idea_cards(state),
            run=self._run(state),
            approval=session.approving.waiting,
            approval_mode=session.approving.mode,
            agents=wire.AgentsView(
                ideator=session.agents[0],
                implementer=session.agents[1],
                ideators=tuple(self._agents[0]),
                implementers=tuple(self._agents[1]),
            ),
            estimators=view.unscored(state, namespace),
            brief_level=level.value,
            brief_parts=PARTS,
            brief_without=without,
            brief_tokens=session.sent.tokens,
            brief_sent=session.sent.time,
            inserts=session.pages.can_run,
            run_in_cell=session.run_in_cell,
        )

    def _run(self, state: State) -> wire.RunView | None:
        run, left = self._session.running.run, self._session.running.left
        if run is None:
            return None
        return wire.RunView(
            steps_done=len(steps(state, run.run)),
            percent=_spent(run.budget, left),
            steps=run.budget.steps,
            seconds_left=left.seconds,
            cost_left=left.cost,
            paused=self._session.activity == "paused" and not self._session.run_in_cell,
        )


def _spent(budget: Budget, left: Budget) -> float:
    """Return how far the budget is spent, in percent: that of the amount that is spent furthest."""
    shares = []
    for name in ("steps", "seconds", "cost"):
        whole, rest = getattr(budget, name), getattr(left, name)
        if whole and rest is not None:
            shares.append(100 * (1 - rest / whole))
    return round(max(shares, default=0.0), 1)


def _newest(lines: list[str]) -> tuple[str, ...]:
    """Return the newest lines that fit into the notebook's metadata."""
    sizes = itertools.accumulate(len(line) for line in reversed(lines))
    fitting = sum(1 for _ in itertools.takewhile(lambda size: size <= MIRRORED, sizes))
    return tuple(lines[len(lines) - fitting :])


@functools.cache
def _version() -> str:
    import importlib.metadata

    return importlib.metadata.version("mle_ideator_jupyter")
