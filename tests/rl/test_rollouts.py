from __future__ import annotations

import contextlib
import json
import math

import pytest

from mle_ideator_jupyter.bench.public import EVALUATION
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.ideators.playbook.trained import SHIPPED, read_weights
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.rl import variants
from mle_ideator_jupyter.rl.cluster import DaskCluster
from mle_ideator_jupyter.rl.exact import complete
from mle_ideator_jupyter.rl.executing import Order
from mle_ideator_jupyter.rl.policy import groups_of
from mle_ideator_jupyter.rl.reward import TERMS
from mle_ideator_jupyter.rl.samples import SAMPLES, Sample, read_collected, reward_of
from mle_ideator_jupyter.rl.states import Moment, spread
from mle_ideator_jupyter.rl.store import Store
from mle_ideator_jupyter.rl.variants import Variation, folder_of, training_tasks, written
from mle_ideator_jupyter.scoring.graded import private, public
from tests.rl.small import collecting, small_task


@pytest.mark.long
@pytest.mark.timeout(600)
def test_samples_are_collected_graded_outside_and_never_twice(tmp_path):
    tasks, out = tmp_path / "tasks", tmp_path / "out"
    small_task(tasks)
    with collecting(out, tasks) as collection:
        collection.prepare()
        assert collection.sample(6) == 6
        moment = collection.states()[0]
        told = collection.brief(moment).text()
        # A Recipe that breaks is data, and the same one is not run again.
        broken = Order(variant=moment.variant, split=0, recipe={"features": [{"op": "ratio", "columns": ["a", "zzz"]}]})
        done = collection.executor.execute(broken).result()
        assert done.grade is None
        assert done.message
        fresh = collection.executor.fresh
        assert collection.executor.execute(broken).result() == done
        assert collection.executor.fresh == fresh
    collected = read_collected(out)
    assert len(collected.samples) == 6
    for sample in collected.samples:
        snapshot = collected.snapshots[sample.moment.name]
        assert len(sample.children) == len(sample.parents) == 3
        assert sample.propensity >= 0.5 / len(snapshot.options)
        assert TERMS.failed <= reward_of(sample, collected.scales[sample.moment.variant]) <= TERMS.most
    for snapshot in collected.snapshots.values():
        assert math.fsum(snapshot.chances) == pytest.approx(1)
    assert sum(len(g.places) for g in groups_of(collected)) == 6
    assert complete(collected) == []

    # No grade reaches a Brief or a journal, and no answer lies where a trial may read.
    grades = {repr(e.grade) for s in collected.samples for e in (*s.children, *s.parents) if e.grade is not None}
    journal = next((out / "journals").rglob("*.jsonl"))
    assert Journal.read(journal).state.best is not None
    kept = "".join(p.read_text(errors="replace") for p in (out / "journals").rglob("*") if p.is_file())
    assert not [g for g in grades if g in told or g in kept]
    assert not list((out / "variants").rglob("private"))

    # Killed in the middle of a line and begun again: what is there is not executed, what lacks is.
    store = Store(out / SAMPLES, Sample)
    lines = [line for line in (out / SAMPLES).read_bytes().splitlines() if line]
    (out / SAMPLES).write_bytes(b"\n".join(lines[:-1]) + b"\n" + lines[-1][:40])
    assert len(store.read()) == 5
    with collecting(out, tasks) as collection:
        collection.prepare()
        assert collection.sample(6) == 6
        assert collection.executor.fresh == 0
    assert {s.name: s.key for s in read_collected(out).samples} == {s.name: s.key for s in collected.samples}
    with pytest.raises(UsageError, match="rows 150, not 99"), collecting(out, tasks, rows=99):
        pass


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_same_grades(tmp_path):
    distributed = pytest.importorskip("distributed")
    tasks, out = tmp_path / "tasks", tmp_path / "out"
    small_task(tasks)
    recipe = {"target": {"transform": "log1p"}}
    with collecting(out, tasks, steps=2) as collection:
        collection.prepare()
        variant = next(iter(collection.scales))
        here = [f.result() for f in collection.executor.on_splits(variant, recipe)]
    store = out / "executions.jsonl"
    mine = {e.key for e in here}
    kept = [line for line in store.read_bytes().splitlines() if line and json.loads(line)["key"] not in mine]
    store.write_bytes(b"\n".join(kept) + b"\n")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as local,
        contextlib.closing(DaskCluster(local.scheduler_address, out, tasks)) as cluster,
        collecting(out, tasks, cluster=cluster, steps=2) as collection,
    ):
        collection.prepare()
        there = [f.result() for f in collection.executor.on_splits(variant, recipe)]
    assert [(e.key, e.grade) for e in there] == [(e.key, e.grade) for e in here]
    assert {json.loads(line)["key"] for line in store.read_bytes().splitlines() if line} >= mine


def test_runs_of_another_policy_are_another_collection(tmp_path):
    tasks, out = tmp_path / "tasks", tmp_path / "out"
    small_task(tasks)
    own = read_weights(SHIPPED)
    with collecting(out, tasks, runs_by=own), pytest.raises(UsageError, match="runs_by"), collecting(out, tasks):
        pass
    with collecting(out, tasks, runs_by=own):
        pass


def test_evaluation_tasks_are_refused_before_their_data_are_opened(tmp_path, monkeypatch):
    opened = []
    small_task(tmp_path, "small")
    small_task(tmp_path, "renamed")
    path = public(tmp_path / "renamed") / "task.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "id": next(iter(EVALUATION))}))
    monkeypatch.setattr(variants, "_frames", lambda *a: opened.append(a))
    for call in (
        lambda: training_tasks(tmp_path),
        lambda: training_tasks(tmp_path, "renamed"),
        lambda: written(tmp_path / "out", tmp_path, Variation(task="renamed", number=0)),
    ):
        with pytest.raises(UsageError, match="never for training"):
            call()
    assert not opened
    assert training_tasks(tmp_path, "small") == ["small"]
    with pytest.raises(UsageError, match="no task 'other'"):
        training_tasks(tmp_path, "other")


def test_variants_differ_in_rows_columns_and_splits(tmp_path):
    import pandas as pd

    tasks, out = tmp_path / "tasks", tmp_path / "out"
    folder = small_task(tasks)
    frame = pd.read_csv(public(folder) / "train.csv")
    for name in ("train", "test"):
        wide = pd.read_csv(public(folder) / f"{name}.csv")
        for k in range(6):
            wide[f"n{k}"] = wide["a"] * k
        wide.to_csv(public(folder) / f"{name}.csv", index=False)
    plain, other = Variation(task="small", number=0), Variation(task="small", number=1, rows=100)
    assert written(out, tasks, plain)[0] == 3
    count, fingerprint = written(out, tasks, other)
    assert written(out, tasks, other) == (count, fingerprint)
    assert written(out, tasks, plain)[1] != fingerprint
    whole, part = (pd.read_csv(public(folder_of(out, v, 0)) / "train.csv") for v in (plain, other))
    assert len(whole) == len(frame)
    assert len(part) == 100
    assert set(part.columns) < set(whole.columns)
    second = pd.read_csv(public(folder_of(out, plain, 1)) / "train.csv")
    assert list(whole["a"]) != list(second["a"])
    assert (private(out / "answers" / plain.name / "split0") / "test.csv").exists()
    assert not private(folder_of(out, plain, 0)).exists()


def test_what_another_process_wrote_is_news_once_and_only_whole(tmp_path):
    here, there = (Store(tmp_path / "s.jsonl", Moment) for _ in range(2))
    assert here.news() == []
    one, two = (Moment(variant="v", run=0, depth=k) for k in range(2))
    there.append(one)
    assert here.news() == [one]
    with (tmp_path / "s.jsonl").open("ab") as file:
        file.write(b'{"variant":"v","ru')
    assert here.news() == []
    there.append(two)  # it begins a line of its own
    assert here.news() == [two]
    assert here.news() == []


def test_a_torn_line_is_left_out_and_the_next_record_whole(tmp_path):
    store = Store(tmp_path / "s.jsonl", Moment)
    one, other = (Moment(variant="v", run=0, depth=d) for d in (1, 2))
    store.append(one)
    with store.path.open("ab") as file:
        file.write(b'{"variant": "v", "ru')
    store.append(other)
    assert store.read() == [one, other]


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_chances_are_as_spread_as_asked_whatever_the_scale_of_scores(scale):
    chances = spread([scale * k for k in range(50)], 8.0)
    assert math.exp(-math.fsum(p * math.log(p) for p in chances if p)) == pytest.approx(8, rel=0.01)
    assert chances == sorted(chances)
    assert spread([1.0, 1.0, 1.0], 2.0) == [1 / 3] * 3
