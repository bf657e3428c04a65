"""States to learn in: moments of autopilot runs on variants, at varied depth, with every action that applies there.

A state is read off a journal, which holds validation scores alone; no grade comes near it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.binding import infer, settle
from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.events import AnyEvent, RunStarted, TaskSet, TrialFinished
from mle_ideator_jupyter.files import save_whole
from mle_ideator_jupyter.ideators.playbook import Candidate, Playbook, Policy, Prior
from mle_ideator_jupyter.ideators.playbook.past import Past
from mle_ideator_jupyter.ideators.playbook.policy import chance
from mle_ideator_jupyter.ideators.playbook.signals import signals
from mle_ideator_jupyter.implementers.recipe.implementer import RecipeImplementer
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.loop import autopilot
from mle_ideator_jupyter.model import Budget, IdeaKind, Limits, Struct, Task, Trigger, new_id
from mle_ideator_jupyter.protocols import Host
from mle_ideator_jupyter.recipe import apply_edit, recipe_from
from mle_ideator_jupyter.rl.executing import fits, shortened
from mle_ideator_jupyter.rl.lanes import Lane
from mle_ideator_jupyter.rl.variants import SplitView, Variant, Variation, folder_of, written
from mle_ideator_jupyter.scoring.graded import read_task_file
from mle_ideator_jupyter.selection import plateau
from mle_ideator_jupyter.state import State as Folded
from mle_ideator_jupyter.state import fold
from mle_ideator_jupyter.wiring import Wiring, steps

STEPS = 10
"""Trials of a run."""
JOURNAL_FOLDS = 2
"""Folds of the runs that states are read off: fewer than a real run's, for their scores are only the history."""
EXPLORING = 0.5
"""Share of these runs' steps that are taken at random, so that states lie off the prior's own path too."""


class Option(Struct, frozen=True, kw_only=True):
    """One action that applies in a state.

    `signals` are in the order of `signals.NAMES`; `key` is that of the Recipe that it gives.
    """

    action: str
    play: str
    kind: IdeaKind
    title: str
    prior: float
    signals: tuple[float, ...]
    key: str


class Moment(Struct, frozen=True, kw_only=True):
    """Where a state is: after `depth` trials of a run on a variant."""

    variant: str
    run: int
    depth: int

    @property
    def name(self) -> str:
        """Return the state's name."""
        return f"{self.variant}/{self.run}/{self.depth}"


class Mixed:
    """A policy, with a random choice at some of the steps."""

    name = "mixed"

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def score(self, brief: Brief, candidate: Candidate) -> float:
        """Return the policy's score, or a number drawn by seed, step and action."""
        if chance(brief, "explore") < EXPLORING:
            return chance(brief, candidate.action)
        return self.policy.score(brief, candidate)


async def prepare(lane: Lane, variation: Variation, limits: Limits) -> Variant:
    """Return a variant with the task, profile and kernel facts of each split; looked at once, then read."""
    count, fingerprint = await asyncio.to_thread(written, lane.out, lane.tasks_dir, variation)
    kept = lane.out / "variants" / variation.name / "variant.json"
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=Variant)
    host = await lane.host(variation, count)
    namespace = await host.namespace()
    views = []
    for split in range(count):
        file = read_task_file(folder_of(lane.out, variation, split))
        bound = infer(
            namespace,
            (),
            lane.work,
            data=f"train_{split}",
            test=f"test_{split}",
            target=file.target,
            metric=file.metric,
        )
        profile = await host.profile(bound)
        bound = replace(settle(bound, profile), train="train", test="test")
        views.append(
            SplitView(
                task=Task(id=variation.name, binding=bound, limits=limits), profile=profile, kernel=namespace.facts
            )
        )
    goal = views[0].task.metric.goal
    variant = Variant(variation=variation, fingerprint=fingerprint, goal=goal, splits=tuple(views))
    save_whole(kept, msgspec.json.encode(variant))
    return variant


def journal_file(out: Path, variant: str, run: int) -> Path:
    """Return where the journal of a run on a variant is."""
    return out / "journals" / variant / f"run{run}.ideas.jsonl"


async def play(lane: Lane, variant: Variant, run: int, policy: Policy, length: int = STEPS) -> None:
    """Run the autopilot on a variant's first split, or what is left of the run."""
    path = journal_file(lane.out, variant.name, run)
    path.parent.mkdir(parents=True, exist_ok=True)
    wiring = _wiring(variant, Journal.open(path), run, length)
    wiring.task, wiring.ideator = _played(variant), Playbook(policy)
    state = wiring.journal.state
    if state.task is None:
        wiring.journal.append(TaskSet(task=wiring.task))
    if not state.runs:
        begun = RunStarted(
            run=new_id(), seed=run, budget=wiring.budget, limits=wiring.task.limits, implementer="recipe"
        )
        wiring.journal.append(begun)
    wiring.run = next(iter(wiring.journal.state.runs))
    if wiring.journal.state.runs[wiring.run].finished is None:
        wiring.host = await lane.host(variant.variation, len(variant.splits))
        async for _ in autopilot(wiring):
            pass


def _played(variant: Variant) -> Task:
    """Return the task of these runs: the data of split 0, fewer folds, the limits in proportion."""
    view = variant.splits[0]
    whole = view.task.binding.splitter
    few = replace(whole, folds=min(JOURNAL_FOLDS, whole.folds))
    limits = shortened(view.task.limits, fits(few) / fits(whole))
    return replace(
        view.task, binding=replace(view.task.binding, splitter=few, train="train_0", test="test_0"), limits=limits
    )


def _wiring(variant: Variant, journal: Journal, run: int, length: int) -> Wiring:
    view = variant.splits[0]
    return Wiring(
        task=view.task,
        host=cast("Host", None),  # whoever runs something sets it
        implementer=RecipeImplementer(),
        journal=journal,
        profile=view.profile,
        kernel=view.kernel,
        seed=run,
        budget=Budget(steps=length),
    )


class _Earlier:
    """A journal as it was at some moment: what a Brief is made of, and nothing to write to."""

    def __init__(self, journal: Journal, state: Folded) -> None:
        self.state, self.get_blob = state, journal.get_blob


def moments(out: Path, variant: str, run: int, length: int = STEPS) -> list[Moment]:
    """Return the states of a run: before its first trial, and after each but the last."""
    path = journal_file(out, variant, run)
    if not path.exists():
        return []
    ended = sum(isinstance(e, TrialFinished) for e in Journal.read(path).events)
    return [Moment(variant=variant, run=run, depth=d) for d in range(min(length, ended))]


def brief_at(out: Path, variant: Variant, moment: Moment, length: int = STEPS) -> Brief:
    """Return the Brief that an Ideator is given at a moment of a run.

    Raises `BindingError` when the run did not get there.
    """
    journal = Journal.read(journal_file(out, variant.name, moment.run))
    events: list[AnyEvent] = []
    left = moment.depth + 1  # the baseline is a trial too
    for event in journal.events:
        events.append(event)
        left -= isinstance(event, TrialFinished)
        if not left:
            break
    if left:
        msg = f"{moment.name} was not reached"
        raise BindingError(msg)
    state = fold(events)
    wiring = _wiring(variant, cast("Journal", _Earlier(journal, state)), moment.run, length)
    wiring.run = next(iter(state.runs))
    flat = plateau(steps(state, wiring.run), wiring.task.metric)
    brief = wiring.brief(
        left=Budget(steps=length - moment.depth), trigger=Trigger.PLATEAU if flat else Trigger.AUTOPILOT
    )
    return replace(brief, kernel=wiring.kernel)


def options(brief: Brief) -> list[tuple[Option, Candidate]]:
    """Return every action that applies, best by the prior first; of those that give one Recipe, only the best."""
    past = Past(brief)
    base = recipe_from(brief.parent.recipe if brief.parent else None)
    return [
        (
            Option(
                action=found.action,
                play=found.play,
                kind=found.kind,
                title=found.title,
                prior=score,
                signals=tuple(round(v, 6) for v in signals(brief, past, found, score)),
                key=apply_edit(base, found.edit).key(),
            ),
            found,
        )
        for score, found in Playbook(Prior()).ranked(brief)
    ]


def spread(scores: Sequence[float], effective: float) -> list[float]:
    """Return chances that grow with the scores and are as spread as if `effective` actions had equal ones.

    A softmax whose temperature is found by its entropy: so policies whose scores differ in scale compare.
    """
    if len(scores) <= effective:
        return [1.0 / len(scores)] * len(scores)
    best, worst = max(scores), min(scores)
    if best == worst:
        return [1.0 / len(scores)] * len(scores)
    low, high = 1e-6, 1e4
    chances: list[float] = []
    for _ in range(40):
        middle = math.sqrt(low * high)
        weights = [math.exp((s - best) / (middle * (best - worst))) for s in scores]
        total = math.fsum(weights)
        chances = [w / total for w in weights]
        entropy = -math.fsum(p * math.log(p) for p in chances if p > 0)
        if abs(entropy - math.log(effective)) < 1e-4:
            break
        low, high = (middle, high) if entropy < math.log(effective) else (low, middle)
    return chances


def plain(recipe: dict[str, Any] | None) -> dict[str, Any]:
    """Return a parent's Recipe as plain data; that of the baseline is empty."""
    return recipe or {}
