"""What a headless run is told, and where its result goes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from mle_ideator_jupyter.brief import Level, Part
from mle_ideator_jupyter.hosts.fence import Fence
from mle_ideator_jupyter.ideators.playbook import Prior, RandomOrder, StaticOrder, Trained
from mle_ideator_jupyter.ideators.playbook.trained import default_policy
from mle_ideator_jupyter.model import Budget, Limits, Struct

POLICIES = {"prior": Prior, "random-order": RandomOrder, "static-order": StaticOrder, "trained": Trained}
"""What may choose among the Playbook's candidates."""
DEFAULT_POLICY = default_policy().name
"""What chooses where nobody says otherwise."""


class RunOptions(Struct, frozen=True, kw_only=True):
    """What a headless run is told.

    `task_dir` is a prepared task folder whose private answers grade the result. `fence` is what trials may use;
    the fork host alone has one. The Ideator is asked for `candidates` ideas, of which the best predicted by `proxy`
    (None: the one that ships) is tried; with `least`, its first that is predicted to earn so much.
    """

    notebook: Path
    output: Path | None = None
    budget: Budget = Budget(steps=10)
    limits: Limits = Limits(seconds=600)
    data: str | None = None
    test: str | None = None
    target: str | None = None
    metric: str | None = None
    goal: str = ""
    ideator: str | None = "playbook"
    implementer: str = "recipe"
    policy: str = DEFAULT_POLICY
    candidates: int = 1
    proxy: Path | None = None
    least: float | None = None
    seed: int = 0
    fresh: bool = False
    rescore: str | None = None
    task_dir: Path | None = None
    host: Literal["scratch", "fork"] = "scratch"
    fence: Fence | None = None
    hint: str = ""
    level: Level = Level.STANDARD
    without: tuple[Part, ...] = ()

    def result_path(self) -> Path:
        """Return where the result notebook goes: `houses.ipynb` → `houses.improved.ipynb`."""
        return self.output or self.notebook.with_name(f"{self.notebook.stem}.improved.ipynb")


def page_path(options: RunOptions) -> Path:
    """Return where the history page of a run goes: beside the result notebook."""
    return options.result_path().with_suffix(".html")
