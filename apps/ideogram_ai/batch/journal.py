"""What a run records of each attempt: in the ledger, in groups and off the event loop, and in the claims.

A change that has to be on the disk then costs the disk's time once for each group, not once for each row. During a run
some space on the disk is reserved: when the disk is full, it is for the responses of the requests in flight.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import IO, TYPE_CHECKING, Final, Protocol, Self, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
from attrs import define, field

from .model import BatchError, LedgerChangeError, LedgerError, Outcome, State

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from pathlib import Path

    from .claims import Claims
    from .ledger import Ledger

T = TypeVar("T")

_GATHERING: Final = 4
"""Turns of the event loop that a group waits: a response frees a slot, and both records go into one group."""
_RESERVED_BYTES: Final = 4 * 1024 * 1024


class Journal(Protocol):
    """Records how far each request got, before it is sent and after it has ended."""

    def note(self, outcome: Outcome) -> None:
        """Take note. It is called in the event loop and does not block, so that a cancelled task can call it too.

        SENT is a request that is about to be sent: it is sent when `written` returns, and not if that raises. PLANNED
        is one that certainly did not run. Another outcome follows SUBMITTED, and ANSWERED when the images are saved.
        """
        ...

    async def written(self) -> None:
        """Return when everything noted so far is on the disk."""
        ...


@define
class _CommitGroup:
    outcomes: list[Outcome] = field(factory=list[Outcome])
    done: bool = False
    error: Exception | None = None


class LedgerJournal:
    """Records outcomes in a ledger. Whoever waits first writes for all that gathered meanwhile."""

    def __init__(self, ledger: Ledger, before: LedgerJournal | None = None) -> None:
        self._ledger = ledger
        self._file = _file_id(ledger.path)
        self._reserve: IO[bytes] | None = None
        self._group = _CommitGroup()
        self._last = _CommitGroup(done=True)
        self._unwritten: list[Outcome] = [] if before is None else [*before._unwritten, *before._group.outcomes]
        self._refused: dict[str, Outcome] = {} if before is None else before._refused
        self._writing = anyio.Lock()
        self._thread = anyio.CapacityLimiter(1)  # of its own: downloads may occupy all other threads

    @classmethod
    @asynccontextmanager
    async def open(cls, ledger: Ledger, before: LedgerJournal | None = None) -> AsyncGenerator[Self]:
        """Record outcomes as long as the context lasts. Everything noted is written at its end, even if cancelled.

        Raises:
            LedgerError: What the run before noted cannot be written, or in the end something could not be.
        """
        journal = cls(ledger, before)
        await journal._write()
        journal._reserve = await anyio.to_thread.run_sync(reserve_space, ledger.path.parent)
        error: LedgerError | None = None
        try:
            yield journal
        finally:
            with anyio.CancelScope(shield=True):
                try:
                    async with journal._writing:
                        await journal._write()
                except LedgerError as last:  # raised below, and not in place of what ended the context
                    error = last
            journal._free_reserve()
        if error is not None:
            raise error

    @property
    def unrecorded(self) -> Mapping[str, Outcome]:
        """Outcomes by key that the ledger does not have: it could not be written, or lacks the row."""
        noted = (*self._unwritten, *self._group.outcomes)
        return self._refused | {
            outcome.request.key: outcome for outcome in noted if outcome.state not in {State.PLANNED, State.SENT}
        }

    def note(self, outcome: Outcome) -> None:
        """Note how far a request got."""
        self._group.outcomes.append(outcome)

    async def written(self) -> None:
        """Wait until everything noted so far is on the disk.

        Raises:
            LedgerError: The ledger cannot be written, or a row is not in a state that allows the change.
        """
        group = self._group if self._group.outcomes else self._last
        async with self._writing:
            if not group.done:
                for _ in range(_GATHERING):
                    await anyio.lowlevel.checkpoint()
                with anyio.CancelScope(shield=True):
                    try:
                        group.error = await self._write()
                    except Exception as error:  # noqa: BLE001 - raised by all who wait for the group
                        group.error = error
        if group.error is not None:
            raise group.error

    async def _write(self) -> LedgerError | None:
        """Write what is noted and what could not be written before, in this order.

        It returns the error that the reserved space was used for: all is written then, and nothing else should be sent.
        """
        self._last, self._group = self._group, _CommitGroup()
        self._last.done = True
        self._unwritten += self._last.outcomes
        if not self._unwritten:
            return None
        noted = self._unwritten
        try:
            error = await anyio.to_thread.run_sync(self._apply, noted, limiter=self._thread)
        except LedgerChangeError as refusal:
            ended = (outcome for outcome in noted if outcome.state not in {State.PLANNED, State.SENT})
            self._refused |= {each.request.key: each for each in ended if each.request.key in refusal.keys}
            self._unwritten = []
            raise
        except LedgerError:
            # Whoever waits for one of these gets the error, and does not send it.
            self._unwritten = _without_sent(noted)
            raise
        self._unwritten = []
        return error

    def _apply(self, outcomes: Sequence[Outcome]) -> LedgerError | None:
        if _file_id(self._ledger.path) != self._file:
            # SQLite would go on writing to a file that nobody can open any more.
            raise LedgerError(f"The ledger {str(self._ledger.path)!r} was removed or replaced while its batch ran.")
        try:
            self._ledger.apply(outcomes)
        except LedgerChangeError:
            raise
        except LedgerError as error:
            if not self._free_reserve():
                raise
            self._ledger.apply(_without_sent(outcomes))
            return error
        return None

    def _free_reserve(self) -> bool:
        """Free the reserved space; False when there is none."""
        if self._reserve is None:
            return False
        self._reserve.close()
        self._reserve = None
        return True


class Records:
    """Where each attempt at a row is recorded: its claim, which other processes see, and the journal.

    Args:
        journal: The journal, if there is one.
        claims: The claims, if the batch is shared.
        on_error: Called with what one of them cannot record, as soon as that is known.
        at_a_time: How many may read or write the place of the claims at a time, which blocks.
    """

    def __init__(
        self, journal: Journal | None, claims: Claims | None, on_error: Callable[[Exception], None], at_a_time: int
    ) -> None:
        self._journal = journal
        self._claims = claims
        self._on_error = on_error
        self._limiter = anyio.CapacityLimiter(at_a_time)

    async def announce(self, attempt: Outcome) -> Outcome | None:
        """Claim a row and record it as sent. If another process claimed it, return what is known of it."""
        if self._claims is not None:
            found = await self._in_place(self._claims.claim, attempt)
            if found is not None:
                return found.outcome
        if self._journal is not None:
            self._journal.note(attempt)
        await self._written()
        return None

    async def record(self, outcome: Outcome) -> bool:
        """Record an outcome, or as PLANNED a request that certainly did not run.

        False when the claims or the journal could not: the other one may have it.
        """
        recorded = True
        for write in (partial(self._note, outcome), self._written):
            try:
                await write()
            except Exception as error:  # noqa: BLE001 - reported
                self._on_error(error)
                recorded = False
        return recorded

    async def abort(self, outcome: Outcome) -> None:
        """Record what an attempt came to whose task is being cancelled: PLANNED, or what may have been billed.

        What cannot be written to the place is unknown to others.
        """
        with anyio.CancelScope(shield=True), suppress(BatchError):
            await self._note(outcome)

    async def _note(self, outcome: Outcome) -> None:
        if self._journal is not None:
            self._journal.note(outcome)
        if self._claims is not None:
            await self._in_place(self._claims.record, outcome)

    async def _written(self) -> None:
        if self._journal is not None:
            await self._journal.written()

    async def _in_place(self, function: Callable[[Outcome], T], outcome: Outcome) -> T:
        return await anyio.to_thread.run_sync(function, outcome, limiter=self._limiter)


def _without_sent(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.state is not State.SENT]


def _file_id(path: Path) -> tuple[int, int] | None:
    """What distinguishes a file from another one of its name; None without the file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def reserve_space(folder: Path, most: int = _RESERVED_BYTES) -> IO[bytes] | None:
    """Occupy some of the disk with a file without a name, which vanishes when it is closed or the process dies."""
    try:
        size = min(most, shutil.disk_usage(folder).free // 4)
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed when the space is needed
    except OSError:
        return None
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.write(b"\0" * size)
            file.flush()
    except OSError:  # a limit on the size of files, or less space than reported: go on without
        file.close()
        return None
    return file
