"""The Recipe Implementer's own moves: a fixed list that looks at nothing, for runs without an Ideator."""

from __future__ import annotations

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.model import Idea, IdeaKind, RecipeEdit, Trigger, new_id

TUNE = RecipeEdit(set={"tune": {"trials": 6, "folds": 2}})
FAMILIES = ("linear", "extra_trees", "forest", "lightgbm", "knn", "mlp", "svm", "hist_boosting")
_KIND = {
    "tune": IdeaKind.HYPERPARAMETER_TUNING,
    "swap": IdeaKind.MODEL_SELECTION,
    "bag": IdeaKind.ENSEMBLING,
}


def _moves() -> list[tuple[str, str, str, RecipeEdit]]:
    """Return (name, kind, title, edit) of every move, in the order in which they are made."""

    def swap(family: str) -> RecipeEdit:
        return RecipeEdit(set={"models": [{"family": family}], "tune": {"trials": 0}, "bags": 1})

    moves = [("tune:current", "tune", "Tune the current model", TUNE)]
    moves += [(f"swap:{f}", "swap", f"Swap the model to {f.replace('_', ' ')}", swap(f)) for f in FAMILIES[:4]]
    moves.append(("bag:3", "bag", "Average three seeds", RecipeEdit(set={"bags": 3})))
    moves.append(("tune:best", "tune", "Tune the best model", RecipeEdit(set={"tune": {"trials": 12, "folds": 2}})))
    moves += [(f"swap:{f}", "swap", f"Swap the model to {f.replace('_', ' ')}", swap(f)) for f in FAMILIES[4:]]
    moves.append(("bag:5", "bag", "Average five seeds", RecipeEdit(set={"bags": 5})))
    return moves


def own_move(brief: Brief) -> Idea | None:
    """Return the first move that the history does not have, or None when all were made."""
    tried = brief.tried()
    for name, kind, title, edit in _moves():
        action = f"own:{name}"
        if action in tried:
            continue
        if name == "swap:lightgbm" and brief.kernel.libraries and "lightgbm" not in brief.kernel.libraries:
            continue
        return Idea(
            id=new_id(),
            kind=_KIND[kind],
            title=title,
            rationale="The next of the Implementer's own moves: a fixed list that looks at nothing.",
            ideator="none",
            trigger=Trigger.AUTOPILOT,
            parent=brief.parent.id if brief.parent else None,
            edit=edit,
            action=action,
        )
    return None
