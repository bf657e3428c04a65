"""What the rows of a bench say: each arm's measures with intervals, paired differences, kinds of ideas against gain."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from mle_ideator_jupyter.bench import statistics
from mle_ideator_jupyter.bench.gain import anytime, avg_at_k, best_at_k, gain
from mle_ideator_jupyter.bench.references import Reference
from mle_ideator_jupyter.bench.rows import Row
from mle_ideator_jupyter.model import Struct

CHECKPOINTS = (1, 3, 5, 10)
"""Trials after which the best-so-far gain is shown too."""


class Measured(Struct, frozen=True, kw_only=True):
    """A row with what its task's board makes of it; None or NaN where there is no board with room to gain in."""

    row: Row
    gains: tuple[float, ...] = ()
    rank: float | None = None
    medal: str | None = None

    @property
    def counts(self) -> bool:
        """Return whether the row has gains."""
        return bool(self.gains)

    @property
    def anytime(self) -> float:
        """Return the anytime gain; NaN for a peer, which knows no trials."""
        return math.nan if self.row.peer else anytime(self.gains, self.row.steps)


class ArmMeasures(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One arm over all tasks and seeds. `interval` is that of the anytime gain (of `avg_at_k` for a peer), 95 %.

    `avg_at_k` and `best_at_k` are of final gains over `k` runs a task. `at` is the anytime gain of the first so
    many trials. `seconds_per_gain` and `cost_per_gain` are what one whole point of final gain took.
    """

    name: str
    runs: int
    tasks: int
    k: int
    anytime_gain: float
    avg_at_k: float
    best_at_k: float
    interval: tuple[float, float]
    reference_rank: float
    at: dict[str, float]
    medals: dict[str, int]
    seconds: float
    cost: float
    seconds_per_gain: float
    cost_per_gain: float
    trials: int
    failed_trials: int
    flagged: int


class Comparison(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One arm against another on the runs that both have: the paired difference of anytime gain (final for peers).

    `relative` is the ratio of the two means over tasks, less one. `detectable` is the smallest difference that this
    many tasks and seeds would show.
    """

    arm: str
    against: str
    measure: str
    difference: float
    interval: tuple[float, float]
    sign_p: float
    relative: float
    detectable: float
    per_task: dict[str, float]


class KindMeasures(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Ideas of one kind in one arm: how often tried, how often better than their parent, their mean gain over it."""

    arm: str
    kind: str
    trials: int
    better: int
    mean_gain: float


class Summary(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """All of it. `left_out` says for each task without gains why it has none; `missing` are runs that others have."""

    arms: dict[str, ArmMeasures]
    comparisons: tuple[Comparison, ...]
    kinds: tuple[KindMeasures, ...]
    left_out: dict[str, str]
    missing: tuple[str, ...]


def measured(rows: Iterable[Row], boards: Mapping[str, Reference]) -> list[Measured]:
    """Return the rows with their gains, in the order of task, seed and arm."""
    found = []
    for row in sorted(rows, key=lambda r: r.job):
        board = boards.get(row.task)
        if board is None:
            found.append(Measured(row=row))
            continue
        gains: tuple[float, ...] = ()
        if row.baseline is not None and board.counts:
            strong = board.strong_for(row)
            gains = tuple(gain(grade, row.baseline, strong, row.goal) for grade in row.path)
        if any(math.isnan(g) for g in gains):
            gains = ()
        found.append(Measured(row=row, gains=gains, rank=board.rank(row), medal=board.medal(row)))
    return found


def summary(found: Sequence[Measured], boards: Mapping[str, Reference]) -> Summary:
    """Return what the measured rows say."""
    names = list(dict.fromkeys(m.row.arm for m in sorted(found, key=lambda m: (m.row.peer, m.row.arm != "prior"))))
    arms = {name: _arm(name, [m for m in found if m.row.arm == name]) for name in names}
    every = {(m.row.task, m.row.seed) for m in found}
    missing = [
        f"{name} on {task}, seed {seed}"
        for name in names
        for task, seed in sorted(every - {(m.row.task, m.row.seed) for m in found if m.row.arm == name})
    ]
    left_out = {}
    for task in sorted({m.row.task for m in found}):
        mine = [m for m in found if m.row.task == task]
        if not any(m.counts for m in mine):
            left_out[task] = _why_not(mine, boards.get(task))
    return Summary(
        arms=arms,
        comparisons=tuple(c for name in names[1:] if (c := _compared(found, names[0], name)) is not None),
        kinds=tuple(_kinds(found, boards)),
        left_out=left_out,
        missing=tuple(missing),
    )


def _why_not(mine: Sequence[Measured], board: Reference | None) -> str:
    """Return why a task has no gains."""
    if board is None:
        return "no reference board"
    if not board.counts:
        return "its headroom is within the noise of re-splitting"
    if all(m.row.baseline is None for m in mine):
        return "the baseline has no grade"
    return "its board is no better than the baseline"


def by_task(found: Iterable[Measured], *, final: bool = False) -> dict[str, list[float]]:
    """Return each task's anytime gains (or final ones), in the order of seeds."""
    values: dict[str, list[float]] = {}
    for m in found:
        if m.counts:
            values.setdefault(m.row.task, []).append(m.gains[-1] if final else m.anytime)
    return values


def _arm(name: str, mine: Sequence[Measured]) -> ArmMeasures:
    peer = all(m.row.peer for m in mine)
    finals, every = by_task(mine, final=True), by_task(mine)
    counting = [m for m in mine if m.counts]
    won = math.fsum(m.gains[-1] for m in counting)
    took = math.fsum(m.row.seconds for m in counting)
    paid = math.fsum(m.row.cost for m in counting)
    ranks: dict[str, list[float]] = {}
    for m in mine:
        if m.rank is not None:
            ranks.setdefault(m.row.task, []).append(m.rank)
    medals = [m.medal for m in mine]
    trials = [t for m in mine for t in m.row.trials if t.number > 0]
    values = finals if peer else every
    return ArmMeasures(
        name=name,
        runs=len(mine),
        tasks=len({m.row.task for m in mine}),
        k=max((len(v) for v in finals.values()), default=0),
        anytime_gain=avg_at_k(every),
        avg_at_k=avg_at_k(finals),
        best_at_k=best_at_k(finals),
        interval=statistics.hierarchical_bootstrap(values) if values else (math.nan, math.nan),
        reference_rank=avg_at_k(ranks),
        at={} if peer else {str(k): _at(counting, k) for k in CHECKPOINTS},
        medals={m: medals.count(m) for m in ("gold", "silver", "bronze")},
        seconds=round(math.fsum(m.row.seconds for m in mine), 1),
        cost=round(math.fsum(m.row.cost for m in mine), 6),
        seconds_per_gain=took / won if won > 0 else math.nan,
        cost_per_gain=paid / won if won > 0 else math.nan,
        trials=len(trials),
        failed_trials=sum(bool(t.failure) for t in trials),
        flagged=sum(bool(m.row.flagged) for m in mine),
    )


def _at(counting: Iterable[Measured], trials: int) -> float:
    """Return the anytime gain of the first so many trials, where runs were meant to have as many."""
    values: dict[str, list[float]] = {}
    for m in counting:
        if m.row.steps is None or m.row.steps >= trials:
            values.setdefault(m.row.task, []).append(anytime(m.gains, trials))
    return avg_at_k(values)


def _compared(found: Sequence[Measured], name: str, against: str) -> Comparison | None:
    """Return one arm against another on the tasks and seeds that both have, or None where there is nothing."""
    mine, other = (
        {(m.row.task, m.row.seed): m for m in found if m.row.arm == arm and m.counts} for arm in (name, against)
    )
    both = sorted(mine.keys() & other.keys())
    if not both:
        return None
    final = any(side[key].row.peer for side in (mine, other) for key in both)
    a, b = (by_task([side[key] for key in both], final=final) for side in (mine, other))
    paired = statistics.paired_difference(a, b)
    differences = {task: [x - y for x, y in zip(a[task], b[task], strict=True)] for task in a}
    base = avg_at_k(b)
    return Comparison(
        arm=name,
        against=against,
        measure="final gain" if final else "anytime gain",
        difference=paired.mean,
        interval=(paired.low, paired.high),
        sign_p=paired.sign_p,
        relative=avg_at_k(a) / base - 1 if base > 0 else math.nan,
        detectable=statistics.smallest_detectable(differences),
        per_task=dict(paired.per_task),
    )


class Tried(Struct, frozen=True, kw_only=True):
    """An idea that was tried: what its trial's grade brought over its parent's, as gain."""

    row: Row
    kind: str
    action: str
    gain: float


def tried(found: Iterable[Measured], boards: Mapping[str, Reference]) -> list[Tried]:
    """Return every idea that was tried on a task that has gains.

    A trial without a grade brought nothing: its parent still stands.
    """
    out = []
    for m in found:
        row, board = m.row, boards.get(m.row.task)
        if not m.counts or board is None or row.baseline is None or row.peer:
            continue
        strong, grades = board.strong_for(row), {t.number: t.grade for t in row.trials}
        for trial in row.trials:
            if trial.number == 0 or not trial.action:
                continue
            before = grades.get(trial.parent) if trial.parent is not None else row.baseline
            won = 0.0
            if trial.grade is not None and before is not None:
                won = gain(trial.grade, row.baseline, strong, row.goal) - gain(before, row.baseline, strong, row.goal)
            out.append(Tried(row=row, kind=trial.kind, action=trial.action, gain=won))
    return out


def _kinds(found: Sequence[Measured], boards: Mapping[str, Reference]) -> list[KindMeasures]:
    gains: dict[tuple[str, str], list[float]] = {}
    for idea in tried(found, boards):
        gains.setdefault((idea.row.arm, idea.kind), []).append(idea.gain)
    return [
        KindMeasures(arm=arm, kind=kind, trials=len(v), better=sum(g > 0 for g in v), mean_gain=math.fsum(v) / len(v))
        for (arm, kind), v in sorted(gains.items())
    ]
