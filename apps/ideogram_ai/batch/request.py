"""One request of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from .errors import BatchRowError

KEY_MEMBER: Final = "id"
"""Member of a row that tells it from all others. A row without it is known by what it asks for."""
FILE_MEMBER: Final = "file_name"
"""Member of a row that names the file of its image."""


@frozen
class BatchRequest:
    """A request, and what it is known by.

    Attributes:
        key: Tells it from every other request of the batch.
        fields: The keyword arguments of `AsyncIdeogram.generate`, as plain JSON types; undocumented fields stand in
            `extra_fields`.
        file_name: Name of the image's file inside the batch's folder; None names it after the key. Without an image's
            suffix it gets the one that fits.
        line: Line of the input that it stands in, from 1; None when it was not read from lines.
        nameless: Whether nobody gave it an id. Its key is a number then, and a ledger knows it by what it asks for:
            where rows were inserted or moved, the ledger's number may be another.
    """

    key: str
    fields: Mapping[str, Any]
    file_name: str | None = None
    line: int | None = None
    nameless: bool = field(default=False, eq=False)

    @classmethod
    def of(cls, row: BatchRequest | Mapping[str, Any], position: int) -> BatchRequest:
        """Read a row: the request's fields, and maybe `id` and `file_name` beside them.

        Args:
            row: The row, or a request that is made already.
            position: Place in the input, from 1: the key of a row without an id.

        Raises:
            BatchRowError: The row is no mapping, or its id or file name is no text.
        """
        if isinstance(row, BatchRequest):
            return row
        if not isinstance(row, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - rows come from outside
            raise BatchRowError(f"row {position} is {row!r:.80}; a row maps names of request fields to values")
        fields = dict(row)
        key = fields.pop(KEY_MEMBER, None)
        if isinstance(key, int) and not isinstance(key, bool):
            key = str(key)
        given = _text(key, KEY_MEMBER, position)
        return cls(
            key=given or position_key(position),
            nameless=given is None,
            file_name=_text(fields.pop(FILE_MEMBER, None), FILE_MEMBER, position),
            fields=fields,
        )


def _text(value: object, member: str, position: int) -> str | None:
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise BatchRowError(f"row {position}: {member} is {value!r:.80}; give a text that is not blank")
    return value


def position_key(position: int) -> str:
    """The key of a row without an id, from its place in the input, from 1. Keys sort as the rows do."""
    return f"{position:06d}"
