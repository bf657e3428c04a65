"""Any coding agent as the Implementer: the SDK's own client against `jupyter ideate mcp` over standard input and output."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import nbformat
import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters

from mle_ideator_jupyter.cli import mcpverb
from mle_ideator_jupyter.cli.app import app
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.headless import RunOptions
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.outside import SOURCE_CAP, Outside

CELLS = """
import pandas as pd
from sklearn.datasets import load_diabetes
train = load_diabetes(as_frame=True).frame
"""
OPTIONS = ["--target", "target", "--metric", "rmse"]


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "sugar.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELLS)]), path)
    return path


@pytest.fixture
def outside(notebook):
    return Outside(RunOptions(notebook=notebook, target="target", metric="rmse"), lambda _: None)


def talk(notebook, calls):
    """Have the SDK's client make these calls on one server, and return what each was answered."""

    async def said():
        line = ["-m", "mle_ideator_jupyter.cli", "mcp", str(notebook), *OPTIONS]
        async with Client(StdioServerParameters(command=sys.executable, args=line)) as client:
            tools = (await client.list_tools()).tools
            answers = []
            for tool, arguments in calls:
                given = arguments(answers) if callable(arguments) else arguments
                answers.append(await client.call_tool(tool, given))
            return tools, answers

    return asyncio.run(said())


def test_an_agent_asks_tries_and_reports_over_stdio(notebook):
    before = notebook.read_bytes()
    tools, answers = talk(
        notebook,
        [
            ("get_history", {}),
            ("seek_help", {"question": "something with the features", "n": 2}),
            (
                "report_score",
                lambda so_far: {
                    "metric": "RMSE",
                    "value": [55.0, 57.0],
                    "idea": so_far[1].structured_content["ideas"][0]["id"],
                    "source": "fit()",
                    "seconds": 3.5,
                },
            ),
            ("report_score", {"metric": "rmse", "failure": "ValueError: no\nsuch column", "title": "boosting"}),
            ("seek_help", {}),
            ("get_history", {}),
            ("report_score", {"metric": "rmse", "value": "good"}),
        ],
    )
    assert {t.name for t in tools} == {"seek_help", "get_history", "report_score"}
    assert all(t.input_schema["type"] == "object" and t.description for t in tools)
    empty, first, scored, failed, second, history, refused = answers
    assert empty.structured_content["trials"] == []
    ideas = first.structured_content["ideas"]
    assert len(ideas) == 2
    assert ideas[0]["rationale"]
    assert "edit" not in ideas[0]
    assert not {i["id"] for i in ideas} & {i["id"] for i in second.structured_content["ideas"]}, "asked again: another"
    trial = scored.structured_content["trial"]
    assert trial["outcome"]["value"] == 56.0
    assert trial["outcome"]["metric"] == "rmse"
    assert failed.structured_content["trial"]["outcome"]["type"] == "failure"
    told = history.structured_content
    assert [t["score"] for t in told["trials"]] == [56.0, None]
    assert told["task"]["binding"]["target"] == "target"
    assert ideas[0]["id"] not in {i["id"] for i in told["untried"]}
    assert json.loads(history.content[0].text) == told
    assert refused.is_error
    assert "\n" not in refused.content[0].text
    assert notebook.read_bytes() == before

    kept = Journal.read(notebook.with_name("sugar.ideas.jsonl")).state
    assert [t.idea for t in kept.trials] == [ideas[0]["id"], None]
    assert {i.trigger.value for i in kept.ideas.values()} == {"implementer"}
    assert len(kept.ideas) == 3


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("report_score", {"metric": "rmse"}, "a value, or the failure"),
        ("report_score", {"metric": "rmse", "value": 1.0, "failure": "no"}, "a value, or the failure"),
        ("report_score", {"metric": "", "value": 1.0}, "name the metric"),
        ("report_score", {"metric": "rm se!", "value": 1.0}, "name the metric"),
        ("report_score", {"value": 1.0}, "`metric`"),
        ("report_score", {"metric": "rmse", "value": float("nan")}, "finite"),
        ("report_score", {"metric": "rmse", "value": [1.0, float("inf")]}, "finite"),
        ("report_score", {"metric": "rmse", "value": []}, "finite"),
        ("report_score", {"metric": "rmse", "value": True}, "bool"),
        ("report_score", {"metric": "rmse", "value": 1.0, "idea": "0123"}, "no idea"),
        ("report_score", {"metric": "rmse", "value": 1.0, "source": "x" * (SOURCE_CAP + 1)}, "the most"),
        ("report_score", {"metric": "rmse", "value": 1.0, "seconds": float("inf")}, "seconds"),
        ("report_score", {"metric": "rmse", "value": 1.0, "notebook": "/etc/passwd"}, "unknown field"),
        ("seek_help", {"kinds": ["magic"]}, "feature_engineering"),
        ("seek_help", {"n": 99}, "10"),
        ("get_history", {"limit": 0}, "1"),
        ("run_shell", {}, "report_score"),
    ],
)
def test_bad_input_is_one_line_and_keeps_nothing(outside, tool, arguments, says):
    with pytest.raises(UsageError) as refused:
        asyncio.run(mcpverb.answer(outside, tool, arguments))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not outside.path.exists() or not Journal.read(outside.path).state.trials


def test_the_same_report_twice_is_one_trial(outside):
    first = outside.report_score("auc", 0.5, source="fit()")
    assert outside.report_score("auc", 0.5, source="fit()").id == first.id
    assert outside.report_score("auc", 0.6, source="fit()").id != first.id
    assert len(outside.get_history().trials) == 2


def test_what_others_write_meanwhile_is_seen(outside):
    outside.report_score("auc", 0.5)
    other = Outside(outside._options, lambda _: None)
    other.report_score("auc", 0.7)
    third = outside.report_score("auc", 0.9)
    assert third.number == 3
    assert [t.score for t in outside.get_history().trials] == [0.5, 0.7, 0.9]
    assert outside.get_history(limit=1).left_out == 2


def test_reading_the_history_begins_no_journal(outside):
    assert outside.get_history().trials == []
    assert not outside.path.exists()


def test_the_configuration_starts_the_same_server(notebook):
    done = CliRunner().invoke(app, ["mcp", str(notebook), *OPTIONS, "--leave-out", "source", "--show-config"])
    entry = json.loads(done.stdout)["mcpServers"]["mle-ideator"]
    assert (entry["args"][2], entry["args"][-1]) == ("mcp", str(notebook))
    given = entry["args"][3:-1]
    assert dict(zip(given[::2], given[1::2], strict=True)) == {
        "--target": "target",
        "--metric": "rmse",
        "--leave-out": "source",
    }
    line = [entry["command"], *entry["args"], "--help"]
    assert subprocess.run(line, capture_output=True, check=False, timeout=60).returncode == 0


def test_no_notebook_is_said_before_anything_is_served(tmp_path):
    done = CliRunner().invoke(app, ["mcp", str(tmp_path / "none.ipynb")])
    assert done.exit_code != 0
    assert "no notebook" in str(done.exception)
