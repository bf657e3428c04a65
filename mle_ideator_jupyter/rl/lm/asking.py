"""The questions that a language model is trained on: states of runs as an Ideator is told of them, tasks in turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.ideators.llm import prompt
from mle_ideator_jupyter.ideators.llm.draft import FACT, FACTS, RATIONALE, STEP, STEPS, TITLE
from mle_ideator_jupyter.ideators.llm.evidence import Material
from mle_ideator_jupyter.ideators.playbook import Candidate
from mle_ideator_jupyter.rl.lm.config import Config
from mle_ideator_jupyter.rl.lm.judging import reading
from mle_ideator_jupyter.rl.rollouts import Collection
from mle_ideator_jupyter.rl.states import Moment, options

Message = dict[str, str]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A state, and what a model is asked there."""

    moment: Moment
    task: str
    messages: tuple[Message, ...]


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A question with an answer to imitate."""

    question: Question
    answer: str


def told(brief: Brief, config: Config) -> Brief:
    """Return the Brief as long as the configuration lets it be."""
    return brief if config.brief_tokens is None else replace(brief, token_limit=config.brief_tokens)


def question(collection: Collection, moment: Moment, config: Config) -> Question:
    """Return what a model is asked in a state: word for word what an Ideator on that model asks it."""
    brief = told(collection.brief(moment), config)
    said = tuple({"role": str(m["role"]), "content": str(m["content"])} for m in prompt.messages(brief, 1))
    task = collection.executor.variants[moment.variant].variation.task
    return Question(moment=moment, task=task, messages=said)


def questions(collection: Collection, config: Config, count: int) -> list[Question]:
    """Return so many questions, each task as often as any other, states again once all were asked."""
    states = collection.states()
    if not states:
        msg = "no state to learn in: the runs on the variants came to nothing; the lines above say why"
        raise IdeatorError(msg)
    made: dict[Moment, Question] = {}
    found = []
    per_task: dict[str, list[Moment]] = {}
    for moment in states:
        per_task.setdefault(collection.executor.variants[moment.variant].variation.task, []).append(moment)
    turns = [itertools.cycle(own) for own in per_task.values()]
    for turn in itertools.islice(itertools.cycle(turns), count):
        moment = next(turn)
        if moment not in made:
            made[moment] = question(collection, moment, config)
        found.append(made[moment])
    return found


def examples(collection: Collection, config: Config) -> list[Example]:
    """Return Playbook ideas as a model would write them; those whose words are read as no change are left out.

    Of each state the first few by the prior, tasks in turn. Raises `IdeatorError` where none can be read back.
    """
    wanted = config.warm_up
    per_state = [list(_readable(collection, m, config)) for m in collection.states()[: 4 * wanted.ideas]]
    found = [e for e in itertools.chain(*itertools.zip_longest(*per_state)) if e is not None]
    if not found:
        msg = f"no Playbook idea is read back from its words (reading: {config.reading!r}); try the other reading"
        raise IdeatorError(msg)
    return found[: wanted.ideas]


def _readable(collection: Collection, moment: Moment, config: Config) -> Iterator[Example]:
    brief = told(collection.brief(moment), config)
    asked = question(collection, moment, config)
    material = Material(brief, brief.text())
    count = 0
    for option, candidate in options(brief):
        if count >= config.warm_up.each or option.prior <= 0:
            return
        answer = answered(candidate, material)
        if reading(answer, brief, config.reading).outcome == "graded":
            count += 1
            yield Example(question=asked, answer=answer)


def answered(candidate: Candidate, material: Material) -> str:
    """Return a Playbook idea as the JSON object that is asked for, with the evidence that stands in the material."""
    idea = {
        "kind": candidate.kind.value,
        "title": candidate.title[:TITLE],
        "rationale": candidate.rationale[:RATIONALE],
        "evidence": [e for e in candidate.evidence if len(e) <= FACT and material.holds(e)][:FACTS],
        "steps": [s[:STEP] for s in candidate.steps[:STEPS]] or [candidate.title[:STEP]],
        "expected_gain": None,
        "impact": 3,
        "feasibility": 4,
    }
    return msgspec.json.encode({"ideas": [idea]}).decode()
