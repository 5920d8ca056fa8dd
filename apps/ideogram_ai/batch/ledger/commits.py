"""Writes changes to the ledger in groups, off the event loop: all that gather while one group is written are the next.

A change that has to be on the disk costs the disk's time once for each group and not once for each row.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Self

import anyio
import anyio.lowlevel
import anyio.to_thread
from attrs import define, field

from ..background import start_in_background
from ..errors import LedgerChangeError
from . import changes
from .changes import Change

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ..outcome import Outcome
    from ..request import BatchRequest
    from .ledger import Ledger

_GATHERING: Final = 4
"""So many turns of the event loop a group waits: an answer makes room for a request, and both are written at once."""


@define
class _Group:
    changes: list[Change] = field(factory=list[Change])
    written: anyio.Event = field(factory=anyio.Event)
    error: Exception | None = None


class Commits:
    """The journal of a run: what it is told is in the ledger when `written` returns.

    Args:
        ledger: The ledger.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._group = _Group()
        self._writing = _Group()
        self._writing.written.set()
        self._unwritten: list[Change] = []
        self._wanted = anyio.Event()
        self._closing = False
        self._ended = anyio.Event()
        self._turn = anyio.CapacityLimiter(1)  # of its own: downloads may keep every other thread busy

    @classmethod
    @asynccontextmanager
    async def to(cls, ledger: Ledger) -> AsyncGenerator[Self]:
        """Write as long as the context lasts. All that was told is written when it ends, even when it is cancelled.

        Raises:
            LedgerError: In the end something could not be written.
        """
        commits = cls(ledger)
        start_in_background(commits._write)
        try:
            yield commits
        finally:
            commits._closing = True
            commits._wanted.set()
            with anyio.CancelScope(shield=True):
                await commits._ended.wait()
        if commits._unwritten:
            await anyio.to_thread.run_sync(ledger.apply, commits._unwritten)

    def sent(self, attempt: Outcome) -> None:
        """A request is about to leave."""
        self.add(changes.sent(attempt))

    def unsent(self, request: BatchRequest) -> None:
        """A request did surely not run."""
        self.add(changes.unsent(request))

    def ended(self, outcome: Outcome) -> None:
        """A request came to an outcome."""
        self.add(changes.ended(outcome))

    def add(self, change: Change) -> None:
        """Take a change into the next group."""
        self._group.changes.append(change)
        self._wanted.set()

    async def written(self) -> None:
        """Wait until all changes so far are on the disk.

        Raises:
            LedgerError: The ledger cannot be written, or a row cannot change so.
        """
        group = self._group if self._group.changes else self._writing
        await group.written.wait()
        if group.error is not None:
            raise group.error

    async def _write(self) -> None:
        try:
            while self._group.changes or not self._closing:
                await self._wanted.wait()
                self._wanted = anyio.Event()
                for _ in range(_GATHERING):
                    await anyio.lowlevel.checkpoint()
                while self._group.changes:
                    await self._write_group()
        finally:
            self._ended.set()

    async def _write_group(self) -> None:
        group = self._writing = self._group
        self._group = _Group()
        # What could not be written goes first, so that each row has its changes in their order.
        self._unwritten += group.changes
        try:
            await anyio.to_thread.run_sync(self._ledger.apply, self._unwritten, limiter=self._turn)
            self._unwritten = []
        except LedgerChangeError as error:
            group.error = error
            self._unwritten = []
        except Exception as error:  # noqa: BLE001 - raised by all who wait for the group
            group.error = error
        group.written.set()
