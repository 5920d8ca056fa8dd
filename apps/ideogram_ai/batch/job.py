"""A batch that can be resumed: its images go into a folder or URL, and a ledger records what was paid for."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from contextlib import ExitStack, suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import anyio
import anyio.to_thread
from attrs import evolve

from .claims import Claims
from .events import STOPPING_SOFTLY, RunStopped, RunStopping, StopReason
from .ledger import Ledger
from .manifest import begin_run, check_mark, is_own, rebuild_ledger, take_place
from .model import MOCK, BatchError, LedgerError, Outcome, State, log_outcomes, server_of
from .operations import submit_operation
from .planning import plan_rows, use_server
from .prices import cost_of
from .run import Run
from .runner import DOWNLOADS, IN_FLIGHT, JOB_SECONDS, RunOptions
from .saving import image_names, thumbnail_name
from .store import digest, local_folder, open_store

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from ideogram_ai.client import AsyncIdeogram

    from .events import Event
    from .model import BatchRequest
    from .planning import Planned
    from .prices import Prices
    from .store import Store

_UNRECORDED: Final = (
    "state", "images", "error_type", "error", "status_code", "cost", "may_have_been_billed", "answered_at", "saved_at",
    "job_id",
)  # fmt: skip
"""The attributes of an outcome that a row of the ledger lacks while it cannot be written."""

LEDGER_NAME: Final = "ledger.sqlite3"
_LONGEST_DOWNLOAD: Final = 86_400.0
"""Seconds after which no process of a shared batch still writes an unfinished file."""


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
        self._run: Run | None = None
        self._running = False

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
            # Before anything is touched: another process may be at work with the same ledger.
            held = opened.enter_context(Ledger.open(path))
            store = opened.enter_context(open_store(location, workspace=usual.parent / "parts"))
            if rebuild:
                rebuild_ledger(held, store)
            if is_own(store, held):  # in the folder of another ledger, its process may be at work
                store.tidy()
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
        journal = None if self._run is None else self._run.journal
        noted: Mapping[str, Outcome] = {} if journal is None else journal.unrecorded
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
            max_cost: US dollars that all runs of this batch may cost; what is on its way or unknown counts. In a shared
                batch, what other processes spend during the run does not.
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
        options = RunOptions(
            in_flight=in_flight,
            downloads=downloads,
            prices=prices,
            max_cost=max_cost,
            retry_unknown=retry_unknown,
            retry_failed=retry_failed,
            submit=submit,
            job_seconds=job_seconds,
        )
        begin = partial(self._begin, client.base_url, options, rehearsal=rehearsal)
        before = None if self._run is None else self._run.journal
        self._run = Run(client, self.store, self.ledger, self.claims, options=options, before=before)
        return await self._finish(self._run, begin, on_event)

    async def _finish(
        self, run: Run, begin: Callable[[], None], on_event: Callable[[Event], None] | None
    ) -> RunStopped:
        """Begin a run, and bring it to its end. What the ledger does not have then is named."""
        self._running = True
        try:
            await anyio.to_thread.run_sync(begin)
            await run.finish(on_event)
            return run.report(await anyio.to_thread.run_sync(self._left), self.unrecorded)
        except BaseException as error:
            log_outcomes("The ledger could not be written.", self.unrecorded.values(), error)
            raise
        finally:
            self._running = False

    def _left(self) -> Mapping[State, int]:
        """The number of rows in each state, of planned ones only those that the input still has."""
        return {**self.counts(), State.PLANNED: self.ledger.counts(absent=False)[State.PLANNED]}

    def stop_softly(self) -> None:
        """Send nothing new; the run ends when everything in flight is saved. Call it in the event loop's thread."""
        if self._run is not None and self._running:
            self._run.stop(RunStopping(StopReason.ASKED, STOPPING_SOFTLY))

    def stop_now(self) -> None:
        """Abort what is in flight; rows that may have run are then unknown. Call it in the event loop's thread."""
        if self._run is not None and self._running:
            self._run.stop(RunStopping(StopReason.NOW, "What is in flight is aborted, and may be billed."))

    def close(self) -> None:
        """Close the ledger and the store, so that another process can open them. Without a row, nothing is left."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, base_url: str, options: RunOptions, *, rehearsal: bool) -> None:
        """Check that ledger and server belong to the folder, and record that; check that each row can be sent."""
        if self.claims is not None:
            self.meet(base_url, rehearsal=rehearsal)
            self.claims.begin(self.ledger.server or "")
        else:
            if take_place(self.store, self.ledger):
                self.store.tidy()  # after a process that died before it had the place
            self.meet(base_url, rehearsal=rehearsal)
            for name, sha256, elsewhere in self.ledger.leftovers():
                self._remove_rehearsed(name, sha256)
                if sha256 is not None and not elsewhere:
                    self.store.remove(thumbnail_name(sha256))
            begin_run(self.store, self.ledger)
        if options.retry_unknown:
            self.ledger.retry_unknown()
        if options.retry_failed:
            self.ledger.retry_failed()
        self.ledger.ask_again()
        limited = options.max_cost is not None
        for request in self.ledger.planned() if options.submit or limited else ():
            if limited and cost_of(request, options.prices) is None:
                raise ValueError(f"max_cost cannot be kept: nobody knows the price of {request.operation}.")
            if options.submit and submit_operation(request.operation) is None:
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


def _missing(*folders: Path) -> list[Path]:
    """Those of the folders that do not exist, and of those above them, the innermost first."""
    return [each for folder in folders for each in (folder, *folder.parents) if not each.exists()]


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove those of the folders that exist and are empty."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _with_unrecorded(outcome: Outcome, unrecorded: Mapping[str, Outcome]) -> Outcome:
    """A row of the ledger with what the ledger could not record."""
    ended = unrecorded.get(outcome.request.key)
    if ended is None:
        return outcome
    return evolve(outcome, **{name: getattr(ended, name) for name in _UNRECORDED})
