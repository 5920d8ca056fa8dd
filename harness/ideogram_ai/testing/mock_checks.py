"""What is wrong with a request that was sent: every reason for which the service would refuse it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ideogram_ai.generated.operations import OPERATIONS, SERVER_URL

from .multipart import parse_multipart

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from ideogram_ai.contract.view import ContractView

    from .generation import ReadRequest


class ContractBrokenError(AssertionError):
    """The code under test sent a request that the service would refuse."""


def find_complaints(request: httpx.Request, read: ReadRequest, view: ContractView) -> list[str]:
    """What is wrong with a generate request, each with the field's name; nothing for one that keeps the contract.

    Args:
        request: The request as it was sent.
        read: Its body as the mock server reads it.
        view: The contract.
    """
    key = [] if has_key(request, view) else [_about_key(request, view)]
    return [*key, *_about_fields(request, read, view)]


def has_key(request: httpx.Request, view: ContractView) -> bool:
    """Whether the request carries a key where the contract has it."""
    return bool(request.headers.get(view.api_key_header, "").strip())


def find_image_complaint(request: httpx.Request, view: ContractView) -> str | None:
    """What is wrong with the download of an image."""
    if view.api_key_header not in request.headers:
        return None
    host = request.url.host
    return f"The header {view.api_key_header} was sent to the image host {host}: the key is for the API alone."


def find_stranger_complaint(request: httpx.Request, view: ContractView) -> str | None:
    """What is wrong with a request that is neither; nothing if it goes to another host than the service's."""
    if request.url.host != urlsplit(SERVER_URL).hostname:
        return None
    operation = view.operation
    others = {(other.method, other.path) for other in OPERATIONS.values()}
    what = (
        "is not played here, where there is"
        if (request.method, request.url.path) in others
        else "is no operation of the contract, which has"
    )
    return (
        f"{request.method} {request.url.path} {what} {operation.method} {operation.path}. If the test means it, mock "
        "it with the attribute router."
    )


def _about_key(request: httpx.Request, view: ContractView) -> str:
    bearer = " The key came in Authorization, which is not read." if "authorization" in request.headers else ""
    return f"The header {view.api_key_header} is missing or empty: it carries the key.{bearer}"


def _about_fields(request: httpx.Request, read: ReadRequest, view: ContractView) -> Iterator[str]:
    if read.refused is not None:
        problem = json.loads(read.refused.body)
        yield from dict.fromkeys(error["detail"] for error in problem.get("errors", [problem]))
        return
    for part in parse_multipart(request.headers.get("content-type"), request.content, view.operation.media_type):
        rule = view.fields.get(part.name)
        if rule and rule.content_type and part.content_type != rule.content_type:
            came = part.content_type or "missing"
            yield f"{part.name}: the Content-Type of its part is {came}; the contract has {rule.content_type}."
