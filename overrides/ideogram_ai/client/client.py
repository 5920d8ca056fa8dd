"""Ideogram, the client for programs that wait, and AsyncIdeogram, the same client for asyncio and trio."""

from __future__ import annotations

import sys
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

import httpx

from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .calls import interrupt, interruption_in
from .core import (
    MOST_USED_CONNECTIONS,
    belongs_elsewhere,
    closed_error,
    make_core,
    no_fresh_connection,
    take_http_client,
    take_in_flight,
)
from .credentials import take_key
from .deadlines import cancel_late, cut_off
from .exchange import Exchange, Sleep, Timing, UsedConnectionError, Work
from .log_redaction import redacted_logs
from .retry import RetryPolicy

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Generator, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Unpack

    from ideogram_ai.generated.methods import AsyncMethods, Methods
    from ideogram_ai.generated.operations import (
        Operation,
        PostGenerateImageV4Fields,
        PostGenerateImageV4JsonPrompt,
        PostGenerateImageV4TextPrompt,
    )

    from .exchange import Flow, Outgoing
    from .generation import GeneratedImage, Generation
    from .redaction import ApiKey

T = TypeVar("T")
HTTPClient = TypeVar("HTTPClient", httpx.Client, httpx.AsyncClient)


class _BaseClient(Generic[HTTPClient]):
    """The settings of a client, checked, and what is made of them without any I/O."""

    def __init__(
        self,
        key: ApiKey | str,
        kind: type[HTTPClient],
        *,
        base_url: str | None,
        timeout: float | httpx.Timeout | None,
        retry: RetryPolicy,
        http_client: HTTPClient | None,
        image_client: HTTPClient | None,
        allow_http: bool,
        timing: Timing,
        in_flight: int | None,
    ) -> None:
        self._core = make_core(
            key, base_url=base_url, timeout=timeout, retry=retry, timing=timing, allow_http=allow_http
        )
        self._api: HTTPClient | None = take_http_client(http_client, "http_client", kind)
        self._images: HTTPClient | None = take_http_client(image_client, "image_client", kind)
        self._environment = self._core.environment(lent=http_client is not None and image_client is not None)
        self._in_flight = take_in_flight(in_flight)
        self._closed = False
        self._parent: Self | None = None

    @property
    def base_url(self) -> str:
        """The API's server, without a slash at its end."""
        return self._core.base_url

    @property
    def retry(self) -> RetryPolicy:
        """When a request is sent again."""
        return self._core.retry

    def with_retry(self, retry: RetryPolicy, *, in_flight: int | None = None) -> Self:
        """A client like this one with another retry policy.

        Args:
            retry: When a request is sent again.
            in_flight: Requests of the other client that may be in flight at once. None means that both share the
                places of this one.

        Returns:
            The other client. Closing it leaves this one open; when this one is closed, neither can be used.
        """
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._core = self._core.with_retry(retry)
        other._in_flight = self._in_flight if in_flight is None else take_in_flight(in_flight)
        other._parent = self
        return other

    def __repr__(self) -> str:
        # Error reporters ask for it in the middle of __init__, too, when a setting was refused.
        return f"{type(self).__name__}(base_url={self._core.base_url if hasattr(self, '_core') else None!r})"

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} holds a key and connections; make one where it is used")

    def _is_closed(self) -> bool:
        lent_is_closed = any(client is not None and client.is_closed for client in (self._api, self._images))
        return self._closed or lent_is_closed or (self._parent is not None and self._parent._is_closed())

    def _ensure_open(self) -> None:
        if self._is_closed():
            raise closed_error()

    def _lent(self, step: Exchange) -> HTTPClient | None:
        """The caller's HTTP client for this request, if there is one."""
        return self._api if step.outgoing.to == "api" else self._images


class Ideogram(_BaseClient[httpx.Client]):
    """A client for Ideogram 4.0. Use it as a context manager, or call close().

    It may be shared by threads, and used on both sides of a fork: each request has a connection of its own.

    Args:
        api_key: The key; None reads IDEOGRAM_API_KEY.
        base_url: The API's server; None reads IDEOGRAM_BASE_URL, and else takes the contract's server.
        timeout: Seconds for writing the request, for the head of the answer and for its body, each; or an
            httpx.Timeout. None means 10 s to connect, 60 s to write and 300 s to read.
        retry: When a request is sent again. The default repeats only what cannot cost a second image.
        http_client: An httpx.Client to reach the API through, with a proxy or a certificate authority of your own; the
            key is added to each request and not kept in it. You close it yourself.
        image_client: The same for the image host. It is never given the key.
        allow_http: Whether base_url may be http although it is another machine's, where whoever is on the way can read
            the key, and read and change the images. IDEOGRAM_ALLOW_HTTP=1 allows it too.
        timing: Where time and chance come from, for tests.
        in_flight: Requests that may be in flight at once, 1 or more; more wait for their turn. None means the
            contract's limit of an organization.

    Raises:
        ConfigurationError: The key, the base URL, a time limit, an HTTP client, or what the environment says of
            proxies and certificates cannot be used.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        http_client: httpx.Client | None = None,
        image_client: httpx.Client | None = None,
        allow_http: bool = False,
        timing: Timing = Timing(),  # noqa: B008 - frozen
        in_flight: int | None = None,
    ) -> None:
        key = take_key(api_key)
        del api_key  # or a traceback with local variables would show it
        super().__init__(
            key,
            httpx.Client,
            base_url=base_url,
            timeout=timeout,
            retry=retry,
            http_client=http_client,
            image_client=image_client,
            allow_http=allow_http,
            timing=timing,
            in_flight=in_flight,
        )

    @overload
    def generate(
        self,
        *,
        text_prompt: PostGenerateImageV4TextPrompt,
        json_prompt: None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **fields: Unpack[PostGenerateImageV4Fields],
    ) -> Generation: ...

    @overload
    def generate(
        self,
        *,
        json_prompt: PostGenerateImageV4JsonPrompt,
        text_prompt: None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **fields: Unpack[PostGenerateImageV4Fields],
    ) -> Generation: ...

    def generate(
        self,
        *,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **fields: Any,
    ) -> Generation:
        """Make images from a prompt, and wait for them. Each image is billed, withheld ones too.

        Values are not checked against the contract: the service refuses what it does not take, for free.

        Args:
            text_prompt: A prompt in plain language; the service rewrites it. None counts as absent, "" as given.
            json_prompt: A structured prompt, a mapping or the generated model; its key order is kept. None counts as
                absent, {} as given. Exactly one of the two prompts is given.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in Ideogram().
            **fields: The other request fields of the contract (resolution, rendering_speed,
                enable_copyright_detection); None counts as absent.

        Returns:
            The images, with the prompt and the seed that were really used.

        Raises:
            PromptError: Both prompts, or neither. Nothing was sent.
            RequestError: An unknown field, or a value that cannot be written. Nothing was sent.
            APIConnectionError: The request never left.
            OutcomeUnknownError: It left, and no whole answer came back.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 that names no image; its body is kept.
        """
        self._ensure_open()
        flow = self._core.call(POST_GENERATE_IMAGE_V4, fields, extra_fields=extra_fields, timeout=timeout)
        return self._drive(flow)

    @property
    def operations(self) -> Methods:
        """The operations of the contract beside generate, a method for each, written by regeneration.

        They share connections, key, retry rules and errors with generate, and answer with the generated model.
        """
        from ideogram_ai.generated.methods import Methods  # noqa: PLC0415 - few programs use another operation

        return Methods(self._send)

    def download(
        self,
        image: GeneratedImage,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        max_bytes: int | None = None,
    ) -> Path:
        """Save an image. It costs nothing, and failures that may pass are tried again.

        Args:
            image: An image of a Generation.
            path: A file, or a folder in which the file is named after the link, with the suffix of its format.
            overwrite: Whether an existing file may be replaced.
            max_bytes: The largest image that is taken, in bytes; None means 256 MiB.

        Returns:
            The path of the image, which is there whole or not at all.

        Raises:
            DownloadError: With its reason, as in "withheld" or "expired".
        """
        self._ensure_open()
        return self._drive(self._core.download(image, path, overwrite=overwrite, max_bytes=max_bytes))

    def close(self) -> None:
        """Make no further request. What is in flight goes on to its end; HTTP clients of yours stay open."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _send(
        self,
        operation: Operation,
        fields: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        timeout: float | httpx.Timeout | None,
    ) -> Any:
        self._ensure_open()
        return self._drive(self._core.call_other(operation, fields, extra_fields=extra_fields, timeout=timeout))

    def _drive(self, flow: Flow[T]) -> T:
        outer = sys.exception()
        try:
            step = next(flow)
            while True:
                try:
                    result = self._perform(step)
                except BaseException as error:  # noqa: BLE001 - the flow judges it, or lets it go on
                    error = interruption_in(error, outer)
                    self._core.key.scrub_exception(error, outer=outer)
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        except BaseException as error:
            interrupt(flow, error)
            raise

    def _perform(self, step: Exchange | Sleep | Work) -> object:
        if isinstance(step, Work):
            return step.call()
        if isinstance(step, Exchange):
            with redacted_logs(self._core.key), self._place(step.outgoing):
                self._exchange(step)
        else:
            (self._core.timing.sleep or time.sleep)(step.seconds)
        return None

    @contextmanager
    def _place(self, outgoing: Outgoing) -> Generator[None]:
        if outgoing.to == "images":
            yield
            return
        with self._in_flight.place():
            yield

    def _exchange(self, step: Exchange) -> None:
        lent = self._lent(step)
        if lent is None:
            # One for each request: no connection outlives it, and nothing is shared with a thread or a forked child.
            with httpx.Client(**self._environment.options(step.outgoing.url, httpx.HTTPTransport)) as client:
                self._transmit(step, client, own=True)
            return
        for _ in range(MOST_USED_CONNECTIONS):
            try:
                self._transmit(step, lent, own=False)
            except UsedConnectionError:
                continue  # it is closed now, and the pool gives another one
            return
        raise no_fresh_connection()

    def _transmit(self, step: Exchange, client: httpx.Client, *, own: bool) -> None:
        def trace(event: str, info: dict[str, Any]) -> None:
            try:
                step.watch.observe(event, info)
            except BaseException:
                if event.endswith("connect_tcp.complete"):  # nobody else would close what was just opened
                    info["return_value"].close()
                raise

        request = self._core.request(client, step.outgoing, trace, own=own)
        step.watch.begin(step.outgoing)
        with cut_off(step.watch):
            response = client.send(request, stream=True, follow_redirects=False)
            try:
                read = response.is_stream_consumed
                if step.sink.start(response.status_code, response.headers, decoded=read):
                    for chunk in response.iter_bytes() if read else response.iter_raw():
                        step.watch.progress()
                        if not step.sink.feed(chunk):
                            break
            finally:
                response.close()


class AsyncIdeogram(_BaseClient[httpx.AsyncClient]):
    """Ideogram for asyncio and trio. Use it as an async context manager, or await aclose().

    It may be used in any event loop, in several at once, and on both sides of a fork: each request has a connection of
    its own.

    Args:
        api_key: As in Ideogram, like all that follows but the types of the two clients.
        base_url: As in Ideogram.
        timeout: As in Ideogram.
        retry: As in Ideogram.
        http_client: An httpx.AsyncClient to reach the API through; you close it yourself.
        image_client: The same for the image host. It is never given the key.
        allow_http: As in Ideogram.
        timing: As in Ideogram; its sleep is awaited.
        in_flight: As in Ideogram.

    Raises:
        ConfigurationError: As in Ideogram.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        http_client: httpx.AsyncClient | None = None,
        image_client: httpx.AsyncClient | None = None,
        allow_http: bool = False,
        timing: Timing = Timing(),  # noqa: B008 - frozen
        in_flight: int | None = None,
    ) -> None:
        key = take_key(api_key)
        del api_key  # or a traceback with local variables would show it
        super().__init__(
            key,
            httpx.AsyncClient,
            base_url=base_url,
            timeout=timeout,
            retry=retry,
            http_client=http_client,
            image_client=image_client,
            allow_http=allow_http,
            timing=timing,
            in_flight=in_flight,
        )

    @overload
    async def generate(
        self,
        *,
        text_prompt: PostGenerateImageV4TextPrompt,
        json_prompt: None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **fields: Unpack[PostGenerateImageV4Fields],
    ) -> Generation: ...

    @overload
    async def generate(
        self,
        *,
        json_prompt: PostGenerateImageV4JsonPrompt,
        text_prompt: None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **fields: Unpack[PostGenerateImageV4Fields],
    ) -> Generation: ...

    async def generate(
        self,
        *,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **fields: Any,
    ) -> Generation:
        """Make images from a prompt, and wait for them. Each image is billed, withheld ones too.

        Arguments, result and errors are those of Ideogram.generate. A cancelled call is reported as one that may have
        been billed if its request had left: the exception has a note, and the log a warning.
        """
        self._ensure_open()
        flow = self._core.call(POST_GENERATE_IMAGE_V4, fields, extra_fields=extra_fields, timeout=timeout)
        return await self._drive(flow)

    @property
    def operations(self) -> AsyncMethods:
        """As in Ideogram; its methods are awaited."""
        from ideogram_ai.generated.methods import AsyncMethods  # noqa: PLC0415 - few programs use another operation

        return AsyncMethods(self._send)

    async def download(
        self,
        image: GeneratedImage,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        max_bytes: int | None = None,
    ) -> Path:
        """Save an image. It costs nothing, and failures that may pass are tried again.

        Arguments, result and errors are those of Ideogram.download.
        """
        self._ensure_open()
        return await self._drive(self._core.download(image, path, overwrite=overwrite, max_bytes=max_bytes))

    async def aclose(self) -> None:
        """Make no further request. What is in flight goes on to its end; HTTP clients of yours stay open."""
        self._closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _send(
        self,
        operation: Operation,
        fields: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        timeout: float | httpx.Timeout | None,
    ) -> Any:
        self._ensure_open()
        return await self._drive(self._core.call_other(operation, fields, extra_fields=extra_fields, timeout=timeout))

    async def _drive(self, flow: Flow[T]) -> T:
        outer = sys.exception()
        try:
            step = next(flow)
            while True:
                try:
                    result = await self._perform(step)
                except BaseException as error:  # noqa: BLE001 - the flow judges it, or lets it go on
                    error = interruption_in(error, outer)
                    self._core.key.scrub_exception(error, outer=outer)
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        except BaseException as error:
            interrupt(flow, error)
            raise

    async def _perform(self, step: Exchange | Sleep | Work) -> object:
        import anyio  # noqa: PLC0415 - httpx brings it, and loads it for async programs alone
        import anyio.to_thread  # noqa: PLC0415

        if isinstance(step, Work):
            return await anyio.to_thread.run_sync(step.call)
        if isinstance(step, Exchange):
            with redacted_logs(self._core.key):
                async with self._place(step.outgoing):
                    await self._exchange(step)
        else:
            await (self._core.timing.sleep or anyio.sleep)(step.seconds)
        return None

    @asynccontextmanager
    async def _place(self, outgoing: Outgoing) -> AsyncGenerator[None]:
        if outgoing.to == "images":
            yield
            return
        async with self._in_flight.async_place():
            yield

    async def _exchange(self, step: Exchange) -> None:
        lent = self._lent(step)
        if lent is None:
            # One for each request: no connection outlives it, and nothing is shared with a loop or a forked child.
            options = self._environment.options(step.outgoing.url, httpx.AsyncHTTPTransport)
            async with httpx.AsyncClient(**options) as client:
                await self._transmit(step, client, own=True)
            return
        for _ in range(MOST_USED_CONNECTIONS):
            try:
                await self._transmit(step, lent, own=False)
            except UsedConnectionError:
                continue  # it is closed now, and the pool gives another one
            except RuntimeError as error:
                if step.watch.certainly_here:
                    raise belongs_elsewhere(error) from error
                raise
            return
        raise no_fresh_connection()

    async def _transmit(self, step: Exchange, client: httpx.AsyncClient, *, own: bool) -> None:
        async def trace(event: str, info: dict[str, Any]) -> None:
            try:
                step.watch.observe(event, info)
            except BaseException:
                if event.endswith("connect_tcp.complete"):  # nobody else would close what was just opened
                    await info["return_value"].aclose()
                raise

        request = self._core.request(client, step.outgoing, trace, own=own)

        async def exchange() -> None:
            response = await client.send(request, stream=True, follow_redirects=False)
            read = response.is_stream_consumed
            chunks = response.aiter_bytes() if read else response.aiter_raw()
            try:
                if step.sink.start(response.status_code, response.headers, decoded=read):
                    async for chunk in chunks:
                        step.watch.progress()
                        if not step.sink.feed(chunk):
                            break
            finally:
                await response.aclose()
                # httpx iterates with generators inside generators, and trio wants each of them run to its end. Over a
                # closed connection that is near.
                with suppress(httpx.HTTPError, httpx.StreamError):
                    async for _ in chunks:
                        pass

        step.watch.begin(step.outgoing)
        await cancel_late(step.watch, exchange)
