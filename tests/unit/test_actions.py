"""What an Implementer may ask of the loop, and what the loop grants."""

from __future__ import annotations

import pytest

from mle_ideator_jupyter.facts import Namespace, Variable
from mle_ideator_jupyter.model import Failure, FailureKind
from mle_ideator_jupyter.protocols import (
    CellResult,
    Finish,
    Grants,
    Inspect,
    Refused,
    Reported,
    ReportScore,
    RunCell,
    Seen,
    cell,
)
from tests.doubles import FakeHost, FakeImplementer
from tests.unit.test_loop import drive, wire


class Acting(FakeImplementer):
    """Does what it is given, one action after the other, in each trial."""

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
