from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from mle_ideator_jupyter.ideators.local import naming
from mle_ideator_jupyter.rl.lm.asking import Question
from mle_ideator_jupyter.rl.lm.config import Config
from mle_ideator_jupyter.rl.states import Moment
from tests.rl.small import small_task

needs_train = pytest.mark.skipif(
    any(importlib.util.find_spec(m) is None for m in ("torch", "trl", "peft")), reason="the extra `train` is missing"
)


def asked(text, **held):
    moment = Moment(variant=text, run=0, depth=0)
    return Question(moment=moment, task="t", messages=({"role": "user", "content": text},), **held)


def tiny_trainer(folder):
    from types import SimpleNamespace

    from accelerate import Accelerator
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    from tests.rl.tiny_model import tiny_model

    tiny_model(folder)
    return SimpleNamespace(
        processing_class=AutoTokenizer.from_pretrained(folder),
        accelerator=Accelerator(cpu=True),
        temperature=1.0,
        model_wrapped=AutoModelForCausalLM.from_pretrained(folder),
        generation_config=GenerationConfig(max_new_tokens=60, do_sample=True, pad_token_id=0, eos_token_id=1),
    )


@needs_train
@pytest.mark.skipif(importlib.util.find_spec("llguidance") is None, reason="llguidance is missing")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_ideas_are_held_to_the_schema_and_forced_tokens_are_masked(tmp_path):
    from mle_ideator_jupyter.rl.lm.constrained import Rollout

    trainer = tiny_trainer(tmp_path)
    questions = [asked("short", facts=("a fact",)), asked("somewhat longer", facts=("another", "a third"))]
    made = Rollout(questions)([list(q.messages) for q in questions], trainer)
    for ids, own in zip(made["completion_ids"], made["env_mask"], strict=True):
        text = trainer.processing_class.decode(ids)
        assert text.startswith('{"ideas":[{"kind":"')
        assert len(ids) == len(own)
        assert own[0] == 0  # nothing but a brace may begin
        assert 0 < sum(own) < len(own)
    short, longer = map(len, made["prompt_ids"])
    assert short < longer


@needs_train
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_titles_are_drawn_with_the_chance_that_is_learned_and_told(tmp_path):
    import torch

    from mle_ideator_jupyter.rl.lm.arms import Scorer
    from mle_ideator_jupyter.rl.lm.constrained import Rollout
    from mle_ideator_jupyter.rl.lm.trees import among

    trainer = tiny_trainer(tmp_path)
    tokenizer = trainer.processing_class
    titles = ("Take a", "Take another one", "Leave b")
    questions = [asked("short", titles=titles), asked("somewhat longer", titles=titles[:1])]
    prompts = [list(q.messages) for q in questions]
    rollout = Rollout(questions)
    torch.manual_seed(0)
    made = rollout(prompts * 40, trainer)
    texts = [tokenizer.decode(ids, skip_special_tokens=True) for ids in made["completion_ids"]]
    drawn = [naming.title_in(t) for t in texts]
    assert set(drawn[1::2]) == {titles[0]}
    assert set(drawn[::2]) == set(titles)
    assert all(not sum(own) for own in made["env_mask"][1::2]), "one title leaves no choice"
    assert all(sum(own) in {1, 2} for own in made["env_mask"][::2])

    scorer = Scorer(trainer.model_wrapped, tokenizer)
    scorer.chances(prompts[0], ("Other words", "Take a"))  # what was asked before leaves nothing behind
    chances, likely = scorer.chances(prompts[0], titles)
    assert sum(chances) == pytest.approx(1)
    answer = made["completion_ids"][0]
    ids = torch.tensor([made["prompt_ids"][0] + answer])
    with torch.no_grad():
        logits = trainer.model_wrapped(input_ids=ids, logits_to_keep=len(answer) + 1).logits[0, :-1]
    tree = rollout.tree("short", tokenizer)
    allowed = tree.allowed[titles.index(drawn[0]), : len(answer)].unsqueeze(0)
    learned, _ = among(logits, torch.arange(len(answer)).unsqueeze(0), torch.tensor([answer]), allowed)
    assert float(learned.sum().exp()) == pytest.approx(chances[titles.index(drawn[0])], rel=1e-3)
    every = torch.log_softmax(logits, -1).gather(-1, torch.tensor(answer).unsqueeze(-1))
    assert float(every.mean()) == pytest.approx(likely[titles.index(drawn[0])], rel=1e-3)


@needs_train
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_question_read_beside_a_longer_one_is_read_as_by_itself(tmp_path):
    import torch

    from mle_ideator_jupyter.rl.lm.trees import Tree, read

    trainer = tiny_trainer(tmp_path)
    model, tokenizer = trainer.model_wrapped, trainer.processing_class
    trees = [Tree(tokenizer, ("Take a", "Leave b")), Tree(tokenizer, ("Take another one", "Leave b", "Take c"))]
    told = [tokenizer.encode(text) for text in ("short", "much longer than that")]
    both = read(model, told, trees)
    for row, (question, tree) in enumerate(zip(told, trees, strict=True)):
        alone = read(model, [question], [tree])[0]
        torch.testing.assert_close(both[row, : len(alone)], alone, atol=1e-4, rtol=1e-3)


@needs_train
def test_training_leaves_out_the_attention_whose_gradient_is_not_finite(tmp_path):
    import torch

    from mle_ideator_jupyter.rl.lm.training import loaded
    from tests.rl.tiny_model import tiny_model

    torch.backends.cuda.enable_cudnn_sdp(True)
    loaded(Config(model=str(tiny_model(tmp_path)), rank=0), None)
    assert not torch.backends.cuda.cudnn_sdp_enabled()


@needs_train
def test_a_step_whose_gradient_is_not_finite_changes_nothing(tmp_path):
    import torch

    from mle_ideator_jupyter.rl.lm.gpu import Busy
    from mle_ideator_jupyter.rl.lm.watching import Watch

    model = torch.nn.Linear(2, 1)
    adam = torch.optim.Adam(model.parameters())
    watch = Watch(tmp_path, None, Busy(), None)
    step = watch.callback()
    before = model.weight.detach().clone()
    for factor, changed in ((float("nan"), False), (1.0, True)):
        adam.zero_grad()
        (model(torch.ones(1, 2)).sum() * factor).backward()
        step.on_pre_optimizer_step(None, None, None, model=model)
        adam.step()
        assert bool((model.weight != before).any()) == changed
    assert watch.skipped == 1
    watch.busy.close()


def train(tmp_path, *more, wait=True):
    line = [sys.executable, "-m", "mle_ideator_jupyter.cli", "train", "lm", "--config", "tiny", "--json", "--debug"]
    line += ["--tasks", tmp_path / "tasks", "--model", tmp_path / "model", "--out", tmp_path / "out", "--workers", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}
    process = subprocess.Popen(
        [*map(str, line), *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    if not wait:
        return process
    said, wrong = process.communicate(timeout=800)
    assert process.returncode == 0, wrong
    return json.loads(said.splitlines()[-1])


def steps(tmp_path):
    log = tmp_path / "out" / "log.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [line["step"] for line in lines if line["phase"] == "grpo"]


@needs_train
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_real_steps_on_a_cpu_and_a_killed_run_goes_on(tmp_path):
    from tests.rl.tiny_model import tiny_model

    small_task(tmp_path / "tasks")
    tiny_model(tmp_path / "model")
    process = train(tmp_path, "--steps", "50", wait=False)
    while process.poll() is None and not list((tmp_path / "out" / "grpo").glob("checkpoint-*/trainer_state.json")):
        time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = steps(tmp_path)
    assert before, "it was killed behind its first checkpoint"
    done = train(tmp_path, "--steps", str(before[-1] + 2))
    after = steps(tmp_path)
    assert after[-1] == before[-1] + 2
    assert 1 not in after[len(before) :], "it went on instead of beginning again"
    assert (tmp_path / "out" / "final" / "adapter_config.json").is_file()
    assert done["checkpoint"].endswith("final")
    lines = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert lines[0]["phase"] == "warm-up"
    assert lines[-1]["seconds_generating"] > 0
    answers = [json.loads(line) for line in (tmp_path / "out" / "answers.jsonl").read_text().splitlines()]
    assert all(a["outcome"] != "malformed" and a["reward"] > -1.0 for a in answers), "the grammar holds"
