"""Binder: its notebooks run unattended, and its install can be rehearsed with pip alone."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import venv
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest

from mle_ideator_jupyter.journal import Journal
from tests.endpoint.ideas import LOG, answers
from tests.endpoint.scripted import ScriptedServer
from tests.newcomer.notebooks import ROOT, run_copy, text_of

BINDER = ROOT / "binder"
NBCONVERT = ("jupyter", "nbconvert", "--execute", "--to", "notebook", "--output-dir")
NOTEBOOKS = sorted(p.name for p in BINDER.glob("*.ipynb"))


def journal(folder: Path):
    return Journal.read(folder / "notebook.ideas.jsonl").state


def test_what_binder_reads_is_there():
    assert os.access(BINDER / "postBuild", os.X_OK)
    assert (BINDER / "runtime.txt").read_text().strip() in {f"python-3.{minor}" for minor in range(10, 14)}
    assert NOTEBOOKS == ["classification.ipynb", "own_endpoint.ipynb", "regression.ipynb"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_kept_without_outputs(name):
    node = nbformat.read(BINDER / name, as_version=4)
    nbformat.validate(node)
    assert all(not c.get("outputs") and c.get("execution_count") is None for c in node.cells)
    assert node.metadata.kernelspec.name == "python3"


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_missing_values(tmp_path):
    run_copy("classification.ipynb", tmp_path)
    state = journal(tmp_path)
    assert state.task.binding.problem == "binary"
    assert state.best.score.value > 0.5
    assert sum(1 for t in state.trials if t.score) >= 4


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_skewed_target(tmp_path):
    node = run_copy("regression.ipynb", tmp_path)
    state = journal(tmp_path)
    assert state.task.metric.name == "rmsle"
    assert state.baseline.score.value > state.best.score.value
    assert any(t.score and t.score.protocol == "own" for t in state.trials)
    assert f"trial {state.best.number}" in text_of(node)


def test_an_endpoint_of_ones_own(tmp_path):
    with ScriptedServer([], default=answers(LOG)) as server:
        node = run_copy(
            "own_endpoint.ipynb", tmp_path, MLE_IDEATOR_BASE_URL=server.base_url, MLE_IDEATOR_MODEL="scripted-1"
        )
        asked = [r for r in server.received if r.method == "POST"]
    state = journal(tmp_path)
    assert len(asked) == 1, "the Brief was looked at, and asked for once"
    assert [i.ideator for i in state.ideas.values()] == ["llm:scripted-1", "playbook"]
    assert "# Task" in text_of(node)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_without_an_endpoint_the_small_model_is_asked(tmp_path):
    pytest.importorskip("xllamacpp", reason="extra [local] is not installed")
    node = run_copy("own_endpoint.ipynb", tmp_path)
    assert all(c.execution_count for c in node.cells if c.cell_type == "code")
    calls = [json.loads(line) for line in (tmp_path / "notebook.ideas" / "calls.jsonl").read_text().splitlines()]
    assert {c["model"] for c in calls} == {"SmolLM2-135M-Instruct"}
    assert any(c["error"] is None and c["output_tokens"] for c in calls), (
        "it was asked and answered, whatever it is worth"
    )
    assert "playbook" in {i.ideator for i in journal(tmp_path).ideas.values()}
    address = urlsplit(re.search(r"http://127\.0\.0\.1:\d+", text_of(node))[0])
    with socket.socket() as tried:
        assert tried.connect_ex((address.hostname, address.port)) != 0, "the last cell ends the server"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_install_is_rehearsed_with_pip_alone(tmp_path):
    """A clean clone, `pip install -r binder/requirements.txt`, `binder/postBuild`, and its notebooks in what that made."""
    clone, place = tmp_path / "clone", tmp_path / "env"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    venv.create(place, with_pip=True)
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("MLE_IDEATOR_", "VIRTUAL_ENV"))},
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    for line in (
        ["python", "-m", "pip", "install", "--quiet", "-r", "binder/requirements.txt"],
        ["binder/postBuild"],
        *([*NBCONVERT, tmp_path / "done", f"binder/{name}"] for name in NOTEBOOKS),
    ):
        done = subprocess.run([str(w) for w in line], cwd=clone, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    for name in NOTEBOOKS:
        cells = [c for c in nbformat.read(tmp_path / "done" / name, as_version=4).cells if c.cell_type == "code"]
        assert all(c.execution_count for c in cells)
        assert any(c.outputs for c in cells[-2:]), name
