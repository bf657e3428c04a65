"""What a model wants to do: one of six actions with arguments, as tools and as checked data.

`docs/implementer-protocol.md` says the same for people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mle_ideator_jupyter.brief.wording import line
from mle_ideator_jupyter.endpoint import ToolCall
from mle_ideator_jupyter.model import Struct

CODE, TITLE, TEXT = 40_000, 120, 2_000
"""Characters of code, of a title, of any other text; a longer code is refused, the others are cut."""
_TITLE = ("title", "What this cell does, in the imperative and in a few words.")
_ACTIONS: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    "run_cell": (
        "Run a new cell of Python. Its outputs and errors come back.",
        {_TITLE[0]: _TITLE[1], "code": "The whole source of the cell."},
        ("title", "code"),
    ),
    "edit_cell": (
        "Mend an earlier cell of this trial and run it again: replace one text in it that occurs once, or its source.",
        {
            "cell": "The number of the cell.",
            "find": "The text to replace; it must occur exactly once.",
            "replace": "What takes its place.",
            "code": "The whole new source, in place of find and replace.",
            _TITLE[0]: _TITLE[1],
        },
        ("cell",),
    ),
    "inspect": (
        "See the summary of a variable in the kernel (type, shape, columns); with no name, what there is.",
        {"name": "The variable."},
        (),
    ),
    "seek_help": (
        "Ask the Ideator, who knows the task and its history, what to do.",
        {"question": "What you want to know, and what you have tried."},
        ("question",),
    ),
    "report_score": (
        "Report the fold scores that an earlier cell left in a variable as this trial's score. It ends the trial.",
        {"expression": "A Python expression of variables, such as folds."},
        ("expression",),
    ),
    "finish": ("End the trial without a score, and say why.", {"reason": "Why."}, ("reason",)),
}
_OTHER_NAMES = {"source": "code", "python": "code", "variable": "name", "expr": "expression", "number": "cell"}


class Wanted(Struct, frozen=True, kw_only=True):
    """One action that a model asks for. `call` is the id of its tool call, where it made one."""

    action: str
    title: str = ""
    code: str = ""
    find: str = ""
    replace: str = ""
    cell: int = 0
    text: str = ""
    """A variable's name, a question, an expression or a reason."""


class Unusable(Struct, frozen=True, kw_only=True):
    """What a model said that is no action, and what to tell it; `declined` where it refused to answer."""

    why: str
    declined: bool = False


def tools(*, help_there: bool) -> list[dict[str, Any]]:
    """Return the actions as tools in the form of OpenAI's chat completions; without an Ideator there is no help."""
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": description,
                "parameters": {
                    "type": "object",
                    "properties": {
                        n: {"type": "integer" if n == "cell" else "string", "description": d}
                        for n, d in parameters.items()
                    },
                    "required": list(required),
                },
            },
        }
        for name, (description, parameters, required) in _ACTIONS.items()
        if help_there or name != "seek_help"
    ]


def of_call(call: ToolCall) -> Wanted | Unusable:
    """Return the action of a tool call; arguments that are not quite JSON are mended."""
    arguments = call.decoded()
    if arguments is None:
        arguments = _mended(call.arguments)
    if arguments is None:
        return Unusable(why=f"the arguments of {line(call.name, 40)} are no JSON object")
    return of_arguments(call.name, arguments)


def of_arguments(name: str, given: Mapping[Any, Any]) -> Wanted | Unusable:
    """Return the action of this name with these arguments, or what is wrong with them."""
    action = str(name).strip().lower().replace("-", "_").replace(" ", "_")
    if action not in _ACTIONS:
        return Unusable(why=f"there is no action {line(action, 40)!r}: there are {', '.join(_ACTIONS)}")
    lowered = {_plain(key): value for key, value in list(given.items())[:20] if value is not None}
    texts = {key: _text(value) for key, value in lowered.items() if key != "cell"}
    wrong = next((key for key, text in texts.items() if text is None and key in _ACTIONS[action][1]), "")
    if wrong:
        return Unusable(why=f"{wrong} of {action} must be a text")
    known = {key: text or "" for key, text in texts.items()}
    made = Wanted(
        action=action,
        title=line(known.get("title", ""), TITLE),
        code=known.get("code", ""),
        find=known.get("find", ""),
        replace=known.get("replace", ""),
        cell=_number(lowered.get("cell")),
        text=(known.get("name") or known.get("question") or known.get("expression") or known.get("reason") or "")[
            :TEXT
        ],
    )
    return _complete(made) or made


def _complete(made: Wanted) -> Unusable | None:
    """Return what an action lacks, or None."""
    if len(made.code) > CODE or len(made.replace) > CODE:
        return Unusable(why=f"a cell of over {CODE} characters is too long: write a shorter one")
    if made.action == "run_cell" and not made.code.strip():
        return Unusable(why="run_cell needs code")
    if made.action == "edit_cell" and not (made.find or made.code.strip()):
        return Unusable(why="edit_cell needs find and replace, or code")
    if made.action in {"seek_help", "report_score"} and not made.text.strip():
        return Unusable(why=f"{made.action} needs {_ACTIONS[made.action][2][0]}")
    return None


def _plain(key: Any) -> str:
    name = str(key).strip().lower()[:40]
    return _OTHER_NAMES.get(name, name)


def _text(value: Any) -> str | None:
    """Return a value as text; lists of lines are joined."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return "\n".join(part.rstrip("\n") for part in value)
    return None if isinstance(value, (dict, list)) else str(value)


def _number(value: Any) -> int:
    try:
        return int(str(value).strip().removeprefix("cell").strip()[:6])
    except ValueError:
        return 0


def _mended(said: str) -> dict[str, Any] | None:
    import json_repair

    try:
        found = json_repair.loads(said[:CODE], skip_json_loads=True)
    except Exception:  # noqa: BLE001 - whatever it does with what a model wrote, that was no action
        return None
    return found if isinstance(found, dict) and found else None


def as_json(wanted: Wanted) -> str:
    """Return an action as the arguments of a tool call."""
    names = _ACTIONS[wanted.action][1]
    values: dict[str, Any] = {n: getattr(wanted, n, "") for n in names if hasattr(wanted, n)}
    values |= {n: wanted.text for n in names if n in {"name", "question", "expression", "reason"}}
    return json.dumps({n: v for n, v in values.items() if v}, ensure_ascii=False)
