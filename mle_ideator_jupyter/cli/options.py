"""Options that several verbs share."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from mle_ideator_jupyter import plugins
from mle_ideator_jupyter.brief import PARTS, Level
from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import Goal

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
    ):
        command = click.option(name, help=help_text)(command)
    command = click.option(
        "--goal",
        type=click.Choice([g.value for g in Goal]),
        default=None,
        help="Which way a metric of your own improves.",
    )(command)
    words = f"{', '.join(METRICS)}, or a function(true, predicted) of the notebook's own, with --goal."
    return click.option("--metric", help=words, shell_complete=_among(lambda: [*METRICS]))(command)


def agent_options(command: Command) -> Command:
    """Add the options that choose who proposes and how ideas are ranked."""
    for option in (
        click.option(
            "--ideator",
            default="playbook",
            show_default=True,
            help="Who proposes.",
            shell_complete=_among(lambda: plugins.names(plugins.IDEATORS)),
        ),
        click.option(
            "--policy",
            default=_default_policy,
            show_default="prior, unless the trained one was shown to be better",
            help="How the Playbook ranks its plays: trained, prior, static-order, random-order.",
            shell_complete=_among(_policies),
        ),
        click.option(
            "--candidates",
            type=click.IntRange(1, 50),
            default=1,
            show_default=True,
            help="Ideas that are asked for; the one predicted to earn most is tried.",
        ),
        click.option("--proxy", type=click.Path(path_type=Path, dir_okay=False), help="What predicts [shipped]."),
        click.option("--least", type=float, help="Try the Ideator's first candidate that is predicted to earn this."),
    ):
        command = option(command)
    command = click.option("--no-ideator", is_flag=True, help="Implementation only: the Implementer's own moves.")(
        command
    )
    return click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same steps: same rows.")(
        command
    )


def brief_options(command: Command) -> Command:
    """Add the options that say how much agents are told; the command is given a `Level` and parts of a Brief."""
    command = click.option(
        "--brief-level",
        "level",
        type=click.Choice([level.value for level in Level]),
        default=Level.STANDARD.value,
        show_default=True,
        callback=lambda _context, _parameter, value: Level(value),
        help="How much agents are told.",
    )(command)
    return click.option(
        "--leave-out",
        "without",
        multiple=True,
        type=click.Choice(PARTS),
        metavar="PART",
        help=f"What agents are not told: {', '.join(PARTS)}; may be given several times.",
    )(command)


def implementer_option(command: Command) -> Command:
    """Add the option that chooses who implements."""
    names = _among(lambda: plugins.names(plugins.IMPLEMENTERS))
    return click.option(
        "--implementer", default="recipe", show_default=True, help="Who implements.", shell_complete=names
    )(command)


def need_recipe_libraries() -> None:
    """Raise `IdeatorError`, saying how to get them, when pandas or scikit-learn are not installed."""
    lacking = [p for p, m in (("pandas", "pandas"), ("scikit-learn", "sklearn")) if not importlib.util.find_spec(m)]
    if lacking:
        msg = f"{' and '.join(lacking)} missing: pip install 'mle_ideator_jupyter[recipe]'"
        raise IdeatorError(msg)


def who_proposes(given: dict[str, Any]) -> dict[str, Any]:
    """Return what `agent_options` say, as fields of RunOptions."""
    ideator = None if given["no_ideator"] else given["ideator"]
    return {"ideator": ideator, **{k: given[k] for k in ("policy", "candidates", "proxy", "least", "seed")}}


def _default_policy() -> str:
    from mle_ideator_jupyter.headless.options import DEFAULT_POLICY

    return DEFAULT_POLICY


def _policies() -> Sequence[str]:
    from mle_ideator_jupyter.headless import POLICIES

    return [*POLICIES]


def _among(names: Callable[[], Sequence[str]]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return a completion that offers these names; any other value stays possible, its error says more than click's."""
    return lambda _context, _parameter, begun: [name for name in names() if name.startswith(begun)]
