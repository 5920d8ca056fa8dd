"""Ideogram, the client for programs that wait, and AsyncIdeogram, the same client for asyncio and trio.

All I/O of this package is here and in transport.py; what is sent, and what comes of it, is decided by the flows.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Self, TypeVar, overload

import httpx
from attrs import evolve

from ideogram_ai.generated.methods import AsyncMethods, Methods
from ideogram_ai.generated.operations import API_KEY_HEADER, OPERATIONS

from . import __version__
from .config import (
    check_http_client,
    is_http_allowed,
    log_to_stderr,
    resolve_api_key,
    resolve_base_url,
    resolve_headers,
    resolve_in_flight,
    resolve_retry,
    resolve_timeout,
)
from .download import MAX_IMAGE_BYTES, DownloadJob, DownloadURLPolicy, download_flow, fetch_flow, name_in_link
from .errors import NOTHING_SENT, ConfigurationError, DownloadError, RequestError
from .events import Event, Reporter, check_hook
from .flow import (
    RunBlocking,
    SendRequest,
    Sleep,
    Timing,
    attempt_flow,
    call_flow,
    interrupt,
    interruption_in,
)
from .jobs import Job, read_by, submitted_as
from .redaction import ApiKey, redacted_logs
from .request import JSON, RequestBody, check_names, encode_request
from .response import GeneratedImage, Generation, ImageReader
from .retry import RetryPolicy
from .transport import (
    Environment,
    InFlight,
    PreparedRequest,
    UsedConnectionError,
    enforce_deadline,
    enforce_deadline_async,
    require_loopback,
)
from .uploads import FileInPieces, Upload, UploadProgress, UploadReport, is_several, list_files, make_upload
from .waiting import PollSchedule, wait_flow
from .webhooks import FETCH_TIMEOUT, KeyCache, read_delivery

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from ideogram_ai.generated.operations import Operation

    from .files import Opens, Writable
    from .flow import Flow
    from .webhooks import Headers

T = TypeVar("T")
HTTPClient = TypeVar("HTTPClient", httpx.Client, httpx.AsyncClient)

MAX_USED_CONNECTIONS: Final = 1000
"""How many used connections of a lent HTTP client's pool are closed before the client is refused."""
ONE_PIECE: Final = 1024 * 1024
"""Bytes of files that are still sent in one piece."""
LEAST_UPLOAD_RATE: Final = 64 * 1024
"""Bytes a second that a connection carries at least, in the time limit of a request with files."""
MAX_POLL_SECONDS: Final = 30.0
"""How long a poll that gets no answer takes, at most: another one is free."""
MIN_POLL_SECONDS: Final = 5.0
"""The same for the last poll before the deadline of a wait."""
MAX_PREVIEW_BYTES: Final = 32 * 1024 * 1024
"""The largest image that is shown in a notebook."""
PREVIEW_TIMEOUT: Final = httpx.Timeout(5.0)
_HEADERS: Final = {
    "Accept": "application/json",
    # So that a body is bounded by its size on the wire.
    "Accept-Encoding": "identity",
    # A response cannot be taken for that of another request if each has its own connection.
    "Connection": "close",
    "User-Agent": f"ideogram-ai-python/{__version__}",
}


class _BaseClient(Generic[HTTPClient]):
    """The settings of a client, checked, and the requests and flows that are made from them. No I/O."""

    _http_class: ClassVar[type[Any]]
    _awaited: ClassVar[bool]

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        http_client: HTTPClient | None = None,
        image_client: HTTPClient | None = None,
        allow_http: bool = False,
        timing: Timing = Timing(),  # noqa: B008 - frozen
        in_flight: int | None = None,
        on_upload: Callable[[UploadProgress], object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        on_event: Callable[[Event], object] | None = None,
    ) -> None:
        key = resolve_api_key(api_key)
        del api_key  # or a traceback with local variables would show it
        if isinstance(key, str):
            raise ConfigurationError(f"{key} {NOTHING_SENT}")
        self._key = key
        self._base_url = resolve_base_url(base_url, allow_http=allow_http)
        self._timeout = resolve_timeout(timeout)
        self._retry = resolve_retry(retry, RetryPolicy())
        self._timing = timing
        self._headers = resolve_headers(extra_headers, _HEADERS)
        self._on_event = check_hook(on_event)
        log_to_stderr()
        self._url_policy = DownloadURLPolicy.of(self._base_url)
        stays_here = self._base_url.startswith("http:") and not (allow_http or is_http_allowed())
        self._check_peer = require_loopback(self._url_policy.base_host) if stays_here else None
        self._api: HTTPClient | None = check_http_client(http_client, "http_client", self._http_class)
        self._images: HTTPClient | None = check_http_client(image_client, "image_client", self._http_class)
        self._environment = Environment(self._base_url, check=http_client is None or image_client is None)
        self._in_flight = InFlight(resolve_in_flight(in_flight))
        self._on_upload = on_upload
        self._polls = PollSchedule()
        self._webhook_keys = KeyCache(timing.monotonic)
        self._closed = False
        self._parent: Self | None = None
        self._reader = self._make_reader()

    @property
    def base_url(self) -> str:
        """The API's server, without a slash at its end."""
        return self._base_url

    @property
    def operations(self) -> Self:
        """This client: it has a method for each operation of the contract."""
        return self

    @property
    def retry(self) -> RetryPolicy:
        """When a request is sent again."""
        return self._retry

    def with_retry(self, retry: RetryPolicy, *, in_flight: int | None = None) -> Self:
        """A client like this one with another retry policy.

        Args:
            retry: When a request is sent again.
            in_flight: Requests of the other client that may be in flight at once. None means that both share the limit
                of this one.

        Returns:
            The other client. Closing it leaves this one open; when this one is closed, neither can be used.
        """
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._retry = resolve_retry(retry, self._retry)
        other._in_flight = self._in_flight if in_flight is None else InFlight(resolve_in_flight(in_flight))
        other._parent = self
        return other

    def __repr__(self) -> str:
        # Error reporters call it in the middle of __init__, too, when a setting was refused.
        return f"{type(self).__name__}(base_url={getattr(self, '_base_url', None)!r})"

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} holds a key and connections; make one where it is used")

    def _is_closed(self) -> bool:
        lent_is_closed = any(client is not None and client.is_closed for client in (self._api, self._images))
        return self._closed or lent_is_closed or (self._parent is not None and self._parent._is_closed())

    def _ensure_open(self) -> None:
        if self._is_closed():
            raise RequestError(f"The client is closed. Make a new one. {NOTHING_SENT}")

    def _call_flow(
        self,
        operation: Operation,
        arguments: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        extra_headers: Mapping[str, str] | None,
        timeout: float | httpx.Timeout | None,
        retry: RetryPolicy | None,
    ) -> Flow[Any]:
        self._ensure_open()
        jobs = [value for value in arguments.values() if isinstance(value, Job)]
        arguments = {name: value.id if isinstance(value, Job) else value for name, value in arguments.items()}
        limits = self._timeout if timeout is None else resolve_timeout(timeout)
        policy, headers = resolve_retry(retry, self._retry), resolve_headers(extra_headers, self._headers)
        if any(each.is_file for each in operation.fields):
            arguments = list_files(operation, arguments)
            check_names(operation, arguments, extra_fields)  # before an image is fetched for it
            given = yield from self._fetch_images(operation, arguments)
            body: RequestBody = yield RunBlocking(lambda: encode_request(operation, given, extra_fields))
        else:
            body = encode_request(operation, arguments, extra_fields)
        outcome = yield from call_flow(
            operation,
            self._prepare(operation, arguments, body, limits, headers),
            check_peer=self._check_peer,
            key=self._key,
            policy=policy,
            timing=self._timing,
            reporter=self._report(operation.method_name, body.fields),
            reader=self._reader,
        )
        return submitted_as(outcome, jobs[0].request, jobs[0].price) if jobs and isinstance(outcome, Job) else outcome

    def _report(self, method: str, fields: Mapping[str, Any] | None = None) -> Reporter:
        return Reporter(self._on_event, method, self._timing, fields)

    def _prepare(
        self,
        operation: Operation,
        arguments: Mapping[str, object],
        body: RequestBody,
        limits: httpx.Timeout,
        headers: Mapping[str, str],
    ) -> PreparedRequest:
        ids = (arguments.get(each.python_name) for each in operation.fields if each.place == "path")
        return PreparedRequest(
            to="api",
            method=operation.method,
            url=self._base_url + body.path,
            headers=headers if body.content is None else {**headers, "Content-Type": JSON},
            timeout=_allow_for_files(limits, body),
            body=body,
            authenticated=operation.authenticated,
            free=operation.is_free,
            job_id=str(next(ids)) if operation.result == "job" and operation.is_free else None,
            name=operation.method_name,
        )

    def _fetch_images(self, operation: Operation, arguments: Mapping[str, object]) -> Flow[dict[str, object]]:
        """The arguments, with the bytes of each image of a Generation that is given as a file."""
        given = dict(arguments)
        for name in (each.python_name for each in operation.fields if each.is_file):
            value = given.get(name)
            if isinstance(value, GeneratedImage):
                given[name] = yield from self._fetch_image(name, value)
            elif is_several(value):
                files: list[object] = []
                for item in value:
                    file = (yield from self._fetch_image(name, item)) if isinstance(item, GeneratedImage) else item
                    files.append(file)
                given[name] = files
        return given

    def _fetch_image(self, field: str, image: GeneratedImage) -> Flow[Upload | bytes]:
        job = self._download_job(image, "", overwrite=False, max_bytes=None)
        try:
            data = yield from self._fetch_flow(job)
            name = name_in_link(job)
            return make_upload(data, name=name, stem=field) if name else data
        except DownloadError as error:
            error.may_have_been_billed = False  # by this call
            error.rephrase(lambda message: f"{field}: {message} {NOTHING_SENT}")
            raise

    def _fetch_flow(self, job: DownloadJob) -> Flow[bytes]:
        return fetch_flow(job, url_policy=self._url_policy, policy=self._retry, timing=self._timing)

    def _wait_flow(self, job: Job | str, deadline: float) -> Flow[Generation]:
        self._ensure_open()
        operation = next((each for each in OPERATIONS.values() if each.result == "job" and each.is_free), None)
        if operation is None:
            raise RequestError(f"The contract has no operation that asks for a job. {NOTHING_SENT}")
        name = next(each.python_name for each in operation.fields if each.place == "path")
        arguments = {name: job.id if isinstance(job, Job) else job}
        body = encode_request(operation, arguments)
        request = self._prepare(operation, arguments, body, _limit(self._timeout, MAX_POLL_SECONDS), self._headers)
        reporter = self._report("wait")

        def poll(left: float) -> Flow[Any]:
            self._ensure_open()
            return attempt_flow(
                operation,
                evolve(request, total=min(max(left, MIN_POLL_SECONDS), MAX_POLL_SECONDS)),
                check_peer=self._check_peer,
                key=self._key,
                timing=self._timing,
                reporter=reporter,
                ends=False,
            )

        return wait_flow(
            job,
            operation=operation,
            poll=poll,
            schedule=self._polls,
            timing=self._timing,
            deadline=deadline,
            reporter=reporter,
            reader=self._reader,
        )

    def _download_flow(
        self,
        image: object,
        path: str | os.PathLike[str] | Writable | Opens,
        *,
        overwrite: bool,
        max_bytes: int | None,
    ) -> Flow[Path | None]:
        self._ensure_open()
        if isinstance(image, str) and image:
            image = GeneratedImage(url=image, prompt=None, resolution=None, seed=None, is_image_safe=None)
        if not isinstance(image, GeneratedImage):
            what = "an empty text" if image == "" else type(image).__name__
            raise RequestError(f"image: {what} cannot be downloaded. Give an image of a Generation, or a link to one.")
        if not isinstance(path, (str, os.PathLike)) and not (hasattr(path, "write") or hasattr(path, "__enter__")):
            kind = type(path).__name__
            raise RequestError(f"path: {kind} is not a path, nor a file that is open for writing bytes.")
        job = self._download_job(image, path, overwrite=overwrite, max_bytes=max_bytes)
        return download_flow(job, url_policy=self._url_policy, policy=self._retry, timing=self._timing)

    def _download_job(
        self,
        image: GeneratedImage,
        path: str | os.PathLike[str] | Writable | Opens,
        *,
        overwrite: bool,
        max_bytes: int | None,
    ) -> DownloadJob:
        headers = _HEADERS | {"Accept": "image/*"}
        request = PreparedRequest(
            to="images", method="GET", url=image.url or "", headers=headers, timeout=self._timeout
        )
        most = MAX_IMAGE_BYTES if max_bytes is None else max_bytes
        return DownloadJob(image, path, overwrite, most, request, self._report("download"))

    def _build_request(
        self, prepared: PreparedRequest, trace: Callable[..., object], lent: HTTPClient | None
    ) -> httpx.Request:
        """Make a request of httpx. The key is added here, for the API only, and kept nowhere else."""
        headers = dict(prepared.headers)
        if prepared.to == "api" and prepared.authenticated:
            headers[API_KEY_HEADER] = self._key.reveal()
        body = prepared.body or RequestBody()
        # A lent client may have hooks that read the body.
        in_one_piece = _size_of_files(body) <= ONE_PIECE or (lent is not None and self._on_upload is None)
        if body.parts:
            # Left to httpx, a Content-Type of the caller's http_client would win, and lose the boundary.
            headers["Content-Type"] = f"multipart/form-data; boundary={os.urandom(16).hex()}"
        what: dict[str, Any] = {
            "method": prepared.method,
            "url": _api_url(prepared.url) if prepared.to == "api" else prepared.url,
            "headers": headers,
            "files": list(body.parts) if in_one_piece else self._files_in_pieces(prepared.name, body),
            "content": body.content,
        }
        if lent is not None:
            request = lent.build_request(**what, timeout=prepared.timeout, extensions={"trace": trace})
        else:
            limits = prepared.timeout.as_dict()
            if issubclass(self._http_class, httpx.AsyncClient):
                # enforce_deadline_async does it: a limit of httpcore's runs on while the process is stopped, and ends a
                # read although the response is in the socket. A read that blocks does not have this problem.
                limits |= {"read": None, "write": None}
            request = httpx.Request(**what, extensions={"trace": trace, "timeout": limits})
        if in_one_piece:
            request.read()  # it is sent at once; httpx would send each part by itself
        return request

    def _files_in_pieces(self, name: str, body: RequestBody) -> list[Any]:
        """The parts of a body, with files that are read when they are sent.

        In one piece they would be in memory twice, and httpcore (1.0.9) copies what is left of a piece each time that
        some of it was written: 400 MB took 22 seconds to a server on the same machine.
        """
        report = UploadReport(name, _size_of_files(body), self._on_upload)
        return [
            (field, (file, FileInPieces(content, report) if file else content, kind))
            for field, (file, content, kind) in body.parts
        ]

    def _without_key(self, kind: type[_BaseClient[Any]], **changes: Any) -> Any:
        """A client that fetches images with the settings of this one, has no key, and does not close with it."""
        other = object.__new__(kind)
        other.__dict__ = self.__dict__ | {"_key": ApiKey(""), "_api": None, "_closed": False, "_parent": None} | changes
        return other

    def _make_reader(self) -> ImageReader:
        return ImageReader(self._awaited, self._without_key(type(self))._read, self._preview)

    def _preview(self, image: GeneratedImage) -> bytes:
        """Fetch an image soon or not at all, and without awaiting anything."""
        if self._awaited and self._images is not None:
            raise RequestError("an asynchronous image_client cannot be used here; await image.aread()")
        timing = evolve(self._timing, sleep=None) if self._awaited else self._timing
        once = {"_retry": RetryPolicy(max_attempts=1), "_timeout": PREVIEW_TIMEOUT, "_timing": timing}
        data: bytes = self._without_key(Ideogram, **once)._read(image, MAX_PREVIEW_BYTES)
        return data

    def _read_flow(self, image: GeneratedImage, max_bytes: int | None) -> Flow[bytes]:
        self._ensure_open()
        return self._fetch_flow(self._download_job(image, "", overwrite=False, max_bytes=max_bytes))

    def _lent(self, step: SendRequest) -> HTTPClient | None:
        """The caller's HTTP client for a request, if there is one."""
        return self._api if step.request.to == "api" else self._images


def _size_of_files(body: RequestBody) -> int:
    return sum(len(content) for _, (file, content, _) in body.parts if file)


def _allow_for_files(timeout: httpx.Timeout, body: RequestBody) -> httpx.Timeout:
    """Time limits with more time to write a request that carries files."""
    limits, more = timeout.as_dict(), _size_of_files(body) / LEAST_UPLOAD_RATE
    return httpx.Timeout(**limits | {"write": (limits["write"] or 0.0) + more}) if more else timeout


def _limit(timeout: httpx.Timeout, longest: float) -> httpx.Timeout:
    """The same time limits, none of them longer."""
    return httpx.Timeout(**{name: min(seconds or 0.0, longest) for name, seconds in timeout.as_dict().items()})


@lru_cache(maxsize=16)
def _api_url(url: str) -> httpx.URL:
    """A URL of the API, which is the same for each request and slow to parse."""
    return httpx.URL(url)


def _no_fresh_connection() -> ConfigurationError:
    return ConfigurationError(
        f"http_client: its first {MAX_USED_CONNECTIONS} connections were used before, and what is left on one of them "
        f"could be taken for a response. Lend a client of its own. {NOTHING_SENT}"
    )


class Ideogram(_BaseClient[httpx.Client], Methods[Generation, Job, GeneratedImage, RetryPolicy]):
    """A client for the Ideogram API. Use it as a context manager, or call close().

    It can be shared by threads, and used on both sides of a fork: each request has its own connection.

    Args:
        api_key: The key; None reads IDEOGRAM_API_KEY.
        base_url: The API's server; None reads IDEOGRAM_BASE_URL, with the contract's server as the default.
        timeout: Seconds for writing the request, for the head of the response and for its body, each; or an
            httpx.Timeout. None means 10 s to connect, 60 s to write and 300 s to read. A request with files has one
            more second to be written for each 64 KiB of them.
        retry: When a request is sent again. The default repeats only what cannot cost a second image.
        http_client: An httpx.Client for requests to the API, for example with your own proxy or certificate authority.
            The key is added to each request and not kept in it. You close it yourself.
        image_client: The same for the image host. It never gets the key.
        allow_http: Allow an http base_url of another machine, although others can then read the key, and read and
            change the images. IDEOGRAM_ALLOW_HTTP=1 allows it too.
        timing: The sources of time and randomness, for tests.
        in_flight: Requests that may be in flight at once, 1 or more; others wait for their turn. None means the
            contract's limit for an organization.
        on_upload: Called with an UploadProgress while files of more than 1 MiB are sent, often, and by the thread that
            sends them.
        extra_headers: Headers that go with each request to the API, for example for a gateway; never to image hosts.
        on_event: Called with an Event at each step of a call: sent, answered, retried, billed, saved, failed. Whatever
            it raises is logged, and the call goes on. IDEOGRAM_LOG=debug logs the events.

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
                binary file that is open for writing, which stays open; or what opens one in a `with` block, for example
                fsspec.open("s3://bucket/cat.png", "wb"). They get the image in one go, when it is complete.
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
        """Wait for a submitted job. It costs nothing, and can be repeated at any time, by any process.

        The job is asked for again and again, after pauses that grow to 15 seconds and are shared by all waits of this
        client. Failures of the network and of the service end no wait.

        Args:
            job_or_id: A Job, or its id. One that is completed or failed is not asked for.
            deadline: Seconds to wait, 0 or more; one poll is sent at least, if it gets its turn.

        Returns:
            The images, with the id of the job.

        Raises:
            JobFailedError: The job failed; see failure_reason. It is not billed.
            JobTimeoutError: The deadline passed. The job goes on, and may be billed; wait for it again.
            APIStatusError: The service refused to say how the job stands, five times in a row.
            ResponseValidationError: The job is completed, and no answer names an image; the last one is kept.
            RequestError: The client is closed, or the environment cannot be used. The job goes on.
        """
        return self._drive(self._wait_flow(job_or_id, deadline))

    def verify_webhook(self, headers: Headers, body: bytes | bytearray | memoryview, *, max_age: float = 300.0) -> Job:
        """Check that a delivery comes from the service, and read its job. Nothing is billed.

        The service's keys are fetched when they are first needed, kept for 24 hours, and fetched once more when none of
        them made the signature, at most once a minute.

        Args:
            headers: As in verify_webhook of this package, like all other arguments and the result.
            body: The raw bytes of the request's body, as they arrived.
            max_age: Seconds that the delivery's timestamp may lie before or after now.

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
        return read_by(keys.verify(delivery, max_age=max_age, now=self._timing.wall()), self._reader)

    def close(self) -> None:
        """Accept no further request. Requests in flight are completed; your own HTTP clients stay open."""
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
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None,
        retry: RetryPolicy | None = None,
    ) -> Any:
        flow = self._call_flow(
            operation, fields, extra_fields=extra_fields, extra_headers=extra_headers, timeout=timeout, retry=retry
        )
        return self._drive(flow)

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
        lent = self._lent(step)

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


class AsyncIdeogram(_BaseClient[httpx.AsyncClient], AsyncMethods[Generation, Job, GeneratedImage, RetryPolicy]):
    """Ideogram for asyncio and trio. Use it as an async context manager, or await aclose().

    It can be used in any event loop, in several at once, and on both sides of a fork: each request has its own
    connection.

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
        """Wait for a submitted job. It costs nothing, and can be repeated at any time, by any process.

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
        return read_by(keys.verify(delivery, max_age=max_age, now=self._timing.wall()), self._reader)

    async def aclose(self) -> None:
        """Accept no further request. Requests in flight are completed; your own HTTP clients stay open."""
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
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None,
        retry: RetryPolicy | None = None,
    ) -> Any:
        flow = self._call_flow(
            operation, fields, extra_fields=extra_fields, extra_headers=extra_headers, timeout=timeout, retry=retry
        )
        return await self._drive(flow)

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
        lent = self._lent(step)

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
                    f"http_client cannot be used here: {error}. Its connections belong to another event loop: lend a "
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
