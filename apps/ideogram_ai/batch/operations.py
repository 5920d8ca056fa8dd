"""What a row may ask for: the operations of the contract that make images, and the call of a client for a row.

A file of a row is given by its path. In a ledger it is identified by its content, so that a row is known again wherever
its file lies, and another content is another request.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache, lru_cache, partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from ideogram_ai.client import RequestError, costs
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from ideogram_ai.client import AsyncIdeogram, Ideogram
    from ideogram_ai.contract.prices import Prices
    from ideogram_ai.contract.view import ContractView, FieldRule
    from ideogram_ai.generated.operations import Operation, Price

    from .model import BatchRequest

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


def images_asked(request: BatchRequest) -> int:
    """How many images a request asks for."""
    return costs.images_asked(image_operations()[request.operation], request.fields)


def price_of(request: BatchRequest) -> Price | None:
    """The entry of the contract's price list that is about a request."""
    return costs.applicable_price(image_operations()[request.operation], request.fields)


def cost_of(request: BatchRequest, prices: Prices | None) -> Decimal | None:
    """US dollars for all that a request asks for; None where nobody knows it."""
    price = price_of(request)
    one = None if prices is None else prices.of(request.fields, image_operations()[request.operation])
    return one * images_asked(request) if one is not None and price is not None and price.per == "image" else one


def prepare_call(client: Ideogram | AsyncIdeogram, request: BatchRequest, *, submit: bool) -> Callable[[], Any]:
    """The call that makes the images of a request, or that submits it. It reads the files whose content is known.

    A file that is gone or has another content than before is a RequestError, and so is a request that no job can make.
    """
    operation = submit_operation(request.operation) if submit else image_operations()[request.operation]
    if operation is None:
        raise RequestError(f"The contract has no operation that submits {request.operation}. {NOTHING_SENT}")
    if "timeout" in request.fields:
        raise RequestError(f"'timeout' is not a request field; give it to the client. {NOTHING_SENT}")
    read = {name: _map_file(_read, request.fields[name], digest) for name, digest in request.files.items()}
    return partial(attrgetter(operation.method_name)(client), **{**request.fields, **read})


def identified_files(request: BatchRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of a request with the whole paths of its files, and the SHA-256 of each by field. It reads them."""
    names = [name for name in request.fields if name in file_fields(request.operation)]
    paths = {name: _map_file(_path, request.fields[name]) for name in names}
    return {**request.fields, **paths}, {name: _map_file(_digest, path) for name, path in paths.items()}


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
