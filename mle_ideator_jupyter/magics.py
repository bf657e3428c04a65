"""The IPython door: `%load_ext mle_ideator_jupyter`, then `%ideate [hint] [-n 3] [--target Y] [--metric M]`."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from mle_ideator_jupyter.errors import IdeatorError, UsageError

DEFAULT_IDEAS = 3


class _Parser(argparse.ArgumentParser):
    """Raises instead of ending the kernel."""

    def error(self, message: str) -> Any:
        text = f"%ideate: {message}; {' '.join(self.format_usage().split())}"
        raise UsageError(text)


def register(shell: Any) -> None:
    """Make `%ideate` known to an IPython shell; nothing heavy is imported until it is used."""

    def ideate(line: str) -> None:
        """Say what to try next with the data in this kernel; nothing is tried and no variable changes.

        `%ideate [hint] [-n COUNT] [--data EXPR] [--test EXPR] [--target COLUMN] [--metric NAME]`
        """
        try:
            print(suggest(shell, line))  # noqa: T201 - what a magic answers with
        except IdeatorError as error:
            print(f"error: {error}")  # noqa: T201

    shell.register_magic_function(ideate, magic_kind="line", magic_name="ideate")


def suggest(shell: Any, line: str) -> str:
    """Return the ideas as text. Raises `UsageError` or `BindingError` with one line for the user."""
    import asyncio
    import concurrent.futures

    from mle_ideator_jupyter.binding import infer, settle
    from mle_ideator_jupyter.brief import Brief
    from mle_ideator_jupyter.ideators.playbook import Playbook
    from mle_ideator_jupyter.model import Task
    from mle_ideator_jupyter.profile import look, profile_frames

    given = _parse(line)
    space = shell.user_ns
    namespace = look(space)
    asked = {"data": given.data, "test": given.test, "target": given.target, "metric": given.metric}
    bound = infer(namespace, [str(s) for s in space.get("In", ())], Path.cwd(), **asked)
    if bound.prepare:
        msg = f"run this first, then ask again: {'; '.join(bound.prepare)}"
        raise UsageError(msg)
    train = eval(bound.train, dict(space))  # noqa: S307 - an expression of the user's own, in the user's own kernel
    test = eval(bound.test, dict(space)) if bound.test else None  # noqa: S307
    profile = profile_frames(train, test, bound)
    bound = settle(bound, profile)
    brief = Brief(
        task=Task(id="notebook", binding=bound), profile=profile, kernel=namespace.facts, hint=" ".join(given.hint)
    )
    # A kernel's main thread runs an event loop of its own.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        ideas = pool.submit(asyncio.run, Playbook().propose(brief, given.n)).result()
    lines = [bound.describe()]
    for number, idea in enumerate(ideas, 1):
        lines += ["", f"{number}. {idea.title}  [{idea.kind.value.replace('_', ' ')}]", f"   {idea.rationale}"]
        lines += [f"   - {step}" for step in idea.steps]
    return "\n".join(lines)


def _parse(line: str) -> argparse.Namespace:
    parser = _Parser(prog="%ideate", add_help=False)
    parser.add_argument("hint", nargs="*")
    parser.add_argument("-n", type=int, default=DEFAULT_IDEAS)
    for name in ("--data", "--test", "--target", "--metric"):
        parser.add_argument(name)
    try:
        return parser.parse_args(shlex.split(line))
    except ValueError as error:
        msg = f"%ideate: {error}"
        raise UsageError(msg) from None
