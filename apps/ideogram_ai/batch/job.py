"""A batch that survives: its images go into a folder or URL, and a ledger knows at any moment what was paid for."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import ExitStack, aclosing
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

import anyio
import anyio.to_thread
from attrs import define, evolve, field, frozen

from ideogram_ai.client import IdeogramError

from .journal import Commits, name_outcomes
from .ledger import Ledger, found
from .manifest import check_mark, rebuild_ledger, write_mark
from .model import (
    MOCK,
    BatchError,
    LedgerError,
    RowAnswered,
    RowDone,
    RunStarted,
    RunStopped,
    RunStopping,
    State,
    StopReason,
    server_of,
)
from .runner import Engine, Limits
from .saving import Saver, image_names, thumbnail_name
from .store import digest, local_folder, open_store

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Mapping

    from ideogram_ai.client import AsyncIdeogram

    from .model import BatchRequest, Event, Outcome
    from .planning import Planned
    from .prices import Prices
    from .store import Store


@define
class Budget:
    """What may be spent, what is, and what may turn out to be.

    Attributes:
        most: US dollars that are not passed.
        spent: US dollars that were billed, or may have been: what nobody knows counts.
    """

    most: Decimal
    spent: Decimal
    _reserved: dict[str, Decimal] = field(factory=dict[str, Decimal], init=False)
    _total: Decimal = field(default=Decimal(0), init=False)
    _changed: anyio.Event = field(factory=anyio.Event, init=False)

    async def reserve(self, request: BatchRequest, price: Decimal) -> bool:
        """Set a request's price aside; False when it might pass the sum whatever comes of those in flight."""
        while self.spent + self._total + price > self.most:
            if not self._reserved:
                return False
            # Some of those in flight may be refused, and cost nothing.
            self._changed = anyio.Event()
            await self._changed.wait()
        self._reserved[request.key] = price
        self._total += price
        return True

    def settle(self, outcome: Outcome) -> None:
        """Count what a request cost, or may have cost, in place of what was set aside for it."""
        reserved = self._reserved.pop(outcome.request.key, None)
        if reserved is not None:
            self._total -= reserved
            self.spent += outcome.cost or 0
            self._changed.set()


LEDGER_NAME: Final = "ledger.sqlite3"


@frozen
class Places:
    """Where a batch keeps what is no image, on this machine in any case.

    SQLite needs a disk whose locks it can trust, and an upload needs the whole image.

    Attributes:
        ledger: The ledger's file.
        workspace: The folder of unfinished downloads; None where the store has its own.
    """

    ledger: Path
    workspace: Path | None


def places_of(location: str | os.PathLike[str]) -> Places:
    """The places of a batch: inside its folder or, for a URL, in the user's state folder under a hash of the URL.

    Args:
        location: A folder or URL.

    Raises:
        StoreError: The location has no name, or names another machine.
    """
    folder = local_folder(location)
    if folder is not None:
        return Places(folder / LEDGER_NAME, None)
    import platformdirs  # noqa: PLC0415 - a folder needs none

    name = hashlib.sha256(str(location).rstrip("/").encode("utf-8", "surrogatepass")).hexdigest()[:32]
    state = platformdirs.user_state_path("ideogram-ai", appauthor=False) / "batches" / name
    return Places(state / LEDGER_NAME, state / "parts")


T = TypeVar("T")

_AT_ONCE = 100
"""Rows that are read from the ledger at a time."""


class Job:
    """A folder or URL with its images and its ledger, held by this process alone. Use it as a context manager.

    What a dead process left behind is put right when it is opened: what was on its way is unknown, what was answered
    is downloaded by the next run, and half images are removed.

    Attributes:
        store: Where the images go.
        ledger: What is known of each row.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self.store = store
        self.ledger = ledger
        self._engine: Engine | None = None
        self._stopping: RunStopping | None = None
        self._running = False
        self._on_event: Callable[[Event], None] = _ignore
        self._event_error: Exception | None = None
        self._commits: Commits | None = None

    @classmethod
    def open(
        cls,
        location: str | os.PathLike[str],
        *,
        ledger: str | os.PathLike[str] | None = None,
        rebuild: bool = False,
    ) -> Self:
        """Open the place where a batch goes, or make it.

        Args:
            location: A folder, or a URL of fsspec.
            ledger: The ledger's file. None puts it into the folder, or for a URL into the user's state folder.
            rebuild: Whether a ledger that is gone is made anew from the manifest. What was sent after the manifest was
                written is not in it.

        Raises:
            LedgerLockedError: Another process has it open.
            LedgerError: The ledger is none, or is newer than this program; or it has rows, and is not to be rebuilt.
            StoreError: No file can be written there.
        """
        places = places_of(location)
        path = Path(ledger) if ledger else places.ledger
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"{str(path.parent)!r} cannot be made for the ledger: {error.strerror}.") from error
        with ExitStack() as opened:
            # Before anything is touched: another process may be at work in the folder.
            held = opened.enter_context(Ledger.open(path))
            store = opened.enter_context(open_store(location, workspace=places.workspace))
            store.tidy()
            if rebuild:
                rebuild_ledger(held, store)
            _look_for_images(held, store)
            opened.pop_all()
        return cls(store, held)

    def plan(
        self,
        requests: Iterable[BatchRequest],
        *,
        replace: bool = False,
        redo: Collection[str] = (),
        whole: bool = False,
    ) -> Planned:
        """Enter the rows of an input, all or none; those that are known already are compared. Nothing is sent.

        A row that changed and never cost anything is what the input says. A row without an id is known by what it
        asks for, and its key is the number that the ledger gave it.

        Args:
            requests: The input, in its order. It is read as a stream.
            replace: Whether rows that changed after they were made are made anew. What was made stays, with its files,
                under the key with a number behind it, as in `cat~1`.
            redo: Keys of rows that are made again, in the same way.
            whole: Whether these are all rows that there should be: others are not sent from now on, until an input has
                them again. Without it they are run like all others.

        Raises:
            PlanError: A row has the key or the file name of another, or changed after it was made.
            LedgerError: The folder has another ledger than this one.
        """
        if self._running:
            raise BatchError("This batch is running: plan before, or when it has ended.")
        check_mark(self.store, self.ledger)
        return self.ledger.plan(requests, replace=replace, redo=redo, whole=whole)

    def meet(self, base_url: str, *, rehearsal: bool = False, replace: bool = False) -> int:
        """Say which server the next run asks. `run` does that by itself; before it, a forecast can be made.

        What a rehearsal made, with a mock server or another one on this machine, counts as not made for the service.

        Args:
            base_url: The server.
            rehearsal: Whether it is a mock server that lives as long as the run.
            replace: Whether rows that a third server made, and may have billed, are made anew.

        Returns:
            How many rows of a rehearsal are planned again.

        Raises:
            LedgerError: Rows that may have been billed were made by another server.
        """
        return self.ledger.meet(MOCK if rehearsal else server_of(base_url), replace=replace)

    def counts(self) -> Mapping[State, int]:
        """How many rows are in each state."""
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
        known = (_as_it_is(outcome, self.unrecorded) for outcome in self.ledger.outcomes())
        return (outcome for outcome in known if not states or outcome.state in states)

    @property
    def unrecorded(self) -> Mapping[str, Outcome]:
        """What became of rows, by key, that the ledger does not have: it could not be written.

        The other methods tell of them as they are; the next process takes what was sent for unknown.
        """
        return {} if self._commits is None else self._commits.unrecorded

    async def run(
        self,
        client: AsyncIdeogram,
        *,
        in_flight: int = 10,
        downloads: int = 10,
        prices: Prices | None = None,
        max_cost: Decimal | None = None,
        retry_unknown: bool = False,
        retry_failed: bool = False,
        rehearsal: bool = False,
        on_event: Callable[[Event], None] | None = None,
    ) -> RunStopped:
        """Send every planned row and save its images; first, what earlier runs were answered and could not save.

        Every image is billed, withheld ones too. A row is never sent twice, unless it surely did not run or one of the
        two arguments below says so. When the run is cancelled, what was on its way is unknown.

        Args:
            client: Sends and downloads.
            in_flight: Requests on their way at a time at most.
            downloads: Rows whose images are being saved at a time at most.
            prices: What a request costs.
            max_cost: US dollars that all runs of this batch together may cost; what is on its way or unknown counts.
            retry_unknown: Send rows again of which nobody knows whether they ran: they may be billed twice.
            retry_failed: Send rows again that failed and were not billed, and download failed images again.
            rehearsal: Whether the client's server is a mock server that lives as long as the run.
            on_event: Called in the event loop with what happens; it must not block.

        Returns:
            Why the run ended. An error that every row would meet is told there, and not raised.

        Raises:
            ValueError: max_cost is given and prices are not, or a number is out of range.
            LedgerError: The folder has another ledger, or rows that another server may have billed. Nothing was sent.
            Exception: What on_event raised, once all that was in flight is saved.
        """
        if max_cost is not None and prices is None:
            raise ValueError("max_cost needs prices to count with.")
        if self._running:
            raise BatchError("This batch is running already.")
        limits = Limits(in_flight=in_flight, downloads=downloads)
        self._running = True
        try:
            await anyio.to_thread.run_sync(lambda: self._begin(client.base_url, rehearsal=rehearsal))
            self._on_event = _named(on_event, self.ledger.server) if on_event else _ignore
            return await self._run(client, limits, prices, max_cost, retry=(retry_unknown, retry_failed))
        except BaseException as error:
            name_outcomes("The ledger could not be written.", self.unrecorded.values(), error)
            raise
        finally:
            self._event_error = None
            self._engine = self._stopping = None
            self._running = False

    def stop_softly(self) -> None:
        """Send nothing new, and let the run end when all that is in flight is saved. For the event loop's thread."""
        self._stop(RunStopping(StopReason.ASKED, "Nothing new is sent; what is in flight is finished and saved."))

    def stop_now(self) -> None:
        """Break off what is in flight; rows that may have run are unknown then. For the event loop's thread."""
        self._stop(RunStopping(StopReason.NOW, "What is in flight is broken off, and may be billed."))
        if self._engine is not None:
            self._engine.cancel()

    def close(self) -> None:
        """Give the ledger and the place back to other processes."""
        self.ledger.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, base_url: str, *, rehearsal: bool) -> None:
        """See that this ledger and this server are the folder's, and write that down."""
        check_mark(self.store, self.ledger)
        self.meet(base_url, rehearsal=rehearsal)
        for name, sha256, shared in self.ledger.leftovers():
            self._remove(name, sha256)
            if sha256 is not None and not shared:
                self.store.remove(thumbnail_name(sha256))
        self.ledger.forget_leftovers()
        self.ledger.begin_run()
        write_mark(self.store, self.ledger)

    def _remove(self, name: str, sha256: str | None) -> None:
        """Remove a file of a rehearsal, unless somebody put another one in its place."""
        if self.store.exists(name):
            with self.store.open(name) as file:
                ours = digest(file) == sha256
            if ours:
                self.store.remove(name)

    async def _run(
        self,
        client: AsyncIdeogram,
        limits: Limits,
        prices: Prices | None,
        max_cost: Decimal | None,
        *,
        retry: tuple[bool, bool],
    ) -> RunStopped:
        for wanted, again in zip(retry, (self.ledger.retry_unknown, self.ledger.retry_failed), strict=True):
            if wanted:
                await anyio.to_thread.run_sync(again)
        counts = await anyio.to_thread.run_sync(self.ledger.counts)
        spent = await anyio.to_thread.run_sync(self.ledger.total_cost)
        budget = None if max_cost is None else Budget(max_cost, spent)
        planned = await anyio.to_thread.run_sync(self._planned)
        self._on_event(RunStarted(planned, counts[State.ANSWERED]))
        try:
            async with Commits.to(self.ledger, self._commits) as self._commits:
                self._engine = Engine(
                    self._source(budget, prices),
                    client,
                    limits,
                    finish=Saver(client, self.store, self.ledger, self._commits),
                    prices=prices,
                    journal=self._commits,
                    emit=self._tell,
                )
                await self._drive(self._engine, budget)
        except LedgerError as error:  # in the end, when all else is saved, or before anything is sent
            self._stop(RunStopping(StopReason.ERROR, str(error), error))
        return await self._stopped()

    def _tell(self, event: Event) -> None:
        """Tell of an event. Where that fails nothing new is sent, and what is in flight is finished and saved."""
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001 - raised when nothing that was paid for is lost for it
            self._event_error = self._event_error or error
            if self._engine is not None:
                self._engine.stop()

    def _stop(self, stopping: RunStopping) -> None:
        """Begin to stop, if a run is on; the first reason counts, unless it is to stop now."""
        if not self._running:
            return
        if self._stopping is None or (
            stopping.reason is StopReason.NOW and self._stopping.reason is not stopping.reason
        ):
            self._stopping = stopping
            self._tell(stopping)
        if self._engine is not None:
            self._engine.stop()

    async def _drive(self, engine: Engine, budget: Budget | None) -> None:
        """Run to the end, and tell of each row."""
        if self._stopping is not None:  # it was asked for while the run began
            engine.stop()
        try:
            async with aclosing(engine.outcomes()) as outcomes:
                async for outcome in outcomes:
                    if budget is not None:
                        budget.settle(outcome)
                    self._tell(RowDone(outcome))
        except (IdeogramError, BatchError) as error:
            self._stop(RunStopping(StopReason.ERROR, str(error), error))
        for outcome in engine.interrupted:
            self._tell(RowDone(outcome))

    async def _source(self, budget: Budget | None, prices: Prices | None) -> AsyncGenerator[BatchRequest | Outcome]:
        async with aclosing(_read_ahead(self.ledger.answered())) as answered:
            async for outcome in answered:
                yield outcome
        async with aclosing(_read_ahead(self.ledger.planned())) as planned:
            async for request in planned:
                if budget is not None and prices is not None:
                    price = prices.of(request.fields)
                    if not await budget.reserve(request, price):
                        message = (
                            f"The next row may cost {price} USD, and with it the sum would pass {budget.most} USD."
                        )
                        self._stop(RunStopping(StopReason.MAX_COST, message))
                        return
                yield request

    def _planned(self) -> int:
        """Rows that are to be sent."""
        return self.ledger.counts(absent=False)[State.PLANNED]

    async def _stopped(self) -> RunStopped:
        """Why the run ended, and what is left to do."""
        counts = dict(await anyio.to_thread.run_sync(self.counts))
        counts[State.PLANNED] = await anyio.to_thread.run_sync(self._planned)
        stopping = self._stopping or RunStopping(StopReason.DONE, "Every row was run.")
        left = [
            f"{counts[state]} {words}"
            for state, words in (
                (State.PLANNED, "rows are not sent yet"),
                (State.ANSWERED, "are paid for and wait for their download"),
                (State.UNKNOWN, "are unknown"),
            )
            if counts[state]
        ]
        message = f"{stopping.message} Left: {', '.join(left)}." if left else stopping.message
        if self.unrecorded:
            message += f" The ledger could not be written, and does not know of {len(self.unrecorded)} of these rows."
        stopped = RunStopped(stopping.reason, message, stopping.error, tuple(self.unrecorded.values()))
        self._tell(stopped)
        if self._event_error is not None:
            raise self._event_error
        return stopped


async def _read_ahead(items: Iterator[T]) -> AsyncGenerator[T]:
    """What blocks when it is read, some at a time and off the event loop."""
    while some := await anyio.to_thread.run_sync(lambda: list(islice(items, _AT_ONCE))):
        for item in some:
            yield item


def _look_for_images(ledger: Ledger, store: Store) -> None:
    """Say of rows that were on their way when their process ended where their images may be.

    The image may be there, although the ledger does not know of it: it could not be written any more.
    """
    names = ((key, next(image_names(store, ledger.stem(key)), None)) for key in ledger.recovered)
    notes = [found(key, name) for key, name in names if name is not None]
    if notes:
        ledger.apply(notes)


def _as_it_is(outcome: Outcome, unrecorded: Mapping[str, Outcome]) -> Outcome:
    """A row of the ledger with what the ledger could not be told of it."""
    ended = unrecorded.get(outcome.request.key)
    if ended is None:
        return outcome
    return evolve(
        outcome,
        state=ended.state,
        images=ended.images,
        error_type=ended.error_type,
        error=ended.error,
        status_code=ended.status_code,
        cost=ended.cost,
        may_have_been_billed=ended.may_have_been_billed,
        answered_at=ended.answered_at,
        saved_at=ended.saved_at,
    )


def _named(on_event: Callable[[Event], None], server: str | None) -> Callable[[Event], None]:
    """Names the server in the outcomes that are told, as the ledger does."""

    def hear(event: Event) -> None:
        if isinstance(event, RowAnswered | RowDone):
            event = evolve(event, outcome=evolve(event.outcome, server=server))
        on_event(event)

    return hear


def _ignore(_event: Event) -> None:
    pass
