"""What a forked child prints, by C code too: read through pipes while it runs, and capped."""

from __future__ import annotations

import contextlib
import os

from msgspec.structs import replace

from mle_ideator_jupyter.hosts.collecting import TEXT_CAP, Collector
from mle_ideator_jupyter.protocols import CellResult


class Printed:
    """The pipes of one child, made before the fork."""

    def __init__(self) -> None:
        self._pipes = {name: os.pipe() for name in ("stdout", "stderr")}
        self._text = dict.fromkeys(self._pipes, b"")
        self.cut = 0

    def into_pipes(self) -> None:
        """Send this process's standard output and error into the pipes."""
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(self._pipes[name][1], number)

    def reading_ends(self) -> list[int]:
        """Return the file descriptors to wait for."""
        return [reading for reading, _ in self._pipes.values()]

    def begin(self) -> None:
        """Let go of the writing ends, which are the child's."""
        for reading, writing in self._pipes.values():
            os.close(writing)
            os.set_blocking(reading, False)

    def read(self) -> bool:
        """Take in what is there; False when there is no more and will not be."""
        more = False
        for name, (reading, _) in self._pipes.items():
            with contextlib.suppress(BlockingIOError):
                data = os.read(reading, 1 << 16)
                more = more or bool(data)
                room = max(0, TEXT_CAP - len(self._text[name]))
                self._text[name] += data[:room]
                self.cut += max(0, len(data) - room)
        return more

    def end(self, before: CellResult, seconds: float, cpu_seconds: float) -> CellResult:
        """Return the result with all that was printed, and close the pipes."""
        while self.read():
            pass
        collector = Collector()
        collector.cut_text = self.cut
        for name, text in self._text.items():
            collector.stream(name, text.decode(errors="replace"))
        for reading, _ in self._pipes.values():
            os.close(reading)
        outputs = (*collector.result(), *before.outputs)
        return replace(before, outputs=outputs, seconds=seconds, cpu_seconds=cpu_seconds)
