"""The command group, and how errors leave it: one line and an exit status; a traceback only with `--debug`."""

from __future__ import annotations

import json
import os
import sys

import click

from mle_ideator_jupyter.cli import looking, running, taskverbs
from mle_ideator_jupyter.cli.options import common
from mle_ideator_jupyter.errors import IdeatorError

PROGRAM = "jupyter-ideate"
COMPLETE = "_JUPYTER_IDEATE_COMPLETE"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="mle_ideator_jupyter", prog_name=PROGRAM)
def app() -> None:
    """Tells you what to try next in a machine-learning notebook, tries it, and remembers what worked.

    Begin with `jupyter ideate demo`; then `jupyter ideate run NOTEBOOK`.
    """


for _verb in (running.demo, running.run, looking.suggest, looking.history, taskverbs.tasks, looking.doctor):
    app.add_command(_verb)


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
    debug = "--debug" in sys.argv
    try:
        app.main(prog_name=PROGRAM, standalone_mode=False, complete_var=COMPLETE)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" ({context.command_path} --help says more)" if context else ""
        click.echo(f"error: {' '.join(error.format_message().split()).rstrip('.')}{hint}", err=True)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except IdeatorError as error:
        if debug:
            raise
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_status)
    except Exception as error:
        if debug:
            raise
        first = str(error).splitlines()[0] if str(error) else ""
        click.echo(f"error: {type(error).__name__}: {first} (a fault of ours; --debug shows where)", err=True)
        sys.exit(1)
