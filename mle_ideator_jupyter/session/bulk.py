"""Bulk that travels on request only: Briefs, sources, diffs, the history as a file."""

from __future__ import annotations

import difflib
import time
from typing import TYPE_CHECKING

import msgspec

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.abilities import told
from mle_ideator_jupyter.brief import estimate_tokens
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.exports.table import as_csv, as_json
from mle_ideator_jupyter.model import Trial, Trigger
from mle_ideator_jupyter.state import State

if TYPE_CHECKING:
    from mle_ideator_jupyter.session.session import Session


class Sent:
    """What an agent was last told, and when."""

    def __init__(self) -> None:
        self.text, self.time, self.tokens = "", 0.0, 0

    def keep(self, text: str) -> None:
        """Take down what is being sent."""
        self.text, self.time, self.tokens = text, time.time(), estimate_tokens(text)


async def fetch(session: Session, asked: wire.Fetch) -> str:
    """Return what was asked for as text. Raises `UsageError` where there is none."""
    if asked.what == "brief_sent":
        return session.sent.text or "nothing was sent yet"
    if asked.what == "brief":
        wiring = await session.ready()
        return told(wiring.ideator, wiring.brief(trigger=Trigger.HUMAN))
    if session.journal is None:
        msg = "there is no history yet"
        raise UsageError(msg)
    state = session.journal.state
    if asked.what == "csv":
        return as_csv(state)
    if asked.what == "json":
        return msgspec.json.format(msgspec.json.encode(as_json(state)), indent=1).decode()
    return await _of_trial(session, asked.what, state, state.trial(asked.trial))


async def _of_trial(session: Session, what: str, state: State, trial: Trial | None) -> str:
    """Return a trial's code: its solution as ordinary code, its source, or its difference to the best."""
    if what == "solution" and trial is not None:
        return "\n\n\n".join(cell.source.strip() for cell in await session.running.solution(trial)) + "\n"
    mine = _source(session, trial)
    if what == "source":
        return mine
    best = state.best
    lines = difflib.unified_diff(
        _source(session, best).splitlines(),
        mine.splitlines(),
        f"trial {best.number} (best)" if best else "best",
        f"trial {trial.number}" if trial else "trial",
        lineterm="",
    )
    return "\n".join(lines) or "no difference: this is the best trial's code"


def _source(session: Session, trial: Trial | None) -> str:
    blob = session.journal.get_blob(trial.source) if session.journal and trial and trial.source else None
    if blob is None:
        msg = "the code of that trial is not here: it stayed where the trial was run"
        raise UsageError(msg)
    return blob.decode(errors="replace")
