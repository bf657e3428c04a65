from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from mle_ideator_jupyter.events import IdeaProposed, RunStarted, TaskSet, TrialStarted
from mle_ideator_jupyter.exports.table import as_text
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.loop import autopilot
from mle_ideator_jupyter.model import Budget, Failure, FailureKind, Idea, Limits, RecipeEdit, Trigger
from mle_ideator_jupyter.protocols import CellResult, Finish, Reported, RunCell, SeekHelp, cell
from mle_ideator_jupyter.wiring import Wiring
from tests.doubles import PROFILE, TASK, FakeHost, FakeIdeator, FakeImplementer, idea_number, score_of


def wire(tmp_path, *, steps: int | None = 6, **changes) -> Wiring:
    journal = Journal.open(tmp_path / "n.ideas.jsonl")
    if journal.state.task is None:
        journal.append(TaskSet(task=TASK))
        journal.append(RunStarted(run="r", seed=0, budget=Budget(steps=steps), limits=Limits(), implementer="fake"))
    given = {
        "task": TASK,
        "host": FakeHost(),
        "implementer": FakeImplementer(),
        "ideator": FakeIdeator(),
        "profile": PROFILE,
        "run": "r",
        "budget": Budget(steps=steps),
        "journal": journal,
    }
    return Wiring(**{**given, **changes})


def drive(wiring: Wiring) -> list:
    async def collect():
        return [update async for update in autopilot(wiring)]

    return asyncio.run(collect())


def shape(journal: Journal) -> list:
    """Return what a run decided, without ids and times."""
    state = journal.state
    numbers = {t.id: t.number for t in state.trials}
    return [(t.number, t.title, numbers.get(t.parent), t.recipe, t.outcome) for t in state.trials]


def test_a_run_measures_the_baseline_and_spends_its_steps(tmp_path):
    wiring = wire(tmp_path, steps=5)
    updates = drive(wiring)
    trials = wiring.journal.state.trials
    assert [t.number for t in trials] == [0, 1, 2, 3, 4, 5]
    assert updates[-1].kind == "done"
    assert updates[-1].message == "steps"
    assert updates[-1].left.steps == 0
    best = min(trials, key=lambda t: t.score.value)
    assert updates[-1].best.id == best.id
    assert all(wiring.journal.get_blob(t.source) for t in trials)


def test_ideas_build_on_the_best_so_far(tmp_path):
    wiring = wire(tmp_path, steps=3)
    drive(wiring)
    trials = {t.id: t for t in wiring.journal.state.trials}
    for trial in list(trials.values())[1:]:
        earlier = [t for t in trials.values() if t.number < trial.number]
        assert trials[trial.parent] == min(earlier, key=lambda t: t.score.value)


def test_an_idea_that_was_shown_is_taken_up_not_proposed_again(tmp_path):
    wiring = wire(tmp_path, steps=2)
    shown = idea_number(1, Trigger.HUMAN)
    wiring.journal.append(IdeaProposed(idea=shown))
    drive(wiring)
    state = wiring.journal.state
    assert state.trials[2].idea == shown.id
    assert [i.title for i in state.ideas.values()] == ["idea 1", "idea 0"]


def test_without_ideas_a_run_ends_and_says_so(tmp_path):
    updates = drive(wire(tmp_path, steps=50, ideator=FakeIdeator(last=2)))
    assert updates[-1].message == "no ideas"


def test_without_an_ideator_the_implementer_makes_its_own_moves(tmp_path):
    wiring = wire(tmp_path, steps=50, ideator=None)
    assert drive(wiring)[-1].message == "no ideas"
    assert len(wiring.journal.state.trials) == 4


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_run_cut_anywhere_resumes_to_the_same_end(tmp_path, cut):
    """Cut after every number of updates, in the middle of a trial too; the end is that of an unbroken run."""
    whole = wire(tmp_path / "whole", steps=6) if (tmp_path / "whole").mkdir() is None else None
    drive(whole)
    (tmp_path / "cut").mkdir()

    async def some():
        stream = autopilot(wire(tmp_path / "cut", steps=6))
        for _ in range(cut):
            await anext(stream)
        await stream.aclose()

    asyncio.run(some())
    resumed = wire(tmp_path / "cut", steps=6)
    drive(resumed)
    assert shape(resumed.journal) == shape(whole.journal)


def test_a_cancelled_trial_is_run_again_under_its_own_id(tmp_path):
    class Stuck(FakeHost):
        async def run(self, cell, limits=None):
            if len(self.ran) == 2:
                await asyncio.sleep(60)
            return await super().run(cell)

    async def cancelled():
        task = asyncio.ensure_future(_collect(wire(tmp_path, steps=4, host=Stuck())))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    begun = Journal.read(tmp_path / "n.ideas.jsonl").state.trials[-1]
    assert begun.outcome is None
    resumed = wire(tmp_path, steps=4)
    drive(resumed)
    assert resumed.journal.state.trial(begun.id).score is not None
    assert len(resumed.journal.state.trials) == 5


async def _collect(wiring):
    return [u async for u in autopilot(wiring)]


def test_failures_are_recorded_with_their_kind_and_the_run_goes_on(tmp_path):
    kinds = iter(["ok", "error", "timeout", "memory", "died", "ok", "ok"])

    def answer(source):
        status = next(kinds)
        ok = status == "ok"
        return CellResult(status=status, reported=score_of(source) if ok else None, message="" if ok else f"{status}!")

    class OneCell(FakeImplementer):
        async def implement(self, brief, idea, number, recipe):
            yield RunCell(cell=cell(str(recipe)))
            yield Finish()

    wiring = wire(tmp_path, steps=6, host=FakeHost(answer), implementer=OneCell())
    drive(wiring)
    outcomes = [t.outcome for t in wiring.journal.state.trials]
    failed = [o for o in outcomes if isinstance(o, Failure)]
    assert [(f.kind.value, f.message) for f in failed] == [(k, f"{k}!") for k in ("error", "timeout", "memory", "died")]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_a_failure(tmp_path, value):
    host = FakeHost(lambda s: CellResult(status="ok", reported=Reported(value=value)))
    wiring = wire(tmp_path, steps=1, host=host)
    drive(wiring)
    assert {t.outcome.kind for t in wiring.journal.state.trials} == {FailureKind.NO_SCORE}


def test_an_idea_that_changes_nothing_is_a_failure_and_is_not_run(tmp_path):
    class Nothing(FakeIdeator):
        async def propose(self, brief, n=1):
            idea = idea_number(brief.step)
            return [type(idea)(**{**{f: getattr(idea, f) for f in idea.__struct_fields__}, "edit": RecipeEdit()})]

    wiring = wire(tmp_path, steps=2, ideator=Nothing())
    drive(wiring)
    assert len(wiring.host.ran) == 1, "only the baseline ran"
    assert [t.outcome.kind for t in wiring.journal.state.trials[1:]] == [FailureKind.UNCHANGED] * 2


def test_an_edit_that_does_not_fit_is_a_failure_and_is_not_run(tmp_path):
    class Wrong(FakeIdeator):
        async def propose(self, brief, n=1):
            idea = idea_number(brief.step)
            given = {f: getattr(idea, f) for f in idea.__struct_fields__}
            return [type(idea)(**{**given, "edit": RecipeEdit(set={"no.such.field": 1})})]

    wiring = wire(tmp_path, steps=2, ideator=Wrong())
    drive(wiring)
    assert len(wiring.host.ran) == 1
    assert all("no.such.field" in t.outcome.message for t in wiring.journal.state.trials[1:])


def test_what_is_not_done_of_an_idea_stands_in_its_trials_record(tmp_path):
    class Partial(FakeImplementer):
        def omitted(self, brief, idea, parent):
            return (f"half of {idea.title}",)

    wiring = wire(tmp_path, steps=1, implementer=Partial())
    drive(wiring)
    baseline, trial = Journal.read(tmp_path / "n.ideas.jsonl").state.trials
    assert baseline.omitted == ()
    assert trial.omitted == (f"half of {trial.title}",)
    assert f"not done: half of {trial.title}" in as_text(wiring.journal.state)
    assert f"not done: half of {trial.title}" in wiring.brief().text()


def test_debug_runs_are_counted_apart_and_end(tmp_path):
    class Stubborn(FakeImplementer):
        async def implement(self, brief, idea, number, recipe):
            n = 0
            while True:
                n += 1
                yield RunCell(cell=cell(f"{number} run {n}"))

    host = FakeHost(lambda s: CellResult(status="error", message="no"))
    wiring = wire(tmp_path, steps=2, host=host, implementer=Stubborn())
    drive(wiring)
    assert len(host.ran) == 3 * 3, "one run and two debug runs for each of three trials"
    assert len(wiring.journal.state.trials) == 3


def test_help_is_logged_and_bounded(tmp_path):
    answers = []

    class Asking(FakeImplementer):
        async def implement(self, brief, idea, number, recipe):
            if number == 1:
                for _ in range(5):
                    answers.append((yield SeekHelp(question="what now?")))
            yield RunCell(cell=cell(str(recipe)))

    wiring = wire(tmp_path, steps=1, implementer=Asking())
    drive(wiring)
    state = wiring.journal.state
    assert [isinstance(a, Idea) for a in answers] == [True, True, False, False, False]
    assert [h.question for h in state.help] == ["what now?"] * 2
    assert [state.ideas[h.idea].trigger for h in state.help] == [Trigger.IMPLEMENTER] * 2


def test_a_plateau_makes_the_ideator_know(tmp_path):
    host = FakeHost(lambda s: CellResult(status="ok", reported=Reported(value=1.0, folds=(0.9, 1.1))))
    wiring = wire(tmp_path, steps=8, host=host)
    drive(wiring)
    triggers = [b.trigger for b in wiring.ideator.briefs]
    assert triggers[:4] == [Trigger.AUTOPILOT] * 4
    assert triggers[6:] == [Trigger.PLATEAU] * 2


def test_large_data_are_screened_on_a_sample_first(tmp_path):
    """A trial that is clearly worse on the sample than its parent was does not run on all rows."""

    def answer(source):
        good = {"sample": (1.0, 1.0, 1.01), "full": (0.9, 0.9, 0.91)}["sample" if "sample" in source else "full"]
        bad = len(host.ran) > 2
        folds = tuple(x + (1 if bad else 0) for x in good)
        return CellResult(status="ok", reported=Reported(value=sum(folds) / 3, folds=folds))

    host = FakeHost(answer)
    big = type(PROFILE)(rows=50_000, target=PROFILE.target)
    wiring = wire(tmp_path, steps=2, host=host, profile=big)
    drive(wiring)
    base, *others = wiring.journal.state.trials
    assert base.screen.fidelity == "sample:5000"
    assert base.score.fidelity == "full"
    assert [t.score.fidelity for t in others] == ["sample:5000"] * 2
    assert wiring.journal.state.best == base


def test_the_seconds_left_limit_a_trial(tmp_path):
    wiring = wire(tmp_path, steps=1, budget=Budget(steps=1, seconds=30))
    drive(wiring)
    assert all(0 < limits.seconds <= 30 for limits in wiring.host.limits)


def test_a_spent_budget_in_seconds_ends_the_run(tmp_path):
    host = FakeHost(lambda s: CellResult(status="ok", reported=score_of(s), seconds=0.01))
    wiring = wire(tmp_path, steps=None, host=host, budget=Budget(seconds=0.2))
    assert drive(wiring)[-1].message == "seconds"


def test_what_is_reported_is_already_in_the_journal(tmp_path):
    async def check():
        wiring = wire(tmp_path, steps=3)
        stream: AsyncGenerator = autopilot(wiring)
        async for update in stream:
            on_disk = Journal.read(tmp_path / "n.ideas.jsonl")
            if update.trial:
                assert on_disk.state.trial(update.trial.id) == update.trial
            if update.kind == "trial_started":
                assert any(isinstance(e, TrialStarted) and e.trial.id == update.trial.id for e in on_disk.events)

    asyncio.run(check())
