"""Collects samples: states of runs on variants, an action drawn in each, executed on all outer splits, and graded.

Everything is appended as it is known and made again from the same seed, so that whoever is killed goes on
where it was. Raw grades are kept, not rewards, so that every ablation of the reward needs no new run.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.bench.results import save_whole
from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.ideators.playbook.trained import Weights
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Goal, Limits, RecipeEdit
from mle_ideator_jupyter.recipe import apply_edit, recipe_from
from mle_ideator_jupyter.rl.executing import Cluster, Execution, Executor, Order, Pool, same_cell
from mle_ideator_jupyter.rl.samples import EFFECTIVE, GROUP, SAMPLES, SCALES, STATES, Sample, Scale, Settings, Snapshot
from mle_ideator_jupyter.rl.states import (
    Mixed,
    Moment,
    brief_at,
    journal_file,
    moments,
    options,
    plain,
    play,
    prepare,
    spread,
)
from mle_ideator_jupyter.rl.store import Store
from mle_ideator_jupyter.rl.variants import Variant, Variation, training_tasks

ROOM_DECILE = 8
"""The room of a variant is its 90th percentile among the solutions of its own runs (the ninth of nine deciles)."""


class Collection:
    """One training folder while samples are collected into it.

    Args:
        out: the folder.
        tasks_dir: the prepared training tasks.
        settings: what is collected.
        pool: executes.
        cluster: executes Recipes instead, where there is one; the runs that states are read off stay here.
        tell: is told in words what is going on.
    """

    def __init__(
        self,
        out: Path,
        tasks_dir: Path,
        settings: Settings,
        pool: Pool,
        *,
        tell: Callable[[str], None],
        cluster: Cluster | None = None,
    ) -> None:
        self.out, self.tasks_dir, self.settings, self.pool, self.tell = out, tasks_dir, settings, pool, tell
        out.mkdir(parents=True, exist_ok=True)
        training_tasks(tasks_dir, ",".join(settings.tasks))
        self._claim()
        self.limits = Limits(cpu_seconds=settings.cpu_seconds)
        self.executor = Executor(out, pool, self.limits, cluster)
        self.scales: dict[str, Scale] = {}
        self._scales = Store(out / SCALES, Scale)
        self._states = Store(out / STATES, Snapshot)
        self._samples = Store(out / SAMPLES, Sample)
        self._snapshots = {(s.moment, s.round): s for s in self._states.read()}
        self._edits: dict[str, dict[str, RecipeEdit]] = {}

    def prepare(self) -> None:
        """Make the variants, run the autopilot on each, and find what its gains are counted by."""
        wanted = [
            Variation(task=t, number=n, rows=self.settings.rows, seed=self.settings.seed)
            for n in range(self.settings.variants)
            for t in self.settings.tasks
        ]
        self.tell(f"making {len(wanted)} variants")
        for variant in self._done([(v.name, lambda lane, v=v: prepare(lane, v, self.limits)) for v in wanted]):
            self.executor.variants[variant.name] = variant
        ready = list(self.executor.variants.values())
        runs = [(v, r) for r in range(self.settings.runs) for v in ready]
        self.tell(f"running the autopilot on them, {self.settings.steps} trials each")
        self._done([(v.name, lambda lane, v=v, r=r: play(lane, v, r, Mixed(), self.settings.steps)) for v, r in runs])
        known = {s.variant: s for s in self._scales.read()}
        tried = {v.name: self._tried(v) for v in ready if v.name not in known}
        if tried:
            self.tell("grading what these runs came to, for the scale of gains")
        for variant in ready:
            scale = known.get(variant.name)
            if scale is None:
                scale = _measured(variant, *tried[variant.name])
                self._scales.append(scale)
            if scale.room > 0:
                self.scales[variant.name] = scale
            else:
                self.tell(f"{variant.name}: nothing in its runs beat the baseline beyond noise; it is left out")
        if not self.scales:
            msg = "no variant leaves room to gain in: give more rows or other tasks"
            raise IdeatorError(msg)

    def sample(self, count: int, round_: int = 0, weights: Weights | None = None) -> int:
        """Collect so many samples of a round and return how many there are; `weights` rank instead of the prior."""
        drawn = self._drawn(count, round_, weights)
        self.gather(drawn)
        return len({s.name for s in self._samples.read()})

    def gather(self, wanted: Sequence[tuple[str, Snapshot, int]]) -> None:
        """Execute actions (a name, a state, a place among its options) and keep them as samples; those there stay."""
        there = {s.name for s in self._samples.read()}
        left = [w for w in wanted if w[0] not in there]
        self.tell(f"{len(wanted)} samples, {len(wanted) - len(left)} of them there already")
        begun = [(name, snap, place, self._ordered(snap, place)) for name, snap, place in left]
        for done, (name, snap, place, (parents, children)) in enumerate(begun, 1):
            fault = next((e for f in (*parents, *children) if (e := f.exception()) is not None), None)
            if fault is None:
                self._add(name, snap, place, parents, children)
            elif isinstance(fault, IdeatorError):  # a fault of the machinery is no sample
                self.tell(f"{name} was not executed: {fault}")
            else:
                raise fault
            if done % 20 == 0:
                self.tell(f"{done} of {len(left)} executed")

    def orders(self, variant: str, recipe: dict[str, Any]) -> list[Future[Execution]]:
        """Return the executions of a Recipe on all splits of a variant."""
        splits = len(self.executor.variants[variant].splits)
        return [self.executor.execute(Order(variant=variant, split=k, recipe=recipe)) for k in range(splits)]

    def states(self) -> list[Moment]:
        """Return the states that there are, tasks in turn and depths mixed, in an order that the seed draws."""
        drawn = random.Random(f"{self.settings.seed}:states")  # noqa: S311 - repeatable, not secret
        per_task: dict[str, list[Moment]] = {}
        for name in self.scales:
            for run in range(self.settings.runs):
                found = moments(self.out, name, run, self.settings.steps)
                per_task.setdefault(self.executor.variants[name].variation.task, []).extend(found)
        for found in per_task.values():
            drawn.shuffle(found)
        longest = max(map(len, per_task.values()), default=0)
        return [found[k] for k in range(longest) for found in per_task.values() if k < len(found)]

    def _drawn(self, count: int, round_: int, weights: Weights | None) -> list[tuple[str, Snapshot, int]]:
        """Return what is sampled: name, state and the place of the action."""
        found: list[tuple[str, Snapshot, int]] = []
        every = self.states()
        turn = 0
        while len(found) < count and every:
            moment = every[turn % len(every)]
            turn += 1
            snap = self.snapshot(moment, round_, weights)
            if snap is None:
                every.remove(moment)
                continue
            draw = random.Random(f"{self.settings.seed}:{round_}:{turn}:{moment.name}")  # noqa: S311 - repeatable
            for member in range(min(GROUP, count - len(found))):
                place = draw.choices(range(len(snap.options)), snap.chances)[0]
                found.append((f"{round_}/{turn}/{member}", snap, place))
        return found

    def snapshot(self, moment: Moment, round_: int, weights: Weights | None) -> Snapshot | None:
        """Return a state with its actions, kept; None where nothing applies."""
        known = self._snapshots.get((moment, round_))
        if known is not None:
            return known
        variant = self.executor.variants[moment.variant]
        brief = self.brief(moment)
        found = [o for o, _ in options(brief)]
        if len(found) < 2:
            return None
        scores = [weights.score(o.play, list(o.signals)) if weights else o.signals[0] for o in found]
        chances = [0.5 * p + 0.5 / len(found) for p in spread(scores, EFFECTIVE)]
        snap = Snapshot(
            moment=moment,
            task=variant.variation.task,
            round=round_,
            left=self.settings.steps - moment.depth,
            parent=plain(brief.parent.recipe if brief.parent else None),
            options=tuple(found),
            chances=tuple(chances),
        )
        self._states.append(snap)
        self._snapshots[moment, round_] = snap
        return snap

    def child(self, snap: Snapshot, place: int) -> dict[str, Any]:
        """Return the Recipe that an action of a state gives."""
        name = snap.moment.name
        if name not in self._edits:  # samples come state by state: one is remembered
            self._edits = {name: {o.action: c.edit for o, c in options(self.brief(snap.moment))}}
        return apply_edit(recipe_from(snap.parent), self._edits[name][snap.options[place].action]).to_dict()

    def brief(self, moment: Moment) -> Brief:
        """Return the Brief of a state."""
        return brief_at(self.out, self.executor.variants[moment.variant], moment, self.settings.steps)

    def _ordered(self, snap: Snapshot, place: int) -> tuple[list[Future[Execution]], list[Future[Execution]]]:
        name, child = snap.moment.variant, self.child(snap, place)
        if same_cell(self.executor.variants[name].splits[0], snap.parent, child):
            return self.orders(name, snap.parent), []  # it changes nothing: not worth executing
        return self.orders(name, snap.parent), self.orders(name, child)

    def _add(
        self,
        name: str,
        snap: Snapshot,
        place: int,
        parents: Sequence[Future[Execution]],
        children: Sequence[Future[Execution]],
    ) -> None:
        chosen = snap.options[place]
        self._samples.append(
            Sample(
                name=name,
                moment=snap.moment,
                task=snap.task,
                action=chosen.action,
                play=chosen.play,
                key=chosen.key,
                place=place,
                propensity=snap.chances[place],
                round=snap.round,
                remaining=snap.left * self.settings.cpu_seconds,
                parents=tuple(f.result() for f in parents),
                children=tuple(f.result() for f in children),
            )
        )

    def _tried(self, variant: Variant) -> tuple[list[Future[Execution]], list[Future[Execution]]]:
        """Return the executions of the baseline, and of all Recipes of a variant's runs on the split they ran on."""
        recipes: dict[str, dict[str, Any]] = {}
        for run in range(self.settings.runs):
            for trial in Journal.read(journal_file(self.out, variant.name, run)).state.trials:
                if trial.recipe is not None and trial.score is not None:
                    recipes.setdefault(recipe_from(trial.recipe).key(), trial.recipe)
        first = [Order(variant=variant.name, split=0, recipe=r) for r in recipes.values()]
        return self.orders(variant.name, {}), [self.executor.execute(order) for order in first]

    def _done(self, work: Sequence[tuple[str, Any]]) -> list[Any]:
        """Do this on the lanes and return what came of it; what cannot be done is told and left out."""
        futures = [self.pool.submit(name, task) for name, task in work]
        found = []
        for (name, _), future in zip(work, futures, strict=True):
            fault = future.exception()
            if fault is None:
                found.append(future.result())
            elif isinstance(fault, IdeatorError):
                self.tell(f"{name} is left out: {fault}")
            else:
                raise fault
        return found

    def _claim(self) -> None:
        path = self.out / "settings.json"
        if not path.exists():
            save_whole(path, msgspec.json.encode(self.settings))
        begun = msgspec.json.decode(path.read_bytes(), type=Settings)
        differ = [f for f in Settings.__struct_fields__ if getattr(begun, f) != getattr(self.settings, f)]
        if differ:
            said = ", ".join(f"{f} {getattr(begun, f)}, not {getattr(self.settings, f)}" for f in differ)
            msg = f"{self.out} holds a collection with {said}: give the same, or another --out"
            raise UsageError(msg)


def _measured(variant: Variant, baseline: Sequence[Future[Execution]], tried: Sequence[Future[Execution]]) -> Scale:
    """Return what a variant's gains are counted by: graded outside, after its runs are over."""
    bases = tuple(e.grade for f in baseline if (e := f.result()).grade is not None)
    if len(bases) < len(baseline):
        return Scale(variant=variant.name, goal=variant.goal, baselines=bases, room=0.0)
    sign = 1.0 if variant.goal is Goal.MAXIMIZE else -1.0
    better = [sign * (e.grade - bases[0]) for f in tried if (e := f.result()).grade is not None]
    room = statistics.quantiles(better, n=10, method="inclusive")[ROOM_DECILE] if len(better) > 1 else 0.0
    return Scale(variant=variant.name, goal=variant.goal, baselines=bases, room=max(0.0, room))
