"""Images from a Ray Dataset: requests in, an outcome for each of them out, made by all machines of a cluster.

Ray repeats a whole block of rows when a worker dies. That is harmless, because each row is claimed where the images go
(`claims.py`), and what was claimed before is looked up and never sent again. Each worker has a `Runner` for all its
rows. One actor, the coordinator, gives the workers their turns: it keeps the limit of requests in flight and of the
cost. It keeps nobody from paying twice, so nothing is lost when it dies: the run ends, and can be repeated.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from decimal import Decimal
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import anyio.to_thread
from attrs import evolve, field, frozen

from ideogram_ai.client import AsyncIdeogram, ConfigurationError, Ideogram, IdeogramError
from ideogram_ai.client.config import resolve_api_key, resolve_base_url
from ideogram_ai.client.errors import NOTHING_SENT

from .claims import Claims
from .events import STOPPING_SOFTLY, RowDone, RowSent, RunStarted, RunStopped, RunStopping, StopReason
from .manifest import manifest_members, outcome_of_members
from .model import BatchError, BatchRequest, BatchRowError, BatchStoppedError, Outcome, PlanError, State, server_of
from .pace import RENEW_SECONDS, Coordinator, RemoteTurns
from .planning import with_files
from .prices import Prices, shipped_prices
from .reading import plain_row
from .rows import content_of, request_columns, request_of
from .runner import IN_FLIGHT, JOB_SECONDS, Runner, RunOptions
from .saving import save_images
from .step import join
from .store import local_folder, open_store

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping

    from ray.data import Dataset

    from .events import Event
    from .job import Job

# Neither has types that say anything.
ray: Any = import_module("ray")
data: Any = import_module("ray.data")
pa: Any = import_module("pyarrow")

_ROWS: Final = 10
"""Rows of a block at most: they are made at the same time, and can be read when the last of them is done."""
_CPUS: Final = 0
"""What a worker reserves. It waits nearly all the time, and small nodes need their CPUs for other tasks."""
_BUSY_SECONDS: Final = 3.0
"""How often a row is looked up that another process works on, or a dead one whose death is not noticed yet."""

_INTEGERS: Final = frozenset({"line", "size", "seed", "attempts", "status_code"})
_BOOLEANS: Final = frozenset({"withheld", "may_have_been_billed", "rehearsal", "in_input"})
_JSON: Final = ("request", "further_images", "files")
_REQUEST_COLUMNS: Final[Any] = pa.schema(
    [(name, pa.int64() if name == "line" else pa.string()) for name in request_columns(BatchRequest("", {}))]
)


def generate(
    dataset: Dataset,
    *,
    out: str | os.PathLike[str],
    in_flight: int = IN_FLIGHT,
    workers: int | None = None,
    api_key: str | None = None,
    base_url: str | None = None,
    timeout: float | None = None,
    submit: bool = False,
    job_seconds: float = JOB_SECONDS,
    prices: Prices | None = None,
    max_cost: Decimal | None = None,
    retry_unknown: bool = False,
    retry_failed: bool = False,
) -> Dataset:
    """Make an image for each row of a Ray Dataset, and save it. Each image is billed, withheld ones too.

    It is lazy, as any transformation of a Dataset, and its rows can be read while others are made. Executed again, or
    replayed by Ray after a death, it sends nothing twice: rows that were made before are looked up.

    Args:
        dataset: Rows of request fields, optionally with `id`, `file_name` and `operation`. A row without an id is
            identified by its content, so equal rows are one image. Nulls are left out, and objects may be JSON text.
        out: A URL of fsspec, or a folder that all machines see, where rows are claimed and images are saved.
        in_flight: The most images in progress at a time on all machines, 1 or more. A 429 lowers it for all.
        workers: Processes that send, 1 or more; None is one for each machine.
        api_key: The key; None takes it from IDEOGRAM_API_KEY of this process. It goes to the workers from memory to
            memory, and is neither in the Dataset nor in Ray's object store.
        base_url: As in Ideogram. The workers, too, have to reach it.
        timeout: Seconds, as in Ideogram.
        submit: Submit each request as a job, whose outcome cannot become unknown once its id is recorded.
        job_seconds: Seconds to wait for a job, more than 0.
        prices: Prices of the requests; None for those that come with this package.
        max_cost: US dollars that all runs in `out` together may cost; what is on its way or unknown counts. What other
            commands spend there at the same time does not.
        retry_unknown: Send rows again that became unknown before this call: they may be billed twice.
        retry_failed: Send rows again that failed and were not billed, and download failed images again.

    Returns:
        A Dataset with a row for each row: the members of a line of the manifest, with `request`, `further_images` and
        `files` as JSON text. When the run has to stop, the other rows come out `planned`, with the `error` that says
        why.

    Raises:
        ValueError: A number is out of range.
        ConfigurationError: There is no key, or the base URL is wrong.
        LedgerError: The place holds another batch.
        StoreError: The place cannot be read.
    """
    key = resolve_api_key(api_key)
    if isinstance(key, str):
        raise ConfigurationError(f"{key} {NOTHING_SENT}")
    settings = Settings(
        out=absolute(out),
        base_url=resolve_base_url(base_url),
        timeout=timeout,
        in_flight=in_flight,
        submit=submit,
        job_seconds=job_seconds,
        max_cost=max_cost,
        prices=prices or shipped_prices(),
        retry_unknown=retry_unknown,
        retry_failed=retry_failed,
    )
    coordinator = _coordinate(key.reveal(), settings, _spent(settings))
    outcomes: Dataset = _map(dataset, settings, coordinator, workers)
    return outcomes


def _spent(settings: Settings) -> Decimal:
    """Check that the place holds no other batch, and return what was spent there, which only a limit needs."""
    from .job import Job  # noqa: PLC0415 - only for what was spent

    with open_store(settings.out) as store:
        Claims(store).check_server(server_of(settings.base_url))
    if settings.max_cost is None:
        return Decimal(0)
    with Job.open(settings.out, shared=True) as job:
        return job.total_cost()


def run_job(
    job: Job,
    settings: Settings,
    api_key: str,
    on_event: Callable[[Event], None],
    on_start: Callable[[Callable[[], None]], None],
) -> RunStopped:
    """Run the planned rows of a shared batch on a cluster, as Job.run does in this process.

    In the end the job knows what the workers made. `on_start` is called with a function that lets nothing new be
    sent; what is in flight is finished.
    """
    assert job.claims is not None  # noqa: S101 - shared
    counts = job.counts()
    planned = [*job.ledger.planned(), *_to_go_on_with(job, settings)]
    begun = counts[State.ANSWERED], counts[State.SUBMITTED]
    on_event(RunStarted(len(planned) - sum(begun), *begun))
    coordinator = _coordinate(api_key, settings, job.total_cost())

    on_start(lambda: coordinator.stop.remote(StopReason.ASKED, STOPPING_SOFTLY))
    outcomes = _map(_dataset_of(planned), settings, coordinator, None)
    try:
        for table in outcomes.iter_batches(batch_size=None, batch_format="pyarrow"):
            for outcome in map(_outcome_of, table.to_pylist()):
                if outcome.state is not State.PLANNED:
                    on_event(RowDone(outcome))
        stopping: tuple[StopReason, str] | None = ray.get(coordinator.stopping.remote())
    except ray.exceptions.RayError as error:
        stopping = StopReason.ERROR, f"Ray ended the run: {str(error).strip().splitlines()[-1]}"
    job.claims.update()
    if stopping is not None:
        on_event(RunStopping(*stopping))
    return RunStopped(*(stopping or (StopReason.DONE, "Every row was run.")))


def _to_go_on_with(job: Job, settings: Settings) -> Iterable[BatchRequest]:
    """Rows that are not planned, and may get further."""
    wanted = {State.SUBMITTED, State.ANSWERED, *([State.FAILED] if settings.retry_failed else [])}
    for outcome in job.outcomes(*wanted, State.UNKNOWN):
        unknown = outcome.state is State.UNKNOWN and (settings.retry_unknown or outcome.job_id is not None)
        if (unknown or outcome.state in wanted) and not outcome.absent:
            yield outcome.request


def absolute(out: str | os.PathLike[str]) -> str:
    """A place as other processes name it."""
    folder = local_folder(out)
    return str(out) if folder is None else str(folder.absolute())


@frozen(kw_only=True)
class Settings(RunOptions):
    """What the workers of a run have in common; see generate.

    Attributes:
        planned: Whether the rows were planned, and have the columns of a ledger.
        run: Identifies the run.
    """

    out: str
    base_url: str
    timeout: float | None
    allow_http: bool = False
    planned: bool = False
    run: str = field(factory=lambda: secrets.token_hex(8))


def _map(dataset: Any, settings: Settings, coordinator: Any, workers: int | None) -> Any:
    nodes = sum(node["Alive"] for node in ray.nodes())
    workers = min(workers or nodes, settings.in_flight)
    rows = max(1, min(_ROWS, settings.in_flight // workers))
    # Twice as many blocks as can be in flight: a block waits as long as its slowest row, or for a death to be noticed.
    blocks = 2 * -(-settings.in_flight // rows) + 2
    return dataset.repartition(target_num_rows_per_block=rows).map_batches(
        _Worker,
        fn_constructor_args=(settings, coordinator),
        batch_size=rows,
        batch_format="pyarrow",
        num_cpus=_CPUS,
        compute=data.ActorPoolStrategy(
            size=workers, max_concurrent_calls_per_actor=blocks, max_tasks_in_flight_per_actor=blocks + 1
        ),
    )


def _coordinate(key: str, settings: Settings, spent: Decimal) -> Any:
    """Start the coordinator beside this process, so that it lives as long as this one."""
    if not ray.is_initialized():
        ray.init()
    here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
        ray.get_runtime_context().get_node_id(), soft=False
    )
    start = ray.remote(Coordinator).options(num_cpus=0, max_restarts=0, scheduling_strategy=here)
    coordinator = start.remote(settings.in_flight, settings.max_cost, spent)
    # Arguments of a constructor are kept by the cluster, those of a method by nobody.
    ray.get(coordinator.keep.remote(key))
    return coordinator


class _Worker:
    """Makes the rows of blocks, many at a time, in a process of Ray."""

    def __init__(self, settings: Settings, coordinator: Any) -> None:
        self._settings = settings
        self._coordinator = coordinator
        self._name = secrets.token_hex(8)
        self._rows: asyncio.Queue[Outcome] = asyncio.Queue()
        self._waiting: dict[str, deque[tuple[Outcome, asyncio.Future[Outcome]]]] = {}
        self._sent: set[str] = set()
        self._stopped: str | None = None
        self._opening: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._claims: Claims | None = None
        self._downloader: Ideogram

    async def __call__(self, table: Any) -> Any:
        """Make the rows of a block."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        try:
            await self._opening
        except (BatchError, IdeogramError, ray.exceptions.RayError) as error:
            await self._stop(error)
        rows = table.to_pylist(maps_as_pydicts="strict")
        return _table_of(await asyncio.gather(*map(self._make, rows)))

    async def _open(self) -> None:
        settings = self._settings
        options: Any = {"base_url": settings.base_url, "timeout": settings.timeout, "allow_http": settings.allow_http}
        key = await self._coordinator.join.remote(self._name)
        client = AsyncIdeogram(key, **options)
        self._downloader = Ideogram(key, **options)
        claims = await anyio.to_thread.run_sync(
            lambda: join(
                settings.out,
                server_of(settings.base_url),
                run=settings.run,
                retry_unknown=settings.retry_unknown,
                retry_failed=settings.retry_failed,
            )
        )
        runner = Runner(
            self._source(),
            client,
            settings,
            finish=self._finish,
            on_event=self._note,
            server=server_of(settings.base_url),
            claims=claims,
            turns=RemoteTurns(self._coordinator, self._name, settings.in_flight, settings.prices),
        )
        self._claims = claims
        self._tasks = [asyncio.create_task(each) for each in (runner.run(), self._hand_out(runner), self._renew())]

    async def _make(self, row: Mapping[str, Any]) -> Outcome:
        """Bring a row to its outcome. It waits while another process works on the row, or may still do so."""
        try:
            request = await anyio.to_thread.run_sync(self._request_of, row)
        except (BatchRowError, PlanError) as error:
            key = str(row.get("id") or content_of({name: str(value) for name, value in row.items()}))
            return Outcome(
                BatchRequest(key, {}),
                State.FAILED,
                error_type=type(error).__name__,
                error=error.message,
                cost=Decimal(0),
            )
        while True:
            outcome = Outcome(request, State.PLANNED)
            if self._claims is None:
                return self._left(outcome)
            try:
                found = await anyio.to_thread.run_sync(self._claims.look, request)
            except BatchError as error:  # of the place
                await self._stop(error)
                return self._left(outcome)
            if found is not None:
                outcome = self._claims.resume(found)
            if outcome.state in {State.PLANNED, State.SUBMITTED, State.ANSWERED}:
                outcome = await self._run(outcome)
            if outcome.state is not State.SENT:
                return outcome
            await asyncio.sleep(_BUSY_SECONDS)

    def _request_of(self, row: Mapping[str, Any]) -> BatchRequest:
        if self._settings.planned:
            return request_of(row)
        request = with_files(BatchRequest.of(plain_row(row), 1))
        return evolve(request, key=content_of(request.identity), nameless=False) if request.nameless else request

    async def _run(self, outcome: Outcome) -> Outcome:
        """Give a row to the runner."""
        if self._stopped is not None:
            return self._left(outcome)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(outcome.request.key, deque()).append((outcome, future))
        self._rows.put_nowait(outcome)
        return await future

    def _left(self, outcome: Outcome) -> Outcome:
        if outcome.state is not State.PLANNED:
            return outcome
        return evolve(outcome, error_type=BatchStoppedError.__name__, error=self._stopped)

    async def _source(self) -> AsyncGenerator[Outcome]:
        while True:
            yield await self._rows.get()

    async def _finish(self, outcome: Outcome) -> Outcome:
        assert outcome.generation is not None  # noqa: S101 - ANSWERED
        assert self._claims is not None  # noqa: S101 - open
        images = outcome.generation.images
        return await anyio.to_thread.run_sync(save_images, self._downloader, self._claims.store, outcome, images)

    def _note(self, event: Event) -> None:
        if isinstance(event, RowSent):
            self._sent.add(event.request.key)

    async def _hand_out(self, runner: Runner) -> None:
        while (outcome := await runner.take()) is not None:
            key = outcome.request.key
            cost = (outcome.cost or Decimal(0)) if key in self._sent else Decimal(0)  # else another process paid
            self._coordinator.settle.remote(self._name, key, cost)
            _, future = self._waiting[key].popleft()
            if not self._waiting[key]:
                del self._waiting[key]
            future.set_result(outcome)
        await self._stop(runner.error)
        for start, future in chain.from_iterable(self._waiting.values()):
            future.set_result(self._left(start))

    async def _stop(self, error: Exception | None) -> None:
        """Send nothing new. The worker reports the reason to the others, or has it from them."""
        message = "The process that gives the workers their turns is dead. Run the same again."
        try:
            if error is not None:
                await self._coordinator.stop.remote(StopReason.ERROR, str(error))
            _, message = await self._coordinator.stopping.remote() or ("", "Another worker stopped the run.")
        except ray.exceptions.RayActorError:
            pass
        self._stopped = f"{message} {NOTHING_SENT}"

    async def _renew(self) -> None:
        while True:
            self._coordinator.renew.remote(self._name)
            await asyncio.sleep(RENEW_SECONDS)


def _dataset_of(requests: list[BatchRequest]) -> Any:
    columns = [request_columns(request) for request in requests]
    tables = [
        pa.Table.from_pylist(columns[start : start + _ROWS * 10], schema=_REQUEST_COLUMNS)
        for start in range(0, len(columns), _ROWS * 10)
    ]
    return data.from_arrow(tables)


def _table_of(outcomes: Iterable[Outcome]) -> Any:
    """A block of outcomes. Each column has its type, also where all its values are null."""
    rows = [manifest_members(outcome) for outcome in outcomes]
    names = list(manifest_members(Outcome(BatchRequest("", {}), State.PLANNED)))
    columns = {name: [_cell(name, row[name]) for row in rows] for name in names}
    return pa.table({name: pa.array(values, _type_of(name)) for name, values in columns.items()})


def _type_of(name: str) -> Any:
    return pa.int64() if name in _INTEGERS else pa.bool_() if name in _BOOLEANS else pa.string()


def _cell(name: str, value: Any) -> Any:
    if name in _JSON:
        return json.dumps(value)
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _outcome_of(row: Mapping[str, Any]) -> Outcome:
    """The outcome of a row of `_table_of`."""
    return outcome_of_members({**row, **{name: json.loads(row[name]) for name in _JSON}})
