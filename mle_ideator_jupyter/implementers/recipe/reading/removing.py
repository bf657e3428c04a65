"""What an idea takes away: columns, rows; what else it would undo is left to others."""

from __future__ import annotations

import re

from mle_ideator_jupyter.implementers.recipe.reading.clauses import Clause
from mle_ideator_jupyter.implementers.recipe.reading.naming import Names
from mle_ideator_jupyter.implementers.recipe.reading.preparing import prepared
from mle_ideator_jupyter.implementers.recipe.reading.scene import Piece, Scene


def removed(clause: Clause, names: Names, scene: Scene) -> tuple[list[Piece], list[str]]:
    """Return what a clause that begins with "remove" changes, and what of it cannot be done."""
    words = clause.words
    rows = [p for p in prepared(clause, scene, []) if p.path in {"rows.drop_duplicates", "rows.outliers", "select"}]
    if rows:
        return rows, []
    if re.search(r"correlat\w+", words) and not clause.columns:
        return _correlated(words, scene)
    if re.search(r"\brows\b|\brecords\b|\bsamples\b|\bobservations\b", words):
        return [], [names.plain(clause.whole)]
    wrong = [f"there is no column {name!r}" for name in clause.unknown]
    found: list[Piece] = []
    if clause.columns and not re.search(r"\b(?:scal|encod|transform|loss|impute|log\b)", words):
        found = [Piece(path="drop", value=list(clause.columns), how="add")]
    elif re.search(r"target transform|log.*(?:target|§t§)", words):
        found = [Piece(path="target.transform", value="none")]
    elif "scaling" in words:
        found = [Piece(path="numbers.scale", value="none")]
    return found, wrong if found or wrong else [names.plain(clause.whole)]


def _correlated(words: str, scene: Scene) -> tuple[list[Piece], list[str]]:
    """Drop one of each pair that correlates beyond what is said: the one that tells less of the target."""
    found = re.search(r"(0?\.\d+)|(\d\d)\s?%", words)
    least = float(found.group(1)) if found and found.group(1) else int(found.group(2)) / 100 if found else 0.95
    out: list[str] = []
    for pair in scene.profile.correlated:
        if abs(pair.value) >= least and pair.a not in out and pair.b not in out:
            a, b = scene.column(pair.a), scene.column(pair.b)
            out.append(b.name if (a.association or 0) >= (b.association or 0) else a.name)
    if not out:
        return [], [f"no two columns correlate at {least:g} or more"]
    return [Piece(path="drop", value=out, how="add", loose=True)], []
