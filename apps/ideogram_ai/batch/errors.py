"""The errors of a batch as a whole. What goes wrong with one request is an outcome, and no error."""

from __future__ import annotations


class BatchError(Exception):
    """Base of the errors of a batch. The message says what to do.

    Attributes:
        message: What is wrong, and the cure.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BatchRowError(BatchError, ValueError):
    """A row of the input cannot be a request. Nothing was sent for it."""


class LedgerError(BatchError):
    """The ledger cannot be used as it is: it belongs to something else, is newer, or cannot be read or written."""


class LedgerChangeError(LedgerError):
    """A row is not in a state from which it may change so. The other changes were made.

    Attributes:
        keys: The rows.
    """

    def __init__(self, message: str, *, keys: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.keys = keys


class LedgerLockedError(LedgerError):
    """Another process runs this batch."""


class PlanError(LedgerError, ValueError):
    """A row contradicts what the ledger has for its key, or another row. Nothing was planned, nothing sent.

    Attributes:
        key: The row's key.
        line: Its line in the input, if it has one.
    """

    def __init__(self, message: str, *, key: str, line: int | None) -> None:
        super().__init__(message)
        self.key = key
        self.line = line


class BatchStoppedError(BatchError):
    """The run was stopped, because going on would not help or might cost money for nothing.

    What it went wrong with is its cause. Rows that were not sent can still be sent by another run.
    """
