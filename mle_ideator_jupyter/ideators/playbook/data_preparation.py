"""Plays that clean the data: what is wrong, repeated, extreme, or should not be there."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import SCALED, View, names, percent, strong
from mle_ideator_jupyter.model import IdeaKind

KIND = IdeaKind.DATA_PREPARATION


@play(
    KIND,
    when="a column gives the target away",
    words="leak leakage drop",
    actions={"all": "drop every suspect", "strongest": "drop the most suspicious one"},
)
def drop_leaks(view: View) -> Iterator[Candidate]:
    """Leave out columns that will not be known when it counts."""
    found = [c for c in view.columns if c.leak]
    if not found:
        return
    top = max(found, key=lambda c: c.association or 0.0)
    for param, gone in (("strongest", [top]), ("all", found)):
        if param == "all" and len(found) == 1:
            continue
        yield candidate(
            param,
            f"Leave out {names(gone, 2)}: it may give the target away",
            because=[f"`{c.name}`: {c.leak} (association {c.association or 0:.2f})" for c in gone[:3]],
            why="A column that is only known after the fact makes validation look better than reality.",
            steps=[f"Drop {names(gone)}", "Expect the validation score to fall to an honest level"],
            strength=0.3,
            append={"drop": [c.name for c in gone]},
        )


@play(
    KIND,
    when="a column differs between train and test",
    words="drift shift adversarial test",
    actions={
        "strong": "drop columns that drift strongly",
        "any": "drop every drifting column",
        "weak": "drop drifting columns that hardly relate to the target",
    },
)
def drop_drift(view: View) -> Iterator[Candidate]:
    """Leave out columns whose test values look unlike the training values."""
    drifting = sorted((c for c in view.columns if (c.drift or 0) > 0.15), key=lambda c: -(c.drift or 0))
    groups = {
        "strong": [c for c in drifting if (c.drift or 0) > 0.35],
        "any": drifting,
        "weak": [c for c in drifting if (c.association or 0) < 0.1],
    }
    for param, gone in groups.items():
        if not gone or len(gone) > len(view.columns) // 2:
            continue
        yield candidate(
            param,
            f"Leave out {names(gone, 2)}, which differ in the test data",
            because=[
                f"`{c.name}` drifts by {c.drift:.2f} between train and test, association {c.association or 0:.2f}"
                for c in gone[:3]
            ],
            why="What a model learns from values that do not come back misleads it on the test rows.",
            steps=[f"Drop {names(gone)}", "Compare with the same folds"],
            strength=0.4 * strong(gone[0].drift or 0, 0.1, 0.6) * (1.0 - (gone[0].association or 0.0)),
            append={"drop": [c.name for c in gone]},
        )


@play(
    KIND,
    when="rows repeat",
    words="duplicate repeat rows",
    actions={"drop": "drop repeated rows", "drop_and_leaf": "drop them, and ask for larger leaves"},
)
def repeated_rows(view: View) -> Iterator[Candidate]:
    """Count each training row once."""
    share = view.profile.duplicates
    if share < 0.002 or view.recipe.rows.drop_duplicates:
        return
    because = [f"{percent(share)} of the training rows repeat an earlier one"]
    if view.profile.twins:
        because.append(f"{percent(view.profile.twins)} have the features of a row with another target")
    at = view.first(("hist_boosting",))
    for param in ("drop", "drop_and_leaf"):
        leaf = {f"models.{at}.params.min_samples_leaf": 40} if at is not None else {}
        if param == "drop_and_leaf" and not leaf:
            continue
        yield candidate(
            param,
            "Count repeated rows once",
            because=because,
            why="Repeated rows weigh more than others for no reason, and make folds look alike.",
            steps=[
                "Find exact repeats in the training part",
                "Keep the first of each",
                *(["Use leaves of 40 rows"] if "leaf" in param else []),
            ],
            strength=strong(share, 0.0, 0.2),
            edits={"rows.drop_duplicates": True, **(leaf if "leaf" in param else {})},
        )


@play(
    KIND,
    when="the target has extreme values",
    words="outlier extreme target trim",
    actions={"0.1%": "drop 0.1 % at either end", "0.5%": "drop 0.5 %", "1%": "drop 1 %"},
)
def trim_target(view: View) -> Iterator[Candidate]:
    """Train without the most extreme targets."""
    target = view.target
    if view.problem != "regression" or len(target.quantiles) < 7 or not target.std or view.recipe.rows.outliers:
        return
    low, high = target.quantiles[0], target.quantiles[-1]
    reach = max(high - target.quantiles[3], target.quantiles[3] - low) / target.std
    if reach < 4:
        return
    for param, q in (("0.1%", 0.001), ("0.5%", 0.005), ("1%", 0.01)):
        yield candidate(
            param,
            f"Train without the {param} most extreme targets on either side",
            because=[
                (
                    f"`{target.name}` reaches {high:.4g}, {reach:.1f} standard deviations from its median "
                    f"{target.quantiles[3]:.4g}"
                )
            ],
            why="A few extreme rows can dominate a squared error and bend the fit for all others.",
            steps=[f"Find the {param} quantiles of the target in the training part", "Train on the rows between them"],
            strength=0.5 * strong(reach, 4, 15),
            edits={"rows.outliers": q},
        )


@play(
    KIND,
    when="the test rows come later than the training rows",
    words="recent time window history",
    actions={"75%": "the last 75 % of rows", "50%": "the last half", "30%": "the last 30 %"},
)
def recent_rows(view: View) -> Iterator[Candidate]:
    """Train on recent rows only."""
    timed = view.profile.time_column or view.brief.task.binding.time_column
    if not timed or not (view.profile.test_is_later or view.brief.task.binding.splitter.kind == "time"):
        return
    drift = max((c.drift or 0.0 for c in view.columns), default=0.0)
    for param, share in (("75%", 0.75), ("50%", 0.5), ("30%", 0.3)):
        if view.rows * share < 300 or (view.recipe.rows.recent or 1.0) <= share:
            continue
        yield candidate(
            param,
            f"Train on the last {param} of the rows",
            because=[
                f"the test rows lie after the {view.rows} training rows in `{timed}`",
                f"the largest drift of a column is {drift:.2f}",
            ],
            why="Old rows may follow rules that no longer hold.",
            steps=[f"Order the rows by `{timed}`", f"Keep the last {param} for training"],
            strength=0.3 + 0.4 * strong(drift, 0.1, 0.6),
            edits={"rows.recent": share},
        )


@play(
    KIND,
    when="numeric columns have outliers",
    words="outlier clip winsorise extreme",
    actions={"0.5%": "clip at the 0.5 % quantiles", "1%": "clip at 1 %", "3%": "clip at 3 %"},
)
def clip_numbers(view: View) -> Iterator[Candidate]:
    """Pull extreme values in."""
    far = sorted((c for c in view.numbers if c.outliers > 0.002), key=lambda c: -c.outliers)
    if not far or not view.uses(SCALED):
        return
    for param, q in (("0.5%", 0.005), ("1%", 0.01), ("3%", 0.03)):
        yield candidate(
            param,
            f"Clip numbers at their {param} quantiles",
            because=[f"{percent(c.outliers)} of `{c.name}` lie beyond 3 interquartile ranges" for c in far[:2]],
            why="Linear and distance models give extreme values a weight they do not deserve.",
            steps=[
                f"Take the {param} quantiles on either side in the training part",
                "Clip every numeric column to them",
            ],
            strength=0.3 + 0.4 * strong(far[0].outliers, 0.0, 0.1),
            edits={"numbers.clip": q},
        )


@play(
    KIND,
    when="columns repeat each other or say nothing of the target",
    words="drop weak irrelevant redundant columns",
    actions={
        "unrelated": "drop columns with almost no relation to the target",
        "redundant": "drop one of each pair of nearly equal columns",
        "weakest": "drop the weakest quarter of the columns",
    },
)
def drop_columns(view: View) -> Iterator[Candidate]:
    """Leave out columns that add noise."""
    known = [c for c in view.columns if c.association is not None and c.role != "text"]
    weakest = sorted(known, key=lambda c: c.association or 0.0)[: len(known) // 4]
    twins = {
        min((p.a, p.b), key=lambda n: (_association(view, n), n)) for p in view.profile.correlated if p.value > 0.98
    }
    groups = {
        "unrelated": [c.name for c in known if (c.association or 0) < 0.02],
        "redundant": [c.name for c in view.columns if c.name in twins],
        "weakest": [c.name for c in weakest] if len(known) >= 8 else [],
    }
    for param, gone in groups.items():
        if not gone or len(gone) > len(view.columns) * 0.7:
            continue
        if param == "redundant":
            because = [f"{len(gone)} columns correlate above 0.98 with another one"]
        else:
            top = max(_association(view, n) for n in gone)
            because = [f"the association of {names(gone, 3)} with the target is at most {top:.3f}"]
        yield candidate(
            param,
            f"Leave out {len(gone)} {param} columns",
            because=because,
            why="Columns without information give a model room to fit noise.",
            steps=[f"Drop {names(gone)}", "Compare with the same folds"],
            strength=0.5 if param != "weakest" else 0.35,
            append={"drop": gone},
        )


def _association(view: View, name: str) -> float:
    column = view.profile.column(name)
    return (column.association or 0.0) if column else 0.0
