"""AsyncIdeogram: the client for programs on asyncio or trio."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

import httpx

from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .core import TLS, closed_error, make_core
from .credentials import take_key
from .exchange import Exchange, Sleep, Timing, Work
from .log_redaction import redacted_logs
from .patience import head_within
from .retry import RetryPolicy

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Unpack

    from ideogram_ai.generated.methods import AsyncMethods
    from ideogram_ai.generated.operations import (
        Operation,
        PostGenerateImageV4Fields,
        PostGenerateImageV4JsonPrompt,
        PostGenerateImageV4TextPrompt,
    )

    from .exchange import Flow
    from .generation import GeneratedImage, Generation

T = TypeVar("T")


class AsyncIdeogram:
    """Ideogram for asyncio and trio. Use it as an async context manager, or await aclose().

    Args:
        api_key: As in Ideogram, like all that follows but the types of the two clients.
        base_url: As in Ideogram.
        timeout: As in Ideogram.
        retry: As in Ideogram.
        http_client: An httpx.AsyncClient to reach the API through; you close it yourself.
        image_client: The same for the image host. It is never given the key.
        timing: As in Ideogram; its sleep is awaited.

    Raises:
        ConfigurationError: The key, the base URL or the time limit cannot be used.
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
        timing: Timing = Timing(),  # noqa: B008 - frozen
    ) -> None:
        key = take_key(api_key)
        del api_key  # or a traceback with local variables would show it
        self._core = make_core(key, base_url=base_url, timeout=timeout, retry=retry, timing=timing)
        self._owned: list[httpx.AsyncClient] = []
        self._lent = (http_client, image_client)
        self._tls = TLS()
        self._api = http_client or self._own()
        self._closed = False
        self._images = image_client  # made when it is needed: not every program downloads

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

        return AsyncMethods(self._call)

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

    @property
    def base_url(self) -> str:
        """The API's server, without a slash at its end."""
        return self._core.base_url

    @property
    def retry(self) -> RetryPolicy:
        """When a request is sent again."""
        return self._core.retry

    def with_retry(self, retry: RetryPolicy) -> Self:
        """A client like this one with another retry policy, on the same connections to the API.

        Arguments, result and errors are those of Ideogram.with_retry.
        """
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._core = self._core.with_retry(retry)
        other._owned = []
        return other

    async def aclose(self) -> None:
        """Close the connections that the client opened itself."""
        self._closed = True
        for client in self._owned:
            await client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        # Error reporters ask for it in the middle of __init__, too, when a setting was refused.
        return f"{type(self).__name__}(base_url={self._core.base_url if hasattr(self, '_core') else None!r})"

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} holds a key and connections; make one where it is used")

    async def _call(
        self,
        operation: Operation,
        fields: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        timeout: float | httpx.Timeout | None,
    ) -> Any:
        self._ensure_open()
        return await self._drive(self._core.call_other(operation, fields, extra_fields=extra_fields, timeout=timeout))

    def _own(self) -> httpx.AsyncClient:
        from .transport import ManyConnections  # noqa: PLC0415 - loads anyio and httpcore

        client = httpx.AsyncClient(**self._core.client_options(self._tls, ManyConnections(self._tls)))
        self._owned.append(client)
        return client

    def _image_client(self) -> httpx.AsyncClient:
        if self._images is None:
            self._images = self._own()
        return self._images

    def _ensure_open(self) -> None:
        if self._closed or self._api.is_closed or (self._images is not None and self._images.is_closed):
            raise closed_error()

    async def _drive(self, flow: Flow[T]) -> T:
        outer = sys.exception()
        try:
            step = next(flow)
            while True:
                try:
                    result = await self._perform(step)
                except BaseException as error:  # noqa: BLE001 - the flow judges it, or lets it go on
                    self._core.key.scrub_exception(error, outer=outer)
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value

    async def _perform(self, step: Exchange | Sleep | Work) -> object:
        import anyio  # noqa: PLC0415 - httpx brings it, and loads it for async programs alone
        import anyio.to_thread  # noqa: PLC0415

        if isinstance(step, Work):
            return await anyio.to_thread.run_sync(step.call)
        if isinstance(step, Exchange):
            with redacted_logs(self._core.key):
                await self._exchange(step)
        else:
            await (self._core.timing.sleep or anyio.sleep)(step.seconds)
        return None

    async def _exchange(self, step: Exchange) -> None:
        client = self._api if step.outgoing.to == "api" else self._image_client()

        async def trace(event: str, info: dict[str, Any]) -> None:
            try:
                step.watch.observe(event, info)
            except BaseException:
                await info["return_value"].aclose()
                raise

        request = self._core.request(client, step.outgoing, trace, own=client not in self._lent)
        with head_within(step.outgoing.timeout.as_dict()):
            response = await client.send(request, stream=True, follow_redirects=False)
        read = response.is_stream_consumed
        chunks = response.aiter_bytes() if read else response.aiter_raw()
        try:
            if step.sink.start(response.status_code, response.headers, decoded=read):
                async for chunk in chunks:
                    if not step.sink.feed(chunk):
                        break
        finally:
            await response.aclose()
            # httpx iterates with generators inside generators, and trio wants each of them run to its end. Over a
            # closed connection that is near.
            with suppress(httpx.HTTPError, httpx.StreamError):
                async for _ in chunks:
                    pass
