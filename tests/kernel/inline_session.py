"""A session that drives an InlineHost, as a magic would; run in notebooks by the tests."""

from __future__ import annotations

import asyncio
import sys
import time

from mle_ideator_jupyter.hosts.inline import InlineHost
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import cell


def run_all(sources, *, keep=("kept",), limits=None, **options):
    """Run cells one after another and return their results."""
    host = InlineHost(**options)

    async def work():
        return [await host.run(cell(s, keep=keep), limits or Limits()) for s in sources]

    return host.drive(work())


def run_forever(log):
    """Run trials until interrupted, and write down how it ended."""
    host = InlineHost()

    async def work():
        try:
            while True:
                await host.run(cell("import time\nhelper = df = 1\nprint('noise')\ntime.sleep(30)", keep=()))
        finally:
            await asyncio.sleep(0.1)
            with open(log, "a") as file:  # noqa: ASYNC230, PTH123
                file.write("ended")

    host.drive(work())


def report(results):
    """Print a line for each result, and nothing that a trial printed."""
    for r in results:
        print(r.status, r.reported.value if r.reported else None, list(r.changed), len(r.outputs))  # noqa: T201 - looked for
    sys.stdout.flush()
    time.sleep(0.05)
