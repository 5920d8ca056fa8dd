"""Reads the answers of operations for which the client has no method written by hand."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .errors import IdeogramError, OutcomeUnknownError, ResponseValidationError
from .json_types import is_object
from .judge import judge_refusal

if TYPE_CHECKING:
    import httpx

    from ideogram_ai.generated.operations import Operation


def judge_other(
    operation: Operation, *, status: int, headers: httpx.Headers, body: bytes, now: float, complete: bool = True
) -> Any | IdeogramError:
    """Turn an answer into a value or one typed error. The arguments are those of `judge.judge`.

    Returns:
        The generated model of the answer, with unknown members among its additional properties; plain JSON where the
        contract has no object; None for an empty body of which the contract says nothing. Or the error to raise.
    """
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return judge_refusal(operation, status=status, headers=headers, body=body, now=now)
    if not complete:
        return OutcomeUnknownError(
            f"The answer ({status}) broke off after {len(body)} bytes. It was most likely billed: look at the "
            "account's usage before sending the request again.",
            status_code=status,
            headers=headers,
            body=body,
        )
    try:
        return _read(operation.answer_model, body)
    except _BrokenAnswerError as error:
        return ResponseValidationError(
            f"The answer ({status}) breaks the contract: {error}. It was most likely billed; .body holds what arrived. "
            "Do not send the request again before you looked at it.",
            status_code=status,
            headers=headers,
            body=body,
            problems=(str(error),),
        )


class _BrokenAnswerError(Exception):
    """What is wrong with an answer."""


def _read(model: str, body: bytes) -> Any:
    if not body and not model:
        return None
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        raise _BrokenAnswerError("the body is not JSON" if body else "the body is empty") from None
    if not model:
        return document
    if not is_object(document):
        raise _BrokenAnswerError("the body is no object")

    from ideogram_ai.generated import models  # noqa: PLC0415 - as for requests

    try:
        return getattr(models, model).from_dict(document)
    except KeyError as error:
        raise _BrokenAnswerError(f"{error.args[0]} is missing") from None
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        raise _BrokenAnswerError(f"{type(error).__name__}: {error}"[:500]) from None
