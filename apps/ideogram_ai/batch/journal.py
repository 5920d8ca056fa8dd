"""Writes changes to the ledger in groups, off the event loop: all that gather while one group is written are the next.

A change that has to be on the disk costs the disk's time once for each group and not once for each row. Some room on
the disk is kept while a run lasts: where the disk fills, it is for the answers of the requests that are in flight.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import IO, TYPE_CHECKING, Final, Protocol, Self, TypeAlias

import anyio
import anyio.lowlevel
import anyio.to_thread
from attrs import define, field

from . import ledger as changes
from .ledger import Change
from .model import LedgerChangeError, LedgerError, Outcome, State

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Iterable, Mapping, Sequence
    from pathlib import Path

    from .ledger import Ledger
    from .model import BatchRequest

logger = logging.getLogger("ideogram_ai.batch")


class Journal(Protocol):
    """Hears of each request before it leaves, and of what came of it. Called in the event loop, it must not block.

    Every method but `written` only takes note, so that a cancelled task can use it too.
    """

    def sent(self, attempt: Outcome) -> None:
        """A request is about to leave. It does when `written` returns, and not when that raises."""
        ...

    def unsent(self, request: BatchRequest) -> None:
        """A request did surely not run. It may be sent again, or is left for another run."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """A request came to an outcome. ANSWERED is followed by another outcome when the images are saved."""
        ...

    async def written(self) -> None:
        """Return when all that was told so far is safe."""
        ...


def name_outcomes(message: str, outcomes: Iterable[Outcome], error: BaseException | None) -> None:
    """Name what may have cost money, with the links of its images, in the log and in a note on an exception."""
    outcomes = sorted(
        (outcome for outcome in outcomes if outcome.may_have_been_billed), key=lambda outcome: outcome.request.key
    )
    if not outcomes:
        return
    made = [outcome for outcome in outcomes if outcome.images]
    doubtful = [repr(outcome.request.key) for outcome in outcomes if not outcome.images]
    if made:
        named = "\n".join(f"{outcome.request.key!r} {' '.join(_places(outcome))}" for outcome in made)
        message += f" These are made and paid for:\n{named}\n"
    if doubtful:
        message += f" These requests may have been billed: {', '.join(doubtful)}."
    logger.warning("%s", message)
    if error is not None:
        error.add_note(message)


def _places(outcome: Outcome) -> Sequence[str]:
    """Where the images of an answer are: their files, else their links."""
    return [image.file or image.url or "withheld" for image in outcome.images]


CallSoon: TypeAlias = Callable[[Callable[[], None]], object]

_running: set[asyncio.Task[None]] = set()
"""asyncio itself keeps no task alive."""


def start_in_background(run: Callable[[], Coroutine[None, None, None]]) -> CallSoon:
    """Start a task that runs until it returns. It must not raise.

    Returns:
        What calls a function in the event loop soon, from any thread; it raises RuntimeError when the loop has ended.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio  # noqa: PLC0415 - whoever runs on it has it

        trio.lowlevel.spawn_system_task(run)
        return trio.lowlevel.current_trio_token().run_sync_soon
    task = loop.create_task(run())
    _running.add(task)
    task.add_done_callback(_running.discard)
    return loop.call_soon_threadsafe


_Told: TypeAlias = tuple[Change, Outcome | None]

_GATHERING: Final = 4
"""So many turns of the event loop a group waits: an answer makes room for a request, and both are written at once."""
_RESERVE_BYTES: Final = 4 * 1024 * 1024


@define
class _Group:
    told: list[_Told] = field(factory=list[_Told])
    written: anyio.Event = field(factory=anyio.Event)
    error: Exception | None = None


class Commits:
    """The journal of a run: what it is told is in the ledger when `written` returns.

    Args:
        ledger: The ledger.
        before: The journal of the run before, whose unwritten changes are the first of this one.
    """

    def __init__(self, ledger: Ledger, before: Commits | None = None) -> None:
        self._ledger = ledger
        self._place = _place(ledger.path)
        self._reserve: IO[bytes] | None = None
        self._group = _Group()
        self._writing = _Group()
        self._writing.written.set()
        self._unwritten: list[_Told] = [] if before is None else [*before._unwritten, *before._group.told]
        self._refused: dict[str, Outcome] = {} if before is None else before._refused
        self._wanted = anyio.Event()
        self._closing = False
        self._ended = anyio.Event()
        self._turn = anyio.CapacityLimiter(1)  # of its own: downloads may keep every other thread busy

    @classmethod
    @asynccontextmanager
    async def to(cls, ledger: Ledger, before: Commits | None = None) -> AsyncGenerator[Self]:
        """Write as long as the context lasts. All that was told is written when it ends, even when it is cancelled.

        Raises:
            LedgerError: What was told before cannot be written, or in the end something could not be.
        """
        commits = cls(ledger, before)
        await commits._write_rest()
        commits._reserve = await anyio.to_thread.run_sync(_keep_room, ledger.path.parent)
        start_in_background(commits._write)
        error: LedgerError | None = None
        try:
            yield commits
        finally:
            commits._closing = True
            commits._wanted.set()
            with anyio.CancelScope(shield=True):
                await commits._ended.wait()
                try:
                    await commits._write_rest()
                except LedgerError as last:  # raised below, and not in place of what ended the context
                    error = last
            commits._give_room()
        if error is not None:
            raise error

    @property
    def unrecorded(self) -> Mapping[str, Outcome]:
        """Outcomes by key that the ledger does not have: it could not be written, or a row of it is not ours."""
        told = (*self._unwritten, *self._group.told)
        return self._refused | {outcome.request.key: outcome for _, outcome in told if outcome is not None}

    def sent(self, attempt: Outcome) -> None:
        """A request is about to leave."""
        self.add(changes.sent(attempt))

    def unsent(self, request: BatchRequest) -> None:
        """A request did surely not run."""
        self.add(changes.unsent(request))

    def ended(self, outcome: Outcome) -> None:
        """A request came to an outcome."""
        self.add(changes.ended(outcome), outcome)

    def add(self, change: Change, outcome: Outcome | None = None) -> None:
        """Take a change, and the outcome that it tells of, into the next group."""
        self._group.told.append((change, outcome))
        self._wanted.set()

    async def written(self) -> None:
        """Wait until all changes so far are on the disk.

        Raises:
            LedgerError: The ledger cannot be written, or a row cannot change so.
        """
        group = self._group if self._group.told else self._writing
        await group.written.wait()
        if group.error is not None:
            raise group.error

    async def _write(self) -> None:
        try:
            while self._group.told or not self._closing:
                await self._wanted.wait()
                self._wanted = anyio.Event()
                for _ in range(_GATHERING):
                    await anyio.lowlevel.checkpoint()
                while self._group.told:
                    await self._write_group()
        finally:
            self._ended.set()

    async def _write_group(self) -> None:
        group = self._writing = self._group
        self._group = _Group()
        # What could not be written goes first, so that each row has its changes in their order.
        self._unwritten += group.told
        try:
            group.error = await self._apply()
        except Exception as error:  # noqa: BLE001 - raised by all who wait for the group
            group.error = error
        group.written.set()

    async def _write_rest(self) -> None:
        """Write what is left when nobody waits for it any more."""
        self._unwritten += self._group.told
        self._group = _Group()
        if self._unwritten:
            await self._apply()

    async def _apply(self) -> LedgerError | None:
        """Write what is unwritten.

        Returns:
            None, or why that took the room that was kept: then it is written, and no other request should leave.
        """
        some = [change for change, _ in self._unwritten]
        full: LedgerError | None = None
        try:
            full = await anyio.to_thread.run_sync(self._apply_on_kept_room, some, limiter=self._turn)
        except LedgerChangeError as error:
            refused = (outcome for change, outcome in self._unwritten if outcome and change.key in error.keys)
            self._refused |= {outcome.request.key: outcome for outcome in refused}
            self._unwritten = []
            raise
        except LedgerError:
            # Whoever waits for it is told, and sends nothing.
            self._unwritten = [told for told in self._unwritten if not _is_of_leaving(told[0])]
            raise
        self._unwritten = []
        return full

    def _apply_on_kept_room(self, some: Sequence[Change]) -> LedgerError | None:
        if _place(self._ledger.path) != self._place:
            # SQLite would go on writing to a file that nobody can open any more.
            raise LedgerError(f"The ledger {str(self._ledger.path)!r} was removed or replaced while its batch ran.")
        try:
            self._ledger.apply(some)
        except LedgerChangeError:
            raise
        except LedgerError as error:
            if not self._give_room():
                raise
            self._ledger.apply([change for change in some if not _is_of_leaving(change)])
            return error
        return None

    def _give_room(self) -> bool:
        """Give back the room that was kept; False when none was."""
        if self._reserve is None:
            return False
        self._reserve.close()
        self._reserve = None
        return True


def _is_of_leaving(change: Change) -> bool:
    return change.what == State.SENT


def _place(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of its name; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _keep_room(folder: Path) -> IO[bytes] | None:
    """Occupy some of a disk, by a file without a name, which is gone when it is closed or the process dies."""
    try:
        size = min(_RESERVE_BYTES, shutil.disk_usage(folder).free // 4)
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed when the room is needed
    except OSError:
        return None
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.write(b"\0" * size)
            file.flush()
    except OSError:  # a file may not be so large, or there is less room than was said: then with none
        file.close()
        return None
    return file
