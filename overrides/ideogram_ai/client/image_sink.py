"""Takes the bytes of an image as they arrive: decodes, bounds, and writes them, and goes on after a break."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from .decoding import Decoder, DecodingError
from .errors import DownloadError, DownloadReason
from .image_format import HEAD_BYTES, WALKED, image_suffix, suffix_of_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .image_file import ImageFile

FREE = "Downloading again costs nothing."
LEAST_RATE = 2 * 1024
"""So many bytes of the image must come each second, on average over WINDOW."""
WINDOW = 60.0
"""Seconds, unless the limit of reading is shorter."""
_LARGE = 200
"""Bytes of a piece that no drip brings."""


class Pace:
    """Says when a host is too slow. What brings no byte of the image, like an empty block of gzip, counts for nothing.

    Args:
        clock: Seconds that only grow.
        limits: Time limits of an exchange.
    """

    def __init__(self, clock: Callable[[], float], limits: httpx.Timeout) -> None:
        self._clock = clock
        self._beside = sum(seconds or 0.0 for seconds in limits.as_dict().values())
        self._window = min(WINDOW, limits.read or WINDOW)
        self.begin()

    def bound(self, size: int) -> float:
        """Seconds that an exchange of so many bytes takes at most."""
        return self._beside + self._window + size / LEAST_RATE

    def begin(self) -> None:
        """Begin a body."""
        self._bytes = 0
        self._until = self._clock() + self._window

    def take(self, size: int) -> bool:
        """Take note of how many bytes of the image a piece of the body brought; False when the host is too slow."""
        self._bytes += size
        if self._bytes >= self._window * LEAST_RATE:
            self.begin()
        # A large piece lay there already, while the program stood still behind a laptop's lid for example.
        return size >= _LARGE or self._clock() <= self._until


class ImageSink:
    """Writes an image into its file, and goes on where the last attempt broke off if the host allows that.

    Args:
        file: The file.
        max_bytes: The largest image that is taken, in decoded bytes.
        pace: How slow the host may be.

    Attributes:
        status: The status of the answer.
        headers: Its headers.
        refused: Why no more was wanted of it; None if that is not so.
        misplaced: Whether it is a part of the image that does not go on where the file ends, or of another image.
    """

    def __init__(self, file: ImageFile, max_bytes: int, pace: Pace) -> None:
        self.status = 0
        self.headers = httpx.Headers()
        self.refused: DownloadError | None = None
        self.misplaced = False
        self._file = file
        self._max_bytes = max_bytes
        self._pace = pace
        self._head = b""
        self._content_type = ""
        self._total: int | None = None
        self._coding = ""
        self._coded = b""  # the first bytes of a body that may be coded
        self._decoder: Decoder | None = None
        self._validators: dict[str, str] = {}
        self._ranges = False

    @property
    def suffix(self) -> str | None:
        """The suffix that fits the image; None when it is none."""
        return image_suffix(self._head) or suffix_of_unknown(self._head, self._content_type)

    def resume_headers(self) -> dict[str, str]:
        """What asks for the missing rest only; nothing when the host gave no way to know that it is the same image."""
        etag = self._validators.get("etag", "")
        validator = etag if etag.startswith('"') else self._validators.get("last-modified")
        if not (self._file.size and self._ranges and validator):
            return {}
        return {"Range": f"bytes={self._file.size}-", "If-Range": validator}

    def forget(self) -> None:
        """Begin anew."""
        self._file.restart()
        self._head = self._coded = b""
        self._total = None
        self._validators = {}

    def start(self, status: int, headers: httpx.Headers, *, decoded: bool) -> bool:
        """Take the head of an answer; False when its body is of no use."""
        self._pace.begin()
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
        """Take a piece of the image; False when no more is wanted."""
        before = self._file.size
        try:
            wanted = all(self._keep(piece) for piece in self._decode(chunk, last=False))
        except DecodingError as error:
            return self._refuse(str(error), DownloadReason.NOT_AN_IMAGE)
        if wanted and not self._pace.take(self._file.size - before):
            return self._refuse("it came too slowly", DownloadReason.CONNECTION)
        return wanted

    def end(self) -> str | None:
        """Judge what was written after the body came to its end. It reads the file.

        Returns:
            Why the image is not whole; None if it is, or if it was refused.
        """
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
            fault = "what it was compressed into is not whole"
        if fault is not None and size == self._total:
            self.forget()  # there is no rest to ask for
        return fault

    def holds_all(self) -> bool:
        """Whether the image is there to the end of its format, although the answer did not end. It reads the file."""
        suffix = self.suffix
        if self._total is not None or self._decoder is None or not self._decoder.complete or suffix not in WALKED:
            return False
        return self._file.find_fault(suffix) is None

    def _take_plain(self) -> Decoder:
        """Take note of what is known of a body that is the image as it is."""
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

        Some hosts name a coding that the image does not have. It is known by its first bytes.
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
        """Whether a partial answer goes on where the file ends, with the bytes of the same image as they are."""
        match = re.fullmatch(r"bytes ([0-9]{1,20})-[0-9]{1,20}/([0-9]{1,20}|\*)", headers.get("content-range", ""))
        if match is None or int(match[1]) != self._file.size:
            return False
        if headers.get("content-encoding", "identity").lower() != "identity":
            return False
        if not self._is_same_image(headers):
            return False
        total = self._total if match[2] == "*" else int(match[2])
        if self._total not in {None, total}:
            return False
        self._total = total
        return True

    def _is_same_image(self, headers: httpx.Headers) -> bool:
        """Whether a partial answer is of the image that was begun.

        If-Range asked for nothing else, and not every host heeds it. One that names no image is believed for a PNG
        alone, whose checksums show a mixture.
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
        return self._refuse(f"what came is no image (it says {kind!r:.80})", DownloadReason.NOT_AN_IMAGE)

    def _refuse_size(self) -> bool:
        return self._refuse(
            f"the image is larger than max_bytes ({self._max_bytes}); pass a larger max_bytes", DownloadReason.TOO_LARGE
        )

    def _refuse(self, why: str, reason: DownloadReason) -> bool:
        if reason is DownloadReason.NOT_AN_IMAGE:
            self.forget()  # nothing goes on from it
        self.refused = DownloadError(f"The image is not saved: {why}. {FREE}", reason=reason, status_code=self.status)
        return False


def _validators(headers: httpx.Headers) -> dict[str, str]:
    """What tells this image from another one under the same link."""
    return {name: headers[name] for name in ("etag", "last-modified") if headers.get(name)}
