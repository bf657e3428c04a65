"""Plays that train networks of torch: where they apply, what they cost, what follows a lack of memory."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.facts import Gpu
from mle_ideator_jupyter.ideators.playbook import Playbook, catalogue, ideator, prior
from mle_ideator_jupyter.ideators.playbook.ideator import candidates
from mle_ideator_jupyter.ideators.playbook.past import play_of
from mle_ideator_jupyter.model import Failure, FailureKind
from mle_ideator_jupyter.recipe import apply_edit, recipe_from
from tests.unit.playbook_cases import CASES, GPU, NETWORK_CASES, after, ask, begun, images, out_of_memory

CNN = {"family": "torch_cnn", "params": {"batch_size": 512, "width": 64}}


def plays(brief) -> set[str]:
    return {found.play for found, _ in candidates(brief)}


@pytest.mark.parametrize("name", CASES)
def test_without_torch_everything_is_as_it_was_before_these_plays(name, monkeypatch):
    """The order that the frozen prior makes, and its scores, do not depend on whether the plays exist."""
    brief = begun(CASES[name]())
    now = [(score, found.action) for score, found in Playbook().ranked(brief)]
    frozen = {n: play for n, play in catalogue.PLAYS.items() if n in prior.GAINS}
    assert len(frozen) < len(catalogue.PLAYS)
    monkeypatch.setattr(ideator, "PLAYS", frozen)
    assert now == [(score, found.action) for score, found in Playbook().ranked(brief)]


def test_the_fingerprint_of_the_prior_does_not_know_them(monkeypatch):
    before = prior.Prior.fingerprint()
    monkeypatch.setitem(prior.LATER, "torch_images", 0.9)
    assert prior.Prior.fingerprint() == before
    monkeypatch.setitem(prior.GAINS, "search", 0.9)
    assert prior.Prior.fingerprint() != before


def test_they_apply_where_torch_is_and_only_there():
    for name, make in NETWORK_CASES.items():
        brief = begun(make())
        assert plays(brief) & set(prior.LATER), name
        without = replace(brief, kernel=replace(brief.kernel, libraries={"lightgbm": "4"}))
        assert not plays(without) & set(prior.LATER), name


def test_images_get_convolutions_first_and_tables_do_not():
    assert play_of(ask(begun(images()))[0].action) == "torch_images"
    assert "torch_images" not in plays(begun(NETWORK_CASES["network on a table"]()))
    assert "torch_tables" not in plays(begun(images()))


def _one(brief, action: str):
    return next((score, found) for score, found in Playbook().ranked(brief) if found.action == action)


def test_without_a_gpu_they_are_dear_and_come_later():
    fast, slow = (_one(begun(images(gpus=g)), "torch_images:wide") for g in ((GPU,), ()))
    assert slow[1].seconds > 5 * fast[1].seconds
    assert slow[1].cost > 5 * fast[1].cost
    assert slow[0] < 0.5 * fast[0]


def test_a_gpu_that_the_installed_torch_cannot_use_is_none():
    brief = begun(images())
    built_without = replace(brief.kernel, libraries={"torch": "2.13.0+cpu"})
    assert _one(replace(brief, kernel=built_without), "torch_images:wide")[1].seconds == pytest.approx(
        _one(begun(images(gpus=())), "torch_images:wide")[1].seconds
    )


def test_pixels_that_were_dropped_come_back_for_convolutions():
    recipe = recipe_from({"drop": ["pixel_0_0", "other"], "select": 0.5})
    found = _one(begun(images(), recipe=recipe), "torch_images:wide")[1]
    made = apply_edit(recipe, found.edit)
    assert (made.drop, made.select) == (("other",), None)


def test_what_ran_out_of_memory_comes_again_in_smaller_batches():
    brief = out_of_memory(begun(images(), value=0.9), [CNN])
    idea = ask(brief)[0]
    assert play_of(idea.action) == "torch_memory"
    assert "CUDA out of memory" in idea.rationale
    assert apply_edit(recipe_from(None), idea.edit).models[0].params["batch_size"] < 512
    halved = apply_edit(recipe_from(None), _one(brief, "torch_memory:half_batch")[1].edit)
    assert halved.models[0].params == {"batch_size": 256, "width": 64}, "else the network that was tried"


def test_once_a_network_fits_there_is_no_more_talk_of_memory():
    brief = out_of_memory(begun(images()), [CNN])
    again = after(brief, ask(brief)[0], None, Failure(kind=FailureKind.MEMORY, message="OutOfMemoryError: again"))
    assert "torch_memory" in plays(again), "it did not fit yet"
    assert all("again" in found.rationale for found, _ in candidates(again) if found.play == "torch_memory")
    assert "torch_memory" not in plays(after(brief, ask(brief)[0], 0.9))


def test_memory_that_ran_out_without_a_network_is_no_matter_of_batches():
    assert "torch_memory" not in plays(out_of_memory(begun(images()), [{"family": "knn"}]))


def test_sixteen_bits_need_a_gpu():
    recipe = recipe_from({"models": [CNN]})
    assert "torch_precision" in plays(begun(images(), recipe=recipe))
    assert "torch_precision" not in plays(begun(images(gpus=()), recipe=recipe))
    assert "torch_precision" in plays(begun(images(gpus=(Gpu(name="T4"),)), recipe=recipe))
