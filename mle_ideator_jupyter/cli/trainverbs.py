"""`train collect | playbook | evaluate`; `train lm` and `train lm-arms` are in `lmverbs`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from mle_ideator_jupyter.cli.options import common, need_recipe_libraries
from mle_ideator_jupyter.errors import UsageError


@click.group()
def train() -> None:
    """Train Ideators from ideas that were executed and graded on training tasks; never on evaluation tasks."""


def collecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of verbs that execute ideas on variants of training tasks."""
    path = click.Path(path_type=Path, file_okay=False)
    for option in (
        click.option("--tasks", "tasks_dir", type=path, required=True, help="Folder of prepared training tasks."),
        click.option("--only", default="all", show_default=True, help="Names of tasks with commas, or all."),
        click.option("--out", type=path, required=True, help="The training folder; again goes on."),
        click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same samples."),
        click.option("--rows", type=click.IntRange(min=50), default=400, show_default=True, help="Rows of a variant."),
        click.option("--variants", type=click.IntRange(1, 100), default=1, show_default=True, help="Of each task."),
        click.option("--runs", type=click.IntRange(1, 100), default=1, show_default=True, help="Of each variant."),
        click.option("--cpu-seconds", type=click.FloatRange(min=1), default=30, show_default=True, help="Of a trial."),
        click.option("--steps", type=click.IntRange(2, 100), default=10, show_default=True, help="Trials of a run."),
        click.option(
            "--runs-by",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Weights whose runs states are read off [the prior's runs].",
        ),
        click.option("--engine", default="local", show_default=True, help="Or a Dask scheduler: tcp://host:port."),
        click.option("--workers", type=click.IntRange(1, 1024), default=2, show_default=True, help="Trials at a time."),
    ):
        command = option(command)
    return command


@contextlib.contextmanager
def collection_of(given: dict[str, Any], *, quiet: bool) -> Iterator[Any]:
    """Yield the Collection that the options name, with its variants ready."""
    from mle_ideator_jupyter.ideators.playbook.trained import read_weights
    from mle_ideator_jupyter.rl.rollouts import Collection
    from mle_ideator_jupyter.rl.samples import Settings
    from mle_ideator_jupyter.rl.variants import training_tasks

    need_recipe_libraries()
    settings = Settings(
        tasks=tuple(training_tasks(given["tasks_dir"], given["only"])),
        **{k: given[k] for k in ("seed", "rows", "variants", "runs", "cpu_seconds", "steps")},
    )
    runs_by = read_weights(given["runs_by"]) if given.get("runs_by") else None
    tell = said(quiet=quiet)
    out, tasks = given["out"].resolve(), given["tasks_dir"].resolve()
    with contextlib.ExitStack() as closing:
        cluster = _cluster(given.get("engine", "local"), out, tasks)
        if cluster is not None:
            closing.callback(cluster.close)
        pool = closing.enter_context(contextlib.closing(_pool(given)))
        collection = Collection(out, tasks, settings, pool, tell=tell, cluster=cluster, runs_by=runs_by)
        collection.prepare()
        yield collection


def _cluster(engine: str, out: Path, tasks: Path) -> Any:
    if engine == "local":
        return None
    from mle_ideator_jupyter.rl.cluster import DaskCluster

    return DaskCluster(engine, out, tasks)


def _pool(given: dict[str, Any]) -> Any:
    from mle_ideator_jupyter.rl.lanes import WARM, Pool

    out, tasks = given["out"].resolve(), given["tasks_dir"].resolve()
    return Pool(out, tasks, given["workers"], given.get("warm", WARM))


def said(*, quiet: bool) -> Callable[[str], None]:
    """Return what tells people how far it is, on standard error."""
    began = time.monotonic()

    def tell(message: str) -> None:
        if not quiet:
            click.echo(f"{time.monotonic() - began:6.0f} s  {message}", err=True)

    return tell


@train.command()
@collecting
@click.option("--samples", type=click.IntRange(min=1), default=500, show_default=True, help="Executed ideas.")
@click.option("--round", "round_", type=click.IntRange(0, 100), default=0, show_default=True, help="Of collecting.")
@click.option("--weights", type=click.Path(path_type=Path, dir_okay=False), help="Policy that ranks, for round 1 on.")
@common
def collect(samples: int, round_: int, weights: Path | None, as_json: bool, **given: Any) -> None:
    """Execute ideas in states of autopilot runs on variants of training tasks, and keep what they scored."""
    from mle_ideator_jupyter.ideators.playbook.trained import read_weights

    ranks = read_weights(weights) if weights else None
    with collection_of(given, quiet=as_json) as collection:
        there = collection.sample(samples, round_, ranks)
        executor = collection.executor
    found = {"samples": there, "executed": executor.fresh, "from_cache": executor.reused, "out": str(given["out"])}
    click.echo(
        msgspec.json.encode(found).decode()
        if as_json
        else f"{there} samples in {given['out']} ({executor.fresh} trials executed, {executor.reused} taken from cache)"
    )


@train.command()
@collecting
@click.option("--samples", type=click.IntRange(min=20), default=200, show_default=True, help="Executed ideas.")
@click.option("--weights", type=click.Path(path_type=Path, dir_okay=False), help="Where the weights go [OUT].")
@click.option("--static-order", type=click.Path(path_type=Path, dir_okay=False), help="Write what each play earned.")
@click.option(
    "--also",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    multiple=True,
    help="Another training folder, whose samples are learned from too.",
)
@common
def playbook(
    samples: int, weights: Path | None, static_order: Path | None, also: tuple[Path, ...], as_json: bool, **given: Any
) -> None:
    """Train the Playbook's policy: collect samples where they lack, fit, choose by leaving one task out at a time."""
    from mle_ideator_jupyter.rl import policy
    from mle_ideator_jupyter.rl.choosing import choose
    from mle_ideator_jupyter.rl.exact import sampled_groups
    from mle_ideator_jupyter.rl.samples import read_collected

    with collection_of(given, quiet=as_json) as collection:
        collection.sample(samples)
    groups = [group for out in (given["out"], *also) for group in sampled_groups(read_collected(out))]
    choice = choose(groups, said(quiet=as_json))
    if static_order is not None:
        _write(static_order, policy.static_order(groups))
    place = weights or given["out"] / "weights.json"
    _write(place, choice.weights)
    if as_json:
        click.echo(msgspec.json.encode({"policies": choice.table, "weights": str(place)}).decode())
        return
    click.echo("leave-one-task-out reward (mean over tasks, 95 % interval; over prior, paired)")
    for row in sorted(choice.table, key=lambda r: -r.reward):
        over = f"{row.over_prior:+.4f} [{row.over_prior_low:+.4f}, {row.over_prior_high:+.4f}]"
        click.echo(f"{row.name:24s}{row.reward:8.4f} [{row.low:.4f}, {row.high:.4f}]  {over}")
    click.echo(f"chosen {choice.weights.card['chosen']}, fitted on all tasks: {place}")
    if not choice.weights.default:
        click.echo("not shown to be better than the prior (its interval holds zero): the prior stays the default")


def _write(path: Path, fitted: Any) -> None:
    from mle_ideator_jupyter.files import save_whole

    save_whole(path, msgspec.json.format(msgspec.json.encode(fitted)) + b"\n")


@train.command()
@collecting
@click.option("--cap", type=click.IntRange(min=2), help="Actions of each state, the prior's first [all].")
@click.option("--weights", type=click.Path(path_type=Path, dir_okay=False), help="A policy to judge beside others.")
@common
def evaluate(cap: int | None, weights: Path | None, as_json: bool, **given: Any) -> None:
    """Execute every action of frozen states once, and print what each policy earns there, exactly."""
    from mle_ideator_jupyter.ideators.playbook.trained import read_weights
    from mle_ideator_jupyter.rl import exact
    from mle_ideator_jupyter.rl.samples import read_collected

    own = read_weights(weights) if weights else None
    with collection_of(given, quiet=as_json) as collection:
        exact.execute_all(collection, cap, collection.tell)
    collected = read_collected(given["out"])
    states = exact.complete(collected)
    if not states:
        msg = f"no frozen state could be executed in {given['out']}: --debug and the lines above say why"
        raise UsageError(msg)
    groups = exact.sampled_groups(collected)
    table = [exact.earned(name, states, ranks) for name, ranks in exact.ranks_of(groups, own).items()]
    changed = exact.ablations(collected) if groups else {}
    best = exact.ceiling(states)
    if as_json:
        found = {"policies": table, "ceiling": best, "ablations": changed, "states": len(states)}
        click.echo(msgspec.json.encode(found).decode())
        return
    click.echo(f"{len(states)} states, every action executed; the best action of each earns {best:.4f}")
    click.echo(f"{'policy':44s}{'first':>8s}{'spread':>8s}{'max@4':>8s}{'distinct':>9s}{'top play':>9s}{'kinds':>7s}")
    for row in table:
        v = row.variety
        click.echo(
            f"{row.name:44s}{row.first:8.4f}{row.spread:8.4f}{row.best_of:8.4f}"
            f"{v.distinct:9.2f}{v.top_play:9.0%}{v.kind_entropy:7.2f}"
        )
    for name, reward in changed.items():
        click.echo(f"learned from the reward {name}: {reward:.4f} by the reward as it is (task left out)")


@train.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The training folder.")
@click.option("--weights", type=click.Path(path_type=Path, dir_okay=False), help="Write a proxy for `run --proxy`.")
@common
def proxy(out: Path, weights: Path | None, as_json: bool) -> None:
    """Say how well rewards are predicted without executing, on training tasks that the prediction has not seen."""
    from mle_ideator_jupyter.rl import exact
    from mle_ideator_jupyter.rl.proxy import CANDIDATES, fit_proxy, judge
    from mle_ideator_jupyter.rl.samples import read_collected

    need_recipe_libraries()
    collected = read_collected(out)
    groups = exact.sampled_groups(collected)
    found = judge(groups, exact.complete(collected))
    if weights is not None:
        _write(weights, fit_proxy(groups, found))
    if as_json:
        click.echo(msgspec.json.encode({"proxies": found}).decode())
        return
    for one in found:
        line = f"{one.name:18s} rank correlation {one.rank:+.3f}"
        if one.saved is not None:
            line += f"; best of {CANDIDATES} {one.of_candidates:.4f}, random {one.random:.4f}, {one.saved:.0%} saved"
        click.echo(line)
