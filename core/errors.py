"""Every error that Fusionscope raises on purpose.

FusionscopeError            what went wrong, and how to mend it, in one line
├── DataError               a recording cannot be used as it is
│   ├── UnreadableFile      not a table: empty, binary, too large, undecodable
│   ├── RolesError          a role names a column that is missing or unfit for it
│   └── TooShort            fewer rows than one window, or than a split needs
├── UnknownDataset          no data set of that name; or its source is out of reach
├── ConfigError             a setting is unknown or out of bounds
├── RunError                a stored run cannot be used
│   ├── RunNotFound         no run of that name
│   └── RunDamaged          files of the run are missing, truncated or altered
├── JobError                a job could not be queued or followed
│   └── Cancelled           the work was stopped on request
└── StorageError            the disk is full or may not be written
"""

from __future__ import annotations


class FusionscopeError(Exception):
    """An error for the person at the screen: the problem, then how to mend it.

    Args:
        problem: What was expected and what was received, one sentence.
        remedy: What to do about it, one sentence; empty when the problem says it.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        # Both go to Exception.args, so that the error survives pickling between processes.
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


class DataError(FusionscopeError):
    """A recording cannot be used as it is."""


class UnreadableFile(DataError):
    """The bytes are not a table."""


class RolesError(DataError):
    """A role names a column that is missing or unfit for it."""


class TooShort(DataError):
    """Fewer rows than the work needs."""


class UnknownDataset(FusionscopeError):
    """No data set of that name, or its source is out of reach."""


class ConfigError(FusionscopeError):
    """A setting is unknown or out of bounds."""


class RunError(FusionscopeError):
    """A stored run cannot be used."""


class RunNotFound(RunError):
    """No run of that name."""


class RunDamaged(RunError):
    """Files of the run are missing, truncated or altered."""


class JobError(FusionscopeError):
    """A job could not be queued or followed."""


class Cancelled(JobError):
    """The work was stopped on request."""


class StorageError(FusionscopeError):
    """The disk is full, or the folder may not be written."""
