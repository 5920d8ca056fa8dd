"""A file argument: read whole before the first attempt, so that every attempt sends the same bytes.

Its first bytes determine its media type, and correct the suffix of its name; a text file keeps its name, because a
caption belongs to the image of that name. The service decides how large a file may be.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import logging
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard, cast

from attrs import field, frozen

from .errors import NOTHING_SENT, FieldValueError
from .formats import HEAD_BYTES, image_suffix
from .redaction import printable
from .request import is_several

if TYPE_CHECKING:
    from ideogram_ai.generated.operations import Field, Operation

# The package's own name and not a constant: a vendored copy has another name, and logs under that.
logger = logging.getLogger(__name__.rpartition(".")[0])

_TYPES: Final[Mapping[str, str]] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".tiff": "image/tiff",
    ".bmp": "image/bmp",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
_OTHER_TYPE: Final = "application/octet-stream"
_TEXTS: Final[Mapping[str, str]] = {".txt": "text/plain", ".json": "application/json"}
"""Types that the first bytes do not show for certain: "OTTO" also begins a caption."""
_SIGNATURES: Final = (
    (b"\0\1\0\0", ".ttf"),
    (b"true", ".ttf"),
    (b"OTTO", ".otf"),
    (b"wOFF", ".woff"),
    (b"wOF2", ".woff2"),
    (b"PK\3\4", ".zip"),
    (b"PK\5\6", ".zip"),  # without any file in it
)
_ALSO: Final[Mapping[str, str]] = {".jpeg": ".jpg", ".jpe": ".jpg", ".jfif": ".jpg", ".tif": ".tiff"}
"""Other suffixes of a type."""
_LONGEST_NAME: Final = 100
_LINK = re.compile(r"(?:https?|ftp|data|file|s3|gs):", re.IGNORECASE)
_FILES: Final = "Give a path, bytes, a file opened with mode 'rb', or an image of a Generation"


@frozen
class Upload:
    """A file to send.

    Attributes:
        name: Its name on the wire, without quotes, line ends or folders.
        content_type: Its media type.
        data: Its bytes.
    """

    name: str
    content_type: str
    data: bytes = field(repr=False)

    @property
    def record(self) -> dict[str, Any]:
        """What records keep of it: its name, size and SHA-256."""
        return {"file": self.name, "bytes": len(self.data), "sha256": hashlib.sha256(self.data).hexdigest()}


def make_upload(data: bytes, *, name: str, stem: str) -> Upload:
    """Make a file to send, with the type that its first bytes show.

    They correct the suffix of its name; without a name it is called by the stem.
    """
    head = data[:HEAD_BYTES]
    own = os.path.splitext(name)[1].lower()  # noqa: PTH122 - no path: a name of its own
    if own in _TEXTS and _is_text(data):
        return Upload(_safe_name(name, stem, ""), _TEXTS[own], data)
    suffix = image_suffix(head) or next((suffix for start, suffix in _SIGNATURES if head.startswith(start)), "")
    return Upload(_safe_name(name, stem, suffix), _TYPES.get(suffix, _OTHER_TYPE), data)


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data[:HEAD_BYTES].decode(errors="strict" if len(data) <= HEAD_BYTES else "ignore")
    except UnicodeDecodeError:
        return False


def _safe_name(name: str, stem: str, suffix: str) -> str:
    name = re.split(r"[\\/]", name)[-1]
    name = "".join(letter if letter.isprintable() and letter not in "\"'\\;%" else "_" for letter in name)
    first, own = os.path.splitext(name)  # noqa: PTH122 - no path: a name of its own
    if suffix and _ALSO.get(own.lower(), own.lower()) != suffix:
        # A suffix that says something else is wrong; one that says nothing is a part of the name.
        first, own = first if own.lower() in {*_TYPES, *_ALSO} else name, suffix
    first = first[:_LONGEST_NAME]
    return (first if first.strip(". ") else stem) + own[:_LONGEST_NAME]


def read_uploads(each: Field, value: object) -> list[Upload]:
    """Read the file that is given for a field, or the sequence of them if it takes several. It blocks.

    Raises:
        FieldValueError: A file is missing, empty or unreadable, or a value is no file.
    """
    place = f"/{each.wire_name}"
    if not (each.is_array and is_several(value)):
        return [_read(value, each, place, each.python_name)]
    if not value:
        raise _cannot_send(each, place, value, f"there is no file in it. {_FILES}")
    stem = each.python_name
    stems = [stem] if len(value) == 1 else [f"{stem}-{number + 1}" for number in range(len(value))]
    return [_read(item, each, f"{place}/{index}", stems[index]) for index, item in enumerate(value)]


def warn_of_equal_names(uploads: Sequence[Upload]) -> None:
    """Log a warning if files that the service keeps have the same name."""
    names = [upload.name for upload in uploads]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        logger.warning(
            "several files have the same name, and one may take the place of another: %s", ", ".join(repeated)[:500]
        )


def list_files(operation: Operation, arguments: Mapping[str, object]) -> dict[str, object]:
    """The arguments, with a list for each set, generator or other iterable of files, which can be read only once."""
    many = {each.python_name for each in operation.fields if each.is_file and each.is_array}
    return {
        name: list(cast("Iterable[object]", value)) if name in many and _is_iterable(value) else value
        for name, value in arguments.items()
    }


def _is_iterable(value: object) -> bool:
    one = isinstance(value, (str, os.PathLike, Mapping)) or _is_content(value) or hasattr(value, "read")
    return isinstance(value, Iterable) and not one


def _read(value: object, each: Field, place: str, stem: str) -> Upload:
    if isinstance(value, Upload):
        return value
    try:
        name, data = _load(value)
    except _UnreadableFileError as error:
        raise _cannot_send(each, place, value, str(error)) from error.__cause__
    except MemoryError as error:
        raise _cannot_send(each, place, value, "it does not fit into memory") from error
    return make_upload(data, name=name, stem=stem)


def _load(value: object) -> tuple[str, bytes]:
    """The name, if it has one, and the content of a file."""
    if _is_content(value):
        name, data = "", bytes(value)
    elif isinstance(value, (str, os.PathLike)):
        name = os.fsdecode(cast("str | os.PathLike[str]", value))
        data = _read_path(name)
    else:
        name, data = _read_open(value)
    if not data:
        raise _UnreadableFileError("it is empty")
    return name, data


def _is_content(value: object) -> TypeGuard[bytes | bytearray | memoryview[int]]:
    return isinstance(value, (bytes, bytearray, memoryview))


class _UnreadableFileError(Exception):
    """Why a file cannot be read."""


def _read_path(path: str) -> bytes:
    try:
        kind = os.stat(path).st_mode  # noqa: PTH116 - Path would take a URL apart
        if stat.S_ISDIR(kind):
            raise _UnreadableFileError("it is a folder. Give the path of a file")
        if not stat.S_ISREG(kind):
            # It may have no end, or wait for a writer for ever.
            raise _UnreadableFileError("it is a device or a pipe and no regular file. Open it yourself, and give that")
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        if _LINK.match(path):
            raise _UnreadableFileError("it is a link, and no link is fetched here. Give the bytes behind it") from error
        raise _UnreadableFileError(f"{why}. Give the path of a file, or its content as bytes") from error


def _read_open(value: Any) -> tuple[str, bytes]:
    """The name, if it has one, and the bytes of an open file, from its start."""
    read = getattr(value, "read", None)
    if not callable(read):
        pillow = ". Save a picture of Pillow to an io.BytesIO first" if hasattr(value, "tobytes") else ""
        raise _UnreadableFileError(f"{type(value).__name__} is not a file. {_FILES}{pillow}")
    if isinstance(value, io.TextIOBase):
        raise _UnreadableFileError("it is opened as text. Open it with mode 'rb'")
    if getattr(value, "closed", False) is True:
        raise _UnreadableFileError("it is closed. Open it again, or give its path")
    try:
        seekable = getattr(value, "seekable", None)
        if callable(seekable) and seekable() is True:
            value.seek(0)  # httpx does so too: a part of a picture is never meant
        data: object = read()
    except MemoryError:
        raise
    except Exception as error:  # an object of anybody's
        raise _UnreadableFileError(f"reading it fails: {type(error).__name__}: {error}") from error
    if _is_content(data):
        name = getattr(value, "name", None)
        return name if isinstance(name, str) and not name.startswith("<") else "", bytes(data)
    if inspect.iscoroutine(data):
        data.close()  # or Python would warn that nobody awaited it
    raise _UnreadableFileError(f"its read() returns {type(data).__name__} and no bytes. {_FILES}")


def _cannot_send(each: Field, place: str, value: object, why: str) -> FieldValueError:
    shown = type(value).__name__ if _is_content(value) else f"{value!r:.120}"
    message = printable(f"{place[1:]}: {shown} cannot be sent: {why}. {NOTHING_SENT}")
    return FieldValueError(message, field=each.wire_name, pointer=place)


class UploadProgress(NamedTuple):
    """How far a request with large files is written.

    Attributes:
        method: The client's method, for example "datasets.upload_assets".
        sent: Bytes of the files that this machine has taken for sending; the service may have less. Each attempt begins
            again.
        total: Bytes of the files.
    """

    method: str
    sent: int
    total: int


class UploadReport:
    """Reports how far the files of one attempt are written, to a function of the caller.

    If that fails, it is not called again, and the request goes on.
    """

    def __init__(self, method: str, total: int, report: Callable[[UploadProgress], object] | None) -> None:
        self._now = UploadProgress(method, 0, total)
        self._report = report

    def advance(self, count: int) -> None:
        """Note that more bytes were written."""
        self._now = self._now._replace(sent=self._now.sent + count)
        if self._report is None:
            return
        try:
            self._report(self._now)
        except Exception as error:  # noqa: BLE001 - a function of anybody's
            self._report = None
            logger.warning("on_upload failed, and is not called again: %s: %s", type(error).__name__, error)


class FileInPieces(io.BytesIO):
    """The bytes of a file, which httpx reads in pieces when it sends them. They are not copied."""

    def __init__(self, data: bytes, report: UploadReport) -> None:
        super().__init__(data)
        self._report = report
        self._reported = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read the next piece. When httpx asks for it, the one before it was written."""
        # Not a sum of the pieces: an `auth` of the caller's client sends the request twice, and begins each file again.
        self._report.advance(self.tell() - self._reported)
        self._reported = self.tell()
        return super().read(size)
