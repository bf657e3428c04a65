"""What an agent is told about a task at one moment of a run."""

from __future__ import annotations

from msgspec.structs import replace

from mle_ideator_jupyter.brief.compaction import EXTENTS, Level, Part, ladder
from mle_ideator_jupyter.brief.redaction import redact
from mle_ideator_jupyter.brief.sections import text_of
from mle_ideator_jupyter.brief.tokens import estimate_tokens
from mle_ideator_jupyter.facts import KernelFacts, Profile
from mle_ideator_jupyter.model import Budget, Idea, IdeaKind, Struct, Task, Trial, Trigger


class HistoryItem(Struct, frozen=True, kw_only=True):
    """One finished trial with the idea it came from, if any."""

    trial: Trial
    idea: Idea | None = None


class Brief(Struct, frozen=True, kw_only=True):
    """What an agent is told about a task at one moment of a run.

    `parent` is the trial to improve on (usually the best); `noise` is the standard deviation of
    a score under the Binding's splitter, in the metric's unit. `left` is the budget that remains.
    `step` and `seed` make an embedded agent's choices repeatable.
    """

    task: Task
    profile: Profile | None = None
    kernel: KernelFacts = KernelFacts()
    history: tuple[HistoryItem, ...] = ()
    proposed: tuple[Idea, ...] = ()
    """Ideas that the user has seen and that no trial has taken up; they are not to come again."""
    parent: Trial | None = None
    best: Trial | None = None
    source: str = ""
    noise: float | None = None
    left: Budget = Budget()
    step: int = 0
    seed: int = 0
    hint: str = ""
    kinds: tuple[IdeaKind, ...] = ()
    trigger: Trigger = Trigger.HUMAN
    screen_rows: int | None = None
    """Where set, a trial first runs on a sample of that many rows (its data are large)."""
    level: Level = Level.STANDARD
    without: tuple[Part, ...] = ()
    """What the user wants left out."""
    token_limit: int | None = None
    """Tokens that the text may have; None is what the level allows."""

    def text(self) -> str:
        """Return what an agent is told, redacted and within the token limit where that is possible."""
        extent = EXTENTS[self.level]
        if self.token_limit is not None:
            extent = replace(extent, tokens=self.token_limit)
        text = ""
        for smaller in ladder(extent):
            text = text_of(self, smaller)
            if estimate_tokens(text) <= extent.tokens:
                break
        return redact(text)

    @property
    def tokens(self) -> int:
        """Return the estimated number of tokens of `text()`."""
        return estimate_tokens(self.text())

    def tried(self) -> frozenset[str]:
        """Return the actions of all ideas in the history."""
        return frozenset(item.idea.action for item in self.history if item.idea and item.idea.action)
