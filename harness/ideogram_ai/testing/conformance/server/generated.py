"""Requests that schemathesis makes from the contract, and what it says of their answers."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import httpx

from ideogram_ai.client.json_types import is_object
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.contract import read_contract

from ...service import read_request
from .case import Case, Expect
from .closed import close_requests
from .draws import draw
from .payload import form, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sender import Reply

WITHOUT_SCHEMATHESIS: Final = (
    "It needs schemathesis, which the extra conformance brings: pip install 'ideogram-ai[conformance]'."
)

_COUNT: Final = 25


def has_schemathesis() -> bool:
    """Whether schemathesis is installed."""
    return find_spec("schemathesis") is not None


@cache
def generated_cases(seed: int, local: str) -> tuple[Case, ...]:
    """Cases with bodies of schemathesis, valid and invalid ones; none where it is not installed.

    Args:
        seed: The seed.
        local: Why they are for loopback only.
    """
    return tuple(_cases(seed, local)) if has_schemathesis() else ()


def _cases(seed: int, local: str) -> Iterator[Case]:
    import schemathesis  # noqa: PLC0415 - an extra, and slow to load

    view = read_view()
    openapi: Any = schemathesis.openapi  # its types are generic without arguments
    operation = openapi.from_dict(close_requests(read_contract()))[view.operation.path][view.operation.method]
    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
        for made in draw(operation.as_strategy(generation_mode=mode), _COUNT, seed):
            fields = made.body
            # What is not about the body, or says what the contract leaves open, is no case: unknown fields, say.
            if not is_object(fields) or not set(fields) <= set(view.fields):
                continue
            given = {name: value for name, value in fields.items() if value is not None}
            try:
                payload = form(view, given)
            except UnicodeEncodeError:  # half of a surrogate pair, which has no form on the wire
                continue
            # Which kind it is, is decided by what is on the wire: there a number is a text like any other.
            refused = read_request(view, payload.content_type, payload.body).refused
            yield Case(
                "generated.valid-accepted" if refused is None else "generated.invalid-refused",
                f"schemathesis: {shorten(given)}",
                payload,
                Expect.ACCEPTED if refused is None else Expect.REFUSED,
                fields=tuple(given),
                statuses=() if refused is None else (refused.status,),
                local=local,
                generated=made,
                may_be_unsafe=True,
            )


def complaints_of_schemathesis(case: Case, reply: Reply) -> list[str]:
    """What schemathesis has against an answer: its status, its media type, its body."""
    from schemathesis.core.failures import FailureGroup  # noqa: PLC0415
    from schemathesis.specs.openapi import checks as loaded  # noqa: PLC0415

    checks: Any = loaded
    if reply.response is None:
        return [reply.failure]
    # Named one by one: the default set has ignored_auth, which sends the request again without its key.
    named = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]
    try:
        case.generated.validate_response(_whole(reply), checks=named)
    except FailureGroup as group:
        return [f"{failure.title}: {failure.message}".strip() for failure in group.exceptions]
    return []


def _whole(reply: Reply) -> httpx.Response:
    """The answer as if it had been read at once. Schemathesis reads body and request once more."""
    assert reply.response is not None  # noqa: S101 - for type checkers
    request = reply.response.request
    request.read()
    headers = [(name, value) for name, value in reply.response.headers.multi_items() if name != "content-encoding"]
    whole = httpx.Response(reply.response.status_code, headers=headers, content=reply.body, request=request)
    whole.elapsed = timedelta()
    return whole
