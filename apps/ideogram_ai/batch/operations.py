"""What a row may ask for: the operations of the contract that make images, and the call of a client for a row.

A file of a row is given by its path. In a ledger it is identified by its content, so that a row is known again wherever
its file lies, and another content is another request.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from ideogram_ai.client import RequestError
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ideogram_ai.contract.view import ContractView, FieldRule
    from ideogram_ai.generated.operations import Operation

GENERATE: Final = POST_GENERATE_IMAGE_V4.method_name
"""The operation of a row that names none."""


@cache
def image_operations() -> Mapping[str, Operation]:
    """The operations that make images, by the name of the client's method."""
    return {each.method_name: each for each in OPERATIONS.values() if each.result == "images"}


@cache
def submit_operation(name: str) -> Operation | None:
    """The operation that takes the same request and responds with a job at once; None where the contract has none."""
    model = image_operations()[name].request_model
    return next((each for each in OPERATIONS.values() if each.result == "job" and each.request_model == model), None)


@cache
def file_fields(name: str) -> frozenset[str]:
    """The keyword arguments of an operation that are files."""
    return frozenset(field.python_name for field in image_operations()[name].fields if field.is_file)


@cache
def view_of(name: str) -> ContractView:
    """What the contract says of an operation."""
    return read_view(image_operations()[name].operation_id)


@cache
def all_fields() -> Mapping[str, FieldRule]:
    """The fields of all these operations by wire name, those of generate first."""
    fields = dict(view_of(GENERATE).fields)
    for operation in image_operations():
        for name, rule in view_of(operation).fields.items():
            fields.setdefault(name, rule)
    return fields


def with_contents(fields: Mapping[str, Any], files: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a request with the contents of its files. RequestError if one is gone, or has changed since."""
    return {**fields, **{name: _map_file(_read, fields[name], digest) for name, digest in files.items()}}


def identified_files(name: str, fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of a request with the whole paths of its files, and the SHA-256 of each by field. It reads them."""
    paths = {each: _map_file(_path, fields[each]) for each in fields if each in file_fields(name)}
    return {**fields, **paths}, {each: _map_file(_digest, path) for each, path in paths.items()}


def _map_file(change: Callable[..., Any], value: Any, *others: Any) -> Any:
    """Change the value of a file field, or each value of a list of files."""
    if isinstance(value, list | tuple):
        return [change(*each) for each in zip(cast("Sequence[Any]", value), *others, strict=True)]
    return change(value, *others)


def _path(value: object) -> str:
    if not isinstance(value, str | os.PathLike):
        raise RequestError(
            f"{type(value).__name__} is not the path of a file, by which a batch can be resumed. {NOTHING_SENT}"
        )
    return os.path.abspath(os.fsdecode(cast("str | os.PathLike[str]", value)))  # noqa: PTH100 - resolve() would follow links


def _digest(path: str) -> str:
    try:
        found = os.stat(path)  # noqa: PTH116
        return _digest_of(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


@lru_cache(maxsize=1024)
def _digest_of(path: str, *_state: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: str, digest: str) -> bytes:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise RequestError(
            f"{path!r} changed since the batch was planned. Restore it, or plan the batch again, with its INPUT. "
            f"{NOTHING_SENT}"
        )
    return content


def _unreadable(path: str, error: Exception) -> RequestError:
    why = getattr(error, "strerror", None) or error
    return RequestError(f"{path!r} cannot be read: {why}. {NOTHING_SENT}")
