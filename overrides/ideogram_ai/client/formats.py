"""Formats of images: recognising one by its first bytes, and finding out whether an image is there to its end.

A host that keeps half an image sends it as if it were complete, and where no length is announced a cut looks like the
end. So the formats that the service serves are walked, piece by piece, to the end that they have; nothing is decoded.
"""

from __future__ import annotations

import mimetypes
import re
import zlib
from typing import TYPE_CHECKING, BinaryIO, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HEAD_BYTES = 1024
"""The first bytes that show an image's format."""
WALKED = frozenset({".png", ".jpg", ".webp", ".gif", ".avif"})
"""The formats whose end is known for certain."""

_BLOCK = 1 << 16
_MAX_PIECES = 2_000_000
"""A walk ends here: no image has so many pieces, and a host could send pieces without content."""
_SHORTEST = 16
"""Fewer bytes are not an image in any format."""

_PROLOG = rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s[^\[>]*+(?:\[.*?\]\s*+)?>"
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (rb"\x89PNG\r\n\x1a\n", ".png"),
    (rb"\xff\xd8\xff", ".jpg"),
    (rb"RIFF....WEBP", ".webp"),
    (rb"GIF8[79]a", ".gif"),
    (rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", ".jxl"),
    (rb"\0\0\0\x0cjP  \r\n\x87\n", ".jp2"),
    (rb"\xff\x4f\xff\x51", ".j2k"),
    (rb"II[*+]\0|MM\0[*+]", ".tiff"),
    (rb"BM....\0\0\0\0", ".bmp"),
    (rb"(?:\xef\xbb\xbf)?\s*+(?:(?>" + _PROLOG + rb")\s*+)*+<(?:\w+:)?svg[\s>/]", ".svg"),
)
_KNOWN = tuple((re.compile(pattern, re.DOTALL), suffix) for pattern, suffix in _SIGNATURES)
_BRANDS: tuple[tuple[frozenset[bytes], str], ...] = (
    (frozenset({b"avif", b"avis"}), ".avif"),
    (frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}), ".heic"),
    (frozenset({b"mif1", b"mif2", b"msf1"}), ".heif"),
)
_WALKED_TYPES = frozenset({"image/png", "image/jpeg", "image/jpg", "image/webp", "image/gif", "image/avif"})
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def image_suffix(head: bytes) -> str | None:
    """The suffix for an image that starts with these bytes; None for an unknown format."""
    if head[4:8] == b"ftyp":
        return _suffix_of_brands(head[: int.from_bytes(head[:4])])
    return next((suffix for pattern, suffix in _KNOWN if pattern.match(head)), None)


def suffix_of_unknown(head: bytes, content_type: str) -> str | None:
    """The suffix for bytes in an unknown format; None when they are surely not an image.

    Text is not an image, whatever its content type says. Nor is what is called text, JSON or one of the known formats.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if len(head) < _SHORTEST or head.startswith(_BYTE_ORDER_MARKS) or not _CONTROL.search(head):
        return None
    if not kind.startswith("image/") and (kind.startswith("text/") or kind.endswith(("json", "xml"))):
        return None
    return None if kind in _WALKED_TYPES else mimetypes.guess_extension(kind) or ".bin"


def _suffix_of_brands(box: bytes) -> str | None:
    """The suffix for a file type box: its major brand, a version, and the compatible brands."""
    brands = {box[at : at + 4] for at in (8, *range(16, len(box), 4))}
    return next((suffix for known, suffix in _BRANDS if brands & known), None)


def find_fault(file: BinaryIO, size: int, suffix: str) -> str | None:
    """What is missing or wrong in an image of this size and format; None if it is there to the end of its format.

    Further bytes may follow the end. Formats without a walk are not checked.
    """
    walk = _WALKS.get(suffix)
    if walk is None:
        return None
    try:
        walk(_Reader(file, size))
    except _FaultError as fault:
        return str(fault)
    return None


class _FaultError(Exception):
    """The image is not complete."""


class _Reader:
    """Reads a file forward, in blocks."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.size = size
        self._file = file
        self._block = b""
        self._at = 0
        self._fetched = 0
        self._pieces = 0

    @property
    def position(self) -> int:
        """How many bytes were read or skipped."""
        return self._fetched - len(self._block) + self._at

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return self.size - self.position

    def take(self, count: int) -> bytes:
        """The next bytes."""
        self._pieces += 1
        if self._pieces > _MAX_PIECES:
            raise _FaultError(f"it has more than {_MAX_PIECES} pieces")
        if count > self.left:
            raise _FaultError(f"it ends after {self.size} bytes, in the middle")
        if len(self._block) - self._at < count:
            self._fetch(count)
        self._at += count
        return self._block[self._at - count : self._at]

    def number(self, count: int, order: Literal["big", "little"] = "big") -> int:
        """The next bytes, as a number."""
        return int.from_bytes(self.take(count), order)

    def skip(self, count: int) -> None:
        """Skip bytes."""
        if count > self.left:
            raise _FaultError(f"it ends after {self.size} bytes, in the middle")
        target = self.position + count
        self._at += count
        if self._at > len(self._block):
            self._file.seek(target)
            self._block, self._at, self._fetched = b"", 0, target

    def checksum(self, count: int, start: int) -> int:
        """The CRC-32 of the next bytes."""
        while count:
            piece = self.take(min(count, _BLOCK))
            start = zlib.crc32(piece, start)
            count -= len(piece)
        return start

    def find(self, pattern: re.Pattern[bytes]) -> bytes:
        """Move behind the next two bytes that match, and return them."""
        while (match := pattern.search(self._block, self._at)) is None:
            if self.left < 2:
                raise _FaultError(f"it ends after {self.size} bytes, in the middle")
            self._at = max(self._at, len(self._block) - 1)
            self._fetch(2)
        self._at = match.end()
        self.take(0)
        return match[0]

    def _fetch(self, count: int) -> None:
        piece = self._file.read(max(count, _BLOCK))
        self._block, self._at = self._block[self._at :] + piece, 0
        self._fetched += len(piece)


def _walk_png(reader: _Reader) -> None:
    reader.skip(8)
    drawn = False
    while True:
        at = reader.position
        length = reader.number(4)
        kind = reader.take(4)
        checksum = reader.checksum(length, zlib.crc32(kind))
        if reader.number(4) != checksum:
            raise _FaultError(f"the checksum of the chunk at byte {at} is wrong")
        drawn = drawn or kind == b"IDAT"
        if kind == b"IEND":
            break
    _expect(drawn)


_JPEG_START = re.compile(rb"\xff\xd8")
_JPEG_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
"""Neither stuffing nor a restart marker. Below 0xC0 there are only data, in JPEG-LS."""
_MPF_COUNT = b"\xb0\x01", b"\x01\xb0"


def _walk_jpeg(reader: _Reader) -> None:
    """Walk a picture, and as many more as its index counts (CIPA DC-007), whose offsets Pillow writes wrong."""
    pictures = _walk_jpeg_picture(reader)
    for _ in range(1, pictures):
        _walk_jpeg_picture(reader)


def _walk_jpeg_picture(reader: _Reader) -> int:
    """Walk one picture: segments by their length, because a thumbnail in one has its own end, and scans to their end.

    Returns:
        The number of pictures in its index; 0 without one.
    """
    reader.find(_JPEG_START)
    drawn = False
    pictures = 0
    while (code := reader.find(_JPEG_MARKER)[1]) != 0xD9:
        length = reader.number(2) - 2
        if length < 0:
            raise _FaultError(f"the segment at byte {reader.position - 4} has no length")
        if code == 0xE2:
            pictures = max(pictures, _count_pictures(reader.take(length)))
        else:
            reader.skip(length)
        drawn = drawn or code == 0xDA
    _expect(drawn)
    return pictures


def _count_pictures(segment: bytes) -> int:
    """The number of pictures in a multi-picture index, an entry of a TIFF directory."""
    if segment[:4] != b"MPF\0":
        return 0
    order: Literal["big", "little"] = "little" if segment[4:6] == b"II" else "big"
    directory = 4 + int.from_bytes(segment[8:12], order)
    entries = (segment[at : at + 12] for at in range(directory + 2, len(segment), 12))
    return next((int.from_bytes(entry[8:], order) for entry in entries if entry[:2] in _MPF_COUNT), 0)


def _walk_webp(reader: _Reader) -> None:
    reader.skip(4)
    end = reader.number(4, "little") + 8
    if reader.size < end:
        raise _FaultError(f"it has {reader.size} of {end} bytes")
    reader.skip(4)
    drawn = False
    while reader.position + 8 <= end:
        kind = reader.take(4)
        length = reader.number(4, "little")
        if reader.position + length > end:
            raise _FaultError(f"the chunk at byte {reader.position - 8} is longer than the image")
        reader.skip(min(length + length % 2, end - reader.position))
        drawn = drawn or kind in {b"VP8 ", b"VP8L", b"ANMF"}
    _expect(drawn)


def _walk_gif(reader: _Reader) -> None:
    reader.skip(10)
    _skip_color_table(reader, unused=2)
    drawn = False
    while (kind := reader.take(1)) != b";":
        if kind == b"!":
            reader.skip(1)
            _skip_sub_blocks(reader)
        elif kind == b",":
            reader.skip(8)
            _skip_color_table(reader, unused=0)
            reader.skip(1)
            _skip_sub_blocks(reader)
            drawn = True
        elif kind != b"\0":  # programs that read GIF skip stray zeros
            raise _FaultError(f"the block at byte {reader.position - 1} has no known type")
    _expect(drawn)


def _skip_color_table(reader: _Reader, *, unused: int) -> None:
    flags = reader.number(1)
    reader.skip(unused)
    if flags & 0x80:
        reader.skip(3 << (flags % 8 + 1))


def _skip_sub_blocks(reader: _Reader) -> None:
    while length := reader.number(1):
        reader.skip(length)


_PICTURE_BOXES = frozenset({b"meta", b"mdat", b"moov", b"jxlc", b"jxlp", b"jp2c"})


def _walk_boxes(reader: _Reader) -> None:
    """Walk AVIF and similar formats: boxes (ISO/IEC 14496-12), and the offsets of the pictures in them."""
    kinds: set[bytes] = set()
    end = 0
    while reader.left >= 8:
        at = reader.position
        length = reader.number(4)
        kind = reader.take(4)
        if length == 1 and reader.left >= 8:
            length = reader.number(8)
        elif length == 0:
            length = reader.size - at  # it is the last one, and ends with the file
        if not reader.position <= at + length <= reader.size:
            if kind in _PICTURE_BOXES:
                raise _FaultError(f"the box at byte {at} is cut")
            break  # a program's own bytes, or what no picture needs
        kinds.add(kind)
        if kind == b"meta":
            reader.skip(4)  # the boxes in it are walked like the others
            continue
        if kind == b"iloc":
            end = _end_of_items(reader)
        elif kind == b"jxlp" and reader.number(4) >> 31:
            kinds.add(b"jxlc")  # the last part of a picture is marked
        reader.skip(max(0, at + length - reader.position))
    _expect(bool(kinds & {b"iloc", b"moov", b"jxlc", b"jp2c"}))
    if reader.size < end:
        raise _FaultError(f"it has {reader.size} of {end} bytes")


def _end_of_items(reader: _Reader) -> int:
    """The end of the last picture whose offset is in an item location box."""
    version = reader.number(1)
    reader.skip(3)
    sizes = reader.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    wide = 4 if version >= 2 else 2
    end = 0
    for _ in range(reader.number(wide)):
        reader.skip(wide)
        in_file = not (version and reader.number(2) & 15)
        in_file = reader.number(2) == 0 and in_file
        base = reader.number(base_size)
        for _ in range(reader.number(2)):
            reader.skip(index_size)
            start = base + reader.number(offset_size)
            length = reader.number(length_size)
            end = max(end, start + length) if in_file else end
    return end


def _walk_jxl(reader: _Reader) -> None:
    """Walk the boxes of JPEG XL; the end of a picture without boxes is not known without decoding it."""
    if reader.take(1) == b"\0":
        reader.skip(11)
        _walk_boxes(reader)


def _expect(drawn: bool) -> None:
    if not drawn:
        raise _FaultError("it has an end and no picture")


_WALKS: Mapping[str, Callable[[_Reader], None]] = {
    ".png": _walk_png,
    ".jpg": _walk_jpeg,
    ".webp": _walk_webp,
    ".gif": _walk_gif,
    ".avif": _walk_boxes,
    ".jxl": _walk_jxl,
    ".heic": _walk_boxes,
    ".heif": _walk_boxes,
    ".jp2": _walk_boxes,
}
