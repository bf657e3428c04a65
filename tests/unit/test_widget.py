from __future__ import annotations

import contextvars
import threading

import pytest

from mle_ideator_jupyter import kernel, widget, wire
from mle_ideator_jupyter.errors import UsageError

pytest.importorskip("anywidget")


class SessionDouble:
    path = "houses.ipynb"
    sources = ("1 + 1",)

    def __init__(self):
        self.doors, self.commands, self.refused = [], [], []

    def connect(self, door):
        self.doors.append(door)

    def disconnect(self, door):
        self.doors = [d for d in self.doors if d is not door]

    def submit(self, command, door):
        self.commands.append((command, door))

    def refuse(self, door, error):
        self.refused.append((door, str(error)))


class ShellDouble:
    user_ns = {}


@pytest.fixture
def session(monkeypatch, tmp_path):
    double = SessionDouble()
    (tmp_path / "widget.js").write_text("export default {}")
    (tmp_path / "widget.css").write_text("")
    monkeypatch.setattr(widget, "STATIC", tmp_path)
    monkeypatch.setattr(kernel, "session_of", lambda _: double)
    widget._panel_class.cache_clear()
    yield double
    widget._panel_class.cache_clear()


@pytest.fixture
def panel(session):
    made = widget._panel_class()(ShellDouble())
    yield made
    if session.doors:
        made.close()


def receive(panel, content):
    panel._handle_custom_msg(content, [])


def test_a_panel_connects_as_a_page_that_cannot_run_cells(session, panel):
    assert [door.can_run for door in session.doors] == [False]
    assert panel.title == "houses.ipynb"


def test_what_the_page_says_is_submitted(session, panel):
    receive(panel, {"type": "get_idea", "hint": "dates"})
    assert session.commands == [(wire.GetIdea(hint="dates"), session.doors[0])]


def test_its_hello_does_not_make_the_session_forget_its_notebook(session, panel):
    receive(panel, {"type": "hello", "wire": wire.WIRE, "path": "", "sources": []})
    hello, _ = session.commands[0]
    assert (hello.path, hello.sources) == ("houses.ipynb", ("1 + 1",))


def test_forged_messages_are_refused(session, panel):
    receive(panel, {"type": "get_idea", "n": "many"})
    receive(panel, None)
    assert session.commands == []
    assert [door for door, _ in session.refused] == session.doors * 2


def test_messages_go_out_in_the_context_of_the_last_one_that_came_in(session, panel, monkeypatch):
    where = contextvars.ContextVar("where", default="cell")
    sent = []
    monkeypatch.setattr(panel, "send", lambda message: sent.append((message, where.get())))

    def click():
        where.set("subshell")
        receive(panel, {"type": "get_idea"})

    contextvars.Context().run(click)
    thread = threading.Thread(target=session.doors[0].send, args=({"type": "state"},))
    thread.start()
    thread.join()
    assert sent == [({"type": "state"}, "subshell")]


def test_a_closed_panel_lets_the_session_go(session, panel):
    panel.close()
    assert session.doors == []


def test_without_a_kernel_or_a_front_end_it_says_what_to_do(session, tmp_path, monkeypatch):
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: None)
    with pytest.raises(UsageError, match="notebook"):
        widget.Panel()
    (tmp_path / "widget.js").unlink()
    widget._panel_class.cache_clear()
    with pytest.raises(UsageError, match="without its front end"):
        widget._panel_class()
