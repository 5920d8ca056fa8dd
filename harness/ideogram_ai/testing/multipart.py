"""Parses multipart/form-data bodies."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from attrs import define, field
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from ideogram_ai.contract.decoding import Part
from ideogram_ai.contract.problems import RequestRefusedError, shown

if TYPE_CHECKING:
    from collections import deque

    from python_multipart.multipart import MultipartCallbacks

_MOST_PARTS: Final = 1000
# The mock server reports what it refuses itself: without a handler, Python writes the library's warnings to stderr.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())


def parse_multipart(content_type: str | None, body: bytes | deque[bytearray], media_type: str) -> list[Part]:
    """Parse a body into its parts, in wire order.

    Args:
        content_type: The request's Content-Type header; None when it was absent.
        body: The whole body, or its pieces: they are taken out, so that a large body is not in memory twice.
        media_type: The media type that the operation takes.

    Raises:
        RequestRefusedError: 415 for another media type, 400 for a body that cannot be read.
    """
    options = check_media_type(content_type, media_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise RequestRefusedError(
            400,
            f"The Content-Type {shown(content_type)} has no boundary. A Content-Type that a program sets itself loses "
            "it: let the HTTP library set that header.",
        )
    reader = _PartCollector()
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        if isinstance(body, bytes):
            parser.write(body)
        else:
            while body:
                parser.write(bytes(body.popleft()))
        parser.finalize()
    except FormParserError as error:
        raise RequestRefusedError(400, f"The multipart body cannot be read: {error}.") from error
    if not reader.ended:
        raise RequestRefusedError(400, "The multipart body cannot be read: its closing boundary is missing.")
    return reader.parts


def check_media_type(content_type: str | None, media_type: str) -> dict[bytes, bytes]:
    """Read the parameters of a Content-Type header.

    Raises:
        RequestRefusedError: 415 for another media type.
    """
    kind, options = parse_options_header(content_type)
    if kind.decode("latin-1") != media_type:
        sent = shown(content_type) if content_type else "none"
        raise RequestRefusedError(415, f"The Content-Type is {sent}. This operation takes {media_type} only.")
    return options


@define
class _PartCollector:
    """Collects the parts from the events of the parser."""

    parts: list[Part] = field(factory=list[Part])
    ended: bool = False
    _headers: dict[bytes, bytes] = field(factory=dict[bytes, bytes])
    _name: bytearray = field(factory=bytearray)
    _text: bytearray = field(factory=bytearray)
    _value: bytearray = field(factory=bytearray)

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": partial(_extend, self._name),
            "on_header_value": partial(_extend, self._text),
            "on_header_end": self._header_end,
            "on_part_data": partial(_extend, self._value),
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        if len(self.parts) >= _MOST_PARTS:
            raise RequestRefusedError(400, f"The multipart body has more than {_MOST_PARTS} parts.")
        self._headers.clear()
        self._value.clear()

    def _header_end(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._text)
        self._name.clear()
        self._text.clear()

    def _part_end(self) -> None:
        place = len(self.parts) + 1
        disposition, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name")
        if disposition != b"form-data" or name is None:
            raise RequestRefusedError(
                400, f'Part {place} has no name: it needs the header Content-Disposition: form-data; name="...".'
            )
        filename = options.get(b"filename")
        content_type, parameters = parse_options_header(self._headers.get(b"content-type"))
        transfer_encoding = self._headers.get(b"content-transfer-encoding", b"")
        self.parts.append(
            Part(
                name=name.decode("utf-8", "replace"),
                value=bytes(self._value),
                content_type=content_type.decode("latin-1"),
                charset=parameters.get(b"charset", b"").decode("latin-1").lower(),
                filename=None if filename is None else filename.decode("utf-8", "replace"),
                transfer_encoding=transfer_encoding.decode("latin-1").strip().lower(),
            )
        )

    def _end(self) -> None:
        self.ended = True


def _extend(buffer: bytearray, data: bytes, start: int, end: int) -> None:
    buffer += data[start:end]
