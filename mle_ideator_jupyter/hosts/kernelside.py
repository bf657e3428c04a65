"""What Hosts ask of the process that holds the data; every answer is one line of JSON.

A question is an expression, so that asking leaves no trace in the user's namespace.
"""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import msgspec

from mle_ideator_jupyter.errors import BindingError, HostError
from mle_ideator_jupyter.facts import Namespace, Profile
from mle_ideator_jupyter.hosts import guard
from mle_ideator_jupyter.hosts.collecting import status_of
from mle_ideator_jupyter.model import Binding
from mle_ideator_jupyter.profile import look, profile_frames

_memories: list[guard.Memory] = []
_errors: list[BaseException | None] = []
"""The last error that reached the user when the namespace was remembered: not that of the cell that follows."""


class Answer(msgspec.Struct, omit_defaults=True):
    """An answer: one of the fields is set; `error` and `lacking` (a package) say why there is none."""

    profile: Profile | None = None
    namespace: Namespace | None = None
    changed: list[str] | None = None
    error: str = ""
    lacking: str = ""


def question(name: str, *arguments: str) -> str:
    """Return the expression that asks for the function `name` of this module with the asker's globals."""
    given = "".join(f", {a!r}" for a in arguments)
    return f'__import__("{__name__}", fromlist=["_"]).{name}(globals(){given})'


def lacking(error: str) -> str:
    """Return what to do about an import that failed in the kernel."""
    what = "mle_ideator_jupyter" if "mle_ideator_jupyter" in error else "'mle_ideator_jupyter[recipe]'"
    return f"the kernel lacks a package ({error}): run `%pip install {what}` in it, then try again"


def profile(namespace: MutableMapping[str, Any], binding: str) -> str:
    """Profile the Binding's frames; a `BindingError` comes back as `error`."""
    bound = msgspec.json.decode(binding, type=Binding)
    try:
        train = _evaluate(bound.train, namespace)
        test = _evaluate(bound.test, namespace) if bound.test else None
        return _line(Answer(profile=profile_frames(train, test, bound)))
    except BindingError as error:
        return _line(Answer(error=str(error)))
    except ImportError as error:
        return _line(Answer(lacking=lacking(str(error))))


def namespace(namespace: MutableMapping[str, Any]) -> str:
    """Summarise what the namespace holds."""
    return _line(Answer(namespace=look(namespace)))


def remember(namespace: MutableMapping[str, Any]) -> str:
    """Remember the namespace until `restore`."""
    _memories[:] = [guard.remember(namespace)]
    _errors[:] = [getattr(sys, "last_value", None)]
    return _line(Answer())


def restore(namespace: MutableMapping[str, Any], keep: str) -> str:
    """Put the namespace back as it was remembered, but for the names in `keep` (comma-separated)."""
    dismiss_workers()
    error = getattr(sys, "last_value", None)
    theirs = bool(_errors) and _errors.pop() is error
    changed = guard.restore(_memories.pop(), namespace, keep.split(",") if keep else ()) if _memories else []
    free_memory(None if theirs else error)
    return _line(Answer(changed=changed))


def drop(namespace: MutableMapping[str, Any], names: str) -> str:
    """Take names (comma-separated) out of the namespace, where they are there."""
    for name in names.split(","):
        namespace.pop(name, None)
    free_memory()
    return _line(Answer())


def dismiss_workers() -> None:
    """End joblib's pool of workers, if there is one, so that it knows: the next use begins another."""
    loky = sys.modules.get("joblib.externals.loky.reusable_executor")
    executor = getattr(loky, "_executor", None)
    if executor is not None:
        executor.shutdown(wait=True, kill_workers=True)


def free_memory(error: BaseException | None = None) -> None:
    """Give back what a trial's cell holds no more: the blocks that torch keeps of a GPU for the next one.

    `error` is what the cell raised: its traceback would keep alive all that the cell had, model and batch included.
    Where memory is not at stake it stays as it is, for whoever looks into it.
    """
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    used = cuda is not None and cuda.is_initialized()
    if error is not None and (used or status_of(type(error).__name__) == "memory"):
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            traceback.clear_frames(error.__traceback__)
            for frame, _ in traceback.walk_tb(error.__traceback__):
                _ = frame.f_locals  # a copy that was made for showing the error is brought up to date: emptied
            error = error.__cause__ or error.__context__
        gc.collect()
    if used and cuda is not None:
        gc.collect()  # networks and their optimizers refer to each other
        cuda.empty_cache()


def decode(line: str) -> Answer:
    """Return the answer that a line holds. Raises `HostError` when it is none, or says that a package is missing."""
    try:
        answer = msgspec.json.decode(line, type=Answer)
    except msgspec.DecodeError as error:
        msg = f"the kernel's mle_ideator_jupyter does not fit this one ({error}); install the same version in both"
        raise HostError(msg) from None
    if answer.lacking:
        raise HostError(answer.lacking)
    return answer


def _evaluate(expression: str, namespace: MutableMapping[str, Any]) -> Any:
    try:
        return eval(expression, dict(namespace))  # noqa: S307 - the user's own expression, in the user's own kernel
    except NameError as error:
        msg = f"the kernel holds no {error.name or expression} yet: run the cells that load it, then ask again"
        raise BindingError(msg) from None
    except Exception as error:  # noqa: BLE001 - whatever the user's expression raises
        msg = f"{expression} cannot be evaluated: {type(error).__name__}: {error}"
        raise BindingError(msg.splitlines()[0]) from None


def _line(answer: Answer) -> str:
    return msgspec.json.encode(answer).decode()
