"""Saves an image: which links may be fetched, how slow a host may be, and the flow that fetches, resumes and checks.

An image is paid for, and downloading it again costs nothing. So the host is asked whatever this machine's clock says,
and every failure that may pass is retried.
"""

from __future__ import annotations

import binascii
import contextlib
import ipaddress
import os
import re
import warnings
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

import httpx
from attrs import evolve, field, frozen

from .bodies import Decoder, DecodingError
from .errors import DownloadError, DownloadReason, ResponseWarning
from .events import Reporter
from .files import (
    HEAD_BYTES,
    WALKED,
    ImageFile,
    ImageForFile,
    ImageInMemory,
    Opens,
    Writable,
    image_suffix,
    suffix_of_unknown,
)
from .flow import Flow, RunBlocking, SendRequest, Sleep, Timing, describe_exception, is_certificate_error, logger
from .redaction import shorten_link
from .response import GeneratedImage
from .retry import Stop, parse_retry_after
from .transport import PreparedRequest, TransportTrace, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from .retry import RetryPolicy

MAX_IMAGE_BYTES = 256 * 1024 * 1024
MAX_REDIRECTS = 3
_FREE = "Downloading again costs nothing."
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
    reporter: Reporter


@frozen
class _Failure:
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
        message = (
            f"The image is saved as it came, and it is no PNG, JPEG, WebP, GIF or AVIF: {str(path)!r} seems "
            f"to be {suffix!r}. Look whether it is whole, while its link lives."
        )
        logger.warning(message)
        # In a program that turns warnings into errors, raising would make a saved image look lost.
        with contextlib.suppress(ResponseWarning):
            warnings.warn(message, ResponseWarning, stacklevel=2)
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


def _decode_embedded(job: DownloadJob, sink: ImageSink) -> Flow[_Failure | None]:
    """Decode an image that its link contains (RFC 2397)."""
    kind, comma, text = job.request.url[len(_DATA) :].partition(",")
    content_type, _, coding = kind.rpartition(";")
    what = "The image is not saved: its link should carry it, and cannot be decoded."
    undecodable = _Failure(DownloadError(what, reason=DownloadReason.NOT_AN_IMAGE))
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
) -> Flow[_Failure | None]:
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
            what = f"The image did not arrive: {describe_exception(error)}. {_FREE}"
            passing = not is_certificate_error(error) and isinstance(error, httpx.TransportError)
            return _Failure(DownloadError(what, reason=DownloadReason.CONNECTION), passing=passing, cause=error)
        if sink.refused is not None:
            return _refused(sink.refused)
        location = sink.headers.get("location")
        if sink.status not in _REDIRECTS or not location or redirects == MAX_REDIRECTS:
            return (yield from _judge(job, sink, timing))
        redirects += 1
        request = evolve(request, url=follow(request.url, location))


def _judge(job: DownloadJob, sink: ImageSink, timing: Timing) -> Flow[_Failure | None]:
    status = sink.status
    if sink.misplaced or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        sink.forget()
        return _Failure(_status_error("would not resume where the download broke off", sink), passing=True, asked=0.0)
    if status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        return (yield from _check_image(sink))
    if status in _REDIRECTS:
        return _Failure(_status_error(f"redirected more than {MAX_REDIRECTS} times, or nowhere", sink))
    now = _host_time(sink.headers)
    asked = parse_retry_after(sink.headers.get("retry-after"), now=timing.wall() if now is None else now)
    if status in _REFUSED:
        return _judge_refusal(job.image, sink, now, asked, timing)
    return _Failure(_status_error("responded", sink), passing=True, asked=asked)


def _check_image(sink: ImageSink) -> Flow[_Failure | None]:
    fault: str | None = None
    if sink.refused is None:
        fault = yield RunBlocking(sink.end)
    if sink.refused is not None:
        return _refused(sink.refused)
    if fault is None:
        return None
    broken = DownloadError(f"The image broke off: {fault}. {_FREE}", reason=DownloadReason.CONNECTION)
    return _Failure(broken, passing=True)


def _refused(error: DownloadError) -> _Failure:
    return _Failure(error, passing=error.reason is not DownloadReason.TOO_LARGE)


def _judge_refusal(
    image: GeneratedImage, sink: ImageSink, now: float | None, asked: float | None, timing: Timing
) -> _Failure:
    """The failure of a link that the host refuses.

    A link past its `exp` by the host's own clock has expired; only a 403 or 410 means that by itself, and is not
    retried. This machine's clock decides only where the host shows none, and for these two statuses.
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
        return _Failure(error, passing=not final)
    if image.is_image_safe is False:
        error = DownloadError(
            f"The image was withheld by the service's safety check: the image host refuses its link ({status}). It is "
            f"still billed. {_FREE}",
            reason=DownloadReason.WITHHELD,
            status_code=status,
        )
        return _Failure(error, passing=True)
    until = f", until {expiry.isoformat()}" if expiry else ""
    error = _status_error("refused the link", sink)
    error.explain(f"It may be asked again as long as it lives{until}: {shorten_link(image.url)}")
    return _Failure(error, passing=True, asked=asked)


def _host_time(headers: httpx.Headers) -> float | None:
    """The host's clock in unix seconds, if it shows one."""
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _status_error(what: str, sink: ImageSink) -> DownloadError:
    message = f"The image host {what} ({sink.status}). {_FREE}"
    return DownloadError(message, reason=DownloadReason.STATUS, status_code=sink.status)


# Which links may be fetched. A link comes from a response, so an attacker who forges one chooses where the client
# connects to. Hence https, public addresses, and a check of the address that was really connected to.

# Not `is_private`: that includes 198.18.0.0/15, which some VPN clients give to every public name.
_PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "::/128", "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MAX_PORT = 65535


@frozen
class DownloadURLPolicy:
    """Which links may be fetched, given the base URL of the API.

    Attributes:
        base_host: The host of the base URL. Its own images may have any address, because the caller chose that host.
        private: Whether the base URL itself has a private address; then images may have private addresses.
        loopback: Whether the base URL is this machine; then loopback links may use http.
        plain: Whether the base URL is http, which the caller allowed; then links to its host may be http too.
    """

    base_host: str
    private: bool
    loopback: bool
    plain: bool

    @classmethod
    def of(cls, base_url: str) -> DownloadURLPolicy:
        """The policy for a base URL."""
        parts = urlsplit(base_url)
        host = (parts.hostname or "").lower()
        loopback = is_loopback(host)
        return cls(host, private=loopback or _is_private(host), loopback=loopback, plain=parts.scheme == "http")

    def check(self, url: str) -> Callable[[str, str], None]:
        """Check a link before it is fetched; return a check of the host and address of the connection.

        Raises:
            DownloadError: The link may not be fetched; its reason is FORBIDDEN_ADDRESS.
        """
        try:
            link = httpx.URL(url)  # any other parser could check another host than the one that is connected to
        except (httpx.InvalidURL, ValueError):
            raise _forbidden(url, "this is no URL") from None
        if link.port is not None and not 0 < link.port <= _MAX_PORT:
            raise _forbidden(url, f"there is no port {link.port}")
        # Not `link.host`: this is what is connected to, an international name in its ASCII form.
        host = link.raw_host.decode("ascii")
        if not host or link.scheme not in {"https", "http"}:
            raise _forbidden(url, "images are fetched over https")
        may_be_plain = (self.loopback and is_loopback(host)) or (self.plain and host == self.base_host)
        if link.scheme == "http" and not may_be_plain:
            raise _forbidden(url, "images are fetched over https, and http would let others read and change them")
        if link.userinfo:
            raise _forbidden(url, "it carries a user name")
        may_be_private = self.private or host == self.base_host
        into_private = "it leads to an address inside a private network or this machine"
        if (_is_private(host) or is_loopback(host)) and not may_be_private:
            raise _forbidden(url, into_private)

        def check_peer(connected_host: str, address: str) -> None:
            # A host other than the link's is a proxy of the environment: it connects by itself.
            if connected_host.strip("[]").lower() == host and _is_private(address) and not may_be_private:
                raise _forbidden(url, into_private)

        return check_peer


def follow(url: str, location: str) -> str:
    """The absolute URL of a redirect."""
    try:
        return str(httpx.URL(url).join(location))
    except (httpx.InvalidURL, ValueError):
        raise _forbidden(location, "this is no URL") from None


def _is_private(host: str) -> bool:
    """Whether a text is an address of a private network, a link or this machine."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            address = address.ipv4_mapped
        elif address in _NAT64:
            address = ipaddress.IPv4Address(address.packed[-4:])
    return any(address in network for network in _PRIVATE_NETWORKS)


def _forbidden(url: str, reason: str) -> DownloadError:
    return DownloadError(
        f"The link {shorten_link(url)} is not fetched: {reason}.", reason=DownloadReason.FORBIDDEN_ADDRESS
    )


# Receiving an image.

_LEAST_RATE = 2 * 1024
"""The bytes of the image that must arrive each second, on average over the window."""
_WINDOW = 60.0
"""Seconds, unless the read timeout is shorter."""
_LARGE = 200
"""A piece of this size is not from a server that drips."""


class RateLimit:
    """Decides when a host is too slow. What has no image bytes, for example an empty gzip block, counts as nothing."""

    def __init__(self, clock: Callable[[], float], timeout: httpx.Timeout) -> None:
        self._clock = clock
        self._other_steps = sum(seconds or 0.0 for seconds in timeout.as_dict().values())
        self._window = min(_WINDOW, timeout.read or _WINDOW)
        self.start()

    def longest(self, size: int) -> float:
        """The seconds that an exchange of so many bytes may take."""
        return self._other_steps + self._window + size / _LEAST_RATE

    def start(self) -> None:
        """Start a window."""
        self._bytes = 0
        self._until = self._clock() + self._window

    def accept(self, size: int) -> bool:
        """Count the image bytes of a piece of the body; False when the host is too slow."""
        self._bytes += size
        if self._bytes >= self._window * _LEAST_RATE:
            self.start()
        # A large piece was already there while the program stood still, for example in a laptop with a closed lid.
        return size >= _LARGE or self._clock() <= self._until


class ImageSink:
    """Writes an image into its file, and resumes where the last attempt broke off if the host allows that."""

    def __init__(self, file: ImageFile, max_bytes: int, rate: RateLimit) -> None:
        self.status = 0
        self.headers = httpx.Headers()
        self.refused: DownloadError | None = None  # why no more of the response is wanted
        self.misplaced = False  # whether it is a part that does not continue the file, or one of another image
        self._file = file
        self._max_bytes = max_bytes
        self._rate = rate
        self._head = b""
        self._content_type = ""
        self._total: int | None = None
        self._coding = ""
        self._coded = b""  # the first bytes of a body that may be encoded
        self._decoder: Decoder | None = None
        self._validators: dict[str, str] = {}
        self._ranges = False

    @property
    def suffix(self) -> str | None:
        """The suffix for the image; None when it is not an image."""
        return image_suffix(self._head) or suffix_of_unknown(self._head, self._content_type)

    def resume_headers(self) -> dict[str, str]:
        """The headers that ask for the missing rest; none if the host gave no way to know that it is the same image."""
        etag = self._validators.get("etag", "")
        validator = etag if etag.startswith('"') else self._validators.get("last-modified")
        if not (self._file.size and self._ranges and validator):
            return {}
        return {"Range": f"bytes={self._file.size}-", "If-Range": validator}

    def forget(self) -> None:
        """Start again from nothing."""
        self._file.restart()
        self._head = self._coded = b""
        self._total = None
        self._validators = {}

    def start(self, status: int, headers: httpx.Headers, *, decoded: bool) -> bool:
        """Take the head of a response; False when its body is of no use."""
        self._rate.start()
        self.status, self.headers, self.misplaced = status, headers, False
        if status == HTTPStatus.PARTIAL_CONTENT:
            self.misplaced = not self._continues(headers)
            return not self.misplaced
        if status != HTTPStatus.OK:
            return False
        self.forget()
        self._content_type = headers.get("content-type", "")
        self._coding = headers.get("content-encoding", "")
        if not self._coding:
            self._decoder = self._take_plain()
        else:
            self._decoder = Decoder("") if decoded else None
        return self.refused is None

    def feed(self, chunk: bytes) -> bool:
        """Take a piece of the body; False when no more is wanted."""
        before = self._file.size
        try:
            wanted = all(self._keep(piece) for piece in self._decode(chunk, last=False))
        except DecodingError as error:
            return self._refuse(str(error), DownloadReason.NOT_AN_IMAGE)
        if wanted and not self._rate.accept(self._file.size - before):
            return self._refuse("it came too slowly", DownloadReason.CONNECTION)
        return wanted

    def end(self) -> str | None:
        """Why the image is not complete after the body came to its end; None if it is, or if it was refused."""
        try:
            _ = all(self._keep(piece) for piece in self._decode(b"", last=True))
        except DecodingError as error:
            self._refuse(str(error), DownloadReason.NOT_AN_IMAGE)
        suffix = self.suffix
        if self.refused is None and suffix is None:
            self._refuse_format()
        if self.refused is not None or suffix is None:
            return None
        size = self._file.size
        if self._total not in {None, size}:
            return f"it has {size} of {self._total} bytes"
        fault = self._file.find_fault(suffix)
        if self._decoder is not None and not self._decoder.complete:
            fault = "its compressed form is not complete"
        if fault is not None and size == self._total:
            self.forget()  # there is no rest to ask for
        return fault

    def holds_all(self) -> bool:
        """Whether the image is there to the end of its format, although the response did not end."""
        suffix = self.suffix
        if self._total is not None or self._decoder is None or not self._decoder.complete or suffix not in WALKED:
            return False
        return self._file.find_fault(suffix) is None

    def _take_plain(self) -> Decoder:
        """Read the headers of a body that is the image itself."""
        length = self.headers.get("content-length", "")
        if re.fullmatch("[0-9]{1,20}", length):
            self._total = int(length)
            if self._total > self._max_bytes:
                self._refuse_size()
        self._ranges = self.headers.get("accept-ranges", "").lower() == "bytes"
        self._validators = _validators(self.headers)
        return Decoder("")

    def _decode(self, chunk: bytes, *, last: bool) -> Iterable[bytes]:
        """The image's bytes in a piece of the body.

        Some hosts name an encoding that the body does not have: an image is recognised by its first bytes.
        """
        if self._decoder is None:
            self._coded += chunk
            if len(self._coded) < HEAD_BYTES and not last:
                return ()
            chunk, self._coded = self._coded, b""
            self._decoder = self._take_plain() if image_suffix(chunk) else Decoder(self._coding)
            if self.refused is not None:
                return ()
        return self._decoder.decode(chunk)

    def _continues(self, headers: httpx.Headers) -> bool:
        """Whether a partial response continues the file, with unencoded bytes of the same image."""
        match = re.fullmatch(r"bytes ([0-9]{1,20})-[0-9]{1,20}/([0-9]{1,20}|\*)", headers.get("content-range", ""))
        if match is None or int(match[1]) != self._file.size:
            return False
        if headers.get("content-encoding", "identity").lower() != "identity" or not self._is_same_image(headers):
            return False
        total = self._total if match[2] == "*" else int(match[2])
        if self._total not in {None, total}:
            return False
        self._total = total
        return True

    def _is_same_image(self, headers: httpx.Headers) -> bool:
        """Whether a partial response is of the image in the file: not every host honours If-Range.

        Without a validator it is accepted for a PNG only, whose checksums reveal a mixture.
        """
        now = _validators(headers)
        both = self._validators.keys() & now.keys()
        if any(self._validators[name] != now[name] for name in both):
            return False
        return bool(both) or (bool(self._validators) and self.suffix == ".png")

    def _keep(self, piece: bytes) -> bool:
        if self._file.size + len(piece) > self._max_bytes:
            return self._refuse_size()
        if len(self._head) < HEAD_BYTES:
            self._head += piece[: HEAD_BYTES - len(self._head)]
            if len(self._head) == HEAD_BYTES and self.suffix is None:
                return self._refuse_format()
        self._file.write(piece)
        return True

    def _refuse_format(self) -> bool:
        kind = self._content_type or "no content type"
        return self._refuse(f"what came is not an image (it says {kind!r:.80})", DownloadReason.NOT_AN_IMAGE)

    def _refuse_size(self) -> bool:
        return self._refuse(
            f"the image is larger than max_bytes ({self._max_bytes}); pass a larger max_bytes", DownloadReason.TOO_LARGE
        )

    def _refuse(self, why: str, reason: DownloadReason) -> bool:
        if reason is DownloadReason.NOT_AN_IMAGE:
            self.forget()  # nothing can be resumed from it
        self.refused = DownloadError(f"The image is not saved: {why}. {_FREE}", reason=reason, status_code=self.status)
        return False


def _validators(headers: httpx.Headers) -> dict[str, str]:
    """What distinguishes this image from another one under the same link."""
    return {name: headers[name] for name in ("etag", "last-modified") if headers.get(name)}
