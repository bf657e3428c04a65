"""What the panel draws, made of the journal's state: rows for trials, cards for ideas."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.facts import Namespace
from mle_ideator_jupyter.model import Binding, Failure, Idea, Score, Task, Trial
from mle_ideator_jupyter.state import Mark, State

IDEAS_SHOWN = 50


def trial_rows(state: State) -> tuple[wire.TrialView, ...]:
    """Return a row for each trial, in the order in which they began."""
    numbers = {t.id: t.number for t in state.trials}
    comparable = {t.id for t in state.ranked()}
    baseline = state.baseline
    start = baseline.score.value if baseline and baseline.score else None
    best: float | None = None
    found = []
    for trial in state.trials:
        score, delta, leads = trial.score, None, False
        if score is not None and trial.id in comparable and state.task is not None:
            metric = state.task.metric
            delta = None if start is None or trial.number == 0 else metric.gain(score.value, start)
            leads = best is None or metric.better(score.value, best)
            best = score.value if leads else best
        found.append(_row(state, trial, numbers, (delta, leads), comparable=trial.id in comparable))
    return tuple(found)


def _row(
    state: State, trial: Trial, numbers: dict[str, int], gained: tuple[float | None, bool], *, comparable: bool
) -> wire.TrialView:
    idea, score = state.ideas.get(trial.idea or ""), trial.score
    failure = trial.outcome if isinstance(trial.outcome, Failure) else None
    return wire.TrialView(
        id=trial.id,
        number=trial.number,
        title=trial.title,
        status="scored" if score else "failed" if failure else "running",
        kind=idea.kind.value if idea else "",
        value=score.value if score else None,
        delta=gained[0],
        best=gained[1],
        series="" if comparable or score is None else _series(score),
        message=failure.message if failure else "",
        seconds=trial.seconds,
        parent=numbers.get(trial.parent or ""),
        idea=trial.idea,
        cells=tuple(placed.cell for placed in state.cells.get(trial.id, ())),
        changed=trial.changed,
        omitted=trial.omitted,
        kept=trial.id in state.kept,
        undone=trial.id in state.undone,
        imported=trial.id in state.imported,
        time=_time(trial.id),
    )


def _series(score: Score) -> str:
    return f"{score.metric} · {score.protocol} · {score.fidelity}"


def _time(identity: str) -> float:
    """Return the Unix seconds that a time-ordered id holds; 0 for an id of another make."""
    try:
        return int(identity[:12], 16) / 1000
    except ValueError:
        return 0.0


def idea_cards(state: State) -> tuple[wire.IdeaView, ...]:
    """Return the newest ideas as cards, newest first; those dismissed are marked so, and are as many again at most."""
    taken = {t.idea: t.number for t in state.trials if t.idea}
    return tuple(_card(state, idea, taken.get(idea.id), number) for number, idea in _newest(state))


def idea_card(state: State, idea: Idea) -> wire.IdeaView:
    """Return one idea as a card."""
    number = 1 + list(state.ideas).index(idea.id) if idea.id in state.ideas else 0
    return _card(state, idea, next((t.number for t in reversed(state.trials) if t.idea == idea.id), None), number)


def _newest(state: State) -> Iterator[tuple[int, Idea]]:
    room = {False: IDEAS_SHOWN, True: IDEAS_SHOWN}
    for number, idea in zip(range(len(state.ideas), 0, -1), reversed(state.ideas.values()), strict=True):
        dismissed = bool(state.marks.get(idea.id, Mark()).dismissed)
        if room[dismissed]:
            room[dismissed] -= 1
            yield number, idea
        if not room[False]:
            return


def own_title(estimator: str) -> str:
    """Return the title of the trial that scores an estimator of the user's own."""
    return f"Your own `{estimator}`"


def estimators(namespace: Namespace | None) -> tuple[str, ...]:
    """Return the names of the kernel's fitted estimators that predict."""
    return tuple(v.name for v in namespace.variables if v.fitted and v.predicts) if namespace else ()


def unscored(state: State, namespace: Namespace | None) -> tuple[str, ...]:
    """Return the fitted estimators that have no score under the task's splitter; none where there is no task."""
    scored = {trial.title for trial in state.ranked() if trial.id not in state.undone}
    return tuple(name for name in estimators(namespace) if state.task and own_title(name) not in scored)[:20]


def _card(state: State, idea: Idea, trial: int | None, number: int) -> wire.IdeaView:
    mark = state.marks.get(idea.id, Mark())
    return wire.IdeaView(
        id=idea.id,
        kind=idea.kind.value,
        title=idea.title,
        rationale=idea.rationale,
        ideator=idea.ideator,
        trigger=idea.trigger.value,
        steps=idea.steps,
        evidence=idea.evidence,
        vote=mark.vote,
        dismissed=mark.dismissed,
        trial=trial,
        number=number,
    )


def task_view(task: Task, *, confirmed: bool) -> wire.TaskView:
    """Return the task as the panel shows it."""
    binding: Binding = task.binding
    return wire.TaskView(
        line=binding.describe(),
        train=binding.train,
        test=binding.test or "",
        target=binding.target,
        metric=binding.metric.name,
        goal=binding.metric.goal.value,
        problem=binding.problem,
        protocol=binding.splitter.protocol,
        description=task.description,
        confirmed=confirmed,
    )


def best_view(state: State) -> wire.BestView | None:
    """Return the best trial, if there is one."""
    best, baseline = state.best, state.baseline
    if best is None or best.score is None or state.task is None:
        return None
    start = baseline.score if baseline else None
    delta = state.task.metric.gain(best.score.value, start.value) if start and best is not baseline else None
    return wire.BestView(trial=best.id, number=best.number, value=best.score.value, delta=delta)
