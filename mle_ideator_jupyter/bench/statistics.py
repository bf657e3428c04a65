"""Intervals and tests for tasks × seeds, all pure. The unit of inference is the task.

Values come as a mapping: task → one number for each seed. Every mean is over seeds within a task first, then over
tasks, so that each task counts alike however many seeds it has. A NaN among the values makes the results NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.model import Struct


class Paired(Struct, frozen=True, kw_only=True):
    """How one arm differs from another on the same tasks and seeds, in the unit of the values.

    `mean` is the mean over tasks of the differences' means over seeds, `per_task` those means, `low` and `high` the
    95 % interval of the hierarchical bootstrap, `sign_p` the two-sided p of the exact sign test over tasks.
    """

    mean: float
    low: float
    high: float
    per_task: dict[str, float]
    sign_p: float


def hierarchical_bootstrap(
    values: Mapping[str, Sequence[float]], *, seed: int = 0, draws: int = 10_000
) -> tuple[float, float]:
    """Return the 95 % interval of the mean over tasks: the 2.5 and 97.5 percentiles of `draws` resampled means.

    Each draw takes as many tasks as there are, with replacement, then for each of them as many of its seeds, with
    replacement: a task drawn twice draws its seeds twice. Same values and `seed`, same interval. Source: the two-level
    percentile bootstrap (Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8).

    Raises `UsageError` for no tasks, or a task without a value.
    """
    import numpy as np

    tasks = _arrays(values)
    generator = np.random.default_rng(seed)
    drawn = generator.integers(len(tasks), size=(draws, len(tasks)))
    means = np.empty(drawn.shape)
    for place, numbers in enumerate(tasks):
        here = drawn == place
        chosen = generator.integers(len(numbers), size=(int(here.sum()), len(numbers)))
        means[here] = numbers[chosen].mean(axis=1)
    low, high = np.percentile(means.mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def paired_difference(
    a: Mapping[str, Sequence[float]], b: Mapping[str, Sequence[float]], *, seed: int = 0, draws: int = 10_000
) -> Paired:
    """Return how `a` differs from `b`: a - b, value by value, on the same tasks and seeds in the same order.

    The sign test asks whether tasks on which `a` is ahead are as many as those on which it is behind; ties are left out
    (Dixon and Mood, 1946). With 8 tasks only 8 of 8 give p < 0.05. Raises `UsageError` where tasks or seeds differ.
    """
    from scipy.stats import binomtest

    if a.keys() != b.keys():
        msg = f"only one side has {', '.join(sorted(a.keys() ^ b.keys()))}: pair the same tasks"
        raise UsageError(msg)
    uneven = [task for task in a if len(a[task]) != len(b[task])]
    if uneven:
        msg = f"{uneven[0]} has {len(a[uneven[0]])} seeds on one side and {len(b[uneven[0]])} on the other"
        raise UsageError(msg)
    differences = {task: [x - y for x, y in zip(a[task], b[task], strict=True)] for task in a}
    low, high = hierarchical_bootstrap(differences, seed=seed, draws=draws)
    per_task = {task: math.fsum(found) / len(found) for task, found in differences.items()}
    ahead, behind = sum(d > 0 for d in per_task.values()), sum(d < 0 for d in per_task.values())
    return Paired(
        mean=math.fsum(per_task.values()) / len(per_task),
        low=low,
        high=high,
        per_task=per_task,
        sign_p=float(binomtest(ahead, ahead + behind).pvalue) if ahead + behind else 1.0,
    )


def smallest_detectable(
    values: Mapping[str, Sequence[float]], *, alpha: float = 0.05, power: float = 0.8, tasks: int | None = None
) -> float:
    """Return the smallest mean difference that as many tasks would show with this power, given how these vary.

    `values` are paired differences, of a pilot or an earlier run; only their spread over tasks counts, not their mean.
    With `tasks`, the answer is for so many tasks. The formula is that of a two-sided one-sample t test,
    (t(1 - alpha / 2) + t(power)) · sd / √n with n - 1 degrees of freedom (Bloom, Evaluation Review 19, 1995).
    NaN for fewer than two tasks.
    """
    import numpy as np
    from scipy.stats import t

    means = [float(numbers.mean()) for numbers in _arrays(values)]
    count = len(means) if tasks is None else tasks
    if len(means) < 2 or count < 2:
        return math.nan
    factor = t.ppf(1 - alpha / 2, count - 1) + t.ppf(power, count - 1)
    return float(factor * np.std(means, ddof=1) / math.sqrt(count))


def _arrays(values: Mapping[str, Sequence[float]]) -> list[Any]:
    """Return each task's values as an array."""
    import numpy as np

    empty = [task for task, found in values.items() if not len(found)]
    if empty or not values:
        msg = f"{empty[0]} has no value" if empty else "there are no values"
        raise UsageError(msg)
    return [np.asarray(found, dtype=float) for found in values.values()]
