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
    │   └── PageGoneError      the page that was asked to run a cell was closed
    └── GradeError          a submission cannot be graded

Each message is one line that says what to do. What a *trial* does wrong is no
error of ours: it is recorded as a `Failure`.
"""

from __future__ import annotations


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


class GradeError(IdeatorError):
    """A submission cannot be graded."""
