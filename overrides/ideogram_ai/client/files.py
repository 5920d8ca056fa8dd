"""Saves an image file completely or not at all, and the sidecar that records its origin."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import secrets
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, Self

from ideogram_ai.generated.contract import CONTRACT_SHA256

from . import __version__
from .errors import DownloadError, DownloadReason
from .formats import find_fault
from .redaction import shorten_link

if TYPE_CHECKING:
    from collections.abc import Generator

    from .images import GeneratedImage, Generation

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
            cure = "create it first" if "://" not in text else f"for a URL, give fsspec.open({text!r:.300}, 'wb')"
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

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError, AttributeError):  # it may not be open yet
            self._file.close()
        with contextlib.suppress(OSError):  # a read-only disk says so, even if there is no such file
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
            sync_folder(self._folder)
        return target

    def _claim(self, target: Path) -> None:
        """Move the part to the target unless a file with that name appeared in the meantime."""
        self._refuse_existing(target)
        try:
            claim_name(self._part, target)
        except FileExistsError:
            raise _exists(target) from None

    def _refuse_existing(self, target: Path) -> None:
        try:
            os.lstat(target)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise _unwritable(target, getattr(error, "strerror", None) or str(error)) from error
        if not self._overwrite:
            raise _exists(target)
        if os.path.exists(target) and not os.path.isfile(target):  # noqa: PTH110, PTH113 - which raise, see _is_folder
            raise _unwritable(target, "it is a device or a pipe, which would be replaced; open it, and give that")


class ImageInMemory(ImageFile):
    """An image that is kept in memory until its end, with the checks of one in a file."""

    def __init__(self) -> None:
        self._target = Path("an image in memory")
        self._file = io.BytesIO()
        self.size = self._flushed = 0

    def open(self) -> None:
        """Do nothing: memory needs no opening."""

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
    """An object that opens a binary file in a `with` block, for example fsspec.open(url, "wb")."""

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
        """Write the image, and return a path without meaning. The file stays open if it was passed open."""
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


def claim_name(path: Path, name: Path) -> None:
    """Give a file a name that no other file has; its old name may stay. Of all callers anywhere, one gets the name.

    Raises:
        FileExistsError: There is a file of that name.
        OSError: The name cannot be used, as for UnicodeError.
    """
    try:
        os.link(path, name)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: claim the name with an empty file, and replace that.
        name.open("xb").close()
        try:
            path.replace(name)
        except BaseException:
            # The file is gone if the task that started this thread was cancelled.
            name.unlink()
            raise


def _is_folder(path: str | Path) -> bool:
    # Path.is_dir() raises for a name that is too long, on Python 3.11 to 3.13.
    return os.path.isdir(path)  # noqa: PTH112


def sync_folder(folder: Path) -> None:
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
        Plain JSON types, as save_sidecar writes them, with the id of the job and the cost that the service reports, if
        there are any.
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
        with contextlib.suppress(OSError):
            part.unlink()
