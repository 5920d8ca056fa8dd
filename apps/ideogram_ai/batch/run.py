"""run_batch: many requests at a time, as a library."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeAlias

from .engine import Engine, Limits
from .request import BatchRequest

if TYPE_CHECKING:
    from ideogram_ai.client import AsyncIdeogram

    from .engine import Finish, Outcomes
    from .journal import Journal
    from .prices import Prices

Requests: TypeAlias = Iterable[BatchRequest | Mapping[str, Any]] | AsyncIterable[BatchRequest | Mapping[str, Any]]


def run_batch(
    requests: Requests,
    *,
    client: AsyncIdeogram,
    in_flight: int = 10,
    finish: Finish | None = None,
    downloads: int = 10,
    prices: Prices | None = None,
    journal: Journal | None = None,
) -> Outcomes:
    """Send requests, some at a time, and hand on what becomes of each as soon as it is known, on asyncio or trio.

    What goes wrong with one request is an outcome and no exception. An error that all others would meet too ends the
    run, once what is in flight has ended: 401, 402 and 404, a 429 that waiting does not help against, a network or a
    service that does not answer. Requests that were not sent by then have no outcome.

        async with run_batch(requests, client=client) as outcomes:
            async for outcome in outcomes:
                ...

    To leave the `async with` early, by `break` or by an exception, sends nothing new and waits for what is in flight,
    because that is paid for; to be cancelled, also while it waits, breaks that off, and it may be billed all the same.
    The log and a note on the exception name every outcome that nobody took, with the links of its images.

    Args:
        requests: Mappings of request fields, maybe with an `id` and a `file_name`, or BatchRequests. They are read one
            ahead of what is sent, so that a stream may have any length. An async generator is closed in the end.
        client: Sends and, in `finish`, downloads. Its RetryPolicy says how often a request that never left is sent;
            what may have been billed is never sent again.
        in_flight: Requests on their way at a time at most. A 429 lowers the number for a while.
        finish: Is awaited with each answer, and returns what came of it; it downloads the images, say. Without it the
            outcomes are ANSWERED, and their `generation` has the images.
        downloads: How many answers are being finished at a time.
        prices: For the `cost` of the outcomes.
        journal: Told of each request before it leaves, and of each outcome.

    Returns:
        An asynchronous iterator of an Outcome for each request, in the order in which they come, and its context
        manager. Each image is billed, withheld ones too.

    Raises:
        ValueError: in_flight or downloads is no whole number from 1.
        IdeogramError: What every request would meet.
        BatchError: A row is no request, or the run was stopped because its requests end unknown, one like the other.
    """
    limits = Limits(in_flight=in_flight, downloads=downloads)
    return Engine(_read(requests), client, limits, finish=finish, prices=prices, journal=journal).outcomes()


async def _read(requests: Requests) -> AsyncGenerator[BatchRequest]:
    position = 0
    if isinstance(requests, AsyncIterable):
        async with AsyncExitStack() as closing:
            if isinstance(requests, AsyncGenerator):
                closing.push_async_callback(requests.aclose)
            async for row in requests:
                position += 1
                yield BatchRequest.of(row, position)
    else:
        for row in requests:
            position += 1
            yield BatchRequest.of(row, position)
