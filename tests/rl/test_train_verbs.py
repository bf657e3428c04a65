"""`train playbook` on the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mle_ideator_jupyter.cli.trainverbs import train
from mle_ideator_jupyter.rl.samples import SAMPLES, SCALES, STATES, Sample, Scale, Snapshot
from mle_ideator_jupyter.rl.store import Store
from tests.rl.made_up import collected
from tests.rl.small import small_task


def stored(folder, states: int) -> int:
    """Write a training folder of samples that nobody executed; return how many states it has."""
    folder.mkdir()
    found = collected(states)
    for name, kind, records in (
        (SAMPLES, Sample, found.samples),
        (STATES, Snapshot, found.snapshots.values()),
        (SCALES, Scale, found.scales.values()),
    ):
        store = Store(folder / name, kind)
        for record in records:
            store.append(record)
    return len(found.snapshots)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_it_collects_fits_and_goes_on(tmp_path):
    tasks, out, also = tmp_path / "tasks", tmp_path / "out", tmp_path / "also"
    for name in ("first", "second"):
        small_task(tasks, name, seed=len(name))
    line = ["playbook", "--tasks", str(tasks), "--out", str(out), "--rows", "150", "--steps", "2", "--json"]
    first = CliRunner().invoke(train, [*line, "--samples", "20"], catch_exceptions=False)
    table = {row["name"]: row for row in json.loads(first.stdout)["policies"]}
    assert {"prior", "static-order", "random-order"} < set(table)
    assert all(row["low"] <= row["reward"] <= row["high"] for row in table.values())
    card = json.loads((out / "weights.json").read_text())["card"]
    assert (card["samples"], card["tasks"]) == (20, ["first", "second"])

    # What another folder holds is learned from too, and nothing is executed again.
    executed = (out / "executions.jsonl").read_bytes()
    more = stored(also, 3)
    CliRunner().invoke(train, [*line, "--samples", "20", "--also", str(also)], catch_exceptions=False)
    whole = json.loads((out / "weights.json").read_text())["card"]
    assert whole["states"] == card["states"] + more
    assert (out / "executions.jsonl").read_bytes() == executed
    refused = CliRunner().invoke(train, [*line, "--also", str(tmp_path / "nowhere")])
    assert refused.exit_code == 2
    assert "nowhere" in refused.output
