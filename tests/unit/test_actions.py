"""What an Implementer may ask of the loop, and what the loop grants."""

from __future__ import annotations

import asyncio

import pytest

from mle_ideator_jupyter.errors import EndpointError
from mle_ideator_jupyter.events import HelpSought
from mle_ideator_jupyter.facts import Namespace, Variable
from mle_ideator_jupyter.model import Budget, Failure, FailureKind, Trigger
from mle_ideator_jupyter.protocols import (
    CellResult,
    Finish,
    Grants,
    Ideas,
    Inspect,
    Refused,
    Reported,
    ReportScore,
    RunCell,
    SeekHelp,
    Seen,
    cell,
)
from tests.doubles import FakeHost, FakeIdeator, FakeImplementer
from tests.unit.test_loop import drive, wire


class Acting(FakeImplementer):
    """Does what it is given, one action after the other, in each trial."""

    cost = 0.0

    def __init__(self, *actions, grants=None):
        self.actions, self.seen = actions, []
        if grants:
            self.grants = grants

    async def implement(self, brief, idea, number, recipe):
        for action in self.actions:
            self.seen.append((yield action))


class Kernel(FakeHost):
    """Fails for `boom`, scores for `score`, else runs quietly."""

    def __init__(self):
        super().__init__(self.said)

    @staticmethod
    def said(source):
        if "boom" in source:
            return CellResult(status="error", message="boom")
        return CellResult(status="ok", reported=Reported(value=1.5) if "score" in source else None, seconds=0.5)

    async def namespace(self):
        return Namespace(variables=(Variable(name="df", type="pandas.DataFrame", shape=(3, 2)),), names=("df", "n"))


def trial_of(tmp_path, *actions, grants=None):
    implementer = Acting(*actions, grants=grants)
    wiring = wire(tmp_path, steps=0, host=Kernel(), implementer=implementer)
    drive(wiring)
    (trial,) = wiring.journal.state.trials
    return trial, implementer.seen, wiring


def test_a_trial_of_several_cells_keeps_those_that_led_to_its_score(tmp_path):
    first, second = cell("a = 1"), cell("b = boom")
    mended = cell("b = 2", replaces=second.id)
    trial, _, wiring = trial_of(
        tmp_path, *(RunCell(cell=c) for c in (first, second, mended, cell("score"))), grants=Grants(cells=9, failures=2)
    )
    assert trial.score.value == 1.5
    assert trial.seconds == 1.5
    assert wiring.journal.get_blob(trial.source).decode() == "a = 1\n\n\nb = 2\n\n\nscore"


def test_a_cell_that_replaces_another_stands_in_its_place(tmp_path):
    first = cell("a = 1")
    trial, _, wiring = trial_of(
        tmp_path, RunCell(cell=first), RunCell(cell=cell("score = 2", replaces=first.id)), grants=Grants(cells=9)
    )
    assert wiring.journal.get_blob(trial.source).decode() == "score = 2"


@pytest.mark.parametrize(("grants", "ran"), [(Grants(cells=5, failures=2), 3), (Grants(cells=2, failures=9), 2)])
def test_cells_and_failures_are_counted_apart(tmp_path, grants, ran):
    quiet_then_failing = [RunCell(cell=cell(s)) for s in ("a", "boom", "boom", "boom")]
    trial, _, wiring = trial_of(tmp_path, *quiet_then_failing, grants=grants)
    assert len(wiring.host.ran) == ran
    assert trial.outcome.kind is FailureKind.ERROR


def test_a_score_is_read_from_the_kernel_never_from_the_agent(tmp_path):
    trial, seen, wiring = trial_of(
        tmp_path,
        ReportScore(expression="0.999"),
        ReportScore(expression="max(0.999, 1)"),
        ReportScore(expression="import os"),
        ReportScore(expression="scores.mean()"),
        grants=Grants(cells=9),
    )
    assert [type(s) for s in seen] == [Refused] * 3
    assert trial.score.value == 1.5
    (ran,) = wiring.host.ran
    assert "report_score(scores.mean(), metric='rmse')" in ran


def test_looks_are_summaries_and_bounded(tmp_path):
    looks = [Inspect(), Inspect(name="df"), Inspect(name="no"), Inspect(name="df")]
    _, seen, _ = trial_of(tmp_path, *looks, Finish(reason="seen enough"), grants=Grants(looks=3))
    everything, frame, unknown, none_left = seen
    assert everything.names == ("df", "n")
    assert isinstance(frame, Seen)
    assert frame.variables[0].shape == (3, 2)
    assert "no variable 'no'" in unknown.reason
    assert "no more looks" in none_left.reason


def test_looks_are_granted_only_to_who_asks_for_them(tmp_path):
    _, seen, _ = trial_of(tmp_path, Inspect(), Finish())
    assert isinstance(seen[0], Refused)


def test_giving_up_says_why_but_never_hides_a_failure(tmp_path):
    trial, *_ = trial_of(tmp_path / "a", RunCell(cell=cell("x")), Finish(reason="not worth it"), grants=Grants(cells=9))
    assert trial.outcome == Failure(kind=FailureKind.NO_SCORE, message="not worth it")
    trial, *_ = trial_of(
        tmp_path / "b", RunCell(cell=cell("boom")), Finish(reason="it is fine"), grants=Grants(cells=9)
    )
    assert trial.outcome == Failure(kind=FailureKind.ERROR, message="boom")


# ---------------------------------------------------------------- what an agent that asks a model needs


class Asking(Acting):
    """Takes steps of its own; each action costs a quarter of a dollar."""

    improvises = True

    def own_move(self, brief):
        return None

    async def implement(self, brief, idea, number, recipe):
        if number == 0:
            yield RunCell(cell=cell("score 0"))
            return
        for action in self.actions:
            self.cost += 0.25
            if isinstance(action, Exception):
                raise action
            self.seen.append((yield action))


class Dropping(Kernel):
    def __init__(self):
        super().__init__()
        self.dropped = []

    async def drop(self, names):
        self.dropped.append(tuple(names))


def asking(tmp_path, *actions, steps=1, ideator=None, host=None, grants=None, **changes):
    implementer = Asking(*actions, grants=grants)
    wiring = wire(tmp_path, steps=steps, host=host or Dropping(), implementer=implementer, ideator=ideator, **changes)
    return wiring, implementer


def test_steps_of_its_own_go_on_until_the_budget_ends_under_its_own_titles(tmp_path):
    wiring, _ = asking(tmp_path, RunCell(cell=cell("score 1", "Try a ridge")), steps=3)
    assert drive(wiring)[-1].message == "steps"
    baseline, *others = wiring.journal.state.trials
    assert [t.title for t in others] == ["Try a ridge"] * 3
    assert baseline.title == "Baseline"
    assert all(t.idea is None and t.recipe is None for t in others)


def test_what_passing_cells_leave_is_dropped_at_the_trials_end(tmp_path):
    first, second = cell("a", keep=("a", "b"), passing=True), cell("score", keep=("c",), passing=True)
    wiring, _ = asking(tmp_path, RunCell(cell=first), RunCell(cell=second))
    drive(wiring)
    assert wiring.host.dropped == [("a", "b", "c")]


def test_where_nothing_is_left_the_trials_cells_run_anew_before_the_next(tmp_path):
    host = Dropping()
    host.forgets = True
    broken = cell("boom", keep=(), passing=True)
    mended = cell("b", keep=(), passing=True, replaces=broken.id)
    cells = [cell("a", keep=(), passing=True), broken, mended, cell("score", keep=(), passing=True)]
    wiring, _ = asking(tmp_path, *(RunCell(cell=c) for c in cells), host=host, grants=Grants(cells=9))
    drive(wiring)
    assert host.ran[1:] == ["a", "a\n\n\nboom", "a\n\n\nb", "a\n\n\nb\n\n\nscore"]
    assert wiring.journal.get_blob(wiring.journal.state.trials[1].source).decode() == "a\n\n\nb\n\n\nscore"


def test_what_a_trial_cost_counts_in_its_run_also_when_it_is_cut_short(tmp_path):
    wiring, _ = asking(tmp_path, RunCell(cell=cell("a")), RunCell(cell=cell("score")))
    drive(wiring)
    assert wiring.journal.state.runs["r"].cost == 0.5
    wiring, _ = asking(tmp_path, RunCell(cell=cell("a")), RuntimeError("a fault of ours"), steps=2)
    with pytest.raises(RuntimeError):
        drive(wiring)
    assert wiring.journal.state.runs["r"].cost == 1.0


def test_help_without_an_answer_is_journalled_with_its_reason_and_cost(tmp_path):
    class Silent(FakeIdeator):
        async def propose(self, brief, n=1):
            found = await super().propose(brief, n)
            return Ideas((), cost=0.125, why="nothing new") if brief.hint else found

    wiring, implementer = asking(tmp_path, SeekHelp(question="what?"), RunCell(cell=cell("score")), ideator=Silent())
    drive(wiring)
    assert implementer.seen[0] == Refused(reason="no help: nothing new")
    (sought,) = wiring.journal.state.help
    assert (sought.question, sought.why, sought.idea) == ("what?", "nothing new", None)
    assert wiring.journal.state.runs["r"].cost == 0.5 + 0.125


@pytest.mark.parametrize(("seeks", "ran"), [(False, 0), (True, 1)])
def test_who_must_seek_help_on_a_plateau_runs_nothing_before(tmp_path, monkeypatch, seeks, ran):
    monkeypatch.setattr("mle_ideator_jupyter.loop.plateau", lambda *_: True)
    actions = [*([SeekHelp(question="what?")] if seeks else []), RunCell(cell=cell("score"))]
    wiring, implementer = asking(tmp_path, *actions, ideator=FakeIdeator(), grants=Grants(must_seek=True))
    drive(wiring)
    assert len(wiring.host.ran) == 1 + ran
    if seeks:
        (sought,) = [e for e in wiring.journal.events if isinstance(e, HelpSought)]
        assert sought.trigger is Trigger.PLATEAU
    else:
        assert implementer.seen == [Refused(reason="the run is on a plateau: seek help before you run a cell")]


def test_an_endpoints_failure_is_data_ends_the_run_and_spends_no_step(tmp_path):
    wiring, _ = asking(tmp_path, EndpointError("nobody answers", "unreachable"), steps=2, ideator=FakeIdeator())
    with pytest.raises(EndpointError, match="nobody answers"):
        drive(wiring)
    failed = wiring.journal.state.trials[1]
    assert failed.outcome == Failure(kind=FailureKind.ENDPOINT, message="nobody answers")
    assert wiring.journal.state.runs["r"].finished is None
    wiring, _ = asking(tmp_path, RunCell(cell=cell("score")), steps=2, ideator=FakeIdeator())
    assert drive(wiring)[-1].message == "steps"
    assert [t.idea == failed.idea for t in wiring.journal.state.trials[2:]] == [True, False]


def test_a_strict_score_is_reported_fold_by_fold(tmp_path):
    class Reporting(Dropping):
        reports = [Reported(value=1.0), Reported(value=1.0, folds=(1.0,) * 4), Reported(value=9.0, folds=(1.0,) * 5)]
        reports += [Reported(value=1.0, folds=(1.0,) * 5, metric="mae"), Reported(value=1.0, folds=(1.0,) * 5)]

        def __init__(self):
            super().__init__()
            self.left = list(self.reports)
            self.answer = lambda source: CellResult(
                status="ok", reported=Reported(value=2.0, folds=(2.0,) * 5) if source == "score 0" else self.left.pop(0)
            )

    cells = [RunCell(cell=cell(str(k))) for k in range(5)]
    wiring, implementer = asking(tmp_path, *cells, host=Reporting(), grants=Grants(cells=9, strict=True))
    drive(wiring)
    assert [bool(r.message) for r in implementer.seen] == [True] * 4
    assert wiring.journal.state.trials[1].score.value == 1.0


def test_time_that_is_spent_within_a_trial_ends_it(tmp_path):
    class Slow(Dropping):
        async def run(self, cell, limits=None):
            if cell.source == "a":
                await asyncio.sleep(1.6)
            return await super().run(cell, limits)

    cells = [RunCell(cell=cell("a")) for _ in range(9)]
    wiring, _ = asking(tmp_path, *cells, host=Slow(), steps=None, grants=Grants(cells=9), budget=Budget(seconds=1.5))
    assert drive(wiring)[-1].message == "seconds"
    assert wiring.journal.state.trials[1].outcome.message == "the time of the budget is spent"
    assert wiring.host.ran.count("a") == 1


def test_outputs_and_errors_are_kept_without_what_looks_like_a_key(tmp_path):
    class Telling(Dropping):
        def __init__(self):
            super().__init__()
            self.answer = lambda source: CellResult(
                status="error",
                message="ValueError: sk-proj-abcdefghijkl",
                traceback="sk-proj-abcdefghijkl",
                outputs=({"output_type": "stream", "name": "stdout", "text": "password=hunter2hunter2"},),
            )

    wiring, implementer = asking(tmp_path, RunCell(cell=cell("a", "with sk-proj-abcdefghijkl")), host=Telling())
    drive(wiring)
    kept = "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())
    assert "abcdefghijkl" not in kept + str(implementer.seen)
    assert "hunter2" not in kept + str(implementer.seen)
    assert "[redacted]" in kept
