"""Made-up profiles that together have everything the plays look for, and a simulated run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from mle_ideator_jupyter.brief import Brief, HistoryItem
from mle_ideator_jupyter.facts import ColumnProfile, Gpu, Image, KernelFacts, Pair, Profile, TargetProfile
from mle_ideator_jupyter.ideators.playbook import Playbook
from mle_ideator_jupyter.metrics import metric_named
from mle_ideator_jupyter.model import (
    Binding,
    Budget,
    Failure,
    FailureKind,
    Idea,
    Limits,
    RecipeEdit,
    Score,
    Splitter,
    Task,
    Trial,
)
from mle_ideator_jupyter.recipe import Recipe, apply_edit, recipe_from


def number(name: str, **facts: Any) -> ColumnProfile:
    """Return a numeric column, with the facts that matter to the case."""
    common: dict[str, Any] = {
        "distinct": 400,
        "mean": 3.0,
        "std": 2.0,
        "quantiles": (0.0, 0.1, 1.0, 2.0, 4.0, 9.0, 20.0),
        "skew": 0.4,
        "association": 0.2,
        "linear": 0.18,
    }
    return ColumnProfile(name=name, dtype="float64", role="numeric", **{**common, **facts})


def category(name: str, distinct: int = 5, **facts: Any) -> ColumnProfile:
    """Return a categorical column."""
    common: dict[str, Any] = {"association": 0.15, "spread": 0.2}
    return ColumnProfile(name=name, dtype="object", role="categorical", distinct=distinct, **{**common, **facts})


def case(
    problem: str,
    metric: str,
    columns: Sequence[ColumnProfile],
    *,
    rows: int = 3000,
    target: dict[str, Any] | None = None,
    libraries: Sequence[str] = ("lightgbm",),
    splitter: Splitter | None = None,
    time_column: str | None = None,
    gpus: Sequence[Gpu] = (),
    **facts: Any,
) -> Brief:
    """Return the Brief of a run that is about to begin."""
    binding = Binding(
        train="train",
        test="test",
        target="y",
        metric=metric_named(metric),
        problem=problem,
        splitter=splitter or Splitter(),
        time_column=time_column,
    )
    given = {"name": "y", "problem": problem, "distinct": 2, **(target or {})}
    return Brief(
        task=Task(id="case", binding=binding, limits=Limits(cpu_seconds=30)),
        profile=Profile(
            rows=rows, target=TargetProfile(**given), columns=tuple(columns), time_column=time_column, **facts
        ),
        kernel=KernelFacts(libraries=dict.fromkeys(libraries, "1.0"), gpus=tuple(gpus)),
        left=Budget(steps=10),
    )


REAL = {
    "distinct": 900,
    "mean": 50.0,
    "std": 40.0,
    "quantiles": (0.0, 1.0, 20.0, 40.0, 70.0, 200.0, 600.0),
    "skew": 2.6,
    "log_skew": -0.1,
}
TWO = {"distinct": 2, "classes": (("0", 0.92), ("1", 0.08))}
SIX = {"distinct": 6, "classes": (("a", 0.4), ("b", 0.2), ("c", 0.2), ("d", 0.1), ("e", 0.07), ("f", 0.03))}


def numeric_block(count: int, **facts: Any) -> list[ColumnProfile]:
    return [number(f"n{i}", **facts) for i in range(count)]


def mixed_columns() -> list[ColumnProfile]:
    return [
        number("age", missing=0.2, missing_effect=(0.29, 0.41)),
        number("income", skew=6.0, outliers=0.03, missing=0.04),
        number("fee", skew=2.0, outliers=0.01, association=0.4, distinct=2500, std=500.0),
        number("rate", sentinel=-1.0, skew=1.7, distinct=2000, std=20.0),
        number("code", integer=True, distinct=9, association=0.3, linear=0.02),
        number("shop", integer=True, distinct=35, association=0.2),
        number("hour", integer=True, distinct=24, period=24, association=0.5, linear=0.3),
        number("month", integer=True, distinct=12, period=12),
        number("visits", integer=True, distinct=60, skew=3.0),
        number("dull", association=0.004, linear=0.001, drift=0.5),
        number("late", leak="equals the target shifted by one", association=0.99, drift=0.2),
        number("after", leak="is missing exactly where the target is 0", association=0.9),
        category("town", 80, rare=0.2, unseen=0.02, spread=0.5, missing=0.03),
        category("street", 20, rare=0.05),
        category("grade", 4, order=("low", "middle", "high", "top")),
        category("ticket", 300, parts=("/", 3)),
        ColumnProfile(name="when", dtype="datetime64[ns]", role="date", distinct=900, association=0.1),
    ]


PAIRS: dict[str, Any] = {
    "correlated": (
        Pair(a="age", b="income", value=0.99),
        Pair(a="income", b="fee", value=0.95),
        Pair(a="fee", b="rate", value=0.92),
    ),
    "ratios": tuple(
        Pair(a=a, b=b, value=0.1) for a, b in (("age", "fee"), ("income", "fee"), ("rate", "fee"), ("age", "rate"))
    ),
    "differences": tuple(
        Pair(a=a, b=b, value=0.08) for a, b in (("age", "fee"), ("income", "fee"), ("rate", "fee"), ("age", "rate"))
    ),
    "products": tuple(
        Pair(a=a, b=b, value=0.06) for a, b in (("age", "fee"), ("income", "fee"), ("rate", "fee"), ("age", "rate"))
    ),
    "interactions": (
        Pair(a="hour", b="grade", value=0.12),
        Pair(a="town", b="grade", value=0.05),
        Pair(a="code", b="grade", value=0.03),
    ),
    "duplicates": 0.05,
    "twins": 0.02,
}
LIBRARIES = ("lightgbm", "xgboost", "catboost")
TIME = Splitter(kind="time", column="when")
TEXT = ColumnProfile(name="review", dtype="object", role="text", distinct=900, words=45.0)

CASES: dict[str, Callable[[], Brief]] = {
    "mixed binary": lambda: case("binary", "auc", mixed_columns(), target=TWO, libraries=LIBRARIES, **PAIRS),
    "mixed logloss": lambda: case("binary", "logloss", mixed_columns(), target=TWO, **PAIRS),
    "mixed f1": lambda: case("multiclass", "macro_f1", mixed_columns(), target=SIX, **PAIRS),
    "skewed rmsle": lambda: case("regression", "rmsle", mixed_columns(), target=REAL, **PAIRS),
    "counts mae": lambda: case(
        "regression",
        "mae",
        mixed_columns(),
        rows=20_000,
        target={**REAL, "integer": True, "distinct": 40},
        splitter=Splitter(kind="holdout"),
        **PAIRS,
    ),
    "later rows": lambda: case(
        "regression",
        "mae",
        mixed_columns(),
        target={**REAL, "skew": 0.3, "log_skew": -1.0},
        splitter=TIME,
        time_column="when",
        test_is_later=True,
        **PAIRS,
    ),
    "lags": lambda: case(
        "regression",
        "rmse",
        [*numeric_block(12, linear=0.9, association=0.9), number("w", association=0.3)],
        target=REAL,
    ),
    "smooth numeric": lambda: case(
        "regression", "rmse", numeric_block(5, skew=1.4, association=0.5, linear=0.3), rows=600, target=REAL
    ),
    "numeric classes": lambda: case("multiclass", "accuracy", numeric_block(12), rows=900, target=SIX),
    "letters": lambda: case("multiclass", "logloss", [category(f"c{i}", 4) for i in range(40)], target=SIX),
    "ratings": lambda: case("ordinal", "qwk", mixed_columns(), target=SIX, **PAIRS),
    "text": lambda: case("binary", "auc", [TEXT], target=TWO),
    "text among others": lambda: case("binary", "auc", [TEXT, number("n0"), category("c0", 12)], target=TWO),
    "text years": lambda: case("regression", "mae", [TEXT], target=REAL),
    "wide": lambda: case("binary", "auc", numeric_block(40, association=0.01), target=TWO, rows=8000),
}

GPU = Gpu(name="H100", memory_mb=80_000)
PIXELS = tuple(f"pixel_{i}_{j}" for i in range(8) for j in range(8))
IMAGE = Image(height=8, width=8, columns=PIXELS)


def images(libraries: Sequence[str] = ("torch",), gpus: Sequence[Gpu] = (GPU,)) -> Brief:
    """Return the Brief of a run on images of 8 × 8 that is about to begin."""
    columns = [number(name, integer=True, distinct=17) for name in PIXELS]
    return case("multiclass", "accuracy", columns, target=SIX, libraries=libraries, gpus=gpus, image=IMAGE)


def out_of_memory(brief: Brief, models: list[dict[str, Any]]) -> Brief:
    """Return the Brief after a trial with these models ran out of memory."""
    from msgspec.structs import replace

    failure = Failure(kind=FailureKind.MEMORY, message="OutOfMemoryError: CUDA out of memory. Tried to allocate 9 GiB")
    recipe = apply_edit(Recipe(), RecipeEdit(set={"models": models}))
    trial = Trial(id="oom", number=1, title="Train a network", recipe=recipe.to_dict(), outcome=failure)
    return replace(brief, history=(*brief.history, HistoryItem(trial=trial)))


NETWORK_CASES: dict[str, Callable[[], Brief]] = {
    "network on a table": lambda: case(
        "binary", "auc", mixed_columns(), target=TWO, libraries=("torch",), gpus=(GPU,), **PAIRS
    ),
    "network on images": images,
    "network on text": lambda: case("binary", "auc", [TEXT], target=TWO, libraries=("torch",)),
    "network out of memory": lambda: out_of_memory(
        images(), [{"family": "torch_cnn", "params": {"batch_size": 512, "width": 64}}]
    ),
}
"""Where torch is installed: apart, for without it nothing may change."""


def ask(brief: Brief, n: int = 1, playbook: Playbook | None = None) -> list[Idea]:
    """Return what the Playbook proposes."""
    return list(asyncio.run((playbook or Playbook()).propose(brief, n)))


def after(brief: Brief, idea: Idea, value: float | None, failure: Any = None) -> Brief:
    """Return the Brief after the idea was tried on its parent and scored, in the way of the loop."""
    parent = recipe_from(brief.parent.recipe if brief.parent else None)
    recipe: Recipe = apply_edit(parent, idea.edit)
    binding = brief.task.binding
    outcome = (
        failure if value is None else Score(value=value, metric=binding.metric.name, protocol=binding.splitter.protocol)
    )
    number_ = len(brief.history)
    trial = Trial(
        id=f"t{number_}",
        number=number_,
        title=idea.title,
        idea=idea.id,
        parent=brief.parent.id if brief.parent else None,
        recipe=recipe.to_dict(),
        outcome=outcome,
        seconds=2.0,
    )
    best = trial if value is not None and _better(brief, value) else brief.best
    return _replace(brief, trial=trial, idea=idea, best=best)


def begun(brief: Brief, value: float = 0.5, recipe: Recipe | None = None) -> Brief:
    """Return the Brief after a baseline trial."""
    binding = brief.task.binding
    score = Score(value=value, metric=binding.metric.name, protocol=binding.splitter.protocol)
    trial = Trial(
        id="t0", number=0, title="Baseline", recipe=(recipe or Recipe()).to_dict(), outcome=score, seconds=1.0
    )
    return _replace(brief, trial=trial, idea=None, best=trial)


def _better(brief: Brief, value: float) -> bool:
    score = brief.best.score if brief.best else None
    return score is None or brief.task.metric.better(value, score.value)


def _replace(brief: Brief, *, trial: Trial, idea: Idea | None, best: Trial | None) -> Brief:
    from msgspec.structs import replace

    history = (*brief.history, HistoryItem(trial=trial, idea=idea))
    return replace(brief, history=history, best=best, parent=best, step=len(history) - 1)
