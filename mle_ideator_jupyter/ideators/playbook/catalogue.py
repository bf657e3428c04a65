"""The book: every play there is, and the page that lists them."""

from __future__ import annotations

from mle_ideator_jupyter.ideators.playbook import (
    bundles,
    data_categories,
    data_missing,
    data_preparation,
    ensembling,
    ensembling_pairs,
    feature_categories,
    feature_engineering,
    feature_numbers,
    feature_parts,
    feature_text,
    hyperparameter_others,
    hyperparameter_tuning,
    model_selection,
    model_special,
    network_training,
    networks,
    post_processing,
    training_procedure,
)
from mle_ideator_jupyter.ideators.playbook.play import Play
from mle_ideator_jupyter.model import IdeaKind

ROOMS = (
    data_preparation,
    data_missing,
    data_categories,
    feature_engineering,
    feature_numbers,
    feature_parts,
    feature_categories,
    feature_text,
    model_selection,
    model_special,
    networks,
    hyperparameter_tuning,
    hyperparameter_others,
    training_procedure,
    network_training,
    bundles,
    ensembling,
    ensembling_pairs,
    post_processing,
)
PLAYS: dict[str, Play] = {p.name: p for room in ROOMS for p in vars(room).values() if isinstance(p, Play)}
"""Every play by name, in the order of the rooms."""

ACTIONS: tuple[str, ...] = tuple(f"{p.name}:{param}" for p in PLAYS.values() for param in p.actions)
"""Every action, named `play:param`."""


def page() -> str:
    """Return `docs/playbook.md`: every play with its kind, when it applies, and its actions."""
    lines = [
        "# The playbook",
        "",
        f"What the embedded Ideator can propose: {len(PLAYS)} plays with {len(ACTIONS)} actions.",
        "This page is written from the code by",
        "`python -c \"from mle_ideator_jupyter.ideators.playbook.catalogue import page; print(page(), end='')\"`.",
        "",
        "Plays named `torch_…` apply only where the kernel has torch, and expect to be dear where it has no GPU.",
        "What they did and cost on one is measured in [experiments.md](experiments.md#torch-recipes-on-a-gpu).",
    ]
    for kind in IdeaKind:
        lines += ["", f"## {kind.value.replace('_', ' ').capitalize()}"]
        for play in (p for p in PLAYS.values() if p.kind is kind):
            lines += ["", f"### {play.name}", "", f"Applies when: {play.when}.", ""]
            lines += [f"- `{play.name}:{param}`: {said}" for param, said in play.actions.items()]
    return "\n".join(lines) + "\n"
