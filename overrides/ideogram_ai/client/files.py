"""Image files: saving one completely or not at all, recognising its format, and the sidecar that records its origin.

A host that keeps half an image sends it as if it were complete, and where no length is announced a cut looks like the
end. So the formats that the service serves are walked, piece by piece, to the end that they have; nothing is decoded.
"""

from __future__ import annotations

import contextlib
import io
import json
import mimetypes
import os
import re
import secrets
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Protocol, Self

from ideogram_ai.generated.contract import CONTRACT_SHA256

from . import __version__
from .errors import DownloadError, DownloadReason
from .redaction import shorten_link

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from types import TracebackType

    from .response import GeneratedImage, Generation

_FLUSH_STEP = 4 * 1024 * 1024


class ImageFile:
    """Writes an image beside its place, and moves it there when it is complete.

    It is a context manager, which leaves nothing behind unless finish() was called. The path is a file, or a folder (an
    existing one, or a text that ends with a slash) in which the file is named after the stem of the link.

    Raises:
        DownloadError: The file exists (EXISTS), or its folder does not (UNWRITABLE).
    """

    def __init__(self, path: str | os.PathLike[str], *, stem: str, overwrite: bool) -> None:
        text = os.fspath(path)
        self._overwrite = overwrite
        self._target = Path(text)
        self._stem = None
        if _is_folder(text) or text.endswith(("/", os.sep)):
            self._stem = re.sub(r"[^A-Za-z0-9_-]", "", stem)[:100] or "image"
        self._folder = self._target if self._stem else self._target.parent
        if not _is_folder(self._folder):
            cure = "make it first" if "://" not in text else f"for a URL, give fsspec.open({text!r:.300}, 'wb')"
            raise _unwritable(self._target, f"there is no folder {str(self._folder)!r}; {cure}")
        if not self._stem:
            self._refuse_existing(self._target)
        self._part = self._folder / f".{secrets.token_hex(8)}.part"
        self.size = 0
        self._flushed = 0  # bytes that the system was asked to write to the disk

    def __enter__(self) -> Self:
        return self

    def open(self) -> None:
        """Create the file beside its place. Not part of __enter__, where a Ctrl-C would leave it behind."""
        with _writing(self._target):
            # Not tempfile: its files are readable by their owner alone, and would stay so.
            self._file: BinaryIO = self._part.open("x+b")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError, AttributeError):  # it may not be open yet
            self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self._part.unlink()

    def restart(self) -> None:
        """Discard what was written."""
        with _writing(self._target):
            self._file.seek(0)
            self._file.truncate()
        self.size = self._flushed = 0

    def write(self, piece: bytes) -> None:
        """Append a piece."""
        with _writing(self._target):
            self._file.write(piece)
        self.size += len(piece)
        if self.size - self._flushed >= _FLUSH_STEP:
            # Start writing to the disk now, or finish() would wait for all of it. A hint, not available everywhere.
            with contextlib.suppress(AttributeError, OSError):
                os.posix_fadvise(self._file.fileno(), self._flushed, 0, os.POSIX_FADV_DONTNEED)
            self._flushed = self.size

    def find_fault(self, suffix: str) -> str | None:
        """Why the image is not complete, read from the file; None if it is. See find_fault below."""
        with _writing(self._target):
            self._file.seek(0)
            fault = find_fault(self._file, self.size, suffix)
            self._file.seek(0, os.SEEK_END)
        return fault

    def finish(self, suffix: str) -> Path:
        """Move the complete image to its place, and return its path. It is on the disk before it has its name."""
        target = self._target / f"{self._stem}{suffix}" if self._stem else self._target
        with _writing(target):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            if self._overwrite:
                self._part.replace(target)
            else:
                self._claim(target)
            _sync_folder(self._folder)
        return target

    def _claim(self, target: Path) -> None:
        """Move the part to the target unless a file with that name appeared in the meantime."""
        self._refuse_existing(target)
        try:
            os.link(self._part, target)
        except FileExistsError:
            raise _exists(target) from None
        except OSError:
            # A file system without hard links: claim the name with an empty file, and replace that.
            try:
                target.open("xb").close()
            except FileExistsError:
                raise _exists(target) from None
            try:
                self._part.replace(target)
            except BaseException:
                # The part is gone if the task that started this thread was cancelled.
                target.unlink()
                raise

    def _refuse_existing(self, target: Path) -> None:
        try:
            os.lstat(target)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise _unwritable(target, getattr(error, "strerror", None) or str(error)) from error
        if not self._overwrite:
            raise _exists(target)


class ImageInMemory(ImageFile):
    """An image that is kept in memory until its end, with the checks of one in a file."""

    def __init__(self) -> None:
        self._target = Path("an image in memory")
        self._file = io.BytesIO()
        self.size = self._flushed = 0

    def open(self) -> None:
        """Nothing: it is open."""

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self) -> bytes:
        """All bytes of the image."""
        self._file.seek(0)
        return self._file.read()


class Writable(Protocol):
    """A binary file that is open for writing."""

    def write(self, data: bytes, /) -> object:
        """Write bytes; return how many were written, or None for all."""
        ...


class Opens(Protocol):
    """What opens a binary file in a `with` block, for example fsspec.open(url, "wb")."""

    def __enter__(self) -> Writable: ...

    def __exit__(self, *exc: Any) -> object: ...


class ImageForFile(ImageInMemory):
    """An image that is written into somebody's binary file in one go, when it is complete."""

    def __init__(self, target: object) -> None:
        super().__init__()
        self._given: Any = target
        if isinstance(target, io.TextIOBase):
            raise DownloadError("It is opened as text: open it with mode 'wb'.", reason=DownloadReason.UNWRITABLE)

    def finish(self, suffix: str) -> Path:
        """Write the image, and return no path of meaning. The file stays open if it was given open."""
        del suffix
        try:
            if hasattr(self._given, "write"):
                self._write_all(self._given)
            else:
                with self._given as file:
                    self._write_all(file)
        except Exception as error:  # a file of anybody's
            raise _unwritable(self._given, f"{type(error).__name__}: {error}") from error
        return self._target

    def _write_all(self, file: Writable) -> None:
        rest = memoryview(self.read())
        while rest:
            written = file.write(bytes(rest))
            rest = rest[written if isinstance(written, int) else len(rest) :]


def _is_folder(path: str | Path) -> bool:
    # Path.is_dir() raises for a name that is too long, on Python 3.11 to 3.13.
    return os.path.isdir(path)  # noqa: PTH112


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, on systems that can open a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _writing(target: Path) -> Generator[None]:
    """Turn the errors of the disk into a DownloadError that names the file."""
    try:
        yield
    except OSError as error:
        raise _unwritable(target, str(error.strerror)) from error


def _exists(target: Path) -> DownloadError:
    return DownloadError(
        f"{str(target)!r} exists and is left as it is. Choose another path, or pass overwrite=True; downloading again "
        "costs nothing.",
        reason=DownloadReason.EXISTS,
    )


def _unwritable(target: object, why: str) -> DownloadError:
    return DownloadError(
        f"{str(target)!r:.300} cannot be written: {why}. Downloading again costs nothing.",
        reason=DownloadReason.UNWRITABLE,
    )


# The sidecar.

KEYWORD = "ideogram-ai"
"""The keyword of the text chunk in a PNG."""
_XMP = b"XML:com.adobe.xmp"
_MAX_XMP = 16 * 1024 * 1024
_POINTS_TO_CREDENTIALS = re.compile(rb"c2pa|dcterms:provenance|contentcredentials", re.IGNORECASE)
"""XMP names an external manifest in dcterms:provenance."""
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def describe_image(generation: Generation, image: GeneratedImage) -> dict[str, Any]:
    """Describe how an image was made: prompt, seed, resolution, request and time, without the key and the signed link.

    Args:
        generation: The response.
        image: One of its images.

    Returns:
        Plain JSON types, as save_sidecar writes them. The id of a job, and what the service says that the images cost
        together, are there if there are such.
    """
    of_job = {"job_id": generation.job_id, "usage_cost_usd_micros": generation.usage_cost_usd_micros}
    return {name: value for name, value in of_job.items() if value is not None} | {
        "prompt": image.prompt,
        "seed": image.seed,
        "resolution": image.resolution,
        "is_image_safe": image.is_image_safe,
        "created": generation.created.isoformat() if generation.created else None,
        "request": dict(generation.request),
        "link": shorten_link(image.url) if image.url else None,
        "client": f"ideogram-ai {__version__}",
        "contract_sha256": CONTRACT_SHA256,
    }


def save_sidecar(
    generation: Generation,
    image: GeneratedImage,
    path: str | os.PathLike[str],
    *,
    embed: bool = False,
    break_credentials: bool = False,
) -> Path:
    """Save how an image was made in a JSON file beside it.

    Args:
        generation: The response.
        image: One of its images, saved at `path`.
        path: The saved image.
        embed: Also write it into the image as a text chunk if it is a PNG; its pixels are not changed.
        break_credentials: Embed even if the image has content credentials (C2PA), which invalidates their signature.

    Returns:
        The path of the JSON file, which is that of the image with `.json` added.

    Raises:
        DownloadError: A file cannot be written, or the image has content credentials; the image is not changed. The
            reason is UNWRITABLE.
    """
    image_path = Path(path)
    # ASCII escapes, because a response can hold half a surrogate pair, which UTF-8 cannot encode.
    text = json.dumps(describe_image(generation, image), indent=2, ensure_ascii=True) + "\n"
    try:
        sidecar_path = image_path.with_name(f"{image_path.name}.json")
        if embed and (data := image_path.read_bytes()).startswith(_PNG_SIGNATURE):
            if not break_credentials:
                _refuse_credentials(image_path, data)
            _replace(image_path, _with_text(data, text))
        _replace(sidecar_path, text.encode())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DownloadError(
            f"{f'{image_path}.json'!r} cannot be written: {why}. The image itself is saved.",
            reason=DownloadReason.UNWRITABLE,
        ) from error
    return sidecar_path


def _refuse_credentials(path: Path, png: bytes) -> None:
    found = next((name for chunk in _chunks(png) if (name := _credentials_in(chunk))), None)
    if found is not None:
        raise DownloadError(
            f"{str(path)!r} carries content credentials ({found}), and a text in it would break their signature. Leave "
            "embed out, and the same text stands in the JSON file alone; or pass break_credentials=True. Nothing was "
            "written, and the image stays as it was.",
            reason=DownloadReason.UNWRITABLE,
        )


def _credentials_in(chunk: bytes) -> str | None:
    """The content credentials that a chunk of a PNG holds or points to, or None."""
    kind, content = chunk[4:8], chunk[8:-4]
    if kind == b"caBX":
        return "chunk caBX"
    if kind == b"iTXt" and content.startswith(_XMP + b"\0"):
        packet = content[len(_XMP) + 3 :].split(b"\0", 2)[-1]  # behind compression, language and translated keyword
        if content[len(_XMP) + 1 : len(_XMP) + 2] == b"\1":
            try:
                packet = zlib.decompressobj().decompress(packet, _MAX_XMP)
            except zlib.error:
                return None
        if _POINTS_TO_CREDENTIALS.search(packet):
            return "XMP in a chunk iTXt"
    return None


def _with_text(png: bytes, text: str) -> bytes:
    """The PNG with an international text chunk after its header chunk, replacing an earlier one of ours."""
    payload = KEYWORD.encode() + b"\0\0\0\0\0" + text.encode()
    ours = b"iTXt" + KEYWORD.encode() + b"\0"
    chunks = [chunk for chunk in _chunks(png) if not chunk[4:].startswith(ours)]
    checksum = struct.pack(">I", zlib.crc32(b"iTXt" + payload))
    added = struct.pack(">I", len(payload)) + b"iTXt" + payload + checksum
    return b"".join((_PNG_SIGNATURE, *chunks[:1], added, *chunks[1:]))


def _chunks(png: bytes) -> list[bytes]:
    """The chunks of a PNG; what follows a broken length is one last piece."""
    chunks: list[bytes] = []
    position = len(_PNG_SIGNATURE)
    while position < len(png):
        end = position + 12 + int.from_bytes(png[position : position + 4], "big")
        chunks.append(png[position:end])
        position = end
    return chunks


def _replace(path: Path, data: bytes) -> None:
    """Write a file completely or not at all."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


# Formats.

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
