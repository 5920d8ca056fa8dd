"""A file argument: read whole before the first attempt, so that every attempt sends the same bytes.

Its first bytes determine its name and media type. How large a file may be is for the service to judge.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import os
import re
import stat
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeGuard, cast

from attrs import field, frozen

from .errors import NOTHING_SENT, FieldValueError
from .files import HEAD_BYTES, image_suffix
from .redaction import printable

if TYPE_CHECKING:
    from ideogram_ai.generated.operations import Field

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
        """What records say of it: its name, size and SHA-256."""
        return {"file": self.name, "bytes": len(self.data), "sha256": hashlib.sha256(self.data).hexdigest()}


def make_upload(data: bytes, *, name: str, stem: str) -> Upload:
    """Make a file to send, with the name and the type that its first bytes tell.

    Args:
        data: Its bytes.
        name: What it is called; its suffix is corrected if the bytes are of another type. It may be empty.
        stem: The name, without a suffix, if it is not called anything.
    """
    head = data[:HEAD_BYTES]
    suffix = image_suffix(head) or next((suffix for start, suffix in _SIGNATURES if head.startswith(start)), "")
    return Upload(_safe_name(name, stem, suffix), _TYPES.get(suffix, _OTHER_TYPE), data)


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
    """Read the file, or the files, that are given for a field. It blocks.

    Args:
        each: The field.
        value: A path, bytes, an open binary file or an Upload; for a field that takes several, also a sequence of them.

    Raises:
        FieldValueError: A file is missing, empty or unreadable, or a value is no file.
    """
    place = f"/{each.wire_name}"
    if not (each.is_array and is_several(value)):
        return [_read(value, each, place)]
    if not value:
        raise _cannot_send(each, place, value, f"there is no file in it. {_FILES}")
    return [_read(item, each, f"{place}/{index}") for index, item in enumerate(value)]


def is_several(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a value is a sequence of files, and not one file."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))


def _read(value: object, each: Field, place: str) -> Upload:
    if isinstance(value, Upload):
        return value
    try:
        name, data = _load(value)
    except _UnreadableError as error:
        raise _cannot_send(each, place, value, str(error)) from error.__cause__
    except MemoryError as error:
        raise _cannot_send(each, place, value, "it does not fit into memory") from error
    return make_upload(data, name=name, stem=each.python_name)


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
        raise _UnreadableError("it is empty")
    return name, data


def _is_content(value: object) -> TypeGuard[bytes | bytearray | memoryview[int]]:
    return isinstance(value, (bytes, bytearray, memoryview))


class _UnreadableError(Exception):
    """Why a file cannot be read."""


def _read_path(path: str) -> bytes:
    try:
        kind = os.stat(path).st_mode  # noqa: PTH116 - Path would take a URL apart
        if stat.S_ISDIR(kind):
            raise _UnreadableError("it is a folder. Give the path of a file")
        if not stat.S_ISREG(kind):
            # It may have no end, or wait for a writer for ever.
            raise _UnreadableError("it is a device or a pipe and no regular file. Open it yourself, and give that")
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        if _LINK.match(path):
            raise _UnreadableError("it is a link, and no link is fetched here. Give the bytes behind it") from error
        raise _UnreadableError(f"{why}. Give the path of a file, or its content as bytes") from error


def _read_open(value: Any) -> tuple[str, bytes]:
    """The name, if it has one, and the bytes of an open file, from its start."""
    read = getattr(value, "read", None)
    if not callable(read):
        raise _UnreadableError(f"{type(value).__name__} is no file. {_FILES}")
    if isinstance(value, io.TextIOBase):
        raise _UnreadableError("it is opened as text. Open it with mode 'rb'")
    if getattr(value, "closed", False) is True:
        raise _UnreadableError("it is closed. Open it again, or give its path")
    try:
        seekable = getattr(value, "seekable", None)
        if callable(seekable) and seekable() is True:
            value.seek(0)  # httpx does so too: a part of a picture is never meant
        data: object = read()
    except MemoryError:
        raise
    except Exception as error:  # an object of anybody's
        raise _UnreadableError(f"reading it fails: {type(error).__name__}: {error}") from error
    if _is_content(data):
        name = getattr(value, "name", None)
        return name if isinstance(name, str) and not name.startswith("<") else "", bytes(data)
    if inspect.iscoroutine(data):
        data.close()  # or Python would warn that nobody awaited it
    raise _UnreadableError(f"its read() returns {type(data).__name__} and no bytes. {_FILES}")


def _cannot_send(each: Field, place: str, value: object, why: str) -> FieldValueError:
    shown = type(value).__name__ if _is_content(value) else f"{value!r:.120}"
    message = printable(f"{place[1:]}: {shown} cannot be sent: {why}. {NOTHING_SENT}")
    return FieldValueError(message, field=each.wire_name, pointer=place)
