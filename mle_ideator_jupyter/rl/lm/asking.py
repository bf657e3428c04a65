"""The questions that a language model is trained on: states of runs as an Ideator is told of them, tasks in turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.ideators.llm import prompt
from mle_ideator_jupyter.ideators.llm.draft import FACT, FACTS, RATIONALE, STEP, STEPS, TITLE
from mle_ideator_jupyter.ideators.llm.evidence import Material
from mle_ideator_jupyter.ideators.local import naming
from mle_ideator_jupyter.ideators.playbook import Candidate
from mle_ideator_jupyter.rl.lm.judging import Judge
from mle_ideator_jupyter.rl.states import Moment, options

Message = dict[str, str]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A state, what a model is asked there, and the titles that it may answer with (none: in words, citing `facts`)."""

    moment: Moment
    task: str
    messages: tuple[Message, ...]
    titles: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return what is told of the state."""
        return self.messages[-1]["content"]


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A question with an answer to imitate."""

    question: Question
    answer: str


def question(judge: Judge, moment: Moment) -> Question:
    """Return what a model is asked in a state: word for word what an Ideator on that model asks it."""
    brief = judge.brief(moment)
    task = judge.collection.executor.variants[moment.variant].variation.task
    if judge.config.reading == "titles":
        return Question(
            moment=moment, task=task, messages=_plain(naming.messages(brief)), titles=tuple(judge.titles(moment))
        )
    asked = _plain(prompt.messages(brief, 1))
    facts = Material(brief, asked[-1]["content"]).facts()
    return Question(moment=moment, task=task, messages=asked, facts=facts)


def worth_asking(judge: Judge, states: list[Moment]) -> list[Moment]:
    """Return the states with so much at stake as the configuration wants. Raises `IdeatorError` where none has."""
    least = judge.config.worth
    if least is None or judge.config.reading != "titles":
        return states
    judge.order_all(states)  # before the first is waited for
    found = [m for m in states if judge.at_stake(m) > least]
    if not found:
        msg = f'in no state is more than {least:g} at stake: give a smaller "worth" in the configuration'
        raise IdeatorError(msg)
    return found


def _plain(messages: Sequence[Any]) -> tuple[Message, ...]:
    return tuple({"role": str(m["role"]), "content": str(m["content"])} for m in messages)


def questions(judge: Judge, count: int) -> list[Question]:
    """Return so many questions, each task as often as any other, states again once all were asked."""
    collection = judge.collection
    states = collection.states()
    if not states:
        msg = "no state to learn in: the runs on the variants came to nothing; the lines above say why"
        raise IdeatorError(msg)
    states = worth_asking(judge, states)
    made: dict[Moment, Question] = {}
    found = []
    per_task: dict[str, list[Moment]] = {}
    for moment in states:
        per_task.setdefault(collection.executor.variants[moment.variant].variation.task, []).append(moment)
    turns = [itertools.cycle(own) for own in per_task.values()]
    for turn in itertools.islice(itertools.cycle(turns), count):
        moment = next(turn)
        if moment not in made:
            made[moment] = question(judge, moment)
        found.append(made[moment])
    return found


def examples(judge: Judge) -> list[Example]:
    """Return Playbook ideas as a model would write them; those whose words are read as no change are left out.

    Of each state the first few by the prior, tasks in turn. Raises `IdeatorError` where none can be read back.
    """
    wanted = judge.config.warm_up
    per_state = [list(_readable(judge, m)) for m in judge.collection.states()[: 4 * wanted.ideas]]
    found = [e for e in itertools.chain(*itertools.zip_longest(*per_state)) if e is not None]
    if not found:
        msg = f"no Playbook idea is read back from its words (reading: {judge.config.reading!r}); try the other reading"
        raise IdeatorError(msg)
    return found[: wanted.ideas]


def _readable(judge: Judge, moment: Moment) -> Iterator[Example]:
    asked, brief = question(judge, moment), judge.brief(moment)
    if asked.titles:
        answers = (naming.said(title) for title in asked.titles)
    else:
        material = Material(brief, brief.text())
        answers = (answered(found, material) for option, found in options(brief) if option.prior > 0)
    graded = (a for a in answers if judge.read(moment, a).outcome == "graded")
    for answer in itertools.islice(graded, judge.config.warm_up.each):
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
