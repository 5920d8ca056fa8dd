"""A batch that can be resumed: its images go into a folder or URL, and a ledger records what was paid for."""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections import Counter
from contextlib import ExitStack, aclosing, suppress
from decimal import Decimal
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

import anyio
import anyio.to_thread
from attrs import evolve

from ideogram_ai.client import IdeogramError

from .claims import Claims
from .events import RowDone, RunStarted, RunStopped, RunStopping, RunWaiting, StopReason
from .journal import LedgerJournal
from .ledger import Ledger
from .manifest import check_mark, rebuild_ledger, write_mark
from .model import MOCK, BatchError, LedgerError, Outcome, State, log_outcomes, server_of
from .operations import cost_of, submit_operation
from .pace import Budget
from .planning import plan_rows, use_server
from .runner import DOWNLOADS, IN_FLIGHT, JOB_SECONDS, Runner, check_limits
from .saving import Saver, image_names, thumbnail_name
from .store import digest, local_folder, open_store

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Mapping

    from ideogram_ai.client import AsyncIdeogram

    from .events import Event
    from .model import BatchRequest
    from .planning import Planned
    from .prices import Prices
    from .store import Store

T = TypeVar("T")

_UNRECORDED: Final = (
    "state", "images", "error_type", "error", "status_code", "cost", "may_have_been_billed", "answered_at", "saved_at",
    "job_id",
)  # fmt: skip
"""The attributes of an outcome that a row of the ledger lacks while it cannot be written."""

LEDGER_NAME: Final = "ledger.sqlite3"
_BLOCK: Final = 20
"""Rows of a shared batch that a process takes one after the other."""
_LONGEST_DOWNLOAD: Final = 86_400.0
"""Seconds after which no process of a shared batch still writes an unfinished file."""
_OTHERS_SECONDS: Final = 2.0
"""How often a run that is done looks for what other processes do."""
_READ_AHEAD: Final = 100
"""Rows that are read from the ledger at a time."""


def ledger_path(location: str | os.PathLike[str]) -> Path:
    """The file of a batch's ledger: in its folder or, for a URL, in the user's state folder.

    SQLite needs a disk whose locks it can trust.
    """
    folder = local_folder(location)
    if folder is not None:
        return folder / LEDGER_NAME
    import platformdirs  # noqa: PLC0415 - not needed for a folder

    name = hashlib.sha256(str(location).rstrip("/").encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return platformdirs.user_state_path("ideogram-ai", appauthor=False) / "batches" / name / LEDGER_NAME


class Job:
    """A folder or URL with its images and its ledger, held by this process alone. Use it as a context manager.

    Opening it repairs what a dead process left behind: what was on its way becomes unknown, what was submitted or
    answered is collected by the next run, and incomplete images are removed.

    A shared batch is held by many processes on many machines at once. What became of each row is in the place itself,
    and the ledger is an index of that, made anew by each process.

    Attributes:
        store: Where the images go.
        ledger: What is known of each row.
        claims: The claims of a shared batch; None for a batch of one process.
    """

    def __init__(self, store: Store, ledger: Ledger, claims: Claims | None = None) -> None:
        self.store = store
        self.ledger = ledger
        self.claims = claims
        self._opened = ExitStack()
        self._runner: Runner | None = None
        self._running = False
        self._stopping: RunStopping | None = None
        self._on_event: Callable[[Event], None] = _ignore
        self._event_error: Exception | None = None
        self._journal: LedgerJournal | None = None

    @classmethod
    def open(
        cls,
        location: str | os.PathLike[str],
        *,
        ledger: str | os.PathLike[str] | None = None,
        rebuild: bool = False,
        shared: bool = False,
    ) -> Self:
        """Open the folder or URL of a batch, or create it.

        Args:
            location: A folder, or a URL of fsspec.
            ledger: The ledger's file. None puts it into the folder, or for a URL into the user's state folder.
            rebuild: Rebuild a lost ledger from the manifest. What was sent after the manifest was written is not in it.
            shared: Share the batch with other processes and machines: each row is claimed in the place before it is
                sent. There is no ledger to give or to rebuild.

        Raises:
            ValueError: A shared batch has no ledger of its own.
            LedgerLockedError: Another process has it open.
            LedgerError: The file is not a ledger, or is newer than this program; or it has rows and cannot be rebuilt.
            StoreError: No file can be written there.
        """
        if shared:
            if ledger or rebuild:
                raise ValueError("A shared batch has no ledger of its own: leave out ledger and rebuild.")
            return cls._open_shared(location)
        usual = ledger_path(location)
        path = Path(ledger) if ledger else usual
        with ExitStack() as opened:
            opened.callback(_remove_empty, _missing(usual.parent / "parts", usual.parent, path.parent))
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LedgerError(f"{str(path.parent)!r} cannot be made for the ledger: {error.strerror}.") from error
            # Before anything is touched: another process may be at work in the folder.
            held = opened.enter_context(Ledger.open(path))
            store = opened.enter_context(open_store(location, workspace=usual.parent / "parts"))
            store.tidy()
            if rebuild:
                rebuild_ledger(held, store)
            # An image may exist although the ledger does not know it: it could not be recorded any more.
            names = {key: next(image_names(store, held.stem(key)), None) for key in held.recovered}
            held.note_files({key: name for key, name in names.items() if name is not None})
            job = cls(store, held)
            job._opened = opened.pop_all()
        return job

    @classmethod
    def _open_shared(cls, location: str | os.PathLike[str]) -> Self:
        with ExitStack() as opened:
            store = opened.enter_context(open_store(location))
            store.tidy(older_than=_LONGEST_DOWNLOAD)
            with tempfile.TemporaryDirectory(prefix="ideogram-batch-", ignore_cleanup_errors=True) as folder:
                index = opened.enter_context(Ledger.open(Path(folder) / LEDGER_NAME))
                # The open file goes on without its name, so a killed process leaves no links of images on this machine.
            claims = opened.enter_context(Claims(store, index))
            claims.update()
            job = cls(store, index, claims)
            job._opened = opened.pop_all()
        return job

    def plan(
        self,
        requests: Iterable[BatchRequest],
        *,
        replace: bool = False,
        redo: Collection[str] = (),
        whole: bool = False,
    ) -> Planned:
        """Enter the rows of an input that are new, all or none, and compare the others. Nothing is sent.

        A changed row that never cost anything becomes what the input says. A row without an id is identified by its
        content, and its key is the number that the ledger gave it.

        Args:
            requests: The input, in its order. It is read as a stream.
            replace: Make rows again that changed after they were made. The earlier images stay, with their files, under
                the key with a number behind it, as in `cat~1`.
            redo: Keys of rows to make again, in the same way.
            whole: These are all rows: others are not sent from now on, until an input has them again. Without it they
                are run like all others.

        Raises:
            PlanError: A row has the key or the file name of another, or changed after it was made.
            LedgerError: The folder has another ledger than this one.
        """
        if self._running:
            raise BatchError("This batch is running: plan before, or when it has ended.")
        if self.claims is None:
            check_mark(self.store, self.ledger)
        shared = self.claims is not None
        return plan_rows(self.ledger, requests, replace=replace, redo=redo, whole=whole, shared=shared)

    def meet(self, base_url: str, *, rehearsal: bool = False, replace: bool = False) -> int:
        """Set the server of the next run. `run` does it too; called before, the ledger shows what will be sent.

        What a rehearsal made, with a mock server or another one on this machine, counts as not made for the service.

        Args:
            base_url: The server.
            rehearsal: The server is a mock server that lives as long as the run.
            replace: Make rows again that another server made and may have billed.

        Returns:
            The number of rehearsed rows that are planned again.

        Raises:
            LedgerError: Rows that may have been billed were made by another server.
        """
        server = MOCK if rehearsal else server_of(base_url)
        if self.claims is not None:
            self.claims.check_server(server)
        return use_server(self.ledger, server, replace=replace)

    def counts(self) -> Mapping[State, int]:
        """The number of rows in each state."""
        if not self.unrecorded:
            return self.ledger.counts()
        return dict.fromkeys(State, 0) | Counter(outcome.state for outcome in self.outcomes())

    def total_cost(self) -> Decimal:
        """US dollars that all rows cost so far, or may have cost."""
        if not self.unrecorded:
            return self.ledger.total_cost()
        return sum(((outcome.cost or 0) + outcome.earlier_cost for outcome in self.outcomes()), Decimal(0))

    def outcomes(self, *states: State) -> Iterator[Outcome]:
        """The rows in these states, or all, in the order of the input, read as a stream."""
        if not self.unrecorded:
            return self.ledger.outcomes(*states)
        known = (_with_unrecorded(outcome, self.unrecorded) for outcome in self.ledger.outcomes())
        return (outcome for outcome in known if not states or outcome.state in states)

    @property
    def unrecorded(self) -> Mapping[str, Outcome]:
        """Outcomes by key that the ledger does not have, because it could not be written.

        The other methods take them into account; the next process treats what was sent as unknown.
        """
        noted: Mapping[str, Outcome] = {} if self._journal is None else self._journal.unrecorded
        return noted if self.claims is None else {**noted, **self.claims.unrecorded}

    async def run(
        self,
        client: AsyncIdeogram,
        *,
        in_flight: int = IN_FLIGHT,
        downloads: int = DOWNLOADS,
        prices: Prices | None = None,
        max_cost: Decimal | None = None,
        retry_unknown: bool = False,
        retry_failed: bool = False,
        rehearsal: bool = False,
        on_event: Callable[[Event], None] | None = None,
        submit: bool = False,
        job_seconds: float = JOB_SECONDS,
    ) -> RunStopped:
        """Send every planned row and save its images; first, save the images that earlier runs could not save.

        Rows that were submitted are asked for by the ids of their jobs, and never sent again, whatever `submit` is.
        Every image is billed, withheld ones too. A row is never sent twice, unless it certainly did not run or one of
        the two arguments below says so. When the run is cancelled, what was on its way is unknown.

        Args:
            client: Sends and downloads.
            in_flight: The most images in progress at a time, 1 or more.
            downloads: The most rows whose images are saved at a time, 1 or more.
            prices: Prices of the requests.
            max_cost: US dollars that all runs of this batch together may cost; what is on its way or unknown counts.
            retry_unknown: Send rows of unknown outcome again: they may be billed twice.
            retry_failed: Send rows again that failed and were not billed, and download failed images again.
            rehearsal: The client's server is a mock server that lives as long as the run.
            on_event: Called in the event loop with each event; it must not block.
            submit: Submit each request as a job. The ledger has its id before it is asked for.
            job_seconds: Seconds to wait for a job, more than 0. The next run asks for what takes longer.

        Returns:
            Why the run ended. It has the error that every row would meet, which is not raised.

        Raises:
            ValueError: max_cost is given without prices, or for rows without a price; or submit for rows that no job
                can make; or a number is out of range.
            LedgerError: The folder has another ledger, or rows that another server may have billed. Nothing was sent.
            Exception: What on_event raised, once everything in flight is saved.
        """
        if max_cost is not None and prices is None:
            raise ValueError("max_cost needs prices to count with.")
        if self._running:
            raise BatchError("This batch is running already.")
        check_limits(in_flight=in_flight, downloads=downloads)
        self._running = True
        try:
            await anyio.to_thread.run_sync(
                lambda: self._begin(
                    client.base_url,
                    rehearsal=rehearsal,
                    retry_unknown=retry_unknown,
                    retry_failed=retry_failed,
                    prices=prices if max_cost is not None else None,
                    submit=submit,
                )
            )
            self._on_event = on_event or _ignore
            counts = await anyio.to_thread.run_sync(self.ledger.counts)
            spent = Decimal(0) if max_cost is None else await anyio.to_thread.run_sync(self.ledger.total_cost)
            planned = await anyio.to_thread.run_sync(self._planned)
            self._on_event(RunStarted(planned, counts[State.ANSWERED], counts[State.SUBMITTED]))
            new_runner = partial(
                Runner,
                client=client,
                in_flight=in_flight,
                downloads=downloads,
                prices=prices,
                on_event=self._emit,
                server=self.ledger.server,
                submit=submit,
                job_seconds=job_seconds,
                claims=self.claims,
            )
            await self._run(client, new_runner, None if max_cost is None else Budget(max_cost, spent), prices)
            return await self._stopped()
        except BaseException as error:
            log_outcomes("The ledger could not be written.", self.unrecorded.values(), error)
            raise
        finally:
            self._on_event = _ignore
            self._event_error = None
            self._runner = self._stopping = None
            self._running = False

    async def _run(
        self, client: AsyncIdeogram, new_runner: Callable[..., Runner], budget: Budget | None, prices: Prices | None
    ) -> None:
        """Run the rows, in a shared batch also those that others leave to this process."""
        try:
            async with LedgerJournal.open(self.ledger, self._journal) as self._journal:
                saver = Saver(client, self.store, self.ledger, self._journal)
                while True:
                    if self.claims is not None:
                        self.claims.left = False
                    self._runner = new_runner(self._source(budget, prices), finish=saver, journal=self._journal)
                    await self._drive(self._runner, budget)
                    if self.claims is None or not await self._is_left_by_others(self.claims):
                        return
        except LedgerError as error:  # in the end, when all else is saved, or before anything is sent
            self._stop(RunStopping(StopReason.ERROR, str(error), error))

    async def _is_left_by_others(self, claims: Claims) -> bool:
        """Wait for the rows that other processes work on. Whether some are left to this one, because those ended."""
        waiting = 0
        while self._stopping is None:
            await anyio.to_thread.run_sync(claims.update)
            if claims.left or not claims.busy:
                return claims.left
            if waiting != len(claims.busy):
                waiting = len(claims.busy)
                self._emit(RunWaiting(waiting))
            await anyio.sleep(_OTHERS_SECONDS)
        return False

    def stop_softly(self) -> None:
        """Send nothing new; the run ends when everything in flight is saved. Call it in the event loop's thread."""
        self._stop(RunStopping(StopReason.ASKED, "Nothing new is sent; what is in flight is finished and saved."))

    def stop_now(self) -> None:
        """Abort what is in flight; rows that may have run are then unknown. Call it in the event loop's thread."""
        self._stop(RunStopping(StopReason.NOW, "What is in flight is aborted, and may be billed."))
        if self._runner is not None:
            self._runner.cancel()

    def close(self) -> None:
        """Close the ledger and the store, so that another process can open them. Without a row, nothing is left."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(
        self,
        base_url: str,
        *,
        rehearsal: bool,
        retry_unknown: bool,
        retry_failed: bool,
        prices: Prices | None,
        submit: bool,
    ) -> None:
        """Check that ledger and server belong to the folder, and record that; check that each row can be sent."""
        if self.claims is not None:
            self.meet(base_url, rehearsal=rehearsal)
            self.claims.begin(self.ledger.server or "")
        else:
            check_mark(self.store, self.ledger)
            self.meet(base_url, rehearsal=rehearsal)
            for name, sha256, elsewhere in self.ledger.leftovers():
                self._remove_rehearsed(name, sha256)
                if sha256 is not None and not elsewhere:
                    self.store.remove(thumbnail_name(sha256))
            self.ledger.begin_run()
            write_mark(self.store, self.ledger)
        if retry_unknown:
            self.ledger.retry_unknown()
        if retry_failed:
            self.ledger.retry_failed()
        self.ledger.ask_again()
        for request in self.ledger.planned() if submit or prices else ():
            if prices and cost_of(request, prices) is None:
                raise ValueError(f"max_cost cannot be kept: nobody knows the price of {request.operation}.")
            if submit and submit_operation(request.operation) is None:
                raise ValueError(
                    f"Row {request.key!r:.80} cannot be submitted: there are no jobs of {request.operation}."
                )

    def _remove_rehearsed(self, name: str, sha256: str | None) -> None:
        """Remove a file of a rehearsal, unless somebody put another one in its place."""
        if self.store.exists(name):
            with self.store.open(name) as file:
                ours = digest(file) == sha256
            if ours:
                self.store.remove(name)

    def _planned(self) -> int:
        return self.ledger.counts(absent=False)[State.PLANNED]

    def _emit(self, event: Event) -> None:
        """Report an event. If that fails nothing new is sent, and what is in flight is finished and saved."""
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001 - raised when everything that was paid for is saved
            self._event_error = self._event_error or error
            if self._runner is not None:
                self._runner.stop()

    def _stop(self, stopping: RunStopping) -> None:
        """Begin to stop, if a run is on. The first reason counts, unless it is to stop now."""
        if not self._running:
            return
        now = stopping.reason is StopReason.NOW
        if self._stopping is None or (now and self._stopping.reason is not StopReason.NOW):
            self._stopping = stopping
            self._emit(stopping)
        if self._runner is not None:
            self._runner.stop()

    async def _drive(self, runner: Runner, budget: Budget | None) -> None:
        """Run to the end, and report each row."""
        if self._stopping is not None:  # while the run began
            runner.stop()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(runner.run)
            while (outcome := await runner.take()) is not None:
                if budget is not None:
                    await budget.settle(outcome.request.key, outcome.cost or Decimal(0))
                self._emit(RowDone(outcome))
        if isinstance(runner.error, IdeogramError | BatchError):
            self._stop(RunStopping(StopReason.ERROR, str(runner.error), runner.error))
        elif runner.error is not None:
            raise runner.error
        for outcome in runner.interrupted:
            self._emit(RowDone(outcome))

    async def _source(self, budget: Budget | None, prices: Prices | None) -> AsyncGenerator[Outcome]:
        async with aclosing(_read_ahead(self.ledger.answered())) as answered:
            async for outcome in answered:
                yield outcome
        async with aclosing(_read_ahead(self.ledger.outcomes(State.SUBMITTED))) as submitted:
            async for outcome in submitted:
                if outcome.server == self.ledger.server:
                    yield outcome
        async with aclosing(self._planned_requests()) as planned:
            async for request in planned:
                if budget is not None and prices is not None:
                    cost = cost_of(request, prices) or Decimal(0)  # what has no price was refused
                    if not await budget.reserve(request.key, cost):
                        self._stop(RunStopping(StopReason.MAX_COST, budget.refusal(cost)))
                        return
                yield Outcome(request, State.PLANNED)

    async def _planned_requests(self) -> AsyncGenerator[BatchRequest]:
        """The requests to send, in the order of the input.

        In a shared batch in blocks, whose order each process draws: so few rows are claimed by two at once.
        """
        if self.claims is None:
            async with aclosing(_read_ahead(self.ledger.planned())) as planned:
                async for request in planned:
                    yield request
            return
        positions = await anyio.to_thread.run_sync(self.ledger.planned_positions)
        blocks = [positions[start : start + _BLOCK] for start in range(0, len(positions), _BLOCK)]
        random.shuffle(blocks)
        for block in blocks:
            if self.claims.is_stale:
                await anyio.to_thread.run_sync(self.claims.note_taken)
            for request in await anyio.to_thread.run_sync(self.ledger.planned_at, block):
                if not self.claims.is_taken(request.key):
                    yield request

    async def _stopped(self) -> RunStopped:
        """Why the run ended, and what is left to do."""
        counts = dict(await anyio.to_thread.run_sync(self.counts))
        counts[State.PLANNED] = await anyio.to_thread.run_sync(self._planned)
        stopping = self._stopping or RunStopping(StopReason.DONE, "Every row was run.")
        left = [
            f"{counts[state]} {words}"
            for state, words in (
                (State.PLANNED, "rows are not sent yet"),
                (State.SENT, "are on their way from other processes"),
                (State.SUBMITTED, "are in progress at the service"),
                (State.ANSWERED, "are paid for and wait for their download"),
                (State.UNKNOWN, "are unknown"),
            )
            if counts[state]
        ]
        message = f"{stopping.message} Left: {', '.join(left)}." if left else stopping.message
        if self.unrecorded:
            message += f" The ledger could not be written, and does not know of {len(self.unrecorded)} of these rows."
        stopped = RunStopped(stopping.reason, message, stopping.error, tuple(self.unrecorded.values()))
        self._emit(stopped)
        if self._event_error is not None:
            raise self._event_error
        return stopped


def _missing(*folders: Path) -> list[Path]:
    """Those of the folders that do not exist, and of those above them, the innermost first."""
    return [each for folder in folders for each in (folder, *folder.parents) if not each.exists()]


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove those of the folders that exist and are empty."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


async def _read_ahead(items: Iterator[T]) -> AsyncGenerator[T]:
    """Read an iterator that blocks, some items at a time, off the event loop."""
    while some := await anyio.to_thread.run_sync(lambda: list(islice(items, _READ_AHEAD))):
        for item in some:
            yield item


def _with_unrecorded(outcome: Outcome, unrecorded: Mapping[str, Outcome]) -> Outcome:
    """A row of the ledger with what the ledger could not record."""
    ended = unrecorded.get(outcome.request.key)
    if ended is None:
        return outcome
    return evolve(outcome, **{name: getattr(ended, name) for name in _UNRECORDED})


def _ignore(_event: Event) -> None:
    pass
