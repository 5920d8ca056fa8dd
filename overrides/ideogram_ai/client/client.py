"""Ideogram, the client for programs that wait, and AsyncIdeogram, the same client for asyncio and trio.

All I/O of this package is here and in transport.py; the flows decide what is sent, and what comes of it.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, overload

import httpx

from ideogram_ai.generated.methods import AsyncMethods, Methods

from .base_client import BaseClient
from .errors import NOTHING_SENT, ConfigurationError
from .flow import RunBlocking, SendRequest, Sleep, interrupt, interruption_in
from .images import GeneratedImage, Generation
from .jobs import Job, with_reader
from .redaction import redacted_logs
from .retry import RetryPolicy
from .transport import UsedConnectionError, enforce_deadline, enforce_deadline_async
from .webhooks import FETCH_TIMEOUT, read_delivery

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from ideogram_ai.generated.operations import Operation

    from .files import Opens, Writable
    from .flow import Flow
    from .webhooks import Headers

T = TypeVar("T")

MAX_USED_CONNECTIONS: Final = 1000
"""How many used connections of a caller's HTTP client are closed before that client is refused."""


def _no_fresh_connection() -> ConfigurationError:
    return ConfigurationError(
        f"http_client: its first {MAX_USED_CONNECTIONS} connections were used before, and what is left on one of them "
        f"could be taken for a response. Pass an HTTP client that nothing else uses. {NOTHING_SENT}"
    )


class Ideogram(BaseClient[httpx.Client], Methods[Generation, Job, GeneratedImage, RetryPolicy]):
    """A client for the Ideogram API. Use it as a context manager, or call close().

    Threads can share it, and both sides of a fork can use it: each request has its own connection.

    Args:
        api_key: The key; None reads IDEOGRAM_API_KEY.
        base_url: The API's server; None reads IDEOGRAM_BASE_URL, with the contract's server as the default.
        timeout: Seconds for each of three steps: writing the request, and reading the head and the body of the
            response. Or an httpx.Timeout. None means 10 s to connect, 60 s to write and 300 s to read. Each 64 KiB of
            files adds a second for writing.
        retry: When a request is sent again. The default repeats only what cannot cost a second image.
        http_client: An httpx.Client for requests to the API, for example with your own proxy or certificate authority.
            The key is added to each request and not kept in it. You close it yourself.
        image_client: The same for the image host. It never gets the key.
        allow_http: Allow an http base_url of another machine, although others can then read the key, and read and
            change the images. IDEOGRAM_ALLOW_HTTP=1 allows it too.
        timing: The sources of time and randomness, for tests.
        in_flight: Requests that may be in flight at once, 1 or more; others wait for their turn. None means the
            contract's limit for an organization.
        on_upload: Called often with an UploadProgress while files of more than 1 MiB are sent, in the thread that sends
            them.
        extra_headers: Headers that go with each request to the API, for example for a gateway; never to image hosts.
        on_event: Called with an Event at each step of a call: sent, answered, retried, billed, saved, failed. If it
            raises, that is logged, and the call goes on. IDEOGRAM_LOG=debug logs the events.

    Raises:
        ConfigurationError: The key, the base URL, a timeout, an HTTP client, or the proxies and certificates of the
            environment cannot be used.
    """

    _http_class = httpx.Client
    _awaited = False

    @overload
    def download(
        self,
        image: GeneratedImage | str,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        max_bytes: int | None = None,
    ) -> Path: ...

    @overload
    def download(
        self, image: GeneratedImage | str, path: Writable | Opens, *, max_bytes: int | None = None
    ) -> None: ...

    def download(
        self,
        image: GeneratedImage | str,
        path: str | os.PathLike[str] | Writable | Opens,
        *,
        overwrite: bool = False,
        max_bytes: int | None = None,
    ) -> Path | None:
        """Save an image. It costs nothing, and failures that may pass are retried.

        Args:
            image: An image of a Generation, or a link to an image, for example the base_image_url of
                v3.layerize_text.
            path: A file, or a folder in which the file is named after the link, with the suffix of its format. Or a
                binary file that is open for writing, which stays open; or an object that opens one in a `with` block,
                for example fsspec.open("s3://bucket/cat.png", "wb"). It gets the image at once, when it is complete.
            overwrite: Whether an existing file may be replaced.
            max_bytes: The largest image that is accepted, in bytes; None means 256 MiB.

        Returns:
            The path of the image, which is complete or not there at all; None for an open file.

        Raises:
            DownloadError: With its reason, for example "withheld" or "expired".
            RequestError: There is neither an image nor a link, or the client is closed.
        """
        return self._drive(self._download_flow(image, path, overwrite=overwrite, max_bytes=max_bytes))

    def wait(self, job_or_id: Job | str, *, deadline: float = 600.0) -> Generation:
        """Wait for a submitted job. It costs nothing, and any process can repeat it at any time.

        The client polls the job, with pauses that grow to 15 seconds; all of its waits share one schedule. Failures of
        the network and of the service do not end a wait.

        Args:
            job_or_id: A Job, or its id. A completed or failed Job is not polled.
            deadline: Seconds to wait, 0 or more; at least one poll is sent, if it gets its turn.

        Returns:
            The images, with the id of the job.

        Raises:
            JobFailedError: The job failed; see failure_reason. It is not billed.
            JobTimeoutError: The deadline passed. The job goes on, and may be billed; wait for it again.
            APIStatusError: The service refused five polls in a row.
            ResponseValidationError: The job is completed, and no response names an image; the last one is kept.
            RequestError: The client is closed, or the environment cannot be used. The job goes on.
        """
        return self._drive(self._wait_flow(job_or_id, deadline))

    def verify_webhook(self, headers: Headers, body: bytes | bytearray | memoryview, *, max_age: float = 300.0) -> Job:
        """Check that a delivery comes from the service, and read its job. Nothing is billed.

        The client fetches the service's keys when it first needs them, and keeps them for 24 hours. If none of them
        made the signature, it fetches them again, at most once a minute.

        Args:
            headers: As in verify_webhook of this package, like all other arguments and the result.
            body: The raw bytes of the request's body, as they arrived.
            max_age: Seconds that the delivery's timestamp may be before or after now.

        Raises:
            WebhookVerificationError: The delivery is forged, changed, too old or incomplete: respond with a 400.
            IdeogramError: The keys could not be fetched: respond with a 503, and the service delivers it again.
            ImportError: cryptography is not installed.
        """
        delivery, keys = read_delivery(headers, body), self._webhook_keys
        if keys.needs_fetch(delivery):
            with keys.turn.place():
                if keys.needs_fetch(delivery):  # no other thread fetched them meanwhile
                    with keys.fetch() as keep:
                        keep(self.webhook_keys(timeout=FETCH_TIMEOUT))
        return with_reader(keys.verify(delivery, max_age=max_age, now=self._timing.wall()), self._reader)

    def close(self) -> None:
        """Accept no further request. Requests in flight are completed; your own HTTP clients stay open."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, operation: Operation, fields: Mapping[str, object], **options: Any) -> Any:
        return self._drive(self._call_flow(operation, fields, **options))

    def _read(self, image: GeneratedImage, max_bytes: int | None = None) -> bytes:
        return self._drive(self._read_flow(image, max_bytes))

    def _drive(self, flow: Flow[T]) -> T:
        outer = sys.exception()
        try:
            step = next(flow)
            while True:
                try:
                    result = self._perform(step)
                except BaseException as error:  # noqa: BLE001 - the flow judges it, or raises it again
                    error = interruption_in(error, outer)
                    self._key.scrub_exception(error, outer=outer)
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        except BaseException as error:
            interrupt(flow, error)
            raise

    def _perform(self, step: SendRequest | Sleep | RunBlocking) -> object:
        if isinstance(step, RunBlocking):
            return step.call()
        if isinstance(step, Sleep):
            (self._timing.sleep or time.sleep)(step.seconds)
            return None
        with redacted_logs(self._key):
            if step.request.to == "images" or step.request.free:
                self._exchange(step)
            else:
                with self._in_flight.place():
                    self._exchange(step)
        return None

    def _exchange(self, step: SendRequest) -> None:
        lent = self._api if step.request.to == "api" else self._images

        def trace(event: str, info: dict[str, Any]) -> None:
            try:
                step.trace.observe(event, info)
            except BaseException:
                if event.endswith("connect_tcp.complete"):  # the connection was just opened, and nobody else closes it
                    info["return_value"].close()
                raise

        if lent is None:
            # A new one for each request: no connection outlives it, and threads and forked children share nothing.
            request = self._build_request(step.request, trace, None)
            with httpx.Client(**self._environment.client_options(request.url, httpx.HTTPTransport)) as client:
                self._transmit(step, request, partial(client.send, stream=True))
            return
        for _ in range(MAX_USED_CONNECTIONS):
            with suppress(UsedConnectionError):  # it is closed now, and the pool offers another one
                request = self._build_request(step.request, trace, lent)
                self._transmit(step, request, partial(lent.send, stream=True, follow_redirects=False))
                return
        raise _no_fresh_connection()

    def _transmit(
        self, step: SendRequest, request: httpx.Request, send: Callable[[httpx.Request], httpx.Response]
    ) -> None:
        step.trace.start(step.request)
        with enforce_deadline(step.trace):
            response = send(request)
            try:
                decoded = response.is_stream_consumed
                if step.sink.start(response.status_code, response.headers, decoded=decoded):
                    for chunk in response.iter_bytes() if decoded else response.iter_raw():
                        step.trace.progress()
                        if not step.sink.feed(chunk):
                            break
            finally:
                response.close()


class AsyncIdeogram(BaseClient[httpx.AsyncClient], AsyncMethods[Generation, Job, GeneratedImage, RetryPolicy]):
    """Ideogram for asyncio and trio. Use it as an async context manager, or await aclose().

    Any event loop can use it, several at once, and both sides of a fork: each request has its own connection.

    Args:
        api_key: As in Ideogram, like all other arguments.
        base_url: As in Ideogram.
        timeout: As in Ideogram.
        retry: As in Ideogram.
        http_client: An httpx.AsyncClient for requests to the API; you close it yourself.
        image_client: The same for the image host. It never gets the key.
        allow_http: As in Ideogram.
        timing: As in Ideogram; its sleep is awaited.
        in_flight: As in Ideogram.
        on_upload: As in Ideogram. It is called in the event loop, and not awaited.
        extra_headers: As in Ideogram.
        on_event: As in Ideogram. It is called in the event loop, and not awaited.

    Raises:
        ConfigurationError: As in Ideogram.
    """

    _http_class = httpx.AsyncClient
    _awaited = True

    @overload
    async def download(
        self,
        image: GeneratedImage | str,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        max_bytes: int | None = None,
    ) -> Path: ...

    @overload
    async def download(
        self, image: GeneratedImage | str, path: Writable | Opens, *, max_bytes: int | None = None
    ) -> None: ...

    async def download(
        self,
        image: GeneratedImage | str,
        path: str | os.PathLike[str] | Writable | Opens,
        *,
        overwrite: bool = False,
        max_bytes: int | None = None,
    ) -> Path | None:
        """Save an image. It costs nothing, and failures that may pass are retried.

        Arguments, result and errors are those of Ideogram.download.
        """
        return await self._drive(self._download_flow(image, path, overwrite=overwrite, max_bytes=max_bytes))

    async def wait(self, job_or_id: Job | str, *, deadline: float = 600.0) -> Generation:
        """Wait for a submitted job. It costs nothing, and any process can repeat it at any time.

        Arguments, result and errors are those of Ideogram.wait.
        """
        return await self._drive(self._wait_flow(job_or_id, deadline))

    async def verify_webhook(
        self, headers: Headers, body: bytes | bytearray | memoryview, *, max_age: float = 300.0
    ) -> Job:
        """Check that a delivery comes from the service, and read its job. Nothing is billed.

        Arguments, result and errors are those of Ideogram.verify_webhook.
        """
        delivery, keys = read_delivery(headers, body), self._webhook_keys
        if keys.needs_fetch(delivery):
            async with keys.turn.async_place():
                if keys.needs_fetch(delivery):  # no other task fetched them meanwhile
                    with keys.fetch() as keep:
                        keep(await self.webhook_keys(timeout=FETCH_TIMEOUT))
        return with_reader(keys.verify(delivery, max_age=max_age, now=self._timing.wall()), self._reader)

    async def aclose(self) -> None:
        """Accept no further request. Requests in flight are completed; your own HTTP clients stay open."""
        self._closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _send(self, operation: Operation, fields: Mapping[str, object], **options: Any) -> Any:
        return await self._drive(self._call_flow(operation, fields, **options))

    async def _read(self, image: GeneratedImage) -> bytes:
        return await self._drive(self._read_flow(image, None))

    async def _drive(self, flow: Flow[T]) -> T:
        outer = sys.exception()
        try:
            step = next(flow)
            while True:
                try:
                    result = await self._perform(step)
                except BaseException as error:  # noqa: BLE001 - the flow judges it, or raises it again
                    error = interruption_in(error, outer)
                    self._key.scrub_exception(error, outer=outer)
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        except BaseException as error:
            interrupt(flow, error)
            raise

    async def _perform(self, step: SendRequest | Sleep | RunBlocking) -> object:
        import anyio  # noqa: PLC0415 - httpx depends on it, and loads it for asynchronous programs only
        import anyio.to_thread  # noqa: PLC0415

        if isinstance(step, RunBlocking):
            return await anyio.to_thread.run_sync(step.call)
        if isinstance(step, Sleep):
            await (self._timing.sleep or anyio.sleep)(step.seconds)
            return None
        with redacted_logs(self._key):
            if step.request.to == "images" or step.request.free:
                await self._exchange(step)
            else:
                async with self._in_flight.async_place():
                    await self._exchange(step)
        return None

    async def _exchange(self, step: SendRequest) -> None:
        lent = self._api if step.request.to == "api" else self._images

        async def trace(event: str, info: dict[str, Any]) -> None:
            try:
                step.trace.observe(event, info)
            except BaseException:
                if event.endswith("connect_tcp.complete"):  # the connection was just opened, and nobody else closes it
                    await info["return_value"].aclose()
                raise

        if lent is None:
            # A new one for each request: no connection outlives it, and event loops and forked children share nothing.
            request = self._build_request(step.request, trace, None)
            options = self._environment.client_options(request.url, httpx.AsyncHTTPTransport)
            async with httpx.AsyncClient(**options) as client:
                await self._transmit(step, request, partial(client.send, stream=True))
            return
        for _ in range(MAX_USED_CONNECTIONS):
            request = self._build_request(step.request, trace, lent)
            try:
                await self._transmit(step, request, partial(lent.send, stream=True, follow_redirects=False))
            except UsedConnectionError:
                continue  # it is closed now, and the pool offers another one
            except RuntimeError as error:
                if not step.trace.never_left:
                    raise
                raise ConfigurationError(
                    f"http_client cannot be used here: {error}. Its connections belong to another event loop: pass a "
                    f"client that was made in this one, or none. {NOTHING_SENT}"
                ) from error
            return
        raise _no_fresh_connection()

    async def _transmit(
        self, step: SendRequest, request: httpx.Request, send: Callable[[httpx.Request], Awaitable[httpx.Response]]
    ) -> None:
        async def exchange() -> None:
            response = await send(request)
            decoded = response.is_stream_consumed
            chunks = response.aiter_bytes() if decoded else response.aiter_raw()
            try:
                if step.sink.start(response.status_code, response.headers, decoded=decoded):
                    async for chunk in chunks:
                        step.trace.progress()
                        if not step.sink.feed(chunk):
                            break
            finally:
                await response.aclose()
                # httpx iterates with generators inside generators, and trio wants each of them run to its end. Over a
                # closed connection that is near.
                with suppress(httpx.HTTPError, httpx.StreamError):
                    async for _ in chunks:
                        pass

        step.trace.start(step.request)
        await enforce_deadline_async(step.trace, exchange)
