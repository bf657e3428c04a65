"""Every error this package raises on purpose.

::

    IdeatorError
    ├── UsageError          the arguments cannot work (exit status 2)
    │   ├── BindingError    the task's data, target or metric cannot be found
    │   └── NoIdeaError     there is nothing new to propose
    ├── EditError           a Recipe edit does not fit the Recipe
    ├── JournalError        the journal cannot be read or written
    │   └── JournalFullError   the disk refused an event; the event is kept
    ├── HostError           cells cannot be run (the kernel is gone, say)
    │   ├── PageGoneError      the page that was asked to run a cell was closed
    │   └── PumpedError        no page is there, but a cell of the user's that runs cells
    ├── EndpointError       a language model's endpoint gave no answer; `kind` says why
    ├── CheckpointError     a language model on this machine cannot be loaded, or its answer failed
    └── GradeError          a submission cannot be graded

Each message is one line that says what to do. What a *trial* does wrong is no
error of ours: it is recorded as a `Failure`.
"""

from __future__ import annotations

from typing import Literal


class IdeatorError(Exception):
    """Base of everything raised on purpose; its text is one line for the user."""

    exit_status = 1


class UsageError(IdeatorError):
    """The arguments cannot work, whatever the machine does."""

    exit_status = 2


class BindingError(UsageError):
    """The task's data, target or metric cannot be found, or cannot be used."""


class NoIdeaError(UsageError):
    """The Ideator has nothing new to propose for what was asked."""


class EditError(IdeatorError):
    """A Recipe edit names a field that is not there, or a value that does not fit it."""


class JournalError(IdeatorError):
    """The journal cannot be read or written."""


class JournalFullError(JournalError):
    """The disk refused an event; the file ends after the last whole event."""


class HostError(IdeatorError):
    """Cells cannot be run: the kernel did not start, or is gone."""


class PageGoneError(HostError):
    """The page that was asked to run a cell was closed or reloaded."""


class PumpedError(HostError):
    """No page is there that could run a cell, but a cell of the user's that runs cells (a pump)."""


EndpointFault = Literal[
    "not_configured",
    "missing_package",
    "wrong_key",
    "forbidden",
    "unknown_model",
    "bad_request",
    "too_long",
    "refused",
    "no_tools",
    "rate_limited",
    "out_of_credit",
    "timeout",
    "unreachable",
    "cut",
    "server",
    "malformed",
]
"""Why an endpoint gave no answer. `no_tools`: this model takes no tool calls, so ask it in text."""


class EndpointError(IdeatorError):
    """A language model's endpoint gave no answer.

    The text never holds a key or a header, and no exception of the HTTP client hangs on it.
    `retry_after` is what the endpoint asked to wait, in seconds; `status` its HTTP status.
    """

    def __init__(
        self,
        message: str,
        kind: EndpointFault = "bad_request",
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: EndpointFault = kind
        self.status = status
        self.retry_after = retry_after


class CheckpointError(IdeatorError):
    """A checkpoint on this machine cannot be loaded, does not fit into memory, or failed while it answered."""


class GradeError(IdeatorError):
    """A submission cannot be graded."""
