"""What a checkpoint is, by its headers: no torch is needed to say what is set up, how large it is, and what is wrong."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.cli.checking import check
from mle_ideator_jupyter.errors import CheckpointError, UsageError
from mle_ideator_jupyter.facts import Gpu
from mle_ideator_jupyter.ideators.local import LocalIdeator, unload
from mle_ideator_jupyter.ideators.local.checkpoint import check_room, find, free_memory

CONFIG = {
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "hidden_size": 64,
    "max_position_embeddings": 2048,
}


def folder(path, shapes=((1000, 64), (64,)), config=CONFIG):
    path.mkdir(exist_ok=True)
    header = {f"w{k}": {"dtype": "F32", "shape": list(s), "data_offsets": [0, 0]} for k, s in enumerate(shapes)}
    body = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    (path / "model.safetensors").write_bytes(len(body).to_bytes(8, "little") + body)
    (path / "config.json").write_text(json.dumps(config))
    return path


def test_size_and_need_come_from_the_headers(tmp_path):
    found = find(str(folder(tmp_path / "m")))
    assert found.weights == 1000 * 64 + 64
    assert found.weights_mb == found.weights * 2 / 2**20
    assert found.context == 2048
    assert found.cache_mb == 2 * 4 * 2 * 8 * 2048 * 2 / 2**20
    assert found.needs_mb > found.weights_mb + found.cache_mb
    assert found.describe().startswith("m: 0.1 million weights")


def test_an_adapter_is_found_with_what_it_stands_on(tmp_path):
    base, adapter = folder(tmp_path / "base"), tmp_path / "lora"
    adapter.mkdir()
    for said in (str(base), "../base"):
        (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": said}))
        found = find(str(adapter))
        assert found.adapter == adapter
        assert found.path.resolve() == base
        assert found.name == "lora"
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "some/where-else"}))
    with pytest.raises(UsageError, match="is no folder here"):
        find(str(adapter))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: "", "no checkpoint is set: MLE_IDEATOR_CHECKPOINT"),
        (lambda p: str(p / "none"), "neither a folder nor a .gguf file"),
        (str, "a folder without config.json"),
        (lambda p: (p / "config.json").write_text("{}") and str(p), "holds no .*safetensors"),
        (
            lambda p: (p / "config.json").write_text("{") and (p / "a.safetensors").write_bytes(b"") + 1 and str(p),
            "cannot be read",
        ),
        (
            lambda p: (p / "config.json").write_text("{}") and (p / "a.safetensors").write_bytes(b"12") and str(p),
            "cut off",
        ),
        (
            lambda p: (
                (p / "config.json").write_text("{}") and (p / "a.safetensors").write_bytes(b"\xff" * 99) and str(p)
            ),
            "no safetensors",
        ),
    ],
)
def test_what_is_no_checkpoint_is_said_in_one_line(tmp_path, make, words):
    with pytest.raises(UsageError, match=words) as caught:
        find(make(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_broken_gguf_file_is_said_in_one_line(tmp_path):
    pytest.importorskip("gguf", reason="extra [local-torch] is not installed")
    (tmp_path / "m.gguf").write_bytes(b"GGUF and nothing more")
    with pytest.raises(UsageError, match="is no GGUF file"):
        find(str(tmp_path / "m.gguf"))


def test_what_does_not_fit_is_refused_with_the_figures(tmp_path):
    found = replace(find(str(folder(tmp_path / "m"))), weights=7_000_000_000)
    gpus = (Gpu(name="a", memory_mb=8000, free_mb=5000), Gpu(name="b", memory_mb=8000, free_mb=6000))
    free, where = free_memory("auto", gpus)
    assert (free, where) == (6000, "the GPU's memory")
    with pytest.raises(
        CheckpointError, match=r"7000.0 million weights, 13351 MiB loaded.*only 6000 MiB of the GPU"
    ) as caught:
        check_room(found, free, where)
    assert "\n" not in str(caught.value)
    check_room(found, 20_000, where)
    assert free_memory("cpu", gpus)[1] == "this machine's memory"


def test_doctor_says_whether_a_checkpoint_is_set_and_fits(tmp_path, monkeypatch):
    def said():
        return next(f for f in check(start_kernel=False) if f.name == "local checkpoint")

    assert not said().ok
    assert said().optional
    assert "no checkpoint is set" in said().said
    monkeypatch.setenv("MLE_IDEATOR_CHECKPOINT", str(folder(tmp_path / "m")))
    monkeypatch.setenv("MLE_IDEATOR_CHECKPOINT_DEVICE", "cpu")
    found = said()
    assert "m: 0.1 million weights" in found.said
    assert found.ok == ("fits" in found.said) == ("not installed" not in found.said)


def test_nothing_is_loaded_until_it_is_asked_and_unloading_nothing_is_no_error(tmp_path):
    LocalIdeator(str(folder(tmp_path / "m")))
    assert unload() == []
