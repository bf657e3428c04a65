"""The command group, and how errors leave it: one line and an exit status; a traceback only with `--debug`."""

from __future__ import annotations

import io
import json
import os
import sys

import click

from mle_ideator_jupyter.cli import benchverb, endpointverbs, lmverbs, looking, mcpverb, running, taskverbs, trainverbs
from mle_ideator_jupyter.cli.options import common
from mle_ideator_jupyter.errors import IdeatorError
from mle_ideator_jupyter.exports.table import one_line

PROGRAM = "jupyter-ideate"
COMPLETE = "_JUPYTER_IDEATE_COMPLETE"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="mle_ideator_jupyter", prog_name=PROGRAM)
def app() -> None:
    """Tells you what to try next in a machine-learning notebook, tries it, and remembers what worked.

    Begin with `jupyter ideate demo`; then `jupyter ideate run NOTEBOOK`.
    """


for _verb in (
    running.demo,
    running.run,
    looking.suggest,
    looking.history,
    taskverbs.tasks,
    benchverb.bench,
    trainverbs.train,
    endpointverbs.serve_local,
    mcpverb.mcp,
    looking.doctor,
):
    app.add_command(_verb)
trainverbs.train.add_command(lmverbs.lm)
trainverbs.train.add_command(lmverbs.lm_arms)


@app.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common
def completion(shell: str, as_json: bool) -> None:
    """Print the completion script of a shell: `eval "$(jupyter-ideate completion bash)"`."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is not None:
        script = found(app, {}, PROGRAM, COMPLETE).source()
        click.echo(json.dumps({"shell": shell, "script": script}) if as_json else script)


def main() -> None:
    """Run the command line and exit: 0 done, 1 the work failed, 2 unusable arguments."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an arrow that a terminal cannot show is no reason to fail
    try:
        app.main(prog_name=PROGRAM, standalone_mode=False, complete_var=COMPLETE)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except (click.ClickException, click.Abort, KeyboardInterrupt) as error:
        sys.exit(_refuse(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        sys.exit(_explain(error))


def _refuse(error: BaseException) -> int:
    """Say why the command line itself went no further, and return the exit status."""
    if isinstance(error, click.UsageError) and error.ctx and error.message == error.ctx.get_help():
        error.show()  # no verb was given: the help is the message
    elif isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        hint = f" ({context.command_path} --help says more)" if context else ""
        click.echo(f"error: {one_line(error.format_message()).rstrip('.')}{hint}", err=True)
    else:
        click.echo("stopped", err=True)
        return 1
    return 2


def _explain(error: Exception) -> int:
    """Say in one line what went wrong, and return the exit status."""
    if isinstance(error, IdeatorError):
        click.echo(f"error: {one_line(str(error))}", err=True)
        return error.exit_status
    first = one_line(str(error).partition("\n")[0])
    click.echo(f"error: {type(error).__name__}: {first} (a fault of ours; --debug shows where)", err=True)
    return 1
