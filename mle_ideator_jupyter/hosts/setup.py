"""The cells that make a namespace, and how they are run again when their process had to be ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from mle_ideator_jupyter.protocols import CellResult


class Setup:
    """The notebook's own cells, then every plain cell that went well.

    A cell that ended its process (by a limit, or a crash) is not run again: it would end the next one too.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        self.results: list[CellResult] = []
        self._sources = list(sources)
        self._own = len(self._sources)
        self._deadly: set[int] = set()

    @property
    def failures(self) -> list[str]:
        """Return a line for each of the notebook's cells that failed."""
        return [
            f"cell {number} failed ({result.message}); going on with what the kernel holds"
            for number, result in enumerate(self.results, 1)
            if result.status != "ok"
        ]

    def add(self, source: str) -> None:
        """Run this plain cell too from now on."""
        self._sources.append(source)

    async def run(
        self,
        launch: Callable[[], Awaitable[None]],
        execute: Callable[[str], Awaitable[CellResult]],
        alive: Callable[[], bool],
    ) -> None:
        """Launch a process and run the cells in it, again from the start when one of them ended it."""
        while True:
            await launch()
            if await self._pass(execute, alive):
                return

    async def _pass(self, execute: Callable[[str], Awaitable[CellResult]], alive: Callable[[], bool]) -> bool:
        for number, source in enumerate(self._sources):
            if number in self._deadly:
                continue
            result = await execute(source)
            if number == len(self.results) and number < self._own:
                self.results.append(result)
            if not alive():
                self._deadly.add(number)
                return False
        return True
