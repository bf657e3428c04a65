"""What the session knows of the kernel's data: looked at when asked, kept until a cell of the user's has run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.binding import infer, settle
from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import Namespace, Profile
from mle_ideator_jupyter.hosts import kernelside
from mle_ideator_jupyter.hosts.fingerprint import Full, fingerprint
from mle_ideator_jupyter.model import Binding, Task

COLUMNS_SHOWN = 2000


class Looking:
    """Finds the task in a kernel and keeps the profile of its data while they stay the same.

    Args:
        user_ns: returns the kernel's namespace.
        folder: where the notebook's relative paths start.
    """

    def __init__(self, user_ns: Callable[[], dict[str, Any]], folder: Path) -> None:
        self._user_ns, self._folder = user_ns, folder
        self._namespace: Namespace | None = None
        self._before: Namespace | None = None
        self._profiles: dict[tuple[Binding, object], Profile] = {}
        self._prints: tuple[Binding, object] | None = None

    def changed(self) -> None:
        """Say that the kernel's data may have changed."""
        self._before = self._namespace or self._before
        self._namespace = self._prints = None

    @property
    def seen(self) -> Namespace | None:
        """Return what the kernel was last seen to hold, or None before any look."""
        return self._namespace or self._before

    async def namespace(self) -> Namespace:
        """Return what the kernel holds; also while a cell runs."""
        if self._namespace is None:
            line = await asyncio.to_thread(kernelside.namespace, self._user_ns())
            self._namespace = kernelside.decode(line).namespace or Namespace()
        return self._namespace

    async def task(
        self, name: str, asked: wire.SetTask | None, sources: Sequence[str], known: Task | None
    ) -> tuple[Task, Profile]:
        """Return the notebook's task and the profile of its data.

        What was asked for counts first, then the task that is known, then what the kernel holds. Raises
        `BindingError` or `UsageError` with one line that says what is needed.
        """
        namespace = await self.namespace()
        metadata = {"mle_ideator": {"binding": msgspec.to_builtins(known.binding)}} if known else None
        given = {}
        if asked is not None:
            given = {
                "data": asked.train,
                "test": asked.test,
                "target": asked.target,
                "metric": asked.metric,
                "goal": asked.goal,
            }
        bound = infer(
            namespace, list(sources), self._folder, metadata=metadata, **{k: v for k, v in given.items() if v}
        )
        if bound.prepare:
            msg = f"run this in a cell first, then ask again: {'; '.join(bound.prepare)}"
            raise BindingError(msg)
        if bound.source == "metadata" and known is not None:
            bound = known.binding
        profile = await self._profile(bound)
        description = (
            asked.description if asked is not None and asked.description else known.description if known else ""
        )
        return Task(id=name, binding=settle(bound, profile), description=description), profile

    async def _profile(self, binding: Binding) -> Profile:
        if self._prints is None or self._prints[0] != binding:
            self._prints = binding, await asyncio.to_thread(self._print, binding)
        if self._prints not in self._profiles:
            asked = msgspec.json.encode(binding).decode()
            answer = kernelside.decode(await asyncio.to_thread(kernelside.profile, self._user_ns(), asked))
            if answer.profile is None:
                raise BindingError(answer.error)
            self._profiles = {self._prints: answer.profile}
        return self._profiles[self._prints]

    def _print(self, binding: Binding) -> object:
        """Return what tells these data from others; None for an expression that cannot be evaluated."""
        namespace = dict(self._user_ns())
        found = []
        for expression in (binding.train, binding.test):
            try:
                value = eval(expression, namespace) if expression else None  # noqa: S307 - the user's own, in their kernel
            except Exception:  # noqa: BLE001 - whatever the user's expression raises: profiling says it in words
                return None
            found.append(fingerprint(value, Full().stride(value)))
        return tuple(found)


def frames(namespace: Namespace) -> tuple[wire.FrameView, ...]:
    """Return the frames of a namespace that a task could be made of, largest first."""
    able = [v for v in namespace.variables if v.columns and v.shape]
    able.sort(key=lambda v: -v.shape[0])
    return tuple(
        wire.FrameView(expression=v.name, rows=v.shape[0], columns=v.columns[:COLUMNS_SHOWN]) for v in able[:50]
    )
