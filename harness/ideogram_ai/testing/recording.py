"""Records what arrived at a test server and what it answered, in memory and in a file, without the key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Final, Self

from attrs import asdict, define, evolve, field, frozen

from ideogram_ai.client.request import is_array
from ideogram_ai.contract.decoding import UploadedFile

if TYPE_CHECKING:
    import os

    from ideogram_ai.generated.operations import Operation

    from .service import ReadRequest

REDACTED: Final = "[redacted]"

_SECRET_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
_SEPARATORS: Final = re.compile(r"[\s=;,]+")  # between a scheme and its token, a cookie's name and its value
_SHORTEST_SECRET: Final = 8  # a shorter key is also a word that prompts have


def without_contents(fields: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """Return fields with a description in place of each file: a ledger would grow by every image that is sent."""
    return tuple((name, _described(value)) for name, value in fields)


def _described(value: Any) -> Any:
    if isinstance(value, UploadedFile):
        return {
            "filename": value.name,
            "content_type": value.content_type,
            "size": len(value.content),
            "sha256": sha256(value.content).hexdigest(),
        }
    return [_described(item) for item in value] if is_array(value) else value


@frozen
class Exchange:
    """A request and the answer to it.

    Attributes:
        number: Place in the order of arrival, from 1.
        method: HTTP method.
        path: Path without the query.
        headers: Headers in lower case; those that carry secrets say `[redacted]`.
        fields: Name and decoded value of each field: parameters of path and query, and then the body in wire order; the
            raw text where it could not be decoded. A file is an object with its filename, content_type, size in bytes
            and sha256, and of a file that the contract does not have there is only the size.
        status: Status of the answer; None while there is none.
        why: The reason for this answer.
        billed: Whether the service would bill it.
        remarks: What was tolerated although the contract has it differently.
        received_at: When the headers had arrived, in UTC.
        answered_at: When the answer was ready, in UTC; None before.
    """

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    fields: tuple[tuple[str, Any], ...] = field(converter=without_contents)
    status: int | None
    why: str
    billed: bool
    remarks: tuple[str, ...]
    received_at: datetime
    answered_at: datetime | None


def new_exchange(
    number: int, method: str, path: str, headers: Iterable[tuple[str, str]], key_header: str
) -> tuple[Exchange, frozenset[str]]:
    """Return the exchange of a request that arrived now, and the secrets in its headers."""
    safe, secrets = redact_headers(headers, key_header)
    return Exchange(number, method, path, safe, (), None, "in progress", False, (), datetime.now(UTC), None), secrets


def close_exchange(
    exchange: Exchange,
    read: ReadRequest,
    operation: Operation | None,
    status: int | None,
    *,
    why: str,
    billed: bool | None = None,
) -> Exchange:
    """Return an exchange that ends now. Without a word about billing, the contract's word about its status counts."""
    if billed is None:
        billed = operation is not None and operation.billed.get(status or 0) is True
    return evolve(
        exchange,
        fields=read.fields,
        status=status,
        why=why,
        billed=billed,
        remarks=read.remarks,
        answered_at=datetime.now(UTC),
    )


@define
class ExchangeLog:
    """Every request of an operation that arrived, in order of arrival. Safe to read from any thread.

    Attributes:
        most: How many are kept, the latest ones; None keeps all.
    """

    most: int | None = None
    _exchanges: dict[int, Exchange] = field(factory=dict[int, Exchange], init=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    def put(self, exchange: Exchange) -> None:
        """Add an exchange, or replace the one with its number."""
        with self._lock:
            self._exchanges[exchange.number] = exchange
            if self.most is not None and len(self._exchanges) > self.most:
                del self._exchanges[next(iter(self._exchanges))]

    def clear(self) -> None:
        """Remove all exchanges."""
        with self._lock:
            self._exchanges.clear()

    def exchanges(self) -> list[Exchange]:
        """Return all exchanges that are kept."""
        with self._lock:
            return list(self._exchanges.values())


class Recorder:
    """Appends exchanges to a file as JSON lines, each flushed as it is written. A context manager.

    Args:
        path: The file. Entering the context opens it for appending.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._file: IO[bytes] | None = None

    def write(self, exchange: Exchange, secrets: Iterable[str]) -> None:
        """Append an exchange, without the secrets, which are also removed from a prompt.

        Raises:
            RuntimeError: The file is not open.
        """
        if self._file is None:
            raise RuntimeError(f"{self._path} is not open")
        line = json.dumps(asdict(exchange, recurse=False), ensure_ascii=False, default=_plain)
        line = cut_out((json.dumps(secret, ensure_ascii=False)[1:-1] for secret in secrets), line)
        # A lone surrogate becomes \\udXXX, which is how JSON writes it.
        self._file.write(line.encode("utf-8", "backslashreplace") + b"\n")
        self._file.flush()

    def __enter__(self) -> Self:
        self._file = self._path.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def redact_headers(headers: Iterable[tuple[str, str]], key_header: str) -> tuple[dict[str, str], frozenset[str]]:
    """Redact the headers that carry secrets.

    Args:
        headers: Names in lower case, and values.
        key_header: Name of the header that carries the key.

    Returns:
        The headers without secrets, repeated ones joined, and the secrets that were in them.
    """
    pairs = list(headers)
    is_secret = _SECRET_HEADERS | {key_header.lower()}
    words = {word for name, value in pairs if name in is_secret for word in [value, *_SEPARATORS.split(value)]}
    secrets = frozenset(word for word in words if len(word) >= _SHORTEST_SECRET)
    safe: dict[str, str] = {}
    for name, value in pairs:
        shown = REDACTED if name in is_secret else cut_out(secrets, value)
        safe[name] = f"{safe[name]}, {shown}" if name in safe else shown
    return safe, secrets


def cut_out(secrets: Iterable[str], text: str) -> str:
    """Return a text without the secrets; the longest are replaced first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text


def _plain(value: datetime) -> str:
    return value.isoformat()
