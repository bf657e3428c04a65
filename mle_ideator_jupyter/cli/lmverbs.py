"""`train lm`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from mle_ideator_jupyter.cli.options import common
from mle_ideator_jupyter.cli.trainverbs import collection_of, said


@click.command()
@click.option("--config", "name", required=True, help="A JSON file, or the name of a shipped one: tiny, smollm2, ...")
@click.option(
    "--tasks",
    "tasks_dir",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of prepared training tasks.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Again goes on.")
@click.option("--model", help="Folder of the model, in the Hugging Face layout [the configuration's].")
@click.option(
    "--rollouts",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where executed ideas are kept; several trainings may share it [OUT/rollouts].",
)
@click.option(
    "--adapter",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="An adapter to go on with instead of a warm-up.",
)
@click.option("--warm-up/--no-warm-up", default=True, help="Imitate Playbook ideas first [yes].")
@click.option("--warm-up-only", is_flag=True, help="Stop after that.")
@click.option("--steps", type=click.IntRange(min=1), help="Updates [the configuration's].")
@click.option("--seconds", type=click.FloatRange(min=1), help="Stop behind a checkpoint after so long.")
@click.option("--workers", type=click.IntRange(1, 1024), default=2, show_default=True, help="Trials at a time.")
@common
def lm(name: str, as_json: bool, **given: Any) -> None:
    """Train a language model as Ideator: a warm-up on Playbook ideas, then GRPO from executed ideas (extra: train).

    What comes of it, in OUT/final, is a checkpoint for the local Ideator.
    """
    from mle_ideator_jupyter.rl.lm.asking import examples, questions
    from mle_ideator_jupyter.rl.lm.config import read_config
    from mle_ideator_jupyter.rl.lm.training import check_model, libraries, reinforce, settled, warm_up

    config = read_config(name)
    replaced = {k: given[k] for k in ("model", "steps") if given[k]}
    config = msgspec.structs.replace(config, **replaced)
    libraries()
    check_model(config)
    out, tell = given["out"].resolve(), said(quiet=as_json)
    rollouts = {
        "tasks_dir": given["tasks_dir"],
        "only": config.tasks,
        "out": given["rollouts"] or out / "rollouts",
        "seed": config.seed,
        "rows": config.rows,
        "variants": config.variants,
        "runs": config.runs,
        "cpu_seconds": config.cpu_seconds,
        "steps": config.run_steps,
        "workers": given["workers"],
        "warm": config.warm_hosts,
    }
    with settled(config, out), collection_of(rollouts, quiet=as_json) as collection:
        adapter: Path | None = given["adapter"]
        if adapter is None and (given["warm_up"] or given["warm_up_only"]):
            adapter = warm_up(config, examples(collection, config), out, tell)
        final = adapter
        if not given["warm_up_only"]:
            asked = questions(collection, config, config.steps * config.prompts)
            final = reinforce(config, collection, asked, out, adapter=adapter, seconds=given["seconds"], tell=tell)
    if as_json:
        click.echo(msgspec.json.encode({"checkpoint": str(final), "log": str(out / "log.jsonl")}).decode())
    else:
        click.echo(f"checkpoint {final}\nlog        {out / 'log.jsonl'}")
