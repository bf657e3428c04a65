"""The words of each magic: its options, its commands, and one line for those that cannot be understood."""

from __future__ import annotations

import argparse
import re
import shlex
from typing import Any

from mle_ideator_jupyter.brief import PARTS, Level
from mle_ideator_jupyter.errors import UsageError
from mle_ideator_jupyter.model import IdeaKind

IDEAS = 3
"""Ideas that `%ideate` gives when no number is asked for."""
LEVELS = tuple(level.value for level in Level)
COMMANDS = ("try", "go", "history", "setup", "brief", "unload")
FORMATS = ("table", "csv", "json")
_COMMENT = re.compile(r"""(?<![^\s=])("[^"]*"|'[^']*')|(?<!\S)\#(?:\s.*)?$""")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
TASK = {
    "--data": "an expression for the training frame, or a file",
    "--test": "an expression for the test frame, or a file",
    "--target": "the column to predict",
    "--metric": "what counts; also a function of your own",
    "--goal": "which way a function of your own improves: maximize or minimize",
}


class Parser(argparse.ArgumentParser):
    """Raises instead of ending the kernel."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog=prog, add_help=False, allow_abbrev=False)

    def error(self, message: str) -> Any:
        """Raise a `UsageError` of one line."""
        text = f"{self.prog}: {message}; {' '.join(self.format_usage().split())}"
        raise UsageError(text)

    def option_names(self) -> list[str]:
        """Return all options, for tab completion."""
        return [name for action in self._actions for name in action.option_strings]


def kind(text: str) -> str:
    """Return the kind that this names, or is the beginning of."""
    plain = text.strip().lower().replace("-", "_").replace(" ", "_")
    found = [k.value for k in IdeaKind if k.value.startswith(plain)]
    if len(found) != 1:
        msg = f"no kind {text!r}: kinds are {', '.join(k.value for k in IdeaKind)}"
        raise UsageError(msg)
    return found[0]


def parser(magic: str, command: str = "") -> Parser:
    """Return the parser of a magic, or of one command of `%ideate`."""
    made = Parser(f"{magic} {command}".strip())
    for name, what in _WORDS[made.prog]:
        made.add_argument(name, **what)
    return made


def parse(magic: str, line: str) -> tuple[str, argparse.Namespace]:
    """Return the command of `%ideate` that a line gives ("" for none), and its options."""
    words = split(magic, line)
    command = _command(words) if magic == "%ideate" else ""
    return command, parser(magic, command).parse_args(words[1:] if command else words)


def without_comment(line: str) -> str:
    """Return a line without the comment at its end: a `#` that stands alone, outside of quotes."""
    return _COMMENT.sub(lambda found: found[1] or "", line).rstrip()


def split(magic: str, line: str) -> list[str]:
    """Return the words of a line. Raises `UsageError` for quotes that do not close; apostrophes are none."""
    try:
        return shlex.split(line)
    except ValueError:
        pass
    try:
        return shlex.split(_APOSTROPHE.sub(r"\\'", line))
    except ValueError as error:
        msg = f"{magic}: {str(error).lower()}"
        raise UsageError(msg) from None


def _command(words: list[str]) -> str:
    """Return the command that a line begins with; a hint may begin with the same word."""
    if not words or words[0] not in COMMANDS:
        return ""
    plain = [w for w in words[1:2] if not w.startswith("-")]
    if words[0] == "try":
        return "try" if len(words) <= 2 else ""
    return "" if plain else words[0]


_KIND: dict[str, Any] = {"action": "append", "default": [], "type": kind, "metavar": "KIND"}
_TASK_OPTIONS: list[tuple[str, dict[str, Any]]] = [(n, {"default": "", "help": h}) for n, h in TASK.items()]
_BRIEF: list[tuple[str, dict[str, Any]]] = [
    ("--level", {"choices": LEVELS}),
    ("--leave-out", {"help": f"parts that agents are not told, with commas: {', '.join(PARTS)}; or none"}),
]
_WORDS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "%ideate": [
        ("hint", {"nargs": "*"}),
        ("-n", {"type": int, "default": IDEAS}),
        ("--kind", _KIND),
        *_TASK_OPTIONS,
    ],
    "%ideate try": [("idea", {})],
    "%ideate go": [],
    "%ideate unload": [],
    "%ideate history": [("--format", {"choices": FORMATS, "default": "table"})],
    "%ideate setup": [
        *_TASK_OPTIONS,
        ("--about", {"default": ""}),
        ("--watch", {}),
        ("--ideator", {"default": ""}),
        ("--implementer", {"default": ""}),
        *_BRIEF,
    ],
    "%ideate brief": [("--hint", {"default": ""}), ("--kind", _KIND)],
    "%autopilot": [
        ("--steps", {"type": int}),
        ("--minutes", {"type": float}),
        ("--cost", {"type": float}),
        ("--seed", {"type": int, "default": 0}),
        ("--no-ideator", {"action": "store_true"}),
    ],
    "%score": [("value", {"nargs": "+"}), ("--metric", {})],
    "%%implement": [("idea", {})],
}
