"""The text protocol, for models that take no tool calls: an `ACTION:` line, named lines, code in fences.

Read with patience: bold or upper-case names, JSON in place of lines, and a lone fence of Python are understood.
A fence that is not closed is never run.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mle_ideator_jupyter.implementers.llm.wanting import Unusable, Wanted, of_arguments

LONGEST = 200_000
GRAMMAR = """\
Answer with one action and nothing else, in this form: a line that begins with ACTION:, then its named lines, then its \
code between ``` fences.

ACTION: run_cell
TITLE: Fit a ridge regression on the logarithm of the target
```python
...the whole source of the cell...
```

ACTION: edit_cell
CELL: 1
FIND:
```
...a text that occurs once in cell 1...
```
REPLACE:
```
...what takes its place...
```
(One fence alone, without FIND: and REPLACE:, is the whole new source of the cell.)

ACTION: inspect
NAME: train

ACTION: report_score
EXPRESSION: folds

ACTION: finish
REASON: why the trial ends without a score"""
HELP = """

ACTION: seek_help
QUESTION: what you want to know, and what you have tried"""
_ACTION = re.compile(r"(?i)^\W*action\W*[:=]\W*([a-z][a-z_ -]*[a-z])\W*$")
_FIELD = re.compile(r"(?i)^[\s*_#>-]*(title|cell|name|question|expression|reason|find|replace|code)[*_\s]*[:=]\s*(.*)$")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*([\w+-]*)\s*$")
_THOUGHT = re.compile(r"(?is)<think(?:ing)?>.*?</think(?:ing)?>")


def grammar(*, help_there: bool) -> str:
    """Return what the model is told of the text protocol."""
    return GRAMMAR + (HELP if help_there else "")


def read(said: str, *, truncated: bool = False) -> Wanted | Unusable:
    """Return the first action in a text, or what is wrong with it."""
    text = _THOUGHT.sub("", said[:LONGEST])
    scanned = _Scanned(text.splitlines())
    if scanned.open:
        return Unusable(why="the code was not ended by ```: it was cut off, so write less")
    if truncated and not scanned.fences and scanned.action in {"run_cell", "edit_cell", ""}:
        return Unusable(why="the answer was cut off: write less")
    if scanned.action:
        return of_arguments(scanned.action, scanned.arguments())
    found = _json(text)
    if found is not None:
        return of_arguments(*found)
    if scanned.fences:
        return of_arguments("run_cell", {"code": scanned.fences[-1][1]})
    return Unusable(why="there is no ACTION: line in it")


class _Scanned:
    """What the lines of an answer hold, up to a second action."""

    def __init__(self, lines: list[str]) -> None:
        self.action = ""
        self.fields: dict[str, list[str]] = {}
        self.fences: list[tuple[str, str]] = []
        self.open = False
        fence: list[str] = []
        label = mark = ""
        for text in lines:
            found = _FENCE.match(text)
            if mark:
                if found and found[1].startswith(mark) and not found[2]:
                    self.fences.append((label, "\n".join(fence)))
                    mark = ""
                else:
                    fence.append(text)
            elif found:
                fence, mark = [], found[1]
            elif named := _ACTION.match(text):
                if self.action:
                    break
                self.action = named[1].strip().lower().replace(" ", "_").replace("-", "_")
                self.fields, self.fences, label = {}, [], ""
            elif field := _FIELD.match(text):
                label = field[1].lower()
                self.fields[label] = [field[2]]
            elif label:
                self.fields[label].append(text)
        self.open = bool(mark)

    def arguments(self) -> dict[str, Any]:
        """Return the named lines, and the fences under the names that stand before them."""
        given: dict[str, Any] = {name: "\n".join(lines).strip() for name, lines in self.fields.items()}
        for label, text in self.fences:
            given[label if label in {"find", "replace"} else "code"] = text
        for label in ("find", "replace", "code"):
            if not given.get(label):
                given.pop(label, None)
        if "find" in given:
            given.setdefault("replace", "")
        return given


def _json(text: str) -> tuple[str, dict[str, Any]] | None:
    """Return the action and arguments of an answer that is JSON, as some models prefer to write."""
    begin = text.find("{")
    if begin < 0:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text, begin)
    except (ValueError, RecursionError):
        return None
    name = next((value[k] for k in ("action", "name", "tool") if isinstance(value.get(k), str)), "")
    held = next((value[k] for k in ("arguments", "parameters", "args") if isinstance(value.get(k), dict)), None)
    if not name:
        return None
    return name, held if held is not None else {k: v for k, v in value.items() if k not in {"action", "tool"}}
