"""`serve-local`: a small language model on this machine, to try everything out with."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import click
import msgspec

from mle_ideator_jupyter.cli.options import common


@click.command("serve-local")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where it listens; 0 is a free port.")
@click.option("--threads", type=click.IntRange(1, 256), default=1, show_default=True, help="No more than idle cores.")
@click.option("--parallel", type=click.IntRange(1, 64), default=1, show_default=True, help="Answers at the same time.")
@click.option(
    "--context", type=click.IntRange(512), default=8192, show_default=True, help="Tokens of one answer's room."
)
@click.option("--model", type=click.Path(path_type=Path, dir_okay=False), help="Another GGUF file than SmolLM2's.")
@common
def serve_local(model: Path | None, as_json: bool, **sizes: int) -> None:
    """Serve a small language model on this machine until Ctrl-C; asks for the key in MLE_IDEATOR_API_KEY if set."""
    from mle_ideator_jupyter.endpoint.secret import Secret
    from mle_ideator_jupyter.endpoint.serving import LocalServer, model_file

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    secret = Secret(os.environ.get("MLE_IDEATOR_API_KEY", ""))
    file = model_file() if model is None else model
    server = LocalServer(file, secret=secret, **sizes)
    try:
        if as_json:
            click.echo(msgspec.json.encode({"base_url": server.base_url, "model": server.model}).decode())
        else:
            key = "; it asks for the key that is in MLE_IDEATOR_API_KEY" if secret else ""
            click.echo(f"serving {server.model} at {server.base_url}, Ctrl-C stops it{key}")
            click.echo("in the shell that starts Jupyter, or with %env in a notebook:")
            click.echo(f"  export MLE_IDEATOR_BASE_URL={server.base_url}")
            click.echo(f"  export MLE_IDEATOR_MODEL={server.model}")
        stop.wait()
    finally:
        server.close()
    if not as_json:
        click.echo("stopped")
