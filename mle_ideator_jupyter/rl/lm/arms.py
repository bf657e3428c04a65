"""What a model that names plays earns, exactly: its chance of each title in frozen states, all of which are executed.

Beside the model stand controls: the same model told another task's Brief (one that does not read its Brief earns as
much there), one idea for all states, the prior's order, chance, and the best there is.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mle_ideator_jupyter.ideators.local import naming
from mle_ideator_jupyter.model import Struct
from mle_ideator_jupyter.rl.collapse import entropy, entropy_of, max_at
from mle_ideator_jupyter.rl.exact import frozen
from mle_ideator_jupyter.rl.lm.asking import Message, question
from mle_ideator_jupyter.rl.lm.judging import Judge
from mle_ideator_jupyter.rl.lm.trees import Tree, read, spoken
from mle_ideator_jupyter.rl.states import spread

DRAWS = 4
"""Draws of which the best is reckoned."""
EFFECTIVE = 4.0
"""Rankings without chances of their own are drawn from as spread as so many equal titles."""


class Frozen(Struct, frozen=True, kw_only=True):
    """A state with its titles, their plays and kinds, and what each earns by itself."""

    name: str
    task: str
    messages: tuple[Message, ...]
    titles: tuple[str, ...]
    plays: tuple[str, ...]
    kinds: tuple[str, ...]
    rewards: tuple[float, ...]


class Earned(Struct, frozen=True, kw_only=True):
    """What an arm earns: with its likeliest title, in the mean of a draw, as the best of four; and how varied it is.

    `firsts` is how many different plays come first, `kinds` the entropy of their kinds, `spread` the mean exponential
    entropy of a state's titles; rewards are means over states, then over tasks.
    """

    name: str
    first: float
    draw: float
    best_of: float
    spread: float
    firsts: int
    kinds: float
    per_task: dict[str, float]
    """Mean of a draw, task by task."""


def states(judge: Judge, tell: Callable[[str], None]) -> list[Frozen]:
    """Execute all that may be chosen in the frozen states, and return them; a state with a fault is left out."""
    moments = frozen(judge.collection)
    tell(f"{sum(len(judge.titles(m)) for m in moments)} titles in {len(moments)} states")
    judge.order_all(moments)  # before the first is waited for
    made = []
    for moment in moments:
        by_title = judge.titles(moment)
        verdicts = judge.alone([moment] * len(by_title), [naming.said(t) for t in by_title])
        rewards = tuple(v.reward for v in verdicts if v.reward is not None)
        if len(rewards) < max(2, len(by_title)):
            tell(f"{moment.name} is left out: not all of its {len(by_title)} titles could be executed")
            continue
        asked = question(judge, moment)
        made.append(
            Frozen(
                name=moment.name,
                task=asked.task,
                messages=asked.messages,
                titles=asked.titles,
                plays=tuple(c.play for c in by_title.values()),
                kinds=tuple(c.kind.value for c in by_title.values()),
                rewards=rewards,
            )
        )
        tell(f"{moment.name}: best {max(rewards):.3f}, mean {math.fsum(rewards) / len(rewards):.3f}")
    return made


def earned(name: str, known: Sequence[Frozen], chances: Sequence[Sequence[float]]) -> Earned:
    """Return what an arm earns that gives each title of each state this chance; equal ones come first alike."""
    each: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    firsts: Counter[str] = Counter()
    kinds, spreads = [], []
    for state, own in zip(known, chances, strict=True):
        tops = [k for k, chance in enumerate(own) if chance == max(own)]
        first_of = math.fsum(state.rewards[k] for k in tops) / len(tops)
        mean = math.fsum(c * r for c, r in zip(own, state.rewards, strict=True))
        each[state.task].append((first_of, mean, max_at(own, state.rewards, DRAWS)))
        firsts[state.plays[tops[0]]] += 1
        kinds.append(state.kinds[tops[0]])
        spreads.append(math.exp(entropy(list(own))))
    means = {t: tuple(math.fsum(v[k] for v in found) / len(found) for k in range(3)) for t, found in each.items()}
    first, draw, best = (math.fsum(m[k] for m in means.values()) / len(means) for k in range(3))
    return Earned(
        name=name,
        first=first,
        draw=draw,
        best_of=best,
        spread=math.fsum(spreads) / len(spreads),
        firsts=len(firsts),
        kinds=entropy_of(kinds),
        per_task={t: round(m[1], 4) for t, m in means.items()},
    )


def tables(known: Sequence[Frozen], scorers: Mapping[str, Scorer], seen: Sequence[str]) -> dict[str, list[Earned]]:
    """Return the table of all arms, and where some tasks were `seen` in training, that of the others too."""
    parts = {"all tasks": known}
    if seen:
        parts["tasks not trained on"] = [s for s in known if s.task not in seen]
    return {
        part: [*controls(some), *(row for label, scorer in scorers.items() for row in judged(label, scorer, some))]
        for part, some in parts.items()
        if some
    }


def controls(known: Sequence[Frozen]) -> list[Earned]:
    """Return what needs no model: the ceiling, the prior's order, one idea for all tasks, chance."""
    uniform = [[1.0 / len(s.titles)] * len(s.titles) for s in known]
    best = [
        [float(k == max(range(len(s.rewards)), key=s.rewards.__getitem__)) for k in range(len(s.rewards))]
        for s in known
    ]
    ordered = [spread([-float(k) for k in range(len(s.titles))], EFFECTIVE) for s in known]
    return [
        earned("the best there is", known, best),
        earned("prior's order", known, ordered),
        earned("one idea for all (task left out)", known, [_constant(s, known) for s in known]),
        earned("chance", known, uniform),
    ]


def _constant(state: Frozen, known: Sequence[Frozen]) -> list[float]:
    """Return a chance of 1 for the applicable play that earned most in the mean on all other tasks."""
    found: dict[str, list[float]] = defaultdict(list)
    for other in known:
        if other.task != state.task:
            for play, reward in zip(other.plays, other.rewards, strict=True):
                found[play].append(reward)
    means = [math.fsum(found[p]) / len(found[p]) if p in found else -1.0 for p in state.plays]
    return [float(k == means.index(max(means))) for k in range(len(means))]


def shuffled(known: Sequence[Frozen]) -> list[tuple[Message, ...]]:
    """Return for each state what is told of another task's, as deep in its run where there is one."""
    tasks = list(dict.fromkeys(s.task for s in known))
    per_task = {t: [s for s in known if s.task == t] for t in tasks}
    found = []
    for state in known:
        own = per_task[state.task]
        others = per_task[tasks[(tasks.index(state.task) + 1) % len(tasks)]]
        found.append(others[own.index(state) % len(others)].messages)
    return found


class Scorer:
    """A model's chances of titles, all of a question's read at once."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        import torch

        self.model = model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        self.tokenizer = tokenizer

    def chances(self, messages: Sequence[Message], titles: Sequence[str]) -> tuple[list[float], list[float]]:
        """Return each title's chance where nothing else may be said, and its mean log likelihood a token elsewhere."""
        import torch

        asked = self.tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=True, tokenize=True, return_dict=False
        )
        tree = Tree(self.tokenizer, titles)
        with torch.inference_mode():
            logits = read(self.model, [asked], [tree])[0].float().cpu()
            held = [math.exp(chance) for chance in spoken(logits, tree)[0].sum(-1).tolist()]
            every = torch.log_softmax(logits, -1)[tree.before, tree.said]
            free = [float(own[: len(answer)].mean()) for own, answer in zip(every, tree.answers, strict=True)]
        return [h / math.fsum(held) for h in held], free


def judged(name: str, scorer: Scorer, known: Sequence[Frozen]) -> list[Earned]:
    """Return what a model earns as it is drawn from, told another task's Brief, and as a ranking by likelihood."""
    own = [scorer.chances(s.messages, s.titles) for s in known]
    other = [scorer.chances(told, s.titles)[0] for told, s in zip(shuffled(known), known, strict=True)]
    return [
        earned(name, known, [chances for chances, _ in own]),
        earned(f"{name}, told of another task", known, other),
        earned(f"{name}, ranked by likelihood", known, [spread(free, EFFECTIVE) for _, free in own]),
    ]
