from __future__ import annotations

import csv
import io
import re
from xml.etree import ElementTree as ET

import msgspec
import nbformat
import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.events import IdeaProposed, TaskSet, TrialFinished, TrialStarted
from mle_ideator_jupyter.exports.notebook import write_result, write_text
from mle_ideator_jupyter.exports.page import page
from mle_ideator_jupyter.exports.table import as_csv, as_json, rows
from mle_ideator_jupyter.journal import Journal
from mle_ideator_jupyter.model import Failure, FailureKind, Score, Trial, new_id
from mle_ideator_jupyter.protocols import cell
from mle_ideator_jupyter.scoring.reported import MIME
from tests.doubles import TASK, idea_number

HOSTILE = '<script>alert(1)</script> [x](javascript:alert(2)) ![i](http://evil/x.png) `a` "q" \n# heading'


def journal_of(tmp_path, values, title="idea") -> Journal:
    journal = Journal.open(tmp_path / "n.ideas.jsonl")
    journal.append(TaskSet(task=TASK))
    parent = None
    for number, value in enumerate(values):
        idea = replace(idea_number(number), title=f"{title} {number}", rationale=f"{title} because", steps=(title,))
        trial = Trial(id=new_id(), number=number, title=idea.title, idea=idea.id, parent=parent)
        protocol = TASK.binding.splitter.protocol
        outcome = (
            Failure(kind=FailureKind.ERROR, message=title)
            if value is None
            else Score(value=value, metric="rmse", protocol=protocol, folds=(value - 0.1, value + 0.1))
        )
        journal.append(IdeaProposed(idea=idea))
        journal.append(TrialStarted(trial=trial))
        source = journal.put_blob(f"x = {number}".encode())
        outputs = journal.put_blob(b'[{"output_type":"stream","name":"stdout","text":"hi"}]')
        journal.append(TrialFinished(trial=trial.id, outcome=outcome, seconds=1.5, source=source, outputs=outputs))
        parent = trial.id
    return journal


def original():
    cells = [nbformat.v4.new_markdown_cell("# Mine"), nbformat.v4.new_code_cell("a = 1", execution_count=7)]
    return nbformat.v4.new_notebook(cells=cells)


def test_rows_tell_score_gain_and_failure(tmp_path):
    listed = rows(journal_of(tmp_path, [2.0, 1.5, None, 1.7]).state)
    assert [r.improved for r in listed] == [False, True, False, False]
    assert listed[1].gain == pytest.approx(0.5)
    assert listed[3].gain == pytest.approx(-0.2)
    assert listed[2].failure.startswith("error: ")
    assert listed[2].score is None
    assert listed[1].parent == 0


def test_the_result_keeps_the_users_cells_and_has_a_section_for_every_trial(tmp_path):
    journal = journal_of(tmp_path, [2.0, 1.5, None])
    mine = original()
    write_result(tmp_path / "r.ipynb", mine, journal, [cell("best = 1", "Best")])
    result = nbformat.read(tmp_path / "r.ipynb", as_version=4)
    nbformat.validate(result)
    assert [c.source for c in result.cells[:2]] == ["# Mine", "a = 1"]
    assert result.cells[1].execution_count == 7
    heads = [c.source.splitlines()[0] for c in result.cells if c.cell_type == "markdown"]
    assert heads[1] == "# Best solution"
    assert [h for h in heads if h.startswith("## Trial")] == [f"## Trial {k}: idea {k}" for k in range(3)]
    assert len({c.id for c in result.cells}) == len(result.cells)
    assert any(c.get("outputs") and c.outputs[0].text == "hi" for c in result.cells if c.cell_type == "code")
    assert result.metadata["mle_ideator"]["notebook_id"] == journal.state.notebook_id
    assert "mle_ideator" not in mine.metadata, "the user's own node is not touched"


def test_a_result_can_be_improved_again(tmp_path):
    journal = journal_of(tmp_path, [2.0, 1.5])
    write_result(tmp_path / "r.ipynb", original(), journal, [cell("best = 1")])
    once = nbformat.read(tmp_path / "r.ipynb", as_version=4)
    write_result(tmp_path / "s.ipynb", once, journal, [cell("best = 1")])
    twice = nbformat.read(tmp_path / "s.ipynb", as_version=4)
    assert [c.id for c in twice.cells[: len(once.cells)]] == [c.id for c in once.cells]
    assert len({c.id for c in twice.cells}) == len(twice.cells) == 2 * len(once.cells) - 2


def test_outputs_name_no_file_of_this_machine(tmp_path):
    journal = journal_of(tmp_path, [2.0])
    report = {"value": 1.0, "folds": [], "metric": "rmse", "submission": "/home/me/secret.csv"}
    shown = {"output_type": "display_data", "metadata": {}, "data": {MIME: report, "text/plain": "rmse 1"}}
    outputs = journal.put_blob(msgspec.json.encode([shown]))
    trial = Trial(id=new_id(), number=1, title="t")
    outcome = Score(value=1.0, metric="rmse", protocol="p")
    journal.append(TrialStarted(trial=trial))
    ended = TrialFinished(trial=trial.id, outcome=outcome, source=journal.put_blob(b"y = 1"), outputs=outputs)
    journal.append(ended)
    write_result(tmp_path / "r.ipynb", original(), journal, [])
    text = (tmp_path / "r.ipynb").read_text()
    assert "rmse 1" in text
    assert "secret" not in text


def test_old_notebooks_without_cell_ids_are_taken(tmp_path):
    old = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": original().cells})
    for one in old.cells:
        one.pop("id")
    write_result(tmp_path / "r.ipynb", old, journal_of(tmp_path, [2.0]), [])
    nbformat.validate(nbformat.read(tmp_path / "r.ipynb", as_version=4))


def test_what_came_from_outside_is_inert_in_the_notebook(tmp_path):
    journal = journal_of(tmp_path, [2.0, 1.0, None], title=HOSTILE)
    write_result(tmp_path / "r.ipynb", original(), journal, [])
    text = "\n".join(
        c.source for c in nbformat.read(tmp_path / "r.ipynb", as_version=4).cells if c.cell_type == "markdown"
    )
    assert "<script" not in text
    assert not re.search(r"(?<!\\)\]\(", text), "no live Markdown link"
    assert "\n# heading" not in text


def test_the_page_is_self_contained_and_inert(tmp_path):
    text = page(journal_of(tmp_path, [2.0, 1.5, 1.7, None], title=HOSTILE).state, HOSTILE)
    assert "<script" not in text
    assert not re.search(r'(?:src|href|url)\s*[=(]\s*["\']?https?:', text)
    assert text.count("<circle") == 3, "a dot for each score"
    assert text.count('stroke="var(--bad)"') == 1, "a cross for each failure"
    ET.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    assert "prefers-color-scheme: dark" in text
    assert "default-src 'none'" in text


def heights(tmp_path, values) -> list[float]:
    text = page(journal_of(tmp_path, values).state, "n")
    return [float(y) for y in re.findall(r'<circle[^>]* cy="([\d.]+)"', text)]


def test_one_terrible_score_does_not_flatten_the_others(tmp_path):
    first, good, terrible, better = heights(tmp_path, [2.0, 1.8, 1e9, 1.5])
    assert terrible <= first < good < better, "lower is better and lower on the page; the terrible one is at the edge"
    assert better - good > 50


def test_equal_scores_are_drawn(tmp_path):
    assert len(set(heights(tmp_path, [2.0, 2.0, 2.0]))) == 1


def test_scores_that_do_not_compare_are_drawn_apart(tmp_path):
    journal = journal_of(tmp_path, [2.0, 1.5])
    trial = Trial(id=new_id(), number=2, title="on a sample")
    score = Score(value=1.0, metric="rmse", protocol=TASK.binding.splitter.protocol, fidelity="sample:100")
    journal.append(TrialStarted(trial=trial))
    journal.append(TrialFinished(trial=trial.id, outcome=score))
    text = page(journal.state, "n")
    assert text.count('fill="none" stroke="var(--soft)"') == 1
    assert "best <b>1.5</b>" in text


def test_a_page_of_nothing_says_so(tmp_path):
    assert "No task yet" in page(Journal.open(tmp_path / "e.ideas.jsonl").state, "empty")


def test_csv_reads_back_and_runs_no_formula(tmp_path):
    state = journal_of(tmp_path, [2.0, 1.5], title="=HYPERLINK(1)").state
    listed = list(csv.DictReader(io.StringIO(as_csv(state))))
    assert [float(r["score"]) for r in listed] == [2.0, 1.5]
    assert all(r["title"].startswith("'=") for r in listed)


def test_json_has_all_rows(tmp_path):
    state = journal_of(tmp_path, [2.0, None]).state
    assert [r["number"] for r in as_json(state)["trials"]] == [0, 1]
    assert as_json(state)["best"] == state.best.id


def test_a_place_that_cannot_be_written_is_one_line_and_the_old_file_stays(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(IdeatorError) as caught:
        write_text(tmp_path / "file" / "below.ipynb", "new")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "old"
