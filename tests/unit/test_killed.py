"""A killed process is known at once, before it has come to die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from mle_ideator_jupyter.hosts.processes import killed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")


def test_from_the_signal_on_and_not_before():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        assert not killed(process.pid)
        os.kill(process.pid, signal.SIGSTOP)
        assert not killed(process.pid), "stopped is not killed"
        os.kill(process.pid, signal.SIGKILL)
        assert killed(process.pid)
    finally:
        process.kill()
        process.wait()
    assert killed(process.pid), "it is gone"
