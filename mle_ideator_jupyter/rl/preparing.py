"""Makes variants, runs the autopilot on each, and finds what its gains are counted by.

What follows on one another for a variant is handed to the lane that has it warm, so that no lane waits for another
and hosts, which take seconds to start, are not started anew for each step.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

from mle_ideator_jupyter.errors import GradeError, IdeatorError
from mle_ideator_jupyter.ideators.playbook import Policy
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.recipe import recipe_from
from mle_ideator_jupyter.rl.executing import Executor
from mle_ideator_jupyter.rl.lanes import Lane
from mle_ideator_jupyter.rl.samples import Scale, Settings, scale_of
from mle_ideator_jupyter.rl.states import Mixed, journal_file, play, prepare
from mle_ideator_jupyter.rl.variants import Variant, Variation, grader_of

Given = TypeVar("Given")


class Preparing:
    """Prepares what a training folder's settings name.

    Args:
        executor: executes, and is told of the variants.
        settings: what is collected.
        policy: ranks in the runs, where not the random choice does (see `states.Mixed`).
        tell: is told in words what is going on, and what had to be left out.
    """

    def __init__(self, executor: Executor, settings: Settings, policy: Policy, tell: Callable[[str], None]) -> None:
        self.executor, self.settings, self.policy, self.tell = executor, settings, policy, tell

    def scales(self, known: Mapping[str, Scale]) -> Iterator[Scale]:
        """Yield the scale of each variant, in the settings' order, when its runs are over; those known stay.

        A variant is left out where the machinery failed: another time it is tried again.
        """
        wanted = [
            Variation(task=t, number=n, rows=self.settings.rows, seed=self.settings.seed)
            for n in range(self.settings.variants)
            for t in self.settings.tasks
        ]
        self.tell(f"making {len(wanted)} variants and running the autopilot on them, {self.settings.steps} trials each")
        pool = self.executor.pool
        begun = [(v.name, pool.submit(v.name, partial(self._made, variation=v, known=known))) for v in wanted]
        for done, (variant, runs) in enumerate(self._done(begun), 1):
            tried = list(self._done([(variant.name, run) for run in runs]))
            scale = known.get(variant.name)
            if scale is None and len(tried) == len(runs):
                scale = self._measured(variant, [grade for run in tried for grade in run])
            if scale is not None:
                self.tell(f"{done} of {len(wanted)} ready: {variant.name}")
                yield scale

    def _measured(self, variant: Variant, grades: Sequence[float]) -> Scale | None:
        splits = self.executor.on_splits(variant.name, {})
        baseline = list(self._done([(variant.name, f) for f in splits]))
        return scale_of(variant.name, variant.goal, baseline, grades) if len(baseline) == len(splits) else None

    async def _made(
        self, lane: Lane, variation: Variation, known: Container[str]
    ) -> tuple[Variant, list[Future[list[float]]]]:
        """Return a variant, and its runs as they will be over, each with the grades of its solutions."""
        variant = await prepare(lane, variation, self.executor.limits)
        self.executor.variants[variant.name] = variant
        runs = [
            self.executor.pool.submit(variant.name, partial(self._played, variant=variant, run=r))
            for r in range(self.settings.runs)
        ]
        if variant.name not in known:
            self.executor.on_splits(variant.name, {})  # begun where it is warm, asked for when the runs are over
        return variant, runs

    async def _played(self, lane: Lane, variant: Variant, run: int) -> list[float]:
        """Run the autopilot, and then, outside of it, grade the submissions of its distinct Recipes."""
        await play(lane, variant, run, Mixed(self.policy), self.settings.steps)
        return await asyncio.to_thread(_grades, lane.out, variant, run)

    def _done(self, begun: Iterable[tuple[str, Future[Given]]]) -> Iterator[Given]:
        """Yield what came of the work of lanes on variants; what cannot be done is told and left out."""
        for name, future in begun:
            fault = future.exception()
            if fault is None:
                yield future.result()
            elif isinstance(fault, IdeatorError):
                self.tell(f"{name} is left out: {fault}")
            else:
                raise fault


def _grades(out: Path, variant: Variant, run: int) -> list[float]:
    journal = Journal.read(journal_file(out, variant.name, run))
    submissions: dict[str, str] = {}
    for trial in journal.state.trials:
        if trial.recipe is not None and trial.score is not None and trial.submission:
            submissions.setdefault(recipe_from(trial.recipe).key(), trial.submission)
    grader = grader_of(out, variant.variation, 0)
    found = []
    for path in map(journal.blob_path, submissions.values()):
        with contextlib.suppress(GradeError):  # what cannot be graded is no solution
            found.extend([] if path is None else [grader.grade(path).value])
    return found
