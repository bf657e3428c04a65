"""Collects samples: states of runs on variants, an action drawn in each, executed on all outer splits, and graded.

Everything is appended as it is known and made again from the same seed, so that whoever is killed goes on
where it was. Raw grades are kept, not rewards, so that every ablation of the reward needs no new run.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.files import save_whole
from mle_ideator_jupyter.ideators.playbook import Policy, Prior
from mle_ideator_jupyter.ideators.playbook.trained import Trained, Weights
from mle_ideator_jupyter.model import Limits, RecipeEdit
from mle_ideator_jupyter.recipe import apply_edit, recipe_from
from mle_ideator_jupyter.rl.executing import Cluster, Execution, Executor, same_cell
from mle_ideator_jupyter.rl.lanes import Pool
from mle_ideator_jupyter.rl.preparing import Preparing
from mle_ideator_jupyter.rl.samples import (
    EFFECTIVE,
    GROUP,
    SAMPLES,
    SCALES,
    STATES,
    Sample,
    Scale,
    Settings,
    Snapshot,
)
from mle_ideator_jupyter.rl.states import (
    Moment,
    brief_at,
    moments,
    options,
    plain,
    spread,
)
from mle_ideator_jupyter.rl.store import Store
from mle_ideator_jupyter.rl.variants import training_tasks

TOLD = 20
"""How far it is gets told each time that so many samples are executed."""
Given = TypeVar("Given")


class Collection:
    """One training folder while samples are collected into it.

    Args:
        out: the folder.
        tasks_dir: the prepared training tasks.
        settings: what is collected.
        pool: executes.
        cluster: executes Recipes instead, where there is one; the runs that states are read off stay here.
        runs_by: weights whose runs states are read off; None: the prior's.
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
        runs_by: Weights | None = None,
    ) -> None:
        if runs_by is not None:
            settings = replace(settings, runs_by=runs_by.fingerprint())
        self.out, self.tasks_dir, self.settings, self.pool, self.tell = out, tasks_dir, settings, pool, tell
        self._runs_by: Policy = Prior() if runs_by is None else Trained(runs_by)
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
        known = {s.variant: s for s in self._scales.read()}
        for scale in Preparing(self.executor, self.settings, self._runs_by, self.tell).scales(known):
            if scale.variant not in known:
                self._scales.append(scale)
            if scale.room > 0:
                self.scales[scale.variant] = scale
            else:
                self.tell(f"{scale.variant}: nothing in its runs beat the baseline beyond noise; it is left out")
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
        self._count([(*parents, *children) for *_, (parents, children) in begun])
        for name, snap, place, (parents, children) in begun:
            fault = next((e for f in (*parents, *children) if (e := f.exception()) is not None), None)
            if fault is None:
                self._add(name, snap, place, parents, children)
            elif isinstance(fault, IdeatorError):  # a fault of the machinery is no sample
                self.tell(f"{name} was not executed: {fault}")
            else:
                raise fault

    def _count(self, samples: Sequence[Sequence[Future[Execution]]]) -> None:
        """Tell how many samples are executed as they are: lanes take them by variant, not in their order."""
        turn, done = threading.Lock(), 0
        left = [len(futures) for futures in samples]

        def ended(k: int, _: Future[Execution]) -> None:
            nonlocal done
            with turn:
                left[k] -= 1
                done += not left[k]
                if not left[k] and done % TOLD == 0:
                    self.tell(f"{done} of {len(samples)} executed")

        for k, futures in enumerate(samples):
            for future in futures:
                future.add_done_callback(partial(ended, k))

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
            return self.executor.on_splits(name, snap.parent), []  # it changes nothing: not worth executing
        return self.executor.on_splits(name, snap.parent), self.executor.on_splits(name, child)

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
