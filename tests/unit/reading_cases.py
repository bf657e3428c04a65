"""Six tasks that ideas are read against, the corpus of ideas, and how a reading is measured.

The ideas in `ideas/` are written by hand in the ways language models write them. `develop.jsonl` was before the eyes of
whoever wrote the rules; `held_out.jsonl` was set aside before the first rule, and no rule is to be written for it.
`later.jsonl` was written after the rules, measured, and then learned from.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mle_ideator_jupyter.facts import ColumnProfile, Pair, Profile, TargetProfile
from mle_ideator_jupyter.implementers.recipe.reading import Mapped, Scene, read_idea
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import Binding, RecipeEdit, Splitter
from mle_ideator_jupyter.recipe import Recipe, apply_edit, recipe_from

IDEAS = Path(__file__).parent / "ideas"


def num(name: str, *, integer: bool = False, **more: Any) -> ColumnProfile:
    more.setdefault("distinct", 500)
    dtype = "int64" if integer else "float64"
    return ColumnProfile(
        name=name, dtype=dtype, role="numeric", integer=integer, quantiles=(0, 0, 1, 2, 3, 9, 10), **more
    )


def cat(name: str, distinct: int, **more: Any) -> ColumnProfile:
    return ColumnProfile(name=name, dtype="string", role="categorical", distinct=distinct, **more)


def _task(problem: str, metric: str, target: TargetProfile, columns: list[ColumnProfile], rows: int, **more: Any):
    kind = "kfold" if problem == "regression" else "stratified"
    binding = Binding(
        train="train",
        test="test",
        target=target.name,
        metric=METRICS[metric],
        problem=problem,
        splitter=Splitter(kind=kind),
        id_column=more.pop("id_column", None),
        time_column=more.get("time_column"),
    )
    return binding, Profile(rows=rows, target=target, columns=tuple(columns), **more)


def _target(name: str, problem: str, classes: int = 0) -> TargetProfile:
    known = tuple((str(k), 1 / classes) for k in range(classes))
    quantiles = () if classes else (1.0, 2, 50, 100, 200, 900, 1000)
    return TargetProfile(name=name, problem=problem, distinct=classes or 600, classes=known, quantiles=quantiles)


QUALITY = ("Fa", "TA", "Gd", "Ex")
TASKS = {
    "houses": _task(
        "regression",
        "rmsle",
        _target("SalePrice", "regression"),
        [
            num("Id", integer=True),
            num("LotArea", skew=12.2),
            num("GrLivArea", skew=1.3),
            num("TotalBsmtSF"),
            num("1stFlrSF"),
            num("2ndFlrSF"),
            num("YearBuilt", integer=True, distinct=112),
            num("YrSold", integer=True, distinct=5),
            num("MoSold", integer=True, distinct=12, period=12),
            num("OverallQual", integer=True, distinct=10),
            num("FullBath", integer=True, distinct=4),
            num("GarageCars", integer=True, distinct=5),
            num("MSSubClass", integer=True, distinct=15),
            num("LotFrontage", missing=0.18),
            num("MasVnrArea", skew=2.7, missing=0.01),
            cat("Neighborhood", 25),
            cat("MSZoning", 5),
            cat("ExterQual", 4, order=QUALITY),
            cat("KitchenQual", 4, order=QUALITY),
            cat("PoolQC", 3, missing=0.99),
        ],
        1460,
        id_column="Id",
    ),
    "churn": _task(
        "binary",
        "auc",
        _target("Churn", "binary", 2),
        [
            ColumnProfile(name="customerID", dtype="string", role="id", distinct=7043),
            num("tenure", integer=True, distinct=73),
            num("MonthlyCharges"),
            num("TotalCharges", missing=0.002),
            num("SeniorCitizen", integer=True, distinct=2),
            cat("Contract", 3),
            cat("PaymentMethod", 4),
            cat("InternetService", 3),
            cat("gender", 2),
            cat("region", 60),
        ],
        7043,
        id_column="customerID",
    ),
    "wine": _task(
        "ordinal",
        "macro_f1",
        _target("quality", "ordinal", 6),
        [
            num("fixed acidity"),
            num("volatile acidity"),
            num("citric acid"),
            num("residual sugar", skew=4.0),
            num("chlorides", skew=5.0),
            num("free sulfur dioxide"),
            num("total sulfur dioxide"),
            num("density"),
            num("pH"),
            num("alcohol"),
        ],
        4898,
        duplicates=0.1,
    ),
    "bikes": _task(
        "regression",
        "rmsle",
        _target("count", "regression"),
        [
            ColumnProfile(name="datetime", dtype="string", role="date", distinct=8000, form="%Y-%m-%d %H:%M:%S"),
            num("season", integer=True, distinct=4),
            num("holiday", integer=True, distinct=2),
            num("workingday", integer=True, distinct=2),
            num("weather", integer=True, distinct=4),
            num("hour", integer=True, distinct=24, period=24),
            num("temp"),
            num("atemp"),
            num("humidity", integer=True, distinct=90),
            num("windspeed"),
        ],
        8645,
        time_column="datetime",
    ),
    "reviews": _task(
        "binary",
        "auc",
        _target("sentiment", "binary", 2),
        [
            ColumnProfile(name="review_text", dtype="string", role="text", distinct=4970, words=80.0),
            ColumnProfile(name="title", dtype="string", role="text", distinct=4000, words=6.0),
            cat("product_id", 500),
            num("helpful_votes", integer=True, skew=9.0),
            num("total_votes", integer=True, skew=8.0),
            ColumnProfile(name="posted", dtype="string", role="date", distinct=1500, form="%Y-%m-%d"),
        ],
        4973,
    ),
    "credit": _task(
        "binary",
        "macro_f1",
        _target("default", "binary", 2),
        [
            num("income", missing=0.05, association=0.2),
            num("debt", missing=0.02, association=0.3),
            num("age", integer=True, distinct=50, association=0.2),
            num("age_days", integer=True, association=0.1),
            num("employment_years", integer=True, distinct=40, sentinel=-999.0),
            cat("purpose", 9, missing=0.03),
            cat("home", 5),
        ],
        4454,
        correlated=(Pair(a="age", b="age_days", value=0.999),),
    ),
}


class Reading(NamedTuple):
    """One idea of the corpus with what was expected and what was read, as atoms of change."""

    row: dict[str, Any]
    mapped: Mapped
    wanted: frozenset[str]
    found: frozenset[str]
    said: list[bool]
    """For each thing that cannot be done, whether it was said."""


def corpus(part: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (IDEAS / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()]


def scene(data: str, parent: dict[str, Any] | None = None) -> Scene:
    binding, profile = TASKS[data]
    return Scene(binding=binding, profile=profile, recipe=recipe_from(parent))


def atoms(recipe: Recipe) -> frozenset[str]:
    """Return a Recipe as the set of its smallest statements."""
    found: set[str] = set()

    def walk(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(f"{path}.{key}", inner)
        elif path == ".models":
            for model in value:
                found.add(f"model {model['family']}")
                for key, inner in model.items():
                    if key != "family":
                        walk(f".{model['family']}.{key}", inner)
        elif path in {".features", ".drop", ".numbers.log", ".categories.as_category"}:
            found.update(f"{path}: {json.dumps(item, sort_keys=True)}" for item in value)
        else:
            number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
            found.add(f"{path} = {json.dumps(number)}")

    for field, value in plain(recipe).items():
        walk(f".{field}", value)
    return frozenset(found)


def plain(value: Any) -> Any:
    """Return a struct as plain data with every default in it."""
    if isinstance(value, msgspec.Struct):
        return {f: plain(getattr(value, f)) for f in value.__struct_fields__}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return {k: plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def measured(row: dict[str, Any]) -> Reading:
    here = scene(row["data"], row.get("parent"))
    mapped = read_idea(row["title"], row["steps"], here)
    before = atoms(here.recipe)
    read = apply_edit(here.recipe, mapped.edit) if mapped.edit else here.recipe
    found = atoms(read) - before
    wanted = min(
        (
            atoms(apply_edit(here.recipe, RecipeEdit(set=given.get("set", {}), append=given.get("append", {}))))
            - before
            for given in (row, *([row["alt"]] if "alt" in row else []))
        ),
        key=lambda some: len(some ^ found),
    )
    unmapped = " | ".join(mapped.unmapped).casefold()
    return Reading(row, mapped, wanted, found, [word.casefold() in unmapped for word in row.get("not", [])])


def figures(readings: list[Reading]) -> dict[str, float]:
    """Return precision and recall over statements, the share of ideas read exactly, and how much was rightly said."""
    right = sum(len(r.wanted & r.found) for r in readings)
    found, wanted = sum(len(r.found) for r in readings), sum(len(r.wanted) for r in readings)
    said = [s for r in readings for s in r.said]
    easy = [r for r in readings if not r.row.get("not")]
    return {
        "ideas": len(readings),
        "precision": right / max(1, found),
        "recall": right / max(1, wanted),
        "exact": sum(r.wanted == r.found for r in readings) / len(readings),
        "could not be done, and said": sum(said) / max(1, len(said)),
        "remarks nobody expected": sum(bool(r.mapped.unmapped) for r in easy) / max(1, len(easy)),
    }
