"""What tests of hosts share: one way to run them, and a look at the processes that a cell left."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable

import psutil

from mle_ideator_jupyter.hosts.fork import ForkHost
from mle_ideator_jupyter.hosts.scratch import ScratchHost
from mle_ideator_jupyter.protocols import cell

HOSTS = {"scratch": ScratchHost, "fork": ForkHost}
KEEP = ("kept",)
"""What trial cells of the tests leave behind."""
ALIVE = cell("kept = 1\nprint(df.shape)", keep=KEEP)
DATA = "import numpy as np, pandas as pd\ndf = pd.DataFrame({'a': np.arange(60.0), 'y': np.arange(60) % 7 * 1.5})"


def with_host(kind, use: Callable[..., Awaitable], *sources: str, **options):
    """Run `use(host)` with a host of this kind, and close it whatever happens."""

    async def main():
        host = HOSTS[kind](sources, **options)
        try:
            return await use(host)
        finally:
            await host.close()

    return asyncio.run(main())


class Marked:
    """Processes that are known by a word on their command line or in their environment."""

    def __init__(self) -> None:
        self.word = f"w{uuid.uuid4().hex}"

    def alive(self) -> list[int]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if self.word in " ".join(process.cmdline()) or self.word in process.environ().values():
                    found.append(process.pid)
        return found

    def gone_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def children(self) -> str:
        """Source that starts children of four kinds: plain, of a new session, forked twice, without environment."""
        sleep = f"[sys.executable, '-c', 'import time; time.sleep(600)', {self.word!r}]"
        return (
            "import os, subprocess, sys, time\n"
            f"subprocess.Popen({sleep})\n"
            f"subprocess.Popen({sleep}, start_new_session=True)\n"
            f"subprocess.Popen({sleep}, start_new_session=True, env={{}})\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            f"    if os.fork() == 0: os.execve(sys.executable, {sleep}, {{}})\n"
            "    os._exit(0)\n"
        )


def text(result) -> str:
    return "".join(o["text"] for o in result.outputs if o["output_type"] == "stream")
