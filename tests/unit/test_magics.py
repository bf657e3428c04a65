from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser

import msgspec
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError

from mle_ideator_jupyter import api, kernel, wire
from mle_ideator_jupyter.events import IdeaProposed
from mle_ideator_jupyter.magics.parsing import parse, without_comment
from mle_ideator_jupyter.magics.showing import CARD
from mle_ideator_jupyter.model import Idea, IdeaKind, Trigger, new_id
from mle_ideator_jupyter.session.commands import HANDLERS
from tests.unit.shells import own_names, shown

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e javascript:alert(3) %s {0}\nline"


def test_it_says_what_to_try_and_changes_nothing(ready, capsys):
    before = own_names(ready)
    ready.run_line_magic("ideate", "-n 2 --metric rmse")
    told = capsys.readouterr().out
    assert "train + test → price" in told
    assert "notebook.ideas.jsonl" in told
    assert "1. " in told
    assert "2. " in told
    assert "3. " not in told
    assert own_names(ready) == before
    ready.run_line_magic("ideate", "-n 1")
    assert "3. " in (told := capsys.readouterr().out)
    assert "notebook.ideas.jsonl" not in told, "where the journal is is said once"


@pytest.mark.parametrize("told_by", ["vscode", "server"])
def test_the_journal_is_beside_a_notebook_that_is_known(ready, tmp_path, monkeypatch, capsys, told_by):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "known.ipynb").write_text("{}")
    if told_by == "vscode":
        ready.user_ns["__vsc_ipynb_file__"] = str(folder / "known.ipynb")
    else:
        monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "known.ipynb"))
    ready.run_line_magic("ideate", "-n 1")
    assert (folder / "known.ideas.jsonl").exists()
    assert "not known" not in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_no_failure(ready, tmp_path, monkeypatch, capsys):
    (tmp_path / "notebook.ideas.jsonl").mkdir()
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    ready.run_line_magic("ideate", "-n 1")
    assert (tmp_path / "data" / "mle_ideator" / "notebook.ideas.jsonl").is_file()
    assert str(tmp_path / "data") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--target nope", "nope"),
        ("--metric rmsee", "did you mean rmse"),
        ("--n x", "usage"),
        ("'", "quotation"),
        ("-n 0", "1 idea or more"),
        ("--kind zzz", "kinds are"),
        ("try 99", "ideas 1 to 2"),
        ("try zz", "no idea 'zz'"),
        ("try", "usage"),
        ("history --format xls", "invalid choice"),
        ("setup --data nope", "nope"),
        ("setup --metrik rmse", "usage"),
    ],
)
def test_what_cannot_work_is_one_line_and_a_failed_cell(asked, line, words):
    with pytest.raises(UsageError) as raised:
        asked.run_line_magic("ideate", line)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert api.of_shell(asked).state.task.metric.name == "rmse", "the task before is kept"


def test_an_empty_kernel_is_told_what_is_needed(ready):
    ready.reset()
    with pytest.raises(UsageError, match="--data"):
        ready.run_line_magic("ideate", "")


def test_nothing_new_is_no_failure(ready, capsys):
    for _ in range(2):
        ready.run_line_magic("ideate", "-n 20 --kind post --metric rmse")
    assert "nothing new" in capsys.readouterr().out


def test_each_idea_is_text_html_and_a_card(ready):
    cards = shown(ready, "-n 2")
    for number, data in enumerate(cards, 1):
        card = msgspec.convert(data[CARD], wire.IdeaView)
        assert card.id == api.of_shell(ready).ideas[number - 1].id
        assert f"{number}. {card.title}" in data["text/plain"]
        assert f"%ideate try {number}" in data["text/html"]
    assert len(cards) == 2


class Seen(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data):
        self.text += data


def test_hostile_texts_stay_text(asked, monkeypatch):
    session = api.of_shell(asked)
    idea = Idea(
        id=new_id(),
        kind=IdeaKind.ENSEMBLING,
        title=HOSTILE,
        rationale=HOSTILE,
        ideator=HOSTILE,
        trigger=Trigger.HUMAN,
        steps=(HOSTILE,),
        evidence=(HOSTILE,),
        action="hostile",
    )
    from mle_ideator_jupyter.ideators.playbook import Playbook

    async def propose(*_):
        return [idea]

    monkeypatch.setattr(Playbook, "propose", propose)
    (card,) = shown(asked, "")
    with pytest.raises(RuntimeError):
        asked.run_cell_magic("implement", "3", f"raise RuntimeError({HOSTILE!r})")
    (table,) = shown(asked, "history")
    for data in (card, table):
        seen = Seen(data["text/html"])
        assert not seen.tags & {"script", "img", "a", "iframe", "style", "link", "meta"}
        assert seen.attributes <= {"style"}
        assert "<script>alert(1)</script>" in seen.text
        for text in (data["text/html"], data["text/plain"]):
            assert "\x1b" not in text
            assert "\u202e" not in text
    assert card[CARD]["title"] == HOSTILE, "data are data; whoever draws them escapes"
    assert session.trials[-1].outcome.kind.value == "error"


def test_ideas_have_numbers_and_ids(asked):
    session = api.of_shell(asked)
    first, second = session.ideas
    assert session.idea(2) == session.idea("2") == session.idea(second.id) == session.idea(second) == second
    assert session.idea(first.id[:-1] if first.id[:-1] != second.id[:-1] else first.id) == first
    with pytest.raises(api.UsageError, match="give more"):
        session.idea(first.id[:4])


def test_the_history_has_three_forms(asked, capsys):
    asked.run_line_magic("score", "0.5")
    capsys.readouterr()
    asked.run_line_magic("ideate", "history --format json")
    assert json.loads(capsys.readouterr().out)["trials"][0]["score"] == 0.5
    asked.run_line_magic("ideate", "history --format csv")
    assert capsys.readouterr().out.splitlines()[1].startswith("1,")
    (table,) = shown(asked, "history")
    assert "Own cell" in table["text/plain"]
    assert "Own cell" in table["text/html"]


def test_a_task_that_was_chosen_stays_but_for_what_is_changed(ready):
    ready.run_line_magic("ideate", "setup --data train --target age --about 'how old'")
    ready.run_line_magic("ideate", "-n 1 --metric mae")
    task = api.of_shell(ready).state.task
    assert (task.binding.target, task.metric.name, task.description) == ("age", "mae", "how old")


def test_the_brief_is_what_an_agent_is_told(asked, capsys):
    session = api.of_shell(asked)
    capsys.readouterr()
    asked.run_line_magic("ideate", "brief --hint hurry --kind ens")
    told = capsys.readouterr().out
    assert told.rstrip("\n") == session.brief("hurry", ["ensembling"]).rstrip("\n")
    assert "hurry" in told
    before = session.brief("hurry", ["ensembling"])
    session.get_idea("hurry", ["ensembling"])
    assert kernel.session_of(asked).sent.text == before


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("history", "history"),
        ("history --format csv", "history"),
        ("history of prices", ""),
        ("try 3", "try"),
        ("try something bold", ""),
        ("brief", "brief"),
        ("'brief models only'", ""),
        ("", ""),
        ("setup --target y", "setup"),
    ],
)
def test_a_hint_may_begin_like_a_command(line, command):
    assert parse("%ideate", line)[0] == command


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("try 1    # on copies", "try 1"),
        ("# three ideas", ""),
        ("0.9 --metric auc #", "0.9 --metric auc"),
        ("'count the # of rooms' -n 2 # two", "'count the # of rooms' -n 2"),
        ('--data "df[df.a # b]"', '--data "df[df.a # b]"'),
        ("port it to C# today", "port it to C# today"),
        ("what's #1 here", "what's #1 here"),
    ],
)
def test_a_comment_at_the_end_says_nothing(line, left):
    assert without_comment(line) == left


def test_a_hint_is_ordinary_words():
    given = parse("%ideate", "what's new? drop the skew -n 2 --kind feat --kind ens")[1]
    assert " ".join(given.hint) == "what's new? drop the skew"
    assert (given.n, given.kind) == (2, ["feature_engineering", "ensembling"])
    assert parse("%ideate", "--data \"df[df['a'] > 0]\"")[1].data == "df[df['a'] > 0]"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("%ideate ", {"history", "--kind", "try"}),
        ("%ideate --ki", {"--kind"}),
        ("%ideate --kind fe", {"feature_engineering"}),
        ("%ideate --metric rm", {"rmse", "rmsle"}),
        ("%ideate try ", {"1", "2"}),
        ("%ideate history --format ", {"csv", "json"}),
        ("%%implement ", {"1", "2"}),
        ("%autopilot --st", {"--steps"}),
        ("%score --", {"--metric"}),
    ],
)
def test_tab_completes(asked, line, found):
    with provisionalcompleter():
        matches = {c.text for c in asked.Completer.completions(line, len(line))}
    assert found <= matches


def test_help_is_there(shell):
    for kind, name in (("line", "ideate"), ("line", "autopilot"), ("line", "score"), ("cell", "implement")):
        text = shell.find_magic(name, kind).__doc__
        assert f"%{name}" in text


def test_the_name_for_python_is_a_function_whatever_was_imported():
    code = (
        "import mle_ideator_jupyter as mij\n"
        "from mle_ideator_jupyter.errors import UsageError\n"
        "for room in ('mle_ideator_jupyter', 'mle_ideator_jupyter.session'):\n"
        "    __import__(room)\n"
        "    try: mij.session()\n"
        "    except UsageError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("needs IPython or a notebook") == 2


def test_python_asks_and_scores_without_a_magic(ready):
    import mle_ideator_jupyter as mij

    session = mij.session()
    task = session.setup(target="price", metric="rmse")
    idea = session.get_idea(kinds=["ensembling"])
    assert task.metric.name == "rmse"
    assert idea.kind is IdeaKind.ENSEMBLING
    assert session.score([1, 2]).score.value == 1.5
    assert session.implement(idea, "print('rmse: 2')").score.value == 2
    assert [e.idea.id for e in session.journal.events if isinstance(e, IdeaProposed)] == [idea.id]


def test_unloading_says_what_was_freed(ready, capsys, monkeypatch):
    from mle_ideator_jupyter.ideators import local

    ready.run_line_magic("ideate", "unload")
    assert "no language model is loaded" in capsys.readouterr().out
    monkeypatch.setattr(local, "unload", lambda: ["tiny"])
    ready.run_line_magic("ideate", "unload")
    assert "unloaded tiny" in capsys.readouterr().out
    session = kernel.known(ready)
    session.call(HANDLERS[wire.Control](session, wire.Control(what="unload"), None)).result(10)
    assert "unloaded tiny" in session.notes
