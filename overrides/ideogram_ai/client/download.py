"""The flow that saves an image: fetch, follow, resume, check, and move into place. No network I/O of its own.

An image is paid for, and asking for it again costs nothing. So the host is asked whatever this machine's clock says,
and every failure that may pass is tried again.
"""

from __future__ import annotations

import binascii
import contextlib
import os
import warnings
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import httpx
from attrs import evolve, field, frozen

from .calls import is_certificate_error, logger, words
from .errors import DownloadError, DownloadReason, ResponseWarning
from .exchange import Exchange, Flow, Outgoing, Sleep, Timing, Watch, Work
from .generation import GeneratedImage
from .image_file import ImageFile
from .image_format import WALKED
from .image_sink import FREE, ImageSink, Pace
from .links import follow
from .redaction import shorten_link
from .retry import Stop
from .retry_after import parse_retry_after

if TYPE_CHECKING:
    from pathlib import Path

    from .links import LinkRules
    from .retry import RetryPolicy

MAX_IMAGE_BYTES = 256 * 1024 * 1024
MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REFUSED = frozenset({400, 401, 403, 404, 410})
"""What hosts answer to a link that they do not serve; 400 is that of a store whose signature ran out."""
_DATA = "data:"


@frozen
class DownloadJob:
    """What is to be downloaded, and how.

    Attributes:
        image: The image.
        path: A file, or a folder in which the file is named after the link.
        overwrite: Whether an existing file may be replaced.
        max_bytes: The largest image that is taken, in decoded bytes.
        outgoing: The request, its URL being the image's.
    """

    image: GeneratedImage
    path: str | os.PathLike[str]
    overwrite: bool
    max_bytes: int
    outgoing: Outgoing


@frozen
class _Failure:
    """An attempt that failed; `passing` says that another may succeed, `asked` after how many seconds."""

    error: DownloadError
    passing: bool = False
    asked: float | None = None
    cause: BaseException | None = field(default=None)

    @classmethod
    def of(cls, error: DownloadError) -> _Failure:
        """The failure of what was refused while it arrived."""
        return cls(error, passing=error.reason is not DownloadReason.TOO_LARGE)


def download_flow(job: DownloadJob, *, rules: LinkRules, policy: RetryPolicy, timing: Timing) -> Flow[Path]:
    """Save an image.

    Args:
        job: What, where to and how.
        rules: Which links may be fetched.
        policy: How often, and with which pauses, a failure that may pass is tried again.
        timing: Where time and chance come from.

    Returns:
        The path of the saved image.

    Raises:
        DownloadError: With its reason and the link. Nothing is left behind, and no file was overwritten.
    """
    try:
        return (yield from _download(job, rules, policy, timing))
    except DownloadError as error:
        error.url = job.image.url or None
        raise


def _download(job: DownloadJob, rules: LinkRules, policy: RetryPolicy, timing: Timing) -> Flow[Path]:
    _refuse_withheld(job.image)
    carried = job.outgoing.url[: len(_DATA)].lower() == _DATA
    stem = ""
    if not carried:
        rules.check(job.outgoing.url)
        stem = httpx.URL(job.outgoing.url).path.rpartition("/")[2].partition(".")[0]
    pace = Pace(timing.monotonic, job.outgoing.timeout)
    with ImageFile(job.path, stem=stem, overwrite=job.overwrite) as file:
        sink = ImageSink(file, job.max_bytes, pace)
        began = timing.monotonic()
        attempt = 1
        while True:
            failure = yield from _unpack(job, sink) if carried else _attempt(job, sink, pace, rules, timing)
            if failure is None:
                break
            elapsed = timing.monotonic() - began
            decision = policy.pause(failure.asked, attempt=attempt, elapsed=elapsed, random=timing.random())
            if not failure.passing or isinstance(decision, Stop):
                if failure.error.reason is DownloadReason.CONNECTION and (yield Work(sink.holds_all)):
                    break  # what never came was the end of the answer, and not of the image
                failure.error.explain(decision.why if failure.passing and isinstance(decision, Stop) else "")
                raise failure.error from failure.cause
            yield Sleep(decision.seconds)
            attempt += 1
        suffix = sink.suffix or ""
        path: Path = yield Work(lambda: file.finish(suffix))
    if suffix not in WALKED:
        _warn_of_form(path, suffix)
    return path


def _refuse_withheld(image: GeneratedImage) -> None:
    if image.withheld:
        raise DownloadError(
            "The image was withheld by the service's safety check, so there is nothing to download. It is billed all "
            "the same. Change the prompt before you ask again.",
            reason=DownloadReason.WITHHELD,
        )


def _warn_of_form(path: Path, suffix: str) -> None:
    """Report an image in a form whose end is not known here: it is paid for, so it is kept."""
    message = (
        f"The image is saved as it came, and it is no PNG, JPEG, WebP, GIF or AVIF: {str(path)!r} seems to be "
        f"{suffix!r}. Look whether it is whole, while its link lives."
    )
    logger.warning(message)
    # A program that turns warnings into errors would take a saved image for a lost one; the log has the words.
    with contextlib.suppress(ResponseWarning):
        warnings.warn(message, ResponseWarning, stacklevel=2)


def _unpack(job: DownloadJob, sink: ImageSink) -> Flow[_Failure | None]:
    """Take the image out of a link that carries it (RFC 2397)."""
    try:
        content_type, data = _carried(job.outgoing.url)
    except ValueError:
        what = "The image is not saved: its link should carry it, and cannot be decoded."
        return _Failure(DownloadError(what, reason=DownloadReason.NOT_AN_IMAGE))
    sink.start(HTTPStatus.OK, httpx.Headers({"content-type": content_type}), decoded=True)
    sink.feed(data)
    failure = yield from _judge_body(sink)
    if failure is not None:
        failure.error.status_code = None  # no host answered
    return failure and evolve(failure, passing=False)


def _carried(url: str) -> tuple[str, bytes]:
    """What a link carries, and what that is called. Raises ValueError when it cannot be decoded."""
    kind, comma, text = url[len(_DATA) :].partition(",")
    if not comma:
        raise ValueError("no comma")
    content_type, _, coding = kind.rpartition(";")
    data = unquote_to_bytes(text)
    if coding.strip().lower() != "base64":
        return kind.encode("ascii", "replace").decode(), data
    # In lines, without padding or with the letters of URLs it is the same image.
    data = b"".join(data.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    data = binascii.a2b_base64(data + b"=" * (-len(data) % 4), strict_mode=True)
    return content_type.encode("ascii", "replace").decode(), data


def _attempt(job: DownloadJob, sink: ImageSink, pace: Pace, rules: LinkRules, timing: Timing) -> Flow[_Failure | None]:
    """Fetch once, following redirects; None when the image is whole."""
    headers = job.outgoing.headers | sink.resume_headers()
    outgoing = evolve(job.outgoing, headers=headers, total=pace.bound(job.max_bytes))
    redirects = 0
    while True:
        watch = Watch(paid=False, check_peer=rules.check(outgoing.url))
        sink.refused = None
        try:
            yield Exchange(outgoing, sink, watch)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, UnicodeError, OSError) as error:
            return _connection_failure(error)
        if sink.refused is not None:
            return _Failure.of(sink.refused)
        location = sink.headers.get("location")
        if sink.status not in _REDIRECTS or not location or redirects == MAX_REDIRECTS:
            return (yield from _judge(job, sink, timing))
        redirects += 1
        outgoing = evolve(outgoing, url=follow(outgoing.url, location))


def _judge(job: DownloadJob, sink: ImageSink, timing: Timing) -> Flow[_Failure | None]:
    status = sink.status
    if sink.misplaced or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        sink.forget()
        return _Failure(_status_error("would not resume where the download broke off", sink), passing=True, asked=0.0)
    if status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        return (yield from _judge_body(sink))
    if status in _REDIRECTS:
        return _Failure(_status_error(f"redirected more than {MAX_REDIRECTS} times, or nowhere", sink))
    if status in _REFUSED:
        return _judge_refusal(job.image, sink, timing)
    return _Failure(_status_error("answered", sink), passing=True, asked=_asked(sink, timing))


def _judge_body(sink: ImageSink) -> Flow[_Failure | None]:
    fault: str | None = None
    if sink.refused is None:
        fault = yield Work(sink.end)
    if sink.refused is not None:
        return _Failure.of(sink.refused)
    if fault is None:
        return None
    broken = DownloadError(f"The image broke off: {fault}. {FREE}", reason=DownloadReason.CONNECTION)
    return _Failure(broken, passing=True)


def _judge_refusal(image: GeneratedImage, sink: ImageSink, timing: Timing) -> _Failure:
    """What it means that the host does not serve the link.

    A link past its end by the host's own clock is over; only a 403 or 410 says so by itself, and is not asked again for
    that. Where the host shows no clock, this machine's is believed last, and of those two alone.
    """
    status, expiry, now = sink.status, image.expires_at, _host_time(sink.headers)
    is_told = status in {HTTPStatus.FORBIDDEN, HTTPStatus.GONE}
    final = is_told and now is not None
    if now is None and is_told:
        now = timing.wall()
    if expiry is not None and now is not None and expiry.timestamp() <= now:
        error = DownloadError(
            f"The link {shorten_link(image.url)} expired at {expiry.isoformat()}, and the image host refuses it "
            f"({status}). Download images soon after they are made.",
            reason=DownloadReason.EXPIRED,
            status_code=status,
        )
        return _Failure(error, passing=not final)
    if image.is_image_safe is False:
        error = DownloadError(
            f"The image was withheld by the service's safety check: the image host refuses its link ({status}). It is "
            f"billed all the same. {FREE}",
            reason=DownloadReason.WITHHELD,
            status_code=status,
        )
        return _Failure(error, passing=True)
    until = f", until {expiry.isoformat()}" if expiry else ""
    error = _status_error("refused the link", sink)
    error.explain(f"It may be asked again as long as it lives{until}: {shorten_link(image.url)}")
    return _Failure(error, passing=True, asked=_asked(sink, timing))


def _asked(sink: ImageSink, timing: Timing) -> float | None:
    """How many seconds the host asks to wait."""
    now = _host_time(sink.headers)
    return parse_retry_after(sink.headers.get("retry-after"), now=timing.wall() if now is None else now)


def _host_time(headers: httpx.Headers) -> float | None:
    """What time it is by the host's clock, in unix seconds."""
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _status_error(what: str, sink: ImageSink) -> DownloadError:
    message = f"The image host {what} ({sink.status}). {FREE}"
    return DownloadError(message, reason=DownloadReason.STATUS, status_code=sink.status)


def _connection_failure(error: Exception) -> _Failure:
    passing = not is_certificate_error(error) and isinstance(error, httpx.TransportError)
    failure = DownloadError(f"The image did not arrive: {words(error)}. {FREE}", reason=DownloadReason.CONNECTION)
    return _Failure(failure, passing=passing, cause=error)
