"""Refuses code before it runs: what reads the environment or other secrets, and scores not made as the task says.

Read from the source, so it stops a model that tries, not one that hides: code runs with the rights of whoever runs it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence

from mle_ideator_jupyter.model import Binding
from mle_ideator_jupyter.scoring.protocol import splitter_code

_ENVIRONMENT = frozenset({"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"})
_PROCESSES = frozenset({"subprocess", "pty", "ctypes", "posix", "nt", "sh", "pexpect"})
_RUNS = frozenset(
    {
        "system",
        "popen",
        "execv",
        "execve",
        "execvp",
        "execvpe",
        "execl",
        "execle",
        "execlp",
        "execlpe",
        "spawnl",
        "spawnle",
        "spawnv",
        "spawnve",
        "posix_spawn",
        "posix_spawnp",
        "startfile",
        "fork",
        "forkpty",
    }
)
_MAKES_CODE = frozenset({"eval", "exec", "compile", "__import__", "get_ipython", "globals", "breakpoint", "input"})
_OURS = "mle_ideator_jupyter"
_HIDDEN_TEXT = ("/proc/", "printenv", "jupyter_mle_ideator_config")
READS_SECRETS = "it would read the environment, which is not allowed: the task needs none of it"
STARTS = "it would start other programs, which is not allowed"
MAKES_CODE = "it makes code out of text, which cannot be looked at before: write the code itself"


def refusal(code: str) -> str:
    """Return why this code must not run, or ""."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        where = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        return f"it is no plain Python{where}: {said} (no magics, no shell)"
    except (RecursionError, MemoryError):
        return "it is nested too deeply"
    for node in ast.walk(tree):
        why = _wrong(node)
        if why:
            return why
    return ""


def _wrong(node: ast.AST) -> str:  # noqa: PLR0911 - one line for each kind of node
    if isinstance(node, ast.Attribute):
        if node.attr in _ENVIRONMENT:
            return READS_SECRETS
        starts = node.attr in _RUNS and isinstance(node.value, ast.Name) and node.value.id != "platform"
        return STARTS if starts else ""
    if isinstance(node, ast.Name):
        if node.id in _ENVIRONMENT:
            return READS_SECRETS
        return MAKES_CODE if node.id in _MAKES_CODE else ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value.strip()
        return READS_SECRETS if text in _ENVIRONMENT or any(h in text for h in _HIDDEN_TEXT) else ""
    if isinstance(node, ast.Import):
        return next((why for a in node.names if (why := _module(a.name))), "")
    if isinstance(node, ast.ImportFrom):
        names = {a.name for a in node.names}
        if node.module == _OURS and names <= {"report_score"}:
            return ""
        if node.module == "os" and names & _ENVIRONMENT:
            return READS_SECRETS
        return STARTS if node.module == "os" and names & _RUNS else _module(node.module or "")
    return ""


def _module(name: str) -> str:
    root = name.partition(".")[0]
    if root == _OURS:
        return f"of {_OURS} only report_score is for cells"
    return STARTS if root in _PROCESSES else ""


def reports(code: str) -> bool:
    """Return whether this code calls `report_score`."""
    return any(True for _ in _calls(code, "report_score"))


def off_protocol(sources: Sequence[str], binding: Binding) -> str:
    """Return why a score that these sources report would not be the task's, as far as they show it, or ""."""
    for source in sources:
        for call in _calls(source, "report_score"):
            given = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "value"), None)
            if given is None or not _reads(given):
                return "report_score takes what was computed, a list with one value for each fold, not a number"
    name, wanted = splitter_code(binding)
    if any(_arguments(call) == _arguments(_only_call(wanted)) for source in sources for call in _calls(source, name)):
        return ""
    return f"the folds must be those of the task, written out: cv = {wanted}"


def _reads(value: ast.expr) -> bool:
    read = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
    return bool(read - set(dir(builtins)))


def _calls(source: str, name: str) -> Iterator[ast.Call]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name in {getattr(node.func, "id", None), getattr(node.func, "attr", None)}:
            yield node


def _only_call(source: str) -> ast.Call:
    call = ast.parse(source, mode="eval").body
    return call if isinstance(call, ast.Call) else ast.Call(func=call, args=[], keywords=[])


def _arguments(call: ast.Call) -> dict[str, object]:
    """Return the arguments of a splitter's call by name; what is no constant stands for itself."""
    given: dict[str, object] = {}
    names = ("n_splits", "shuffle", "random_state")
    for name, value in zip(names, call.args, strict=False):
        given[name] = value.value if isinstance(value, ast.Constant) else ast.dump(value)
    for keyword in call.keywords:
        value = keyword.value
        given[keyword.arg or "**"] = value.value if isinstance(value, ast.Constant) else ast.dump(value)
    return given
