"""Receiving an image: how slow a host may be, what is refused, and resuming where the last attempt broke off."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from .bodies import Decoder, DecodingError
from .errors import DownloadError, DownloadReason
from .formats import HEAD_BYTES, WALKED, image_suffix, suffix_of_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .files import ImageFile

FREE = "Downloading again costs nothing."
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
        self.refused = DownloadError(f"The image is not saved: {why}. {FREE}", reason=reason, status_code=self.status)
        return False


def _validators(headers: httpx.Headers) -> dict[str, str]:
    """What distinguishes this image from another one under the same link."""
    return {name: headers[name] for name in ("etag", "last-modified") if headers.get(name)}
