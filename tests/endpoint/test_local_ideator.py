"""The local Ideator on torch: a random model of a few thousand weights, so that only the plumbing is tried."""

from __future__ import annotations

import asyncio
import time

import pytest

from mle_ideator_jupyter.errors import CheckpointError, UsageError
from mle_ideator_jupyter.ideators.llm.draft import RATIONALE, STEPS, TITLE
from mle_ideator_jupyter.ideators.local import LocalIdeator, naming, sampling, unload
from mle_ideator_jupyter.ideators.local import ideator as locals_ideator
from mle_ideator_jupyter.model import IdeaKind
from tests.endpoint.ideas import brief, tried
from tests.endpoint.tiny import write_tiny
from tests.unit.playbook_cases import CASES

for package in ("torch", "transformers", "gguf", "llguidance"):
    pytest.importorskip(package, reason="extra [local-torch] is not installed")

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def _unloaded(monkeypatch):
    monkeypatch.setenv("MLE_IDEATOR_CHECKPOINT_DEVICE", "cpu")
    monkeypatch.setattr(locals_ideator, "paced", lambda watch: watch)  # each token, as the model said it
    yield
    unload()


@pytest.fixture
def short(monkeypatch):
    """Have answers cut off soon: what they say is compared, not read."""
    monkeypatch.setattr(locals_ideator, "TOKENS_EACH", 10)


def propose(ideator, told=None, n=1):
    return asyncio.run(ideator.propose(told or brief(), n))


def test_a_model_that_knows_nothing_still_answers_within_the_schema(tiny):
    heard = []
    ideas = propose(LocalIdeator(str(tiny), watch=heard.append), brief(kinds=(IdeaKind.ENSEMBLING,)))
    assert ideas or ideas.why
    for idea in ideas:
        assert idea.kind is IdeaKind.ENSEMBLING
        assert idea.ideator == f"local:{tiny.name}"
        assert 0 < len(idea.title) <= TITLE
        assert len(idea.rationale) <= RATIONALE
        assert len(idea.steps) <= STEPS
    assert len(heard) > 5
    assert heard[0].startswith("{")


def test_a_checkpoint_that_names_plays_says_what_applies_and_nothing_twice(tmp_path):
    folder = write_tiny(tmp_path)
    (folder / "ideator.json").write_text('{"asked": "titles", "brief_tokens": 60, "most": 5}')
    told = CASES["skewed rmsle"]()
    can = naming.named(told, 5)
    ideas = propose(LocalIdeator(str(folder)), told, 3)
    assert len({idea.title for idea in ideas}) == 3
    for idea in ideas:
        assert (idea.action, idea.evidence, idea.edit) == (
            (play := can[idea.title]).action,
            play.evidence,
            play.edit,
        )
        assert idea.ideator == f"local:{folder.name}"
    every = propose(LocalIdeator(str(folder)), told, 9)
    assert {idea.title for idea in every} == set(can)
    assert every.why
    assert naming.SYSTEM in LocalIdeator(str(folder)).told(told)
    (folder / "ideator.json").write_text('{"asked": "riddles"}')
    with pytest.raises(UsageError, match="how the checkpoint is to be asked"):
        LocalIdeator(str(folder)).check()


def said(folder, **more):
    """Return all that the model says, first answer and repair, however little of it can be read."""
    heard = []
    propose(LocalIdeator(str(folder), watch=heard.append), brief(**more))
    return "".join(heard)


@pytest.mark.usefixtures("short")
def test_the_same_seed_says_the_same_and_the_kernels_random_state_stays(tiny):
    import torch

    before = torch.random.get_rng_state()
    first, again, other = (said(tiny, seed=s) for s in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert first
    assert first == again
    assert first != other


@pytest.mark.usefixtures("short")
def test_without_a_grammar_whatever_it_says_is_read_or_said(tiny, monkeypatch):
    monkeypatch.setattr("mle_ideator_jupyter.ideators.local.generating.constraint", lambda *_: None)
    ideas = propose(LocalIdeator(str(tiny)))
    assert ideas == []
    assert ideas.why


def test_a_cancelled_answer_has_stopped_and_the_loop_was_never_held_up(tiny):
    heard, ticks = [], []

    async def work():
        ideator = LocalIdeator(str(tiny), watch=heard.append)
        task = asyncio.ensure_future(ideator.propose(brief(), 5))
        while not heard:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        told = len(heard)
        await asyncio.sleep(0.2)
        return told

    told = asyncio.run(work())
    assert len(heard) == told, "nothing comes after it was stopped"
    assert len(ticks) > 3
    (engine,) = locals_ideator._engines.values()
    assert not engine._lock.locked()


@pytest.mark.usefixtures("short")
def test_it_is_loaded_once_and_given_back(tiny):
    first, second = LocalIdeator(str(tiny)), LocalIdeator(str(tiny))
    propose(first)
    (engine,) = locals_ideator._engines.values()
    propose(second)
    assert list(locals_ideator._engines.values()) == [engine]
    assert second.unload() == [tiny.name]
    assert locals_ideator._engines == {}
    assert engine._model is None
    assert propose(first) is not None, "asking again loads it again"


@pytest.mark.usefixtures("short")
def test_an_adapter_changes_what_is_said(tiny, tmp_path):
    peft = pytest.importorskip("peft", reason="extra [local-torch] is not installed")
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny)
    made = peft.get_peft_model(model, peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"))
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        for name, weight in made.named_parameters():
            if "lora" in name:
                weight.normal_()
    made.save_pretrained(tmp_path / "lora")
    plain, adapted = said(tiny), said(tmp_path / "lora")
    assert adapted
    assert plain != adapted
    assert unload() == ["lora"]


def test_a_brief_is_cut_to_the_context_and_one_that_is_too_small_is_said(tiny, tmp_path):
    long = brief(*(tried(k, f"Idea number {k} of many that were tried", "step " * 30) for k in range(1, 60)))
    ideator = LocalIdeator(str(write_tiny(tmp_path / "small", context=3000)))
    shown = ideator.told(long)
    assert len(shown) < len(LocalIdeator(str(tiny)).told(long))
    with pytest.raises(UsageError, match="context of 512 tokens, too few"):
        propose(LocalIdeator(str(write_tiny(tmp_path / "none", context=512))))


def test_a_checkpoint_that_cannot_be_loaded_is_said_in_one_line(tiny, tmp_path):
    broken = write_tiny(tmp_path / "broken")
    (broken / "tokenizer.json").write_text("{")
    with pytest.raises(CheckpointError, match="broken failed") as caught:
        propose(LocalIdeator(str(broken)))
    assert "\n" not in str(caught.value)


def test_what_does_not_fit_is_not_even_begun(tiny, monkeypatch):
    monkeypatch.setattr("mle_ideator_jupyter.ideators.local.checkpoint.ROOM_MB", 10**9)
    with pytest.raises(CheckpointError, match="MiB of this machine's memory are free"):
        propose(LocalIdeator(str(tiny)))


def test_a_tokenizer_that_no_grammar_knows_is_no_error():
    assert sampling.constraint(object(), {"type": "object"}) is None


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_real_model_from_a_gguf_file_gives_ideas_or_says_why_not():
    from mle_ideator_jupyter.endpoint.serving import model_file

    heard = []
    ideas = propose(LocalIdeator(str(model_file()), watch=heard.append), brief(tried(1, "Tune the depth")))
    assert heard
    assert ideas or ideas.why
    for idea in ideas:
        assert idea.ideator.startswith("local:SmolLM2")
        assert idea.title.isprintable()


@pytest.mark.long
def test_on_a_gpu_it_is_loaded_there_and_gives_all_of_it_back(tmp_path, monkeypatch):
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    monkeypatch.setenv("MLE_IDEATOR_CHECKPOINT_DEVICE", "auto")
    model = write_tiny(tmp_path / "tiny", layers=4, hidden=512)  # it seeds GPUs too
    before, random = torch.cuda.memory_allocated(), torch.cuda.get_rng_state()
    ideas = propose(LocalIdeator(str(model)))
    assert ideas or ideas.why
    (engine,) = locals_ideator._engines.values()
    assert engine.device == "cuda"
    assert torch.cuda.memory_allocated() > before
    assert torch.equal(random, torch.cuda.get_rng_state())
    del engine
    unload()
    assert torch.cuda.memory_allocated() <= before
