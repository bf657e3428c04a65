"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def common(command: Command) -> Command:
    """Add `--json` and `--debug`."""
    command = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")(command)
    return click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks.")(command)


def notebook_argument(command: Command) -> Command:
    """Add the notebook argument."""
    return click.argument("notebook", type=click.Path(path_type=Path, dir_okay=False))(command)


def binding_options(command: Command) -> Command:
    """Add the options that say where the task is in the notebook; each is found by itself where it can be."""
    for name, help_text in (
        ("--data", "Expression of the training data in the notebook (a data frame), or a file it reads."),
        ("--test", "Expression of the test data."),
        ("--target", "Column to predict."),
        ("--metric", "accuracy, auc, logloss, macro_f1, qwk, rmse, rmsle or mae."),
    ):
        command = click.option(name, help=help_text)(command)
    return command


def agent_options(command: Command) -> Command:
    """Add the options that choose who proposes and how ideas are ranked."""
    command = click.option("--ideator", default="playbook", show_default=True, help="Who proposes.")(command)
    command = click.option("--no-ideator", is_flag=True, help="Implementation only: the Implementer's own moves.")(
        command
    )
    command = click.option(
        "--policy", default="prior", show_default=True, help="How the Playbook ranks its plays: prior or random-order."
    )(command)
    return click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same steps: same rows.")(
        command
    )
