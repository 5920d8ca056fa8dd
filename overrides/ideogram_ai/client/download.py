"""Saves an image: the flow that fetches, resumes, checks and retries.

An image is paid for, and downloading it again costs nothing. So the host is asked whatever this machine's clock says,
and every failure that may pass is retried.
"""

from __future__ import annotations

import binascii
import contextlib
import os
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import httpx
from attrs import evolve, field, frozen

from .errors import DownloadError, DownloadReason
from .events import EventReporter
from .files import ImageFile, ImageForFile, ImageInMemory, Opens, Writable
from .flow import Flow, RunBlocking, SendRequest, Sleep, Timing, describe_exception, is_certificate_error, warn
from .formats import WALKED
from .image_sink import FREE, ImageSink, RateLimit
from .images import GeneratedImage
from .redaction import shorten_link
from .retry import Stop, parse_retry_after
from .transport import PreparedRequest, TransportTrace
from .url_policy import DownloadURLPolicy, follow

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from .retry import RetryPolicy

MAX_IMAGE_BYTES = 256 * 1024 * 1024
MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REFUSED = frozenset({400, 401, 403, 404, 410})
"""How hosts refuse a link; 400 is that of a store whose signature expired."""
_DATA = "data:"


@frozen
class DownloadJob:
    """What to download, and how: Ideogram.download's arguments, the request for the image's link, and who reports."""

    image: GeneratedImage
    path: str | os.PathLike[str] | Writable | Opens
    overwrite: bool
    max_bytes: int
    request: PreparedRequest
    reporter: EventReporter


@frozen
class _FailedAttempt:
    """An attempt that failed; `passing` means that another may succeed, `asked` after how many seconds."""

    error: DownloadError
    passing: bool = False
    asked: float | None = None
    cause: BaseException | None = field(default=None)


def download_flow(
    job: DownloadJob, *, url_policy: DownloadURLPolicy, policy: RetryPolicy, timing: Timing
) -> Flow[Path | None]:
    """Save an image, and return its path; None if it was written into an open file.

    Raises:
        DownloadError: With its reason and the link. Nothing is left behind, and no file was overwritten.
    """
    with _reporting(job):
        path = yield from _download(job, url_policy, policy, timing)
    job.reporter.report("saved", outcome=job.image, path=path, final=True)
    return path


def fetch_flow(job: DownloadJob, *, url_policy: DownloadURLPolicy, policy: RetryPolicy, timing: Timing) -> Flow[bytes]:
    """Fetch an image into memory, and return its bytes. The path of the job does not matter.

    Raises:
        DownloadError: With its reason and the link.
    """
    with _reporting(job):
        _check_link(job, url_policy)
        with ImageInMemory() as file:
            yield from _fill(file, job, url_policy, policy, timing)
            data = file.read()
    job.reporter.report("saved", outcome=job.image, final=True)
    return data


@contextlib.contextmanager
def _reporting(job: DownloadJob) -> Generator[None]:
    """Report what ends a download early, and give it the link."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, DownloadError):
            error.url = job.image.url or None
        job.reporter.report("failed", outcome=error, final=True)
        raise


def _check_link(job: DownloadJob, url_policy: DownloadURLPolicy) -> str:
    """Check that the image has a link which may be fetched; return the stem of its name there."""
    if job.image.withheld:
        raise DownloadError(
            "The image was withheld by the service's safety check, so there is nothing to download. It is still "
            "billed. Change the prompt before you ask again.",
            reason=DownloadReason.WITHHELD,
        )
    if _is_embedded(job):
        return ""
    url_policy.check(job.request.url)
    return name_in_link(job).partition(".")[0]


def name_in_link(job: DownloadJob) -> str:
    """The name of the image at its link; empty for an image that the link contains."""
    return "" if _is_embedded(job) else httpx.URL(job.request.url).path.rpartition("/")[2]


def _is_embedded(job: DownloadJob) -> bool:
    return job.request.url[: len(_DATA)].lower() == _DATA


def _download(
    job: DownloadJob, url_policy: DownloadURLPolicy, policy: RetryPolicy, timing: Timing
) -> Flow[Path | None]:
    stem = _check_link(job, url_policy)
    if is_path := isinstance(job.path, (str, os.PathLike)):
        target = ImageFile(job.path, stem=stem, overwrite=job.overwrite)
    else:
        target = ImageForFile(job.path)
    with target as file:
        file.open()
        suffix = yield from _fill(file, job, url_policy, policy, timing)
        path: Path = yield RunBlocking(lambda: file.finish(suffix))
    if suffix not in WALKED:
        warn(
            f"The image is saved as it came. It is not a PNG, JPEG, WebP, GIF or AVIF: {str(path)!r} seems "
            f"to be {suffix!r}. Check that it is complete while its link lives."
        )
    return path if is_path else None


def _fill(
    file: ImageFile,
    job: DownloadJob,
    url_policy: DownloadURLPolicy,
    policy: RetryPolicy,
    timing: Timing,
) -> Flow[str]:
    """Write the complete image into a file that is open, and return the suffix of its format."""
    embedded = _is_embedded(job)
    rate = RateLimit(timing.monotonic, job.request.timeout)
    sink = ImageSink(file, job.max_bytes, rate)
    began = timing.monotonic()
    attempt = 1
    while True:
        failure = yield from _decode_embedded(job, sink) if embedded else _fetch(job, sink, rate, url_policy, timing)
        if failure is None:
            break
        elapsed = timing.monotonic() - began
        decision = policy.pause(failure.asked, attempt=attempt, elapsed=elapsed, random=timing.random())
        if not failure.passing or isinstance(decision, Stop):
            if failure.error.reason is DownloadReason.CONNECTION and (yield RunBlocking(sink.holds_all)):
                break  # only the end of the response is missing, and not that of the image
            failure.error.explain(decision.why if failure.passing and isinstance(decision, Stop) else "")
            raise failure.error from failure.cause
        job.reporter.report("retried", outcome=failure.error, wait=decision.seconds)
        yield Sleep(decision.seconds)
        attempt += 1
        job.reporter.attempt = attempt
    return sink.suffix or ""


def _decode_embedded(job: DownloadJob, sink: ImageSink) -> Flow[_FailedAttempt | None]:
    """Decode an image that its link contains (RFC 2397)."""
    kind, comma, text = job.request.url[len(_DATA) :].partition(",")
    content_type, _, coding = kind.rpartition(";")
    what = "The image is not saved: its link should contain it, but cannot be decoded."
    undecodable = _FailedAttempt(DownloadError(what, reason=DownloadReason.NOT_AN_IMAGE))
    if not comma:
        return undecodable
    try:
        data = unquote_to_bytes(text)
        if coding.strip().lower() == "base64":
            # With line ends, without padding or with the URL-safe alphabet it is the same image.
            data = b"".join(data.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
            data = binascii.a2b_base64(data + b"=" * (-len(data) % 4), strict_mode=True)
        else:
            content_type = kind
    except ValueError:
        return undecodable
    headers = httpx.Headers({"content-type": content_type.encode("ascii", "replace").decode()})
    sink.start(HTTPStatus.OK, headers, decoded=True)
    sink.feed(data)
    failure = yield from _check_image(sink)
    if failure is not None:
        failure.error.status_code = None  # no host responded
    return failure and evolve(failure, passing=False)


def _fetch(
    job: DownloadJob, sink: ImageSink, rate: RateLimit, url_policy: DownloadURLPolicy, timing: Timing
) -> Flow[_FailedAttempt | None]:
    """Fetch once, following redirects; None when the image is complete."""
    headers = {**job.request.headers, **sink.resume_headers()}
    request = evolve(job.request, headers=headers, total=rate.longest(job.max_bytes))
    redirects = 0
    while True:
        trace = TransportTrace(paid=False, check_peer=url_policy.check(request.url))
        sink.refused = None
        try:
            yield SendRequest(request, sink, trace)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, UnicodeError, OSError) as error:
            what = f"The image did not arrive: {describe_exception(error)}. {FREE}"
            passing = not is_certificate_error(error) and isinstance(error, httpx.TransportError)
            return _FailedAttempt(DownloadError(what, reason=DownloadReason.CONNECTION), passing=passing, cause=error)
        if sink.refused is not None:
            return _refused(sink.refused)
        location = sink.headers.get("location")
        if sink.status not in _REDIRECTS or not location or redirects == MAX_REDIRECTS:
            return (yield from _judge(job, sink, timing))
        redirects += 1
        request = evolve(request, url=follow(request.url, location))


def _judge(job: DownloadJob, sink: ImageSink, timing: Timing) -> Flow[_FailedAttempt | None]:
    status = sink.status
    if sink.misplaced or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        sink.forget()
        return _FailedAttempt(
            _status_error("would not resume where the download broke off", sink), passing=True, asked=0.0
        )
    if status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        return (yield from _check_image(sink))
    if status in _REDIRECTS:
        return _FailedAttempt(_status_error(f"redirected more than {MAX_REDIRECTS} times, or nowhere", sink))
    now = _host_time(sink.headers)
    asked = parse_retry_after(sink.headers.get("retry-after"), now=timing.wall() if now is None else now)
    if status in _REFUSED:
        return _judge_refusal(job.image, sink, now, asked, timing)
    return _FailedAttempt(_status_error("responded", sink), passing=True, asked=asked)


def _check_image(sink: ImageSink) -> Flow[_FailedAttempt | None]:
    fault: str | None = None
    if sink.refused is None:
        fault = yield RunBlocking(sink.end)
    if sink.refused is not None:
        return _refused(sink.refused)
    if fault is None:
        return None
    broken = DownloadError(f"The image broke off: {fault}. {FREE}", reason=DownloadReason.CONNECTION)
    return _FailedAttempt(broken, passing=True)


def _refused(error: DownloadError) -> _FailedAttempt:
    return _FailedAttempt(error, passing=error.reason is not DownloadReason.TOO_LARGE)


def _judge_refusal(
    image: GeneratedImage, sink: ImageSink, now: float | None, asked: float | None, timing: Timing
) -> _FailedAttempt:
    """Judge a link that the host refuses.

    A link past its `exp` by the host's own clock has expired; only a 403 or 410 means that by itself, and is not
    retried. This machine's clock decides only if the host shows none, and for these two statuses.
    """
    status, expiry = sink.status, image.expires_at
    may_mean_expired = status in {HTTPStatus.FORBIDDEN, HTTPStatus.GONE}
    final = may_mean_expired and now is not None
    if now is None and may_mean_expired:
        now = timing.wall()
    if expiry is not None and now is not None and expiry.timestamp() <= now:
        error = DownloadError(
            f"The link {shorten_link(image.url)} expired at {expiry.isoformat()}, and the image host refuses it "
            f"({status}). Download images soon after they are made.",
            reason=DownloadReason.EXPIRED,
            status_code=status,
        )
        return _FailedAttempt(error, passing=not final)
    if image.is_image_safe is False:
        error = DownloadError(
            f"The image was withheld by the service's safety check: the image host refuses its link ({status}). It is "
            f"still billed. {FREE}",
            reason=DownloadReason.WITHHELD,
            status_code=status,
        )
        return _FailedAttempt(error, passing=True)
    until = f", until {expiry.isoformat()}" if expiry else ""
    error = _status_error("refused the link", sink)
    error.explain(f"It may be asked again as long as it lives{until}: {shorten_link(image.url)}")
    return _FailedAttempt(error, passing=True, asked=asked)


def _host_time(headers: httpx.Headers) -> float | None:
    """The host's clock in unix seconds, if it shows one."""
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _status_error(what: str, sink: ImageSink) -> DownloadError:
    message = f"The image host {what} ({sink.status}). {FREE}"
    return DownloadError(message, reason=DownloadReason.STATUS, status_code=sink.status)
