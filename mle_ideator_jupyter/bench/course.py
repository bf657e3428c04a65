"""One run from its beginning, or from where it was cut short, to its Row."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import importlib.metadata
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from mle_ideator_jupyter.bench import scanning
from mle_ideator_jupyter.bench.arms import Arm, arm_named, check_tasks
from mle_ideator_jupyter.bench.gain import best_so_far
from mle_ideator_jupyter.bench.oracle import Oracle
from mle_ideator_jupyter.bench.rows import GradedTrial, Job, Peer, Plan, Row
from mle_ideator_jupyter.bench.splits import Split, split_of
from mle_ideator_jupyter.bench.tasks import starter_notebook
from mle_ideator_jupyter.errors import GradeError, IdeatorError, UsageError
from mle_ideator_jupyter.exports.notebook import written_runs
from mle_ideator_jupyter.files import save_whole
from mle_ideator_jupyter.headless import RunOptions, run_headless
from mle_ideator_jupyter.hosts.fence import enforced, fence, refusals
from mle_ideator_jupyter.journal import Journal, journal_path
from mle_ideator_jupyter.loop import Update
from mle_ideator_jupyter.model import Budget, Failure, Limits, Trial
from mle_ideator_jupyter.protocols import Ideator
from mle_ideator_jupyter.scoring.graded import FolderGrader
from mle_ideator_jupyter.state import State
from mle_ideator_jupyter.wiring import Wiring

ROW = "row.json"
LOCK_SECONDS = 120.0
"""A run whose worker was lost is given that long to let go of its folder."""


class Run:
    """One run and its folder: what trials may write to is `work`, the rest is the bench's."""

    def __init__(self, plan: Plan, job: Job) -> None:
        self.plan, self.job = plan, job
        self.arm: Arm = arm_named(job.arm)
        self.out, self.tasks_dir = Path(plan.out).resolve(), Path(plan.tasks_dir).resolve()
        self.folder = self.out / "runs" / job.name
        self.work = self.folder / "work"
        self.notebook = self.work / f"{job.task}.ipynb"
        self.result = self.folder / f"{job.task}.improved.ipynb"
        self.secret = [self.out, self.tasks_dir, *scanning.carriers().values()]

    def row(self, tell: Callable[[Update], None]) -> Row:
        """Return the run's Row: the one that is there, or after doing what is left to do of the run."""
        check_tasks(self.arm, [self.job.task])
        self.work.mkdir(parents=True, exist_ok=True)
        with self._held():
            kept = self.folder / ROW
            if kept.exists():
                return msgspec.json.decode(kept.read_bytes(), type=Row)
            began = time.monotonic()
            split = split_of(self.out, self.tasks_dir, self.job.task, self.job.seed)
            grader = FolderGrader(split.graded)
            options = self.options(split)
            if not self._finished():
                asyncio.run(run_headless(options, tell, self._ideator(grader)))
            row = self._graded(grader, split, time.monotonic() - began)
            if self.arm.peer is not None:
                row = self._peer(self.arm.peer, row, grader, split)
            save_whole(kept, msgspec.json.encode(row))
            shutil.rmtree(self.work, ignore_errors=True)
            return row

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        try:
            with FileLock(self.folder / "run.lock", timeout=LOCK_SECONDS):
                yield
        except Timeout:
            msg = f"another process works in {self.folder}: end it, or wait until it ends"
            raise IdeatorError(msg) from None

    def options(self, split: Split) -> RunOptions:
        """Return how the notebook is run; the notebook is written where it is not there yet."""
        plan, file = self.plan, FolderGrader(split.data).task_file
        if not self.notebook.exists():
            starter_notebook(split.data, self.notebook.with_suffix(".part")).rename(self.notebook)
        journal = journal_path(self.result)
        submissions = journal.with_name(journal.name.removesuffix(".jsonl")) / "submissions"
        submissions.mkdir(parents=True, exist_ok=True)
        return RunOptions(
            notebook=self.notebook,
            output=self.result,
            target=file.target,
            metric=file.metric,
            budget=Budget(steps=0) if self.arm.peer else Budget(steps=plan.steps, seconds=plan.seconds),
            limits=Limits(seconds=plan.seconds_per_trial, cpu_seconds=plan.cpu_seconds),
            ideator=self.arm.ideator,
            policy=self.arm.policy,
            candidates=self.arm.candidates,
            implementer=self.arm.implementer,
            seed=self.job.seed,
            host="fork",
            fence=fence(
                [split.data],
                [self.work, submissions],
                hidden=self.secret,
                log=self.folder / "refused.jsonl",
                home=self.work,
            ),
        )

    def _ideator(self, grader: FolderGrader) -> Callable[[Wiring], Ideator] | None:
        cap = self.arm.oracle
        if cap is None:
            return self.arm.ideator_of()
        memory = self.folder / "oracle.jsonl"
        return lambda wiring: Oracle(wiring, lambda path: grader.grade(path).value, memory, cap)

    def _finished(self) -> bool:
        """Return whether the run itself is over and written, so that only grading is left."""
        path = journal_path(self.result)
        if not path.exists():
            return False
        runs = Journal.read(path).state.runs
        over = {name for name, run in runs.items() if run.finished is not None}
        return bool(over & written_runs(self.result))

    def _graded(self, grader: FolderGrader, split: Split, seconds: float) -> Row:
        """Grade every trial's submission, now that its process is gone, and return the Row."""
        journal = Journal.read(journal_path(self.result))
        state = journal.state
        trials = [t for t in state.trials if t.outcome is not None]
        comparable = {t.id for t in state.ranked()}
        rows = [_trial(t, state, _grade(grader, journal, t)) for t in trials]
        validations = [r.validation if t.id in comparable else None for t, r in zip(trials, rows, strict=True)]
        path = best_so_far(validations, [r.grade for r in rows], grader.metric.goal)
        best = state.best
        blob = journal.blob_path(best.submission) if best and best.submission else None
        base = next((r.grade for t, r in zip(trials, rows, strict=True) if t.number == 0), None)
        runs = list(state.runs.values())
        return Row(
            arm=self.job.arm,
            task=self.job.task,
            seed=self.job.seed,
            metric=grader.metric.name,
            goal=grader.metric.goal,
            steps=self.plan.steps,
            baseline=base,
            path=tuple(path),
            trials=tuple(rows),
            seconds=round(max(seconds, sum(t.seconds for t in trials)), 1),
            cost=sum(r.cost for r in runs),
            reason=next((r.finished for r in reversed(runs) if r.finished), ""),
            notebook=self._relative(self.result),
            page=self._relative(self.result.with_suffix(".html")),
            submission=self._relative(blob) if blob else "",
            flagged=tuple(self._flags(journal, trials, split)),
            fence="landlock" if enforced() else "hook",
            created_at=dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
            version=importlib.metadata.version("mle_ideator_jupyter"),
        )

    def _flags(self, journal: Journal, trials: Sequence[Trial], split: Split) -> list[str]:
        able = (self.work, split.data)
        found = []
        for trial in trials:
            source = journal.get_blob(trial.source) if trial.source else None
            if source:
                found += [
                    f"trial {trial.number} {what}" for what in scanning.in_source(source.decode(), self.secret, able)
                ]
        return found + scanning.in_refusals(refusals(self.folder / "refused.jsonl"), self.secret)

    def _peer(self, peer: Peer, row: Row, grader: FolderGrader, split: Split) -> Row:
        """Return the Row with what an AutoML library makes of the same data in the same seconds."""
        from mle_ideator_jupyter.bench.peers import run_peer

        plan, began = self.plan, time.monotonic()
        seconds = plan.seconds or (plan.steps or 10) * plan.cpu_seconds
        wanted, failure, grade = None, "", None
        place = self.folder / "peer"
        try:
            wanted = run_peer(peer, split.data, seconds, self.job.seed, place)
            grade = grader.grade(wanted).value
        except UsageError:
            raise
        except IdeatorError as error:  # it left nothing, or nothing valid: that is its result
            failure = str(error)
        took = round(time.monotonic() - began, 1)
        trial = GradedTrial(number=1, title=peer, grade=grade, seconds=took, failure=failure)
        return msgspec.structs.replace(
            row,
            peer=True,
            path=(row.baseline, grade),
            trials=(*row.trials, trial),
            seconds=took,
            submission=self._relative(wanted) if wanted else "",
            reason="seconds",
        )

    def _relative(self, path: Path) -> str:
        return path.resolve().relative_to(self.out).as_posix()


def _trial(trial: Trial, state: State, grade: tuple[float | None, str]) -> GradedTrial:
    idea, parent = state.ideas.get(trial.idea or ""), state.trial(trial.parent or "")
    failure = f"{trial.outcome.kind.value}: {trial.outcome.message}" if isinstance(trial.outcome, Failure) else ""
    return GradedTrial(
        number=trial.number,
        title=trial.title,
        kind=idea.kind.value if idea else "",
        action=idea.action if idea else "",
        parent=parent.number if parent else None,
        validation=trial.score.value if trial.score else None,
        grade=grade[0],
        seconds=trial.seconds,
        failure=failure or grade[1],
    )


def _grade(grader: FolderGrader, journal: Journal, trial: Trial) -> tuple[float | None, str]:
    """Return a trial's grade, or None and why there is none."""
    path = journal.blob_path(trial.submission) if trial.submission else None
    if path is None:
        return None, ""
    try:
        return grader.grade(path).value, ""
    except GradeError as error:
        return None, f"no grade: {error}"
