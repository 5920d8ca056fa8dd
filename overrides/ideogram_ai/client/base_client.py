"""What both clients are made of: their settings, and the requests and flows that are made from them. No I/O."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Self, TypeVar

import httpx
from attrs import evolve

from ideogram_ai.generated.operations import API_KEY_HEADER, OPERATIONS

from . import __version__
from .config import (
    Environment,
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
from .download import MAX_IMAGE_BYTES, DownloadJob, download_flow, fetch_flow, name_in_link
from .errors import NOTHING_SENT, ConfigurationError, DownloadError, RequestError
from .events import Event, EventReporter, check_hook
from .flow import RunBlocking, Timing, attempt_flow, call_flow
from .images import GeneratedImage, Generation, ImageReader
from .jobs import Job, with_request
from .redaction import ApiKey
from .request import JSON, RequestBody, check_names, encode_request, is_several
from .retry import RetryPolicy
from .transport import InFlight, PreparedRequest
from .uploads import FileInPieces, Upload, UploadProgress, UploadReport, list_files, make_upload
from .url_policy import DownloadURLPolicy, require_loopback
from .waiting import PollSchedule, wait_flow
from .webhooks import KeyCache

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ideogram_ai.generated.operations import Operation

    from .files import Opens, Writable
    from .flow import Flow

HTTPClient = TypeVar("HTTPClient", httpx.Client, httpx.AsyncClient)

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
    # A cache on the way, or in the caller's HTTP client, would answer every poll of a job with the first one's answer.
    "Cache-Control": "no-cache",
    # A response cannot be taken for that of another request if each has its own connection.
    "Connection": "close",
    "User-Agent": f"ideogram-ai-python/{__version__}",
}


class BaseClient(Generic[HTTPClient]):
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
        loopback_only = self._base_url.startswith("http:") and not (allow_http or is_http_allowed())
        self._check_peer = require_loopback(self._url_policy.base_host) if loopback_only else None
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
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None,
        retry: RetryPolicy | None = None,
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
        return with_request(outcome, jobs[0].request, jobs[0].price) if jobs and isinstance(outcome, Job) else outcome

    def _report(self, method: str, fields: Mapping[str, Any] | None = None) -> EventReporter:
        return EventReporter(self._on_event, method, self._timing, fields)

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
        url = (image.url or "").strip()  # a line of a file ends with a line end
        request = PreparedRequest(to="images", method="GET", url=url, headers=headers, timeout=self._timeout)
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
        # The caller's HTTP client may have hooks that read the body.
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

    def _without_key(self, kind: type[BaseClient[Any]], **changes: Any) -> Any:
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
        from .client import Ideogram  # noqa: PLC0415 - it is built on this module

        timing = evolve(self._timing, sleep=None) if self._awaited else self._timing
        once = {"_retry": RetryPolicy(max_attempts=1), "_timeout": PREVIEW_TIMEOUT, "_timing": timing}
        data: bytes = self._without_key(Ideogram, **once)._read(image, MAX_PREVIEW_BYTES)
        return data

    def _read_flow(self, image: GeneratedImage, max_bytes: int | None) -> Flow[bytes]:
        self._ensure_open()
        return self._fetch_flow(self._download_job(image, "", overwrite=False, max_bytes=max_bytes))


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
