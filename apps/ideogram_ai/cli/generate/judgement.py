"""Judges a request before it is sent: by the client's own rules, which nothing passes, and by the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ideogram_ai.client import RequestError, UnknownFieldError
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.request import encode_request
from ideogram_ai.contract.check import Severity, check_request
from ideogram_ai.contract.problems import meant
from ideogram_ai.contract.review import review_request

from ..errors import WrongUseError
from .contract_fields import OPERATION, request_fields
from .outcome import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ideogram_ai.contract.check import RequestProblem

    from .fields import Fields


class InvalidRequestError(WrongUseError):
    """The request breaks the contract."""


class UnsendableError(Exception):
    """The request is not sent.

    Attributes:
        failure: Why, with all that the contract has against it.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def judge_request(fields: Fields, *, check: bool) -> Sequence[str]:
    """Judge the fields of a request.

    Args:
        fields: The fields.
        check: Whether the contract is asked too. The service may know more than it.

    Returns:
        Remarks on what is odd, although it is sent.

    Raises:
        UnsendableError: The client would refuse the request, or it breaks the contract.
    """
    problems = tuple(check_request({**fields.keywords(), **fields.extra})) if check else ()
    refusal = _refusal(fields, problems)
    if refusal is not None:
        raise UnsendableError(Failure.of(refusal, f"{refusal}", problems=problems))
    return [_remark_on(problem) for problem in problems]


def put_right(fields: Fields) -> Sequence[str]:
    """Write values as the contract has them, where they can mean one thing only.

    Returns:
        What was changed.
    """
    notes: list[str] = []
    for name, known in request_fields().items():
        value = fields.documented.get(name)
        if known.choices and isinstance(value, str) and value not in known.choices:
            choice = meant(value, known.choices)
            if choice is not None:
                fields.documented[name] = choice
                notes.append(f"{name}: {value!r} is taken as {choice}.")
    return notes


def oddities_of(fields: Fields, *, slips: bool) -> Sequence[str]:
    """What is odd about a request, although the contract allows it.

    Args:
        fields: The fields.
        slips: Whether only keys count that are likely misspelt: they may be why something else is missing.
    """
    remarks = review_request(fields.keywords())
    return [f"{remark.pointer}: {remark.message}" for remark in remarks if remark.likely or not slips]


def _refusal(fields: Fields, problems: Sequence[RequestProblem]) -> Exception | None:
    try:
        encode_request(OPERATION, fields.keywords(), fields.extra)
    except UnknownFieldError as error:
        error.message = error.message.replace("extra_fields", "--extra-field")  # as the command has it
        error.args = (error.message,)
        return error
    except RequestError as error:
        return error
    if any(problem.severity is Severity.BREAKS_CONTRACT for problem in problems):
        return InvalidRequestError(f"{_summary(problems)} --no-check sends it all the same. {NOTHING_SENT}")
    return None


def _summary(problems: Sequence[RequestProblem]) -> str:
    if len(problems) > 1:
        return f"The request breaks the contract: {len(problems)} problems."
    return f"The request breaks the contract at {problems[0].pointer}: {problems[0].message}"


def _remark_on(problem: RequestProblem) -> str:
    refused = problem.severity is Severity.REFUSED_TODAY
    fate = "It is sent all the same; a refusal costs nothing." if refused else "It is sent as it is."
    return f"{problem.pointer}: {problem.message} {fate}"
