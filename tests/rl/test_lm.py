from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.ideators.llm.evidence import Material
from mle_ideator_jupyter.ideators.playbook import Playbook
from mle_ideator_jupyter.recipe import apply_edit, recipe_from
from mle_ideator_jupyter.rl.lm.asking import answered
from mle_ideator_jupyter.rl.lm.config import SHIPPED, read_config
from mle_ideator_jupyter.rl.lm.judging import Answer, Verdict, reading, summary
from mle_ideator_jupyter.rl.states import Moment
from tests.rl.small import small_task
from tests.unit.playbook_cases import CASES

needs_train = pytest.mark.skipif(
    any(importlib.util.find_spec(m) is None for m in ("torch", "trl", "peft")), reason="the extra `train` is missing"
)


def best(brief):
    return Playbook().ranked(brief)[0][1]


def test_a_playbook_idea_is_read_back_as_its_recipe():
    brief = CASES["skewed rmsle"]()
    found = best(brief)
    answer = reading(answered(found, Material(brief, brief.text())), brief, "titles")
    assert answer.outcome == "graded"
    assert recipe_from(answer.recipe).key() == apply_edit(recipe_from(None), found.edit).key()


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda a: "no idea", "no JSON"),
        (lambda a: json.dumps({"ideas": a["ideas"] * 2 + [{**a["ideas"][0], "title": "Other words"}]}), "not one"),
        (lambda a: json.dumps({"ideas": [{**a["ideas"][0], "evidence": ["skew is 777.25"]}]}), "does not say"),
        (lambda a: json.dumps({"ideas": [{**a["ideas"][0], "title": "Dance with the data"}]}), "has this title"),
        (lambda a: "", "empty"),
    ],
)
def test_what_is_no_idea_is_malformed_and_says_why(change, wrong):
    brief = CASES["skewed rmsle"]()
    good = json.loads(answered(best(brief), Material(brief, brief.text())))
    answer = reading(change(good), brief, "titles")
    assert answer.outcome == "malformed"
    assert answer.recipe is None
    assert wrong in answer.wrong


def test_an_idea_that_leaves_the_cell_as_it_is_changes_nothing():
    from mle_ideator_jupyter.rl.executing import same_cell
    from mle_ideator_jupyter.rl.variants import SplitView

    brief = CASES["skewed rmsle"]()
    view = SplitView(task=brief.task, profile=brief.profile, kernel=brief.kernel)
    assert same_cell(view, {}, {"combine": "stack"})  # of one model alone
    assert not same_cell(view, {}, {"bags": 3})
    assert not same_cell(view, {}, {"features": [{"op": "ratio", "columns": ["no", "such"]}]})


def test_a_step_is_summed_up():
    one, other = (Moment(variant="v", run=0, depth=d) for d in (0, 1))

    def verdict(reward, kind="ensembling", recipe=None, outcome="graded"):
        return Verdict(answer=Answer(recipe=recipe, kind=kind, outcome=outcome), reward=reward)

    found = summary(
        [one, one, other, other],
        [
            verdict(0.4, recipe={"bags": 2}),
            verdict(0.2, recipe={"bags": 2}),
            verdict(-1.0, "", outcome="malformed"),
            verdict(-1.0, "", outcome="malformed"),
        ],
        [10, 20, 30, 40],
    )
    assert found["max_at_g"] == pytest.approx((0.4 - 1.0) / 2)
    assert found["distinct_ideas"] == 0.5
    assert found["share_malformed"] == found["share_flat_groups"] == 0.5
    assert found["length"] == 25
    assert found["kind_entropy"] == 0


def test_shipped_configurations_are_read_and_others_refused(tmp_path):
    names = sorted(p.stem for p in SHIPPED.glob("*.json"))
    assert names == ["qwen3-8b", "smollm2", "tiny"]
    for name in names:
        config = read_config(name)
        assert config.prompts * config.group % config.micro_batch == 0
    with pytest.raises(UsageError, match="tiny"):
        read_config("other")
    (tmp_path / "c.json").write_text('{"stepz": 1}')
    with pytest.raises(UsageError, match="stepz"):
        read_config(str(tmp_path / "c.json"))


@needs_train
@pytest.mark.skipif(importlib.util.find_spec("llguidance") is None, reason="llguidance is missing")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_answers_are_held_to_the_schema_and_forced_tokens_are_masked(tmp_path):
    from types import SimpleNamespace

    from accelerate import Accelerator
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    from mle_ideator_jupyter.rl.lm.constrained import Rollout
    from tests.rl.tiny_model import tiny_model

    tiny_model(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    trainer = SimpleNamespace(
        processing_class=tokenizer,
        accelerator=Accelerator(cpu=True),
        model_wrapped=AutoModelForCausalLM.from_pretrained(tmp_path),
        generation_config=GenerationConfig(max_new_tokens=40, do_sample=True, pad_token_id=0, eos_token_id=1),
    )
    asked = [[{"role": "user", "content": text}] for text in ("short", "somewhat longer")]
    made = Rollout()(asked, trainer)
    for ids, own in zip(made["completion_ids"], made["env_mask"], strict=True):
        text = tokenizer.decode(ids)
        assert text.startswith('{"ideas":[{"kind":"')
        assert len(ids) == len(own)
        assert own[0] == 0  # nothing but a brace may begin
        assert 0 < sum(own) < len(own)
    short, longer = map(len, made["prompt_ids"])
    assert short < longer


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
    assert all(a["outcome"] == "malformed" and a["reward"] == -1.0 for a in answers)
