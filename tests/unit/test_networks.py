"""Networks of torch in Recipes: the cells they render to, and that these run anywhere torch does."""

from __future__ import annotations

import ast
import importlib.util

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe import render_trial
from mle_ideator_jupyter.implementers.recipe.nets import pixel_names
from mle_ideator_jupyter.implementers.recipe.writing import write
from mle_ideator_jupyter.model import Splitter
from mle_ideator_jupyter.profile import profile_frames
from tests.unit.network_cases import edited, image_case, pictures, recipe
from tests.unit.recipe_cases import case
from tests.unit.test_recipe_runs import run

TORCH_SECONDS = 300
"""Loading torch takes seconds of a core, and longer on a busy machine."""
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed: pip install torch"
)


def rendered(family: str, problem: str = "binary", metric: str = "auc", **params) -> str:
    binding, profile, *_ = image_case() if family == "torch_cnn" else case(problem, metric)
    return render_trial(binding, profile, recipe(family, **params), name="trial_01")


@pytest.mark.parametrize("family", ["torch_mlp", "torch_cnn", "torch_bag"])
def test_the_cell_needs_public_libraries_alone(family):
    tree = ast.parse(rendered(family))
    named = {n.module.partition(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    whole = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert named <= {"sklearn", "torch", "scipy", "mle_ideator_jupyter"}
    assert whole <= {"torch", "numpy", "pandas", "copy"}
    ours = [
        a.name
        for n in ast.walk(tree)
        if isinstance(n, ast.ImportFrom) and n.module == "mle_ideator_jupyter"
        for a in n.names
    ]
    assert ours == ["report_score"]


@pytest.mark.parametrize("params", [{}, {"patience": None}, {"mixed_precision": True}])
@pytest.mark.parametrize("family", ["torch_mlp", "torch_cnn", "torch_bag"])
@pytest.mark.parametrize(("problem", "metric"), [("binary", "auc"), ("regression", "rmse")])
def test_what_a_network_asks_of_itself_is_there(family, params, problem, metric):
    """Without torch too, where it cannot be run: each method and attribute of its own is defined or set."""
    tree = ast.parse(rendered(family, problem, metric, **params))
    for made in (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)):
        own = [n for n in ast.walk(made) if isinstance(n, ast.Attribute) and getattr(n.value, "id", "") == "self"]
        there = {n.name for n in made.body if isinstance(n, ast.FunctionDef)}
        there |= {n.attr for n in own if isinstance(n.ctx, ast.Store)}
        assert own
        assert {n.attr for n in own} <= there


@pytest.mark.parametrize(
    ("params", "there", "absent"),
    [
        ({}, ["OneCycleLR", "self.patience"], ["autocast", "GradScaler", "grid_sample", "flip"]),
        ({"schedule": "cosine"}, ["CosineAnnealingLR"], ["OneCycleLR"]),
        ({"schedule": "constant"}, [], ["schedule", "steps ="]),
        ({"patience": None}, [], ["held", "patience", "deepcopy", "import copy", "_loss"]),
        ({"mixed_precision": True}, ["autocast", "GradScaler"], ["\n                    loss.backward()"]),
        ({"augment": ["flip"]}, ["flip(3)"], ["grid_sample"]),
        ({"augment": ["shift", "flip"]}, ["flip(3)", "grid_sample"], []),
    ],
)
def test_a_setting_is_there_in_lines_and_gone_without(params, there, absent):
    source = rendered("torch_cnn", **params)
    assert [word for word in there if word not in source] == []
    assert [word for word in absent if word in source] == []


def test_where_rows_are_in_the_order_of_time_the_latest_say_when_to_stop():
    binding, profile, *_ = case("regression", "rmse")
    later = replace(binding, splitter=Splitter(kind="time", folds=3, column="bought"))
    assert "randperm(len(y))" in render_trial(binding, profile, recipe("torch_mlp"), name="trial_01")
    assert "randperm(len(y))" not in render_trial(later, profile, recipe("torch_mlp"), name="trial_01")


def test_categories_are_embedded_unless_an_edit_encodes_them():
    binding, profile, *_ = case("binary", "auc")
    assert "Embedding" in rendered("torch_mlp")
    plain = edited([{"family": "torch_mlp"}], **{"categories.encoder": "target"})
    assert "Embedding" not in render_trial(binding, profile, plain, name="trial_01")


def test_two_networks_of_other_make_are_two_classes():
    binding, profile, *_ = case("binary", "auc")
    two = edited([{"family": "torch_mlp"}, {"family": "torch_mlp", "params": {"schedule": "cosine"}}])
    classes = [
        n.name for n in ast.walk(ast.parse(render_trial(binding, profile, two, name="trial_01"))) if hasattr(n, "bases")
    ]
    assert {"TorchMLP", "TorchMLP2"} <= set(classes)
    alike = edited([{"family": "torch_mlp"}, {"family": "torch_mlp", "params": {"width": 7}}])
    assert "TorchMLP2" not in render_trial(binding, profile, alike, name="trial_01")


@pytest.mark.parametrize(
    ("family", "params", "said"),
    [
        ("torch_mlp", {"augment": ["flip"]}, "images"),
        ("torch_mlp", {"schedule": "sometimes"}, "schedule"),
        ("torch_mlp", {"hidden_layer_sizes": [8]}, "hidden_layer_sizes"),
        ("torch_mlp", {"dropout": 1.5}, "dropout"),
        ("torch_bag", {"epochs": 0}, "epochs"),
        ("torch_mlp", {"batch_size": "__import__('os')"}, "batch_size"),
    ],
)
def test_what_cannot_be_trained_says_so(family, params, said):
    with pytest.raises(EditError, match=said):
        rendered(family, **params)


def test_a_network_needs_torch_in_the_kernel():
    binding, profile, *_ = case("binary", "auc")
    with pytest.raises(EditError, match="pip install torch"):
        render_trial(binding, profile, recipe("torch_mlp"), name="t", libraries={"pandas": "2"})


def test_convolutions_need_every_pixel_of_images():
    binding, profile, *_ = case("binary", "auc")
    with pytest.raises(EditError, match="needs images"):
        render_trial(binding, profile, recipe("torch_cnn"), name="t")
    binding, profile, *_ = image_case()
    for more in ({"drop": ["pixel_3_3"]}, {"select": 0.5}):
        with pytest.raises(EditError, match="every pixel"):
            render_trial(binding, profile, edited([{"family": "torch_cnn"}], **more), name="t")


# ---------------------------------------------------------------- images among columns


def _profiled(columns: list[str], values: np.ndarray):
    binding, *_ = image_case()
    answers = np.where(values[:, 0] > np.median(values[:, 0]), "a", "b")
    frame = pd.DataFrame(values, columns=columns).assign(y=answers)
    return profile_frames(frame, None, replace(binding, test=None)).image


@pytest.mark.parametrize("first", [0, 1])
def test_numbered_columns_are_images_where_what_lies_above_is_alike(first):
    images, _ = pictures(300)
    columns = [f"pixel{n + first}" for n in range(100)]
    found = _profiled(columns, images.reshape(300, -1))
    assert (found.height, found.width, found.channels) == (10, 10, 1)
    assert found.columns == tuple(columns)
    rng = np.random.default_rng(0)
    assert _profiled(columns, rng.normal(size=(300, 100))) is None
    assert _profiled(columns, rng.normal(size=(300, 100)).cumsum(axis=1)) is None, "a series is no image"
    assert _profiled(columns[:36], images.reshape(300, -1)[:, :36]) is None, "too small"


def test_columns_out_of_order_are_put_in_their_places():
    images, _ = pictures(40)
    columns = [f"p_{i}_{j}" for i in range(10) for j in range(10)]
    order = np.random.default_rng(1).permutation(100)
    found = _profiled([columns[i] for i in order], images.reshape(40, -1)[:, order])
    assert found.columns == tuple(columns)


def test_the_names_of_pixels_are_written_as_loops():
    for channels in (1, 3):
        _, profile, *_ = image_case(channels)
        source = write(pixel_names(profile.image))
        assert " for i in range(" in source
        assert len(source) < 120
        assert tuple(eval(source)) == profile.image.columns
    odd = replace(profile.image, columns=tuple(f'p{{"{n}' for n in range(64)), height=8, width=8, channels=1)
    assert tuple(eval(write(pixel_names(odd)))) == odd.columns


# ---------------------------------------------------------------- they run


@needs_torch
@pytest.mark.long
@pytest.mark.timeout(TORCH_SECONDS)
@pytest.mark.parametrize(
    ("family", "problem", "metric", "params"),
    [
        ("torch_mlp", "regression", "rmse", {}),
        ("torch_mlp", "multiclass", "logloss", {"mixed_precision": True, "schedule": "cosine"}),
        ("torch_mlp", "binary", "auc", {"patience": None, "schedule": "constant"}),
        ("torch_bag", "binary", "auc", {}),
        ("torch_bag", "regression", "mae", {"depth": 1, "mixed_precision": True}),
    ],
)
def test_it_runs_and_keeps_the_formats(family, problem, metric, params):
    binding, profile, train, test = case(problem, metric)
    source = render_trial(binding, profile, recipe(family, **params), name="trial_01")
    report, submission = run(source, train, test)
    assert len(report["folds"]) == 3
    assert np.isfinite(report["value"])
    assert submission["id"].tolist() == test["id"].tolist()
    assert submission.notna().all().all()
    if metric == "logloss":
        assert np.allclose(submission.iloc[:, 1:].sum(axis=1), 1)


@needs_torch
@pytest.mark.timeout(TORCH_SECONDS)
@pytest.mark.parametrize("channels", [1, pytest.param(3, marks=pytest.mark.long)])
def test_convolutions_find_a_shape_wherever_it_lies(channels):
    binding, profile, train, test = image_case(channels)
    learning = recipe("torch_cnn", epochs=25, augment=["flip", "shift"], learning_rate=0.01, patience=None)
    report, submission = run(render_trial(binding, profile, learning, name="trial_01"), train, test)
    assert report["value"] > 0.8
    assert set(submission["y"]) <= {"lying", "upright"}


@needs_torch
@pytest.mark.timeout(TORCH_SECONDS)
def test_on_a_cpu_the_same_seed_gives_the_same_network_and_the_notebooks_chance_stays():
    import torch

    binding, profile, train, test = case("binary", "auc")
    source = render_trial(binding, profile, recipe("torch_mlp"), name="trial_01")
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second = run(source, train, test), run(source, train, test)
    assert first[0]["folds"] == second[0]["folds"]
    assert torch.equal(before, torch.get_rng_state())
    other = run(source.replace("            random_state=0,", "            random_state=1,"), train, test)
    assert other[0]["folds"] != first[0]["folds"]


@needs_torch
@pytest.mark.long
@pytest.mark.timeout(TORCH_SECONDS)
def test_networks_in_blends_bags_stacks_and_searches():
    binding, profile, train, test = case("regression", "rmse")
    params = {"epochs": 2, "batch_size": 32, "width": 8}
    members = [{"family": "torch_mlp", "params": params}, {"family": "linear"}]
    for more in ({}, {"combine": "stack"}, {"bags": 2}, {"tune": {"trials": 2, "folds": 2}}):
        report, _ = run(render_trial(binding, profile, edited(members, **more), name="trial_01"), train, test)
        assert np.isfinite(report["value"])
