"""What the LLM Implementer adds to each of its actions, besides the model's answers and the cells that run.

Trials of several actions go through the loop, the journal and a scripted endpoint (real HTTP on this machine), native
tool calls and the text protocol in turns; the host answers at once. Counted is the time of a trial outside of the
model's calls and of the host's cells, for each action. The baseline is the bare round trip of one question of the same
size to the same endpoint, through the `openai` package alone. Floor: under 20 ms for each action, median.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from mle_ideator_jupyter.endpoint import Client
from mle_ideator_jupyter.events import RunStarted, TaskSet
from mle_ideator_jupyter.implementers.llm import LlmImplementer
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.loop import autopilot
from mle_ideator_jupyter.model import Budget, Limits
from mle_ideator_jupyter.wiring import Wiring
from tests.doubles import TASK
from tests.endpoint.asking import KEY, endpoint
from tests.endpoint.ideas import PROFILE
from tests.endpoint.implementing import SCORES, Kernel, acts, says
from tests.endpoint.scripted import Answer, ScriptedServer

MOST_MS = 20.0
LOOKS = 3
CELL = "rows = len(train)\nprint(rows)"


def trial(*, native: bool) -> list[Answer]:
    """Return the answers of one trial: looks, cells that print, a cell that scores."""
    act = acts if native else _say
    looks = [act("inspect", name="train") for _ in range(LOOKS)]
    cells = [act("run_cell", title="Look at the rows", code=CELL) for _ in range(LOOKS)]
    return [*looks, *cells, act("run_cell", title="Fit a ridge", code=SCORES)]


def _say(action: str, code: str = "", **lines: Any) -> Answer:
    return says(action, code, **lines)


class Timed(Client):
    """A client that knows how long it was asked for."""

    seconds = 0.0

    async def complete(self, *given: Any, **more: Any) -> Any:
        """Ask, and count the time."""
        began = time.perf_counter()
        try:
            return await super().complete(*given, **more)
        finally:
            self.seconds += time.perf_counter() - began


class TimedKernel(Kernel):
    """A host that knows how long its cells ran."""

    seconds = 0.0

    async def run(self, cell: Any, limits: Any = None) -> Any:
        """Answer, and count the time."""
        began = time.perf_counter()
        try:
            return await super().run(cell, limits)
        finally:
            self.seconds += time.perf_counter() - began


async def overheads(server: ScriptedServer, folder: Path, trials: int, *, native: bool) -> tuple[list[float], int]:
    """Return the milliseconds for each action, one number for each trial, and how many characters were asked."""
    made = endpoint(server.base_url, tools="native" if native else "text", first_token_seconds=20.0, whole_seconds=60.0)
    journal = Journal.open(folder / "n.ideas.jsonl")
    journal.append(TaskSet(task=TASK))
    budget = Budget(steps=trials)
    journal.append(RunStarted(run="r", seed=0, budget=budget, limits=Limits(), implementer="llm"))
    found: list[float] = []
    async with Timed(made) as client:
        host = TimedKernel()
        wiring = Wiring(
            task=TASK,
            host=host,
            implementer=LlmImplementer(client),
            journal=journal,
            profile=PROFILE,
            run="r",
            budget=budget,
        )
        began = 0.0
        async for update in autopilot(wiring):
            if update.kind == "trial_started":
                client.seconds = host.seconds = 0.0
                began = time.perf_counter()
            elif update.kind == "trial_finished" and update.trial and update.trial.number:
                if update.trial.score is None:
                    sys.exit(f"a trial failed: {update.trial.outcome}")
                spent = time.perf_counter() - began - client.seconds - host.seconds
                found.append(1000 * spent / (2 * LOOKS + 1))
    return found, len(str(server.received[-1].body["messages"]))


async def bare(server: ScriptedServer, characters: int, rounds: int) -> list[float]:
    """Return the milliseconds of single questions of that size, asked with the package alone."""
    import openai

    client = openai.AsyncOpenAI(api_key=KEY, base_url=server.base_url, max_retries=0)
    asked: Any = [{"role": "user", "content": "x" * characters}]
    found = []
    for _ in range(rounds + 1):  # the first one opens the connection
        began = time.perf_counter()
        stream: Any = await client.chat.completions.create(model="scripted-1", messages=asked, stream=True)
        async for _ in stream:
            pass
        found.append(1000 * (time.perf_counter() - began))
    await client.close()
    return found[1:]


async def main() -> int:
    """Measure, print, and return 1 where an action costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=15)
    options = parser.parse_args()
    worst = 0.0
    for native in (True, False):
        script = trial(native=native) * options.trials
        with ScriptedServer(script, key=KEY) as server, tempfile.TemporaryDirectory() as folder:
            added, characters = await overheads(server, Path(folder), options.trials, native=native)
        with ScriptedServer(default=trial(native=native)[0], key=KEY) as server:
            round_trips = await bare(server, characters, 3 * options.trials)
        mine, theirs = median(added), median(round_trips)
        worst = max(worst, mine)
        print(
            f"{'tool calls' if native else 'text protocol'}: {mine:.1f} ms an action outside model and cells "
            f"(bare round trip {theirs:.1f} ms, ratio {mine / theirs:.2f})"
        )
    print(f"worst median {worst:.1f} ms, allowed {MOST_MS:.0f} ms")
    return 0 if worst < MOST_MS else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
