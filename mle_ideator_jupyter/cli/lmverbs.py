"""`train lm` and `train lm-arms`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from mle_ideator_jupyter.cli.options import common
from mle_ideator_jupyter.cli.trainverbs import collecting, collection_of, said
from mle_ideator_jupyter.errors import UsageError


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
@click.option("--execute-only", is_flag=True, help="Execute what may be chosen, beside a training; learn nothing.")
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
    from mle_ideator_jupyter.rl.lm.judging import Judge
    from mle_ideator_jupyter.rl.lm.training import check_model, execute, libraries, reinforce, settled, warm_up

    config = read_config(name)
    replaced = {k: given[k] for k in ("model", "steps") if given[k]}
    config = msgspec.structs.replace(config, **replaced)
    if not given["execute_only"]:
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
        judge = Judge(collection, config)
        if given["execute_only"]:
            execute(judge, questions(judge, config.steps * config.prompts), tell)
            return
        adapter: Path | None = given["adapter"]
        if adapter is None and (given["warm_up"] or given["warm_up_only"]):
            adapter = warm_up(config, examples(judge), out, tell)
        final = adapter
        if not given["warm_up_only"]:
            asked = questions(judge, config.steps * config.prompts)
            final = reinforce(judge, asked, out, adapter=adapter, seconds=given["seconds"], tell=tell)
    if as_json:
        click.echo(msgspec.json.encode({"checkpoint": str(final), "log": str(out / "log.jsonl")}).decode())
    else:
        click.echo(f"checkpoint {final}\nlog        {out / 'log.jsonl'}")


@click.command("lm-arms")
@click.option("--config", "name", required=True, help="The training's, a file or a shipped one's name.")
@collecting
@click.option("--model", required=True, help="Folder of the model, in the Hugging Face layout.")
@click.option("--adapter", "adapters", multiple=True, metavar="NAME=FOLDER", help="What was trained; several may be.")
@click.option("--trained-on", default="", help="Tasks with commas that were trained on: the others are summed up too.")
@common
def lm_arms(name: str, as_json: bool, **given: Any) -> None:
    """Say exactly what models that name plays earn in frozen states, all of whose choices are executed once.

    The untrained model, each adapter, all of them told of another task, and ranking by likelihood; besides them the
    best there is, the prior's order, one idea for all tasks, and chance. Give another --seed than the training had.
    """
    from mle_ideator_jupyter.rl.lm import arms
    from mle_ideator_jupyter.rl.lm.config import read_config
    from mle_ideator_jupyter.rl.lm.judging import Judge
    from mle_ideator_jupyter.rl.lm.training import check_model, libraries, loaded

    config = msgspec.structs.replace(read_config(name), model=given["model"])
    if config.reading != "titles":
        msg = f"--config {name} reads {config.reading}: only a model that names titles has chances that can be told"
        raise UsageError(msg)
    libraries()
    check_model(config)
    folders = {"untrained": None, **_adapters(given["adapters"])}
    tell = said(quiet=as_json)
    with collection_of(given, quiet=as_json) as collection:
        known = arms.states(Judge(collection, config), tell)
    if not known:
        msg = f"no frozen state could be executed in {given['out']}: the lines above say why"
        raise UsageError(msg)
    scored = {label: arms.Scorer(*loaded(config, folder)[:2]) for label, folder in folders.items()}
    seen = [t.strip() for t in given["trained_on"].split(",") if t.strip()]
    tables = arms.tables(known, scored, seen)
    if as_json:
        click.echo(msgspec.json.encode({"states": len(known), "tables": tables}).decode())
        return
    for part, table in tables.items():
        _print(part, table)


def _adapters(pairs: Sequence[str]) -> dict[str, Path | None]:
    found: dict[str, Path | None] = {}
    for pair in pairs:
        label, _, folder = pair.partition("=")
        if not (Path(folder) / "adapter_config.json").is_file():
            msg = f"--adapter {pair}: NAME=FOLDER, with an adapter_config.json in the folder"
            raise UsageError(msg)
        found[label] = Path(folder)
    return found


def _print(part: str, table: Sequence[Any]) -> None:
    click.echo(part)
    click.echo(f"{'arm':50s}{'first':>8s}{'draw':>8s}{'max@4':>8s}{'spread':>8s}{'plays':>7s}{'kinds':>7s}")
    for row in table:
        click.echo(
            f"{row.name:50s}{row.first:8.4f}{row.draw:8.4f}{row.best_of:8.4f}"
            f"{row.spread:8.2f}{row.firsts:7d}{row.kinds:7.2f}"
        )
