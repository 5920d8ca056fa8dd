"""The flow that saves an image: fetch, follow, resume, check, and move into place. No network I/O of its own.

Asking for an image costs nothing, so every failure that may pass is tried again.
"""

from __future__ import annotations

import os
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
from attrs import evolve, field, frozen

from .calls import is_certificate_error, words
from .decoding import Decoder, DecodingError
from .errors import DownloadError, DownloadReason
from .exchange import Exchange, Flow, Outgoing, Sleep, Timing, Watch, Work
from .generation import GeneratedImage
from .image_file import HEAD_BYTES, TAIL_BYTES, ImageFile, image_suffix, looks_whole
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
FREE = "Downloading again costs nothing."
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({401, 403, 404, 410})


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
        DownloadError: With its reason. Nothing is left behind, and no file was overwritten.
    """
    _refuse_withheld(job.image)
    _refuse_expired(job.image, timing)
    rules.check(job.outgoing.url)
    stem = httpx.URL(job.outgoing.url).path.rpartition("/")[2].partition(".")[0]
    with ImageFile(job.path, stem=stem, overwrite=job.overwrite) as file:
        sink = _ImageSink(file, job.max_bytes)
        began = timing.monotonic()
        attempt = 1
        while (failure := (yield from _attempt(job, sink, rules, timing))) is not None:
            elapsed = timing.monotonic() - began
            decision = policy.pause(failure.asked, attempt=attempt, elapsed=elapsed, random=timing.random())
            if not failure.passing or isinstance(decision, Stop):
                failure.error.explain(decision.why if failure.passing and isinstance(decision, Stop) else "")
                raise failure.error from failure.cause
            yield Sleep(decision.seconds)
            attempt += 1
        suffix = sink.suffix
        path: Path = yield Work(lambda: file.finish(suffix))
    return path


def _refuse_withheld(image: GeneratedImage) -> None:
    if image.withheld:
        raise DownloadError(
            "The image was withheld by the service's safety check, so there is nothing to download. It is billed all "
            "the same. Change the prompt before you ask again.",
            reason=DownloadReason.WITHHELD,
        )


def _refuse_expired(image: GeneratedImage, timing: Timing) -> None:
    expiry = image.expires_at
    if expiry is not None and expiry.timestamp() <= timing.wall():
        raise DownloadError(
            f"The link {shorten_link(image.url)} expired at {expiry.isoformat()}. The image cannot be had from it any "
            "more; download images soon after they are made.",
            reason=DownloadReason.EXPIRED,
        )


def _attempt(job: DownloadJob, sink: _ImageSink, rules: LinkRules, timing: Timing) -> Flow[_Failure | None]:
    """Fetch once, following redirects; None when the image is whole."""
    outgoing = evolve(job.outgoing, headers=job.outgoing.headers | sink.resume_headers())
    redirects = 0
    while True:
        watch = Watch(check_peer=rules.check(outgoing.url))
        sink.refused = None
        try:
            yield Exchange(outgoing, sink, watch)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, UnicodeError, OSError) as error:
            return _connection_failure(error)
        if sink.refused is not None:
            return _Failure(sink.refused)
        location = sink.headers.get("location")
        if sink.status not in _REDIRECTS or not location or redirects == MAX_REDIRECTS:
            return _judge(job, sink, timing)
        redirects += 1
        outgoing = evolve(outgoing, url=follow(outgoing.url, location))


def _judge(job: DownloadJob, sink: _ImageSink, timing: Timing) -> _Failure | None:
    status = sink.status
    if sink.misplaced or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        sink.forget()
        return _Failure(_status_error("would not resume where the download broke off", status), passing=True, asked=0.0)
    if status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        return sink.judge_end()
    if status in _REDIRECTS:
        return _Failure(_status_error(f"redirected more than {MAX_REDIRECTS} times, or nowhere", status))
    if status in _GONE:
        expiry = job.image.expires_at
        if expiry is not None and expiry.timestamp() <= timing.wall():
            gone = f"The link {shorten_link(job.image.url)} has expired."
            return _Failure(DownloadError(gone, reason=DownloadReason.EXPIRED, status_code=status))
        return _Failure(_status_error("refused the link", status))
    passing = status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS} or status >= 500
    asked = parse_retry_after(sink.headers.get("retry-after"), now=timing.wall())
    return _Failure(_status_error("answered", status), passing=passing, asked=asked if passing else None)


def _status_error(what: str, status: int) -> DownloadError:
    return DownloadError(f"The image host {what} ({status}). {FREE}", reason=DownloadReason.STATUS, status_code=status)


def _connection_failure(error: Exception) -> _Failure:
    passing = not is_certificate_error(error) and isinstance(error, httpx.TransportError)
    failure = DownloadError(f"The image did not arrive: {words(error)}. {FREE}", reason=DownloadReason.CONNECTION)
    return _Failure(failure, passing=passing, cause=error)


class _ImageSink:
    """Writes an image into its file, and goes on where the last attempt broke off if the host allows that."""

    def __init__(self, file: ImageFile, max_bytes: int) -> None:
        self.status = 0
        self.headers = httpx.Headers()
        self.refused: DownloadError | None = None
        self.misplaced = False
        self._file = file
        self._max_bytes = max_bytes
        self._head = b""
        self._total: int | None = None
        self._decoder: Decoder | None = None
        self._validator: str | None = None

    @property
    def suffix(self) -> str:
        """The suffix that fits the image's first bytes."""
        return image_suffix(self._head) or ""

    def resume_headers(self) -> dict[str, str]:
        """What asks for the missing rest only; nothing when the host gave no way to know that it is the same image."""
        if not self._file.size or self._validator is None:
            return {}
        return {"Range": f"bytes={self._file.size}-", "If-Range": self._validator}

    def forget(self) -> None:
        """Begin anew."""
        self._file.restart()
        self._head = b""
        self._total = None
        self._validator = None

    def start(self, status: int, headers: httpx.Headers, *, decoded: bool) -> bool:
        """Take the head of an answer; False when its body is of no use."""
        self.status, self.headers, self.misplaced = status, headers, False
        if status == HTTPStatus.PARTIAL_CONTENT:
            if self._continues(headers):
                return True
            self.misplaced = True
            return False
        if status != HTTPStatus.OK:
            return False
        self.forget()
        encoding = "" if decoded else headers.get("content-encoding", "")
        try:
            self._decoder = Decoder(encoding)
        except DecodingError as error:
            return self._refuse(str(error), DownloadReason.NOT_AN_IMAGE)
        length = headers.get("content-length", "")
        if not headers.get("content-encoding") and re.fullmatch("[0-9]{1,20}", length):
            self._total = int(length)
            if self._total > self._max_bytes:
                return self._refuse_size()
        etag = headers.get("etag", "")
        if not encoding and headers.get("accept-ranges", "").lower() == "bytes":
            strong = etag if etag.startswith('"') else None
            self._validator = strong or headers.get("last-modified")
        return True

    def feed(self, chunk: bytes) -> bool:
        """Take a piece of the image; False when no more is wanted."""
        try:
            return all(self._keep(piece) for piece in (self._decoder or Decoder("")).decode(chunk))
        except DecodingError as error:
            return self._refuse(str(error), DownloadReason.NOT_AN_IMAGE)

    def judge_end(self) -> _Failure | None:
        """Judge what was written after the body came to its end."""
        if not self.suffix:
            self._refuse_format()
        if self.refused is not None:
            return _Failure(self.refused)
        if self._is_whole():
            return None
        if self._file.size == self._total:
            self.forget()  # there is no rest to ask for
        broken = DownloadError(f"The image broke off. {FREE}", reason=DownloadReason.CONNECTION)
        return _Failure(broken, passing=True)

    def _continues(self, headers: httpx.Headers) -> bool:
        """Whether a partial answer goes on where the file ends, with the bytes of the same image as they are."""
        match = re.fullmatch(r"bytes ([0-9]{1,20})-[0-9]{1,20}/([0-9]{1,20}|\*)", headers.get("content-range", ""))
        if match is None or int(match[1]) != self._file.size or self._validator is None:
            return False
        if headers.get("content-encoding", "identity").lower() != "identity":
            return False
        total = self._total if match[2] == "*" else int(match[2])
        if self._total not in {None, total}:
            return False
        self._total = total
        return True

    def _is_whole(self) -> bool:
        """Whether the image has the length that the host announced, and the end that its format has.

        Hosts that keep a half image send it as if it were whole, and where no length is announced a cut looks like an
        end.
        """
        if self._total is not None and self._file.size != self._total:
            return False
        if self._decoder is not None and not self._decoder.complete:
            return False
        return looks_whole(self.suffix, self._file.size, self._head, self._file.tail(TAIL_BYTES))

    def _keep(self, piece: bytes) -> bool:
        if self._file.size + len(piece) > self._max_bytes:
            return self._refuse_size()
        if len(self._head) < HEAD_BYTES:
            self._head += piece[: HEAD_BYTES - len(self._head)]
            if len(self._head) == HEAD_BYTES and not self.suffix:
                return self._refuse_format()
        self._file.write(piece)
        return True

    def _refuse_format(self) -> bool:
        kind = self.headers.get("content-type", "no content type")
        return self._refuse(f"what came is no image (it says {kind!r:.80})", DownloadReason.NOT_AN_IMAGE)

    def _refuse_size(self) -> bool:
        return self._refuse(
            f"the image is larger than max_bytes ({self._max_bytes}); pass a larger max_bytes", DownloadReason.TOO_LARGE
        )

    def _refuse(self, why: str, reason: DownloadReason) -> bool:
        self.refused = DownloadError(f"The image is not saved: {why}. {FREE}", reason=reason, status_code=self.status)
        return False
